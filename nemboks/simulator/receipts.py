"""Receipt objects of Digital Post: reading what a recipient system sends, writing what a sender gets back.

Source: DIGITAL-POST.md 2.3. Promises: every missing or wrong field is named at once.
"""

import json
import uuid
from collections.abc import Callable
from datetime import datetime

from nemboks.simulator.inboxes import SETTLING, now
from nemboks.simulator.memo_facts import is_uuid

STATUSES = (*SETTLING, "RECEIVED")


class BadReceiptError(ValueError):
    """The receipt cannot be read; `fields` has (field, code, message, rejected value) for each reason."""

    def __init__(self, fields: list[tuple[str, str, str, str | None]]) -> None:
        super().__init__("bad receipt")
        self.fields = fields


def read_receipt(body: bytes) -> dict[str, str]:
    """The receipt's fields, the required four being sound. Raises BadReceiptError."""
    try:
        receipt = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadReceiptError([("body", "malformed", "the body is not JSON", None)]) from error
    if not isinstance(receipt, dict):
        raise BadReceiptError([("body", "malformed", "the body is not a JSON object", None)])
    checks: dict[str, Callable[[str], bool]] = {
        "transmissionId": is_uuid,
        "messageUUID": is_uuid,
        "timeStamp": _is_date_time,
        "receiptStatus": STATUSES.__contains__,
    }
    wrong: list[tuple[str, str, str, str | None]] = []
    for field, is_good in checks.items():
        value = receipt.get(field)
        if value is None or value == "":
            wrong.append((field, "missing", f"{field} is missing", None))
        elif not isinstance(value, str) or not is_good(value):
            wrong.append((field, "invalid", f"{field} is not valid", str(value)[:200]))
    if wrong:
        raise BadReceiptError(wrong)
    return receipt


def new_receipt(message_uuid: str | None, status: str) -> dict[str, str | None]:
    """A receipt as Digital Post itself writes it, made now."""
    return {
        "transmissionId": str(uuid.uuid4()),
        "messageUUID": message_uuid,
        "messageId": None,
        "errorCode": None,
        "errorMessage": None,
        "timeStamp": now(),
        "receiptStatus": status,
    }


def _is_date_time(text: str) -> bool:
    try:
        return "T" in text and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False

"""MeMo's simple values, read with the patience that real letters need (DIGITAL-POST.md 1.2 and 1.5)."""

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from nemboks.content.errors import Unreadable
from nemboks.content.texts import clean, masked
from nemboks.domain.headline import Action, Forwarded, Reservation

_TEXT = 256  # characters; the schema's memoTextType
_REFERENCE = 64  # characters of a case or subject that a rule may name


def moment(text: str | None) -> datetime | None:
    """The time in UTC; None for what is absent or no time. Without a zone UTC is meant, as the type demands Z."""
    try:
        at = datetime.fromisoformat((text or "").strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def flag(text: str | None) -> bool:
    """Whether an xs:boolean says yes; absent is no."""
    return (text or "").strip().lower() in ("true", "1")


def uuid_of(text: str) -> str:
    """The UUID in lower case. Raises Unreadable for another shape; the version is not tested."""
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text.strip()):
        raise Unreadable("the letter's messageUUID is not a UUID")
    return str(uuid.UUID(text.strip()))


def number(text: str) -> str:
    """The digits of a CVR or CPR number. Raises Unreadable if there is anything but digits, spaces and hyphens."""
    digits = re.sub(r"[\s-]", "", text).upper().removeprefix("DK")
    if not re.fullmatch(r"[0-9]{1,32}", digits):
        raise Unreadable("the letter's recipientID is not a number")
    return digits


def digits_of(texts: Iterable[str], count: int) -> str:
    """The number of `count` digits that all of these give; "" for none, for another shape, and where they differ.

    No check digit is tested: some P-numbers have none (DIGITAL-POST.md 4.7).
    """
    found = {re.sub(r"[\s-]", "", text).upper().removeprefix("DK") for text in texts} - {""}
    only = found.pop() if len(found) == 1 else ""
    return only if re.fullmatch(rf"[0-9]{{{count}}}", only) else ""


def reference_of(texts: Iterable[str]) -> str:
    """The one case or subject that these give, fit to be shown; "" for none and where they differ.

    Some authorities make case numbers of CPR numbers, which no rule may name and nothing may keep.
    """
    found = {clean(text, _TEXT) for text in texts} - {""}
    return masked(found.pop(), _REFERENCE) if len(found) == 1 else ""


def action_of(fields: Mapping[str, str]) -> Action:
    """The action of one Action element, given its fields by their path inside it.

    A time of the reservation stands for the action's where that has none.
    """
    starts_at, ends_at = (
        moment(fields.get(leaf) or fields.get(f"Reservation/{leaf}")) for leaf in ("startDateTime", "endDateTime")
    )
    return Action(
        code=clean(fields.get("actionCode", ""), _TEXT),
        label=clean(fields.get("label", ""), _TEXT),
        url=fields.get("EntryPoint/url"),
        starts_at=starts_at,
        ends_at=ends_at,
        reservation=_reservation(fields),
    )


def _reservation(fields: Mapping[str, str]) -> Reservation | None:
    within = "Reservation/"
    inside = {path.removeprefix(within): text for path, text in fields.items() if path.startswith(within)}
    if not inside:
        return None
    return Reservation(
        uuid=clean(inside.get("reservationUUID", ""), 64),
        description=clean(inside.get("description", ""), _TEXT),
        abstract=clean(inside.get("abstract", ""), _TEXT),
        location=clean(inside.get("location", ""), _TEXT),
        starts_at=moment(inside.get("startDateTime")),
        ends_at=moment(inside.get("endDateTime")),
    )


def forwarded_of(sender: str | None, at: str | None) -> Forwarded | None:
    """Whom a forwarded letter came from first; None for one that was not forwarded."""
    return None if sender is None else Forwarded(clean(sender, _TEXT), moment(at))


def thread_of(case: str | None, replies: Sequence[Mapping[str, str]]) -> str:
    """The digest of the case, or of the conversation's first message where no case is named; "" without either.

    A digest, because case numbers are made of CPR numbers by some authorities.
    """
    cases = [case or "", *(reply.get("caseID", "") for reply in replies)]
    messages = [reply.get("messageUUID", "") for reply in replies]
    for kind, names in (("case", cases), ("message", messages)):
        if name := next(filter(None, (clean(name, _TEXT).lower() for name in names)), ""):
            return hashlib.sha256(f"{kind}\0{name}".encode()).hexdigest()
    return ""

"""MeMo's simple values, read with the patience that real letters need (DIGITAL-POST.md 1.2 and 1.5)."""

import re
import uuid
from datetime import UTC, datetime

from nemboks.content.errors import Unreadable


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

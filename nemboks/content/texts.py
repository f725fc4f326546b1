"""Strangers' words made fit for one line, and the Danish ways of writing times and sizes.

Promises: what comes back has no control character, no line break, no bidirectional or invisible sign, no lone
surrogate, is NFC, and is no longer than asked for. Masking of CPR numbers comes after cleaning, so that an invisible
sign cannot hide one.
"""

import re
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nemboks.domain.redact import mask_cpr

DENMARK = ZoneInfo("Europe/Copenhagen")
_BREAKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ASCII = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa", "ß": "ss"})


def clean(text: str, limit: int) -> str:
    """The text on one line, at most `limit` characters; a cut shows as an ellipsis."""
    # Eight times is room for decomposed letters and stripped signs; the work stays bounded (SECURITY.md B06).
    text = text[: 8 * limit]
    if not text.isprintable():  # most are: then there is no control character, no break but spaces, nothing invisible
        text = _BREAKS.sub(" ", _SURROGATE.sub("\ufffd", text))
        text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cf"))
    return cut(_BREAKS.sub(" ", unicodedata.normalize("NFC", text)).strip(), limit)


def masked(text: str, limit: int) -> str:
    """The cleaned text with CPR shapes masked: what may stand in a header."""
    return cut(mask_cpr(clean(text, 4 * limit)), limit)


def cut(text: str, limit: int) -> str:
    """The text, or its beginning with an ellipsis, in at most `limit` characters."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    if text[limit - 1].isdigit():  # half a number is none: its first ten digits may look like somebody's
        kept = kept.rstrip("0123456789")
    return kept.rstrip() + "…"


def ascii_of(text: str) -> str:
    """The text in ASCII as a Dane would write it without æ, ø and å; what has no such form becomes `_`."""
    plain = unicodedata.normalize("NFKD", text.translate(_ASCII))
    return "".join(sign if sign.isascii() else "_" for sign in plain if not unicodedata.combining(sign))


def danish(at: datetime) -> datetime:
    """The time as clocks in Denmark show it; at the very ends of the calendar as it came."""
    try:
        return at.astimezone(DENMARK)
    except OverflowError:
        return at


def date_words(at: datetime, language: str = "da") -> str:
    """21-11-2026 kl. 14.05, Danish time; in English 21-11-2026 at 14:05."""
    local = danish(at)
    if language == "en":
        return f"{day_words(at)} at {local.hour:02}:{local.minute:02}"
    return f"{day_words(at)} kl. {local.hour:02}.{local.minute:02}"


def day_words(at: datetime) -> str:
    """21-11-2026, the day in Denmark."""
    local = danish(at)
    return f"{local.day:02}-{local.month:02}-{local.year:04}"


def utc_words(at: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def size_words(size: int, language: str = "da") -> str:
    """184 kB, 1,2 MB: decimal units and the Danish comma; in English a point."""
    if size < 1000:
        return f"{size} byte" if language == "da" or size == 1 else f"{size} bytes"
    if size < 999_500:
        return f"{(size + 500) // 1000} kB"
    shown = f"{size / 1e6:.1f} MB"
    return shown.replace(".", ",") if language == "da" else shown

"""What responses say: FETCH by its grammar (RFC 3501 section 9), never by looking for words in it; NO and BAD.

Plain functions on bytes; a literal stands in the text as `{size}`, its octets are elsewhere.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from nemboks.intake.imap_wire import End
from nemboks.intake.words import said
from nemboks.ports import InboxError, Refused, Unavailable

Value = bytes | str | tuple[object, ...] | None  # a string, an atom (or literal mark), a list, NIL

_NUMBER = re.compile(r"[0-9]{1,18}")
_FETCH_BEGINS = re.compile(rb"\* [0-9]{1,10} FETCH \(", re.I)
_FETCH = re.compile(rb"\* [0-9]{1,10} FETCH \((.*)\)\s*$", re.I | re.S)
_TOKEN = re.compile(rb'\s*(?:"(?P<string>(?:[^"\\]|\\.)*)"|(?P<mark>[()])|(?P<atom>[^\s()"]+))', re.S)
_DATE = re.compile(
    r"([ 0-3]?[0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DEPTH: Final = 8
# RFC 5530: "not now" in a code of its own. Any other NO is a no.
_NOT_NOW: Final = ("UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "OVERQUOTA", "CONTACTADMIN")


def refusal(end: End, what: str, mailbox: bool = False) -> InboxError:
    """The error that a NO or BAD means. BAD is a fault of one of us: try later, never give up for it."""
    code = re.match(rb"\[([A-Za-z-]+)", end.text)
    words = f"the IMAP server answered {said(end.status)} to {what}: {said(end.text)}"
    if end.status != "NO" or (code and code[1].decode().upper() in _NOT_NOW):
        return Unavailable(words)
    return Refused(words, mailbox=mailbox)


def is_fetch(text: bytes) -> bool:
    """Whether an untagged line begins a FETCH response."""
    return _FETCH_BEGINS.match(text) is not None


def attributes(text: bytes) -> Mapping[str, Value]:
    """The attributes of one whole FETCH response by upper-case name. Raises Unavailable when it is not well formed."""
    whole = _FETCH.match(text)
    try:
        if whole is None:
            raise ValueError("no FETCH response")
        tokens, found = _tokens(whole[1]), dict[str, Value]()
        for kind, name in tokens:
            if kind != "atom":
                raise ValueError("no name")
            found[str(name).upper()] = _value(next(tokens), tokens, 0)
        return found
    except (ValueError, StopIteration) as error:
        raise Unavailable("the IMAP server sent a FETCH response that cannot be read") from error


def values(text: bytes) -> tuple[Value, ...]:
    """The values that stand in a piece of a response, in order. Raises Unavailable when it is not well formed."""
    try:
        tokens, found = _tokens(text), list[Value]()
        for token in tokens:
            found.append(_value(token, tokens, 0))
        return tuple(found)
    except (ValueError, StopIteration) as error:
        raise Unavailable("the IMAP server sent a response that cannot be read") from error


def _tokens(text: bytes) -> Iterator[tuple[str, bytes | str]]:
    position, text = 0, text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise ValueError("no token")
        position = found.end()
        raw = found[found.lastgroup]
        if found.lastgroup == "string":
            yield "string", re.sub(rb"\\(.)", rb"\1", raw, flags=re.S)
        else:
            yield found.lastgroup, raw.decode("latin-1")


def _value(token: tuple[str, bytes | str], tokens: Iterator[tuple[str, bytes | str]], depth: int) -> Value:
    kind, value = token
    if kind != "mark":
        return None if kind == "atom" and str(value).upper() == "NIL" else value
    if value == ")" or depth > _DEPTH:
        raise ValueError("brackets")
    items: list[object] = []
    while (token := next(tokens)) != ("mark", ")"):
        items.append(_value(token, tokens, depth + 1))
    return tuple(items)


def number(value: Value) -> int | None:
    """The number an attribute holds; None when it holds something else."""
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def internal_date(value: Value) -> datetime | None:
    """INTERNALDATE as aware UTC; None when it cannot be read. The names of months are English in every locale."""
    found = _DATE.fullmatch(value.decode("ascii", "replace")) if isinstance(value, bytes) else None
    if found is None or found[2].lower() not in _MONTHS:
        return None
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (1 if found[7] == "+" else -1)
    try:
        zone = timezone(offset)
        month = _MONTHS.index(found[2].lower()) + 1
        day, year, hour, minute, second = (int(found[i]) for i in (1, 3, 4, 5, 6))
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""What the return box and the landing check ask of an IMAP connection: folders, a folder's opening, a search.

Promises: a folder opened here is opened read-only (EXAMINE), so nothing that follows can change a flag in it; names of
folders are believed only where they are plain; a list without end ends.
Never does: FETCH without PEEK, STORE, or a command in a shared or another user's folder.
"""

import base64
import re
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nemboks.intake import responses
from nemboks.intake.imap_wire import End
from nemboks.intake.responses import Value, refusal
from nemboks.intake.session import Session, response
from nemboks.intake.words import said
from nemboks.ports import Unavailable

_FOLDERS: Final = 5_000  # lines of a LIST
_SEARCH = re.compile(rb"\* SEARCH(?: (.*))?$", re.I)
_LITERAL = re.compile(r"\{[0-9]{1,12}\}")
_PLAIN = re.compile(r"[\x20-\x7e]{1,500}")  # RFC 3501 5.1: names are 7-bit
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")

Attributes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as LIST shows it; attributes (`\\Junk` …, RFC 6154) in lower case."""

    raw: str  # its name on the wire (modified UTF-7)
    levels: tuple[str, ...]  # its name for people, level by level
    attributes: Attributes = frozenset()

    @property
    def name(self) -> str:
        """For people: one line without addresses or CPR shapes."""
        return said("/".join(self.levels))


async def folders(session: Session) -> Sequence[Folder]:
    """The account's own folders that can be opened, in the server's order. Raises InboxError."""
    special = {"LIST-EXTENDED", "SPECIAL-USE"} <= session.capabilities  # some name \\Junk only if asked (RFC 6154 2)
    foreign = await _foreign(session)
    found = []
    for text, literals in await _answers(session, 'LIST "" "*"' + (" RETURN (SPECIAL-USE)" if special else "")):
        folder = _folder(text, literals)
        if folder and not folder.attributes & {"\\noselect", "\\nonexistent"} and not folder.raw.startswith(foreign):
            found.append(folder)
    return found


async def _foreign(session: Session) -> tuple[str, ...]:
    """How the names of other users' and shared folders begin (RFC 2342)."""
    if "NAMESPACE" not in session.capabilities:
        return ()
    prefixes: list[str] = []
    for text, _ in await _answers(session, "NAMESPACE"):
        if text.upper().startswith(b"* NAMESPACE "):
            for group in responses.values(text[12:])[1:3]:
                spaces = group if isinstance(group, tuple) else ()
                names = (_text(space[0]) for space in spaces if isinstance(space, tuple) and space)
                prefixes += [name for name in names if name]
    return tuple(prefixes)


async def _answers(session: Session, line: str) -> Sequence[tuple[bytes, Sequence[bytes]]]:
    found: list[tuple[bytes, Sequence[bytes]]] = []
    with session.command(line) as out:
        while not isinstance(event := await response(out), End):
            found.append(event)
            if len(found) > _FOLDERS:
                raise Unavailable("the list of folders does not end")
    if event.status != "OK":
        raise refusal(event, line.partition(" ")[0])
    return found


def _folder(text: bytes, literals: Sequence[bytes]) -> Folder | None:
    """The folder of one LIST response; None for another response, or a name that no command could carry."""
    if not text.upper().startswith(b"* LIST "):
        return None
    parts = responses.values(text[7:])
    if len(parts) < 3 or not isinstance(parts[0], tuple):
        raise Unavailable("the IMAP server sent a response that cannot be read")
    spelt, separator = parts[2], _text(parts[1])
    raw = literals[0].decode("latin-1") if literals and _LITERAL.fullmatch(str(spelt)) else _text(spelt)
    if not _PLAIN.fullmatch(raw):
        return None
    levels = raw.split(separator) if separator else [raw]
    attributes = frozenset(str(each).lower() for each in parts[0])
    return Folder(raw, tuple(unshifted(level) for level in levels), attributes)


def _text(value: Value | object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def unshifted(name: str) -> str:
    """The name that modified UTF-7 stands for (RFC 3501 5.1.3); what is not well formed stays as it is."""

    def part(found: re.Match[str]) -> str:
        if not found[1]:
            return "&"
        try:
            padded = found[1].replace(",", "/") + "=" * (-len(found[1]) % 4)
            return base64.b64decode(padded, validate=True).decode("utf-16-be")
        except (Base64Error, UnicodeDecodeError):
            return found[0]

    return _SHIFTED.sub(part, name)


def quoted(text: str) -> str:
    """The text as a quoted string. ValueError for one that no quoted string can hold (RFC 3501 9)."""
    if not _PLAIN.fullmatch(text):
        raise ValueError("only printable ASCII can be quoted")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def examine(session: Session, folder: Folder) -> bool:
    """Whether the folder is open now, read-only; False when the server will not open it. Raises Unavailable."""
    session.validity = None
    _, end = await session.run(f"EXAMINE {quoted(folder.raw)}")
    if end.status == "OK":
        return True
    error = refusal(end, "EXAMINE")
    if isinstance(error, Unavailable):
        raise error
    return False


async def search(session: Session, criteria: str) -> Sequence[int]:
    """The UIDs in the open folder that fit, ascending. Raises InboxError."""
    lines, end = await session.run(f"UID SEARCH {criteria}")
    if end.status != "OK":
        raise refusal(end, "SEARCH")
    numbers = b" ".join(found[1] or b"" for line in lines if (found := _SEARCH.match(line))).split()
    return sorted({int(number) for number in numbers if re.fullmatch(rb"[0-9]{1,10}", number)})

"""Our own writer of mail headers: the library's lets a title smuggle a header in (CVE-2024-6923, SECURITY.md 0).

Promises: what a stranger wrote is cleaned and, unless it is plain ASCII, encoded whole, so that an encoded word in it
stays text; every block is read again by `check_block` before it is used. Lines are folded at 76; only what may not
be folded is longer, never over 998 octets (RFC 5322 2.1.1). Never looks at what a header means.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from nemboks.content.errors import UnsafeHeader
from nemboks.content.texts import ascii_of, masked

LINE = 76
HARD_LINE = 998
SUBJECT = 150  # characters, the authority's name included (UX.md 9)
SUFFIX = " via Nemboks"
_DISPLAY = 64  # characters of a name before the suffix, which is never cut (SECURITY.md B16)
_FALLBACK = 120
_PLAIN = re.compile(r"[ -~]*")
_FIELD = re.compile(rb"([!-9;-~]+):")
_FOLDING = re.compile(rb"\r?\n(?=[ \t])")
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_WORD = "=?UTF-8?B?%s?="
_WORD_OVERHEAD = len(_WORD) - 2
# No @ in a display name: readers take it for a forged address. The rest would end or confuse a quoted string.
_DISPLAY_MAP = str.maketrans({"@": " at ", "＠": " at ", "﹫": " at ", '"': "'", "\\": "/", "<": "(", ">": ")"})


def text_field(name: str, text: str, limit: int = SUBJECT) -> bytes:
    """An unstructured field: the text cleaned, CPR masked, cut at `limit` characters; RFC 2047 where it must be."""
    text = masked(text, limit)
    if not _is_plain(text) or any(len(word) > LINE - len(name) - 2 for word in text.split(" ")):
        return _crlf(f"{name}: {_words(text, len(name) + 2)}")
    return _crlf(_fold(name, text))


@lru_cache(maxsize=1024)  # half of a mail's fields stood in the mailbox's last one, too
def plain_field(name: str, value: str) -> bytes:
    """A field whose value is ours and ASCII, folded at its spaces. Raises UnsafeHeader for anything else."""
    if not _PLAIN.fullmatch(value):
        raise UnsafeHeader(f"the value of {name} is not plain ASCII")
    return _crlf(_fold(name, value))


def list_field(name: str, items: Iterable[str]) -> bytes:
    """A field of comma-separated ASCII items, one on each line."""
    return _crlf(f"{name}:\r\n " + ",\r\n ".join(items))


def author_field(name: str, display: str, address: str) -> bytes:
    """`"Display via Nemboks" <address>`: the authority is seen, the domain is ours."""
    shown = masked(masked(display, _DISPLAY).translate(_DISPLAY_MAP), _DISPLAY) + SUFFIX
    quoted = f'{name}: "{shown}"'
    phrase = quoted if _is_plain(shown) and len(quoted) <= LINE else f"{name}: {_words(shown, len(name) + 2)}"
    last = len(phrase) - phrase.rfind("\n") - 1
    gap = " " if last + len(address) + 3 <= LINE else "\r\n "
    return _crlf(f"{phrase}{gap}<{address}>")


def file_fields(media_type: str, name: str) -> bytes:
    """The three fields of an attachment. `name` is a safe one (names.py).

    The name is given three ways, each in one piece, because readers differ: RFC 2231 in `filename*`, ASCII in
    `filename`, RFC 2047 in `name` for those that know nothing else (UX.md 9).
    """
    if _is_plain(name):
        type_name, disposition = f'"{name}"', f'"{name}"'
    else:
        type_name = f'"{_words(name, 7)}"'
        disposition = f"\"{_fallback(name)}\";\r\n filename*=UTF-8''{quote(name, safe='')}"
    block = _crlf(f"Content-Type: {media_type};\r\n name={type_name}")
    block += plain_field("Content-Transfer-Encoding", "base64")
    block += _crlf(f"Content-Disposition: attachment;\r\n filename={disposition}")
    check_block(block + b"\r\n", ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"))
    return block


class Field(NamedTuple):
    """One field of a header block: its name in lower case and its octets, folded lines and line ends included."""

    name: str
    raw: bytes

    @property
    def value(self) -> bytes:
        """What stands after the colon, unfolded (RFC 5322 2.2.3)."""
        return _FOLDING.sub(b"", self.raw.partition(b":")[2]).strip(b" \t\r\n")


def split_fields(block: bytes) -> tuple[list[Field], bool]:
    """The fields of a header block, and whether every line of it belonged to one. Takes bare LF too."""
    fields: list[tuple[str, list[bytes]]] = []
    tidy = True
    for line in _LINES.findall(block):
        start = _FIELD.match(line)
        if start:
            fields.append((start[1].decode("ascii").lower(), [line]))
        elif line[:1] in (b" ", b"\t") and fields and line.strip():
            fields[-1][1].append(line)
        elif line.strip(b"\r\n"):
            tidy = False
    return [Field(name, b"".join(lines)) for name, lines in fields], tidy


def check_block(block: bytes, expected_names: Sequence[str]) -> None:
    """Nothing if the block, read again, holds exactly the expected fields and is safe on the wire.

    Raises UnsafeHeader otherwise: a bare CR or LF, a control character, 8-bit, a line over 998 octets, a line that
    belongs to no field, a field too many or too few, no blank line at the end or one before it.
    """
    lines = block[:-4].split(b"\r\n")
    if not block.endswith(b"\r\n\r\n") or b"" in lines:
        raise UnsafeHeader("a header block ends with its only blank line")
    if re.search(rb"[^\t -~]", b"".join(lines)):
        raise UnsafeHeader("a header has a character that is not plain ASCII")
    if max(map(len, lines)) > HARD_LINE:
        raise UnsafeHeader(f"a header has a line over {HARD_LINE} octets")
    fields, tidy = split_fields(block)
    if not tidy or sorted(field.name for field in fields) != sorted(name.lower() for name in expected_names):
        raise UnsafeHeader("a header block reads otherwise than it was meant")


def _fallback(name: str) -> str:
    """The name in ASCII; its end is kept, where the suffix is, should the ASCII form be much longer."""
    return re.sub(r"[^A-Za-z0-9 .()_-]", "_", ascii_of(name))[-_FALLBACK:]


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and "=?" not in text


def _crlf(line: str) -> bytes:
    return line.encode("ascii") + b"\r\n"


def _fold(name: str, text: str) -> str:
    """The field, broken before a space wherever a line would pass 76; never right after the colon."""
    lines: list[str] = []
    line = f"{name}:"
    for word in text.split(" "):
        if len(line) + 1 + len(word) > LINE and (lines or line != f"{name}:"):
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])


def _words(text: str, used: int) -> str:
    """The text as encoded words of at most 75 characters, none cutting a character (RFC 2047 2 and 5).

    `used` is what stands before them on the first line.
    """
    words, room = [], _room(used)
    while text:
        chunk = text.encode()[:room].decode("utf-8", "ignore")
        # After a space if there is one: readers that wrongly show the joint (Python's, in names) then show no more.
        chunk = chunk if chunk == text else chunk[: chunk.rfind(" ") + 1] or chunk
        words.append(_WORD % b64encode(chunk.encode()).decode("ascii"))
        text, room = text[len(chunk) :], _room(1)
    return "\r\n ".join(words)


def _room(used: int) -> int:
    """Octets that fit in one encoded word; one is left for a closing quote."""
    return (min(LINE - used, 75) - 1 - _WORD_OVERHEAD) // 4 * 3

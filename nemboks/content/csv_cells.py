"""Tables as spreadsheets write and read them: octets to rows of cells, and rows to text.

Promises: bounded work; a charset is read, never guessed against its own signs; what is written is safe to open in a
spreadsheet, and reading it back gives the same cells. Knows nothing of companies.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

SIZE: Final = 2 << 20  # octets; 500 companies need about 50,000
SEPARATORS: Final = (";", ",", "\t")
_SAMPLE = 4096  # octets looked at for the NULs of UTF-16
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# What æ, ø and å become when UTF-8 is read as something else, here or before.
_GARBLED = re.compile("Ã[¦¸¥†˜…\x86\x98\x85]")
# ASVS 1.2.10 and OWASP's page on CSV injection, which has the line break and the full-width signs too. Cells that have
# the quote already get one more, so that taking one away is always right.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\0＝＋－＠]")


class NoTableError(ValueError):
    """The octets are no text that a table can be read from; `kind` is "large", "workbook", "charset" or "garbled"."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"no table: {kind}")
        self.kind = kind


def text_of(raw: bytes) -> str:
    """The text, without its byte-order mark: UTF-8, UTF-16, else Windows-1252 as Excel writes. Raises NoTableError."""
    if len(raw) > SIZE:
        raise NoTableError("large")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):  # .xlsx and .ods; .xls
        raise NoTableError("workbook")
    for charset in _charsets(raw):
        try:
            text = raw.decode(charset).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        if _GARBLED.search(text):
            raise NoTableError("garbled")
        if "\0" not in text:
            return text
    raise NoTableError("charset")


def rows_of(text: str, separator: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each row with its number as a spreadsheet counts, from 1 and blank ones too; None for one with broken quotes."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, None


def write_table(rows: Iterable[Sequence[str]]) -> str:
    """The rows as a spreadsheet in Denmark opens them: `;`, CRLF, quotes where needed, every cell defused.

    For Excel the caller puts a byte-order mark in front.
    """
    out = StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(map(defused, row) for row in rows)
    return out.getvalue()


def defused(cell: str) -> str:
    """The cell, with a quote in front if a spreadsheet could take it for a formula (SECURITY.md 8: B13)."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """The cell before `defused` put a quote in front; any other as it is."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _charsets(raw: bytes) -> tuple[str, ...]:
    """What to read it as, the likeliest first."""
    if raw.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return ()  # UTF-32
    if marked := next((charset for mark, charset in _MARKS if raw.startswith(mark)), ""):
        return (marked,)
    sample = raw[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) <= len(sample) // 4:
        return "utf-8", "cp1252"
    return ("utf-16-le",) if even < odd else ("utf-16-be",)  # one octet of every Danish letter is NUL

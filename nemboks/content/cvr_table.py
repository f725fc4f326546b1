"""A table of companies that somebody wrote: octets in; its rows, and everything that is wrong with them, out.

Promises: all faults are found, each with its row and column and what to write instead; a row with a fault is not among
the rows; a CPR number is refused and never repeated; the work is bounded. Never asks the network, and never decides
what is done with the rows: while there is any fault nothing should be. The columns are those of UX.md 6.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Final, TypeVar

from nemboks.content import cvr_table_words as words
from nemboks.content.csv_cells import SEPARATORS, NoTableError, restored, rows_of, text_of
from nemboks.content.cvr_cells import WrongCellError, address_of, cvr_of, words_of, yes_of
from nemboks.content.cvr_table_words import Said
from nemboks.content.texts import ascii_of, masked
from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.redact import mask_cpr

ROWS: Final = 20_000
NAME, REFERENCE = 120, 64  # characters
_SHOWN = 60  # characters of a cell that are told back


class Column(StrEnum):
    """The columns, as the template names them."""

    CVR = "cvr"
    NAME = "navn"
    EMAIL = "email"
    SECOND = "anden_kontakt"
    REFERENCE = "reference"
    NEUTRAL = "neutralt_emne"


TEMPLATE: Final = ";".join(Column)
_NEEDED = (Column.CVR, Column.EMAIL)
# Compared without case, spaces and signs, and with ae, oe and aa for æ, ø and å.
_HEADINGS: Final[Mapping[Column, str]] = {
    Column.CVR: "cvr cvrnr cvrno cvrnummer cvrnumber virksomhedsnummer companynumber vatnumber",
    Column.NAME: "navn name virksomhed virksomhedsnavn firma firmanavn selskab selskabsnavn company companyname"
    " klient klientnavn kunde kundenavn client clientname",
    Column.EMAIL: "email emailadresse emailaddress mail mailadresse mailaddress epost videresendestil forwardto",
    Column.SECOND: "andenkontakt andenkontaktperson kontakt kontakt2 2kontakt ekstrakontakt reservekontakt"
    " secondcontact contact contact2 backupcontact",
    Column.REFERENCE: "reference ref deresreference yourreference kundenr kundenummer klientnr klientnummer sagsnr"
    " sagsnummer clientnumber customernumber",
    Column.NEUTRAL: "neutraltemne neutral neutralsubject diskretemne discreetsubject",
}
_KNOWN = {heading: column for column, headings in _HEADINGS.items() for heading in headings.split()}
_REFUSALS = {"large": words.LARGE, "workbook": words.WORKBOOK, "charset": words.CHARSET, "garbled": words.GARBLED}
_NUMBER = re.compile(r"[\s0-9DKdk-]{7,20}")  # a CVR number, perhaps a wrong one
_FILLED = re.compile(r"[^\s;,]")
_Row = tuple[int, list[str] | None]
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place, or worth a second look; of a stranger's cell at most a short line."""

    row: int  # as a spreadsheet counts: from 1, the heading and blank rows too
    column: str  # its heading as it stands in the file; "" for the whole row
    value: str
    da: str
    en: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """One company of the table, all of it checked."""

    number: int
    cvr: Cvr
    name: str
    address: Address
    second_contact: Address | None = None
    reference: str = ""
    neutral_subject: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says: the rows without faults, the faults, and what deserves a second look."""

    rows: tuple[TableRow, ...]
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    columns: frozenset[Column] = frozenset()  # those that it has: a blank cell says something, a missing column nothing


def read_table(raw: bytes) -> Table:
    """The table in a CSV file as spreadsheets and people write it; raises nothing, whatever the octets are."""
    reader = _Reader()
    try:
        reader.read(text_of(raw))
    except NoTableError as refused:
        reader.fault(1, "", "", _REFUSALS[refused.kind])
    return Table(tuple(reader.rows), tuple(reader.faults), tuple(reader.warnings), reader.columns)


class _Reader:
    """One reading: what was found so far."""

    def __init__(self) -> None:
        self.rows: list[TableRow] = []
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self._places: dict[int, Column | None] = {}  # None: a column that is not used
        self._headings: dict[Column, str] = {column: column.value for column in Column}
        self._seen: dict[Cvr, int] = {}

    @property
    def columns(self) -> frozenset[Column]:
        """The columns of the table that are used."""
        return frozenset(column for column in self._places.values() if column)

    def fault(self, row: int, column: str, value: str, said: Said, **facts: object) -> None:
        """Nothing; it is kept, the value on a short line and without CPR numbers."""
        self.faults.append(_fault(row, column, value, said, facts))

    def read(self, text: str) -> None:
        """Nothing; what was found is kept."""
        rows = _filled(text, _separator(text))
        number, cells = first = next(rows, (1, []))
        if cells is None:
            self.fault(number, "", "", words.QUOTES)
        elif not cells:
            self.fault(number, "", "", words.EMPTY, template=TEMPLATE)
        elif _is_data(cells):
            self._places = dict(enumerate(Column))
            self._all(chain([first], rows))
        elif self._heading(number, cells):  # without the needed columns every row would be wrong in the same way
            self._all(rows)

    def _all(self, rows: Iterator[_Row]) -> None:
        count = 0
        for count, (number, cells) in enumerate(rows, 1):
            if count > ROWS:
                self.fault(number, "", "", words.MANY, limit=ROWS)
                break
            if cells is None:
                self.fault(number, "", "", words.QUOTES)
            else:
                self._row(number, cells)
        if not count:
            self.fault(1, "", "", words.NO_COMPANIES)

    def _heading(self, number: int, cells: Sequence[str]) -> bool:
        """Whether the needed columns are there; which column stands where is kept."""
        found: dict[Column, str] = {}
        for place, cell in enumerate(cells):
            heading, column = masked(cell, _SHOWN), _KNOWN.get(_key(cell))
            if column in found:
                self.fault(number, heading, "", words.TWO_COLUMNS, named=column, first=found[column], second=heading)
            elif column:
                found[column] = heading
            elif heading:
                self.warnings.append(_fault(number, heading, "", words.UNKNOWN_COLUMN, {}))
            if heading:
                self._places[place] = column
        missing = [column for column in _NEEDED if column not in found]
        for column in missing:
            self.fault(number, column, "", words.NO_COLUMN, named=column, template=TEMPLATE)
        self._headings |= found
        return not missing

    def _row(self, number: int, cells: Sequence[str]) -> None:
        before = len(self.faults)
        for cell in [cell for place, cell in enumerate(cells) if place not in self._places and cell.strip()][:1]:
            self.fault(number, "", cell, words.BEYOND)
        cvr = self._value(number, cells, Column.CVR, cvr_of)
        name = self._value(number, cells, Column.NAME, lambda text: words_of(text, NAME))
        address = self._value(number, cells, Column.EMAIL, address_of)
        second = self._value(number, cells, Column.SECOND, lambda text: address_of(text) if text else None)
        reference = self._value(number, cells, Column.REFERENCE, lambda text: words_of(text, REFERENCE))
        neutral = self._value(number, cells, Column.NEUTRAL, yes_of)
        self._look_twice(number, cvr, address, second)
        if cvr and address and len(self.faults) == before:
            self.rows.append(TableRow(number, cvr, name or "", address, second, reference or "", bool(neutral)))

    def _value(self, number: int, cells: Sequence[str], column: Column, read: Callable[[str], _Value]) -> _Value | None:
        """What the cell means; None if it has a fault, which is kept. A column that is not there is blank."""
        text = next((cells[at] for at, one in self._places.items() if one is column and at < len(cells)), "").strip()
        try:
            return read(restored(text))
        except WrongCellError as wrong:
            shown = text if wrong.shown else ""
            self.fault(number, self._headings[column], shown, wrong.said, **wrong.facts)
            return None

    def _look_twice(self, number: int, cvr: Cvr | None, address: Address | None, second: Address | None) -> None:
        """Nothing; what is no fault of a cell by itself is kept."""
        if cvr and (first := self._seen.setdefault(cvr, number)) != number:
            self.fault(number, self._headings[Column.CVR], cvr, words.TWICE, first=first, second=number)
        if cvr and cvr.doubtful:
            self._warn(number, Column.CVR, cvr, words.DOUBTFUL_CVR)
        for column, one in ((Column.EMAIL, address), (Column.SECOND, second)):
            if one and one.warning:
                self._warn(number, column, one, words.LOOK_ALIKE, domain=one.domain)
        if address and second and address.domain == second.domain:
            self._warn(number, Column.SECOND, second, words.SAME_DOMAIN)

    def _warn(self, number: int, column: Column, value: str, said: Said, **facts: object) -> None:
        self.warnings.append(_fault(number, self._headings[column], value, said, facts))


def _fault(row: int, column: str, value: str, said: Said, facts: Mapping[str, object]) -> Fault:
    da, en = (mask_cpr(text.format(**facts)) for text in (said.da, said.en))  # a domain may hold ten digits too
    return Fault(row, column, masked(value, _SHOWN), da, en)


def _filled(text: str, separator: str) -> Iterator[_Row]:
    """The rows that have more in them than separators and spaces."""
    rows = rows_of(text, separator)
    return ((number, cells) for number, cells in rows if cells is None or any(map(_FILLED.search, cells)))


def _separator(text: str) -> str:
    """The separator with which the first row makes most sense; of equals the Danish one."""
    beginning = text.lstrip("\r\n")
    return max(SEPARATORS, key=lambda separator: _sense(next(_filled(beginning, separator), (1, None))[1] or []))


def _sense(cells: Sequence[str]) -> tuple[int, int]:
    """How many cells are headings or a CVR number by themselves, then how many there are."""
    return sum(_key(cell) in _KNOWN or bool(_NUMBER.fullmatch(cell.strip())) for cell in cells), len(cells)


def _is_data(cells: Sequence[str]) -> bool:
    """Whether the first row has no headings: it starts with a number, be it a wrong one."""
    return sum(sign.isdigit() for sign in cells[0]) >= 6


def _key(heading: str) -> str:
    return re.sub(r"[\W_]", "", ascii_of(heading.strip()).lower())

"""A table of companies as somebody's spreadsheet wrote it (UX.md 6; SECURITY.md 8: B13, B72).

Never an exception: rows, faults and warnings. A row is whole and its own only one; a fault names its place, and neither
it nor a warning repeats a CPR number; what we write of the rows is read as the same rows and opens as no formula.
"""

import csv
from collections.abc import Sequence
from io import StringIO

from nemboks.content.csv_cells import write_table
from nemboks.content.cvr_table import NAME, REFERENCE, ROWS, Column, Fault, Table, TableRow, read_table
from nemboks.desk.imports import preview
from tests.fuzz.parsers.words import is_one_line, names_somebody

OUTCOMES = frozenset({"rows", "faults", "rows and faults"})
LONGEST = 8_192
WORDS = tuple(
    'cvr navn email anden_kontakt reference neutralt_emne ja nej ; , \t \r\n " "" 12345678 DK13748136 a@x.dk =1+1 \' '
    "' '= 0101010000 010101-0000 \ufeff Ã¦ ０１０１０１００００".split(" ")
)
WORDS = (*(word.encode() for word in WORDS if word), b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04", b"\xe6\xf8\xe5")
_FORMULA = tuple("=+-@\t\r")


def check(octets: bytes) -> str:
    """ "rows", "faults" or "rows and faults"."""
    table = read_table(octets)
    assert table.rows or table.faults
    for row in table.rows:
        assert len(row.name) <= NAME and len(row.reference) <= REFERENCE
        assert is_one_line(row.name + row.reference) and not names_somebody(row.name + ";" + row.reference)
    assert len(table.rows) <= ROWS
    for fault in (*table.faults, *table.warnings):
        _is_harmless(fault)
    assert preview(table)["ready"] == len(table.rows)
    if not table.faults:
        _comes_back(table)
    return "rows and faults" if table.rows and table.faults else "rows" if table.rows else "faults"


def _is_harmless(fault: Fault) -> None:
    said = (fault.column, fault.value, fault.da, fault.en)
    assert fault.row >= 1 and fault.da and fault.en
    assert all(len(words) < 600 and is_one_line(words) for words in said), said
    assert not any(map(names_somebody, said)), said


def _comes_back(table: Table) -> None:
    """What an export would write of these rows is read as these rows."""
    written = write_table([list(Column), *map(_cells, table.rows)])
    cells = [cell for row in csv.reader(StringIO(written, newline=""), delimiter=";") for cell in row]
    assert not any(cell.startswith(_FORMULA) for cell in cells), written
    again = read_table(written.encode())
    assert not again.faults, again.faults
    assert [_cells(row) for row in again.rows] == [_cells(row) for row in table.rows]


def _cells(row: TableRow) -> Sequence[str]:
    second, neutral = row.second_contact or "", "ja" if row.neutral_subject else "nej"
    return [row.cvr, row.name, row.address, second, row.reference, neutral]

"""Bad inputs B71 to B74: CVR numbers, tables of companies, dates and times that people write down."""

import pytest

from nemboks.content.csv_cells import SIZE
from nemboks.content.cvr_table import ROWS, read_table
from nemboks.content.moments import NoMomentError, local_moment
from nemboks.domain.mailbox import Cvr

HEAD = "cvr;navn;email"
ROW = "13748136;Bageri Ærø;post@bageri.example"


def _one(cvr: str):
    """The table of one company with this number."""
    return read_table(f"{HEAD}\n{cvr};Bageri;post@bageri.example".encode())


@pytest.mark.parametrize(
    "text", ["13748136", "DK13748136", "dk13748136", "13 74 81 36", "DK 13 74 81 36", "\u00a013748136"]
)
def test_b71_numbers_that_are_put_right(text: str) -> None:
    """Spaces and DK are left out, in a table as everywhere."""
    assert [Cvr(text)] == [row.cvr for row in _one(text).rows] == ["13748136"]


@pytest.mark.parametrize(
    "text",
    ["1374813", "137481360", "1374813a", "\uff11\uff13\uff17\uff14\uff18\uff11\uff13\uff16", "SE13748136", "13748136.0",
     "1,37E+07", "13-74-81-36", "DKDK13748136", "-13748136", "0x13748136", "١٣٧٤٨١٣٦", "13748136 24256790"],
)  # fmt: skip
def test_b71_no_numbers(text: str) -> None:
    """Seven or nine digits, letters and other alphabets' digits are refused at their row and column."""
    with pytest.raises(ValueError, match="eight digits"):
        Cvr(text)
    found = _one(f'"{text}"')

    assert [(2, "cvr")] == [(fault.row, fault.column) for fault in found.faults]
    assert "otte cifre" in found.faults[0].da
    assert () == found.rows


def test_b71_a_wrong_check_digit() -> None:
    """It warns, and refuses nothing."""
    found = _one("12345678")

    assert [(2, "cvr", "12345678")] == [(one.row, one.column, one.value) for one in found.warnings]
    assert "kontrolciffer" in found.warnings[0].da
    assert ["12345678"] == [row.cvr for row in found.rows]


@pytest.mark.parametrize("text", ["010101-0000", "0101010000", "010101 0000", "DK0101010000", "CPR: 010101-0000"])
@pytest.mark.parametrize("headed", [True, False])
def test_b71_a_number_of_a_person(text: str, headed: bool) -> None:
    """Citizens' boxes are out of scope: that is said, and the number is nowhere in what is said."""
    found = _one(text) if headed else read_table(f"{text};Anna;a@x.example".encode())

    assert [(1 + headed, "cvr", "")] == [(fault.row, fault.column, fault.value) for fault in found.faults]
    assert "CPR-nummer. Kun virksomheders" in found.faults[0].da
    assert "only companies'" in found.faults[0].en.lower()
    assert "0000" not in repr(found)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_b72_charsets_and_separators(charset: str, separator: str, end: str) -> None:
    """Whatever a spreadsheet saves as CSV is the same table."""
    text = f"{HEAD}{end}{ROW}{end}".replace(";", separator)
    found = read_table(text.encode(charset))

    assert [("13748136", "Bageri Ærø", "post@bageri.example")] == [
        (row.cvr, row.name, row.address) for row in found.rows
    ]
    assert ((), ()) == (found.faults, found.warnings)


def test_b72_a_quoted_line_break() -> None:
    """One company, though it fills two lines; the row behind it has the number that a spreadsheet shows."""
    found = read_table(f'{HEAD}\r\n13748136;"Bageri\r\n""Nord""; Ærø";post@bageri.example\r\nx'.encode())

    assert ['Bageri "Nord"; Ærø'] == [row.name for row in found.rows]
    assert {3} == {fault.row for fault in found.faults}


def test_b72_two_mebibytes() -> None:
    """So much is read, and not one octet more."""
    whole = f"{HEAD}\n{ROW}\n".encode()
    whole += b"\n" * (SIZE - len(whole))

    assert 1 == len(read_table(whole).rows)
    more = read_table(whole + b"\n")
    assert () == more.rows
    assert ["over 2 MB" in fault.en for fault in more.faults] == [True]


def test_b72_20_001_rows() -> None:
    """The first too many is named, and nothing behind it is looked at."""
    rows = "".join(f"{10_000_000 + number};;post@bageri.example\n" for number in range(ROWS + 1))
    found = read_table(f"{HEAD}\n{rows}nonsense".encode())

    assert [(20_002, "")] == [(fault.row, fault.column) for fault in found.faults]
    assert "20000" in found.faults[0].da


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"\xef\xbb\xbf", b";;;\n,,,", HEAD.encode()])
def test_b72_an_empty_table(raw: bytes) -> None:
    """It says what to write."""
    found = read_table(raw)

    assert ["en linje for hver" in fault.da for fault in found.faults] == [True]
    assert () == found.rows


def test_b72_a_company_twice() -> None:
    """Both rows are named, however the number is written."""
    found = read_table(f"{HEAD}\n{ROW}\n\nDK 13 74 81 36;;other@bageri.example".encode())

    assert [(4, "cvr", "13748136")] == [(fault.row, fault.column, fault.value) for fault in found.faults]
    assert "række 2 og række 4" in found.faults[0].da


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_b72_formulas(cell: str) -> None:
    """A formula is a name like another; in the column of numbers or addresses it is none."""
    found = read_table(f'{HEAD}\n13748136;"{cell}";post@bageri.example\n"{cell}";;"{cell}"\n'.encode())

    assert [cell.strip()] == [row.name for row in found.rows]
    assert [(3, "cvr"), (3, "email")] == [(fault.row, fault.column) for fault in found.faults]


@pytest.mark.parametrize(
    "text",
    ["31-02-2026", "2026-13-01", "29-02-2027", "32-01-2026", "00-01-2026", "2026-00-10", "2100-02-29", "31-04-2026"],
)
def test_b73_dates_in_no_calendar(text: str) -> None:
    """Refused with the reason, never moved to the next day or month."""
    with pytest.raises(NoMomentError) as seen:
        local_moment(text)
    assert "findes ikke" in seen.value.da or "ingen måned" in seen.value.da
    with pytest.raises(NoMomentError):
        local_moment(f"{text} 12.00")


@pytest.mark.parametrize("text", ["28-03-2027 02:30", "28-03-2027 kl. 02.30", "2027-03-28T02:30"])
def test_b74_a_time_that_is_left_out(text: str) -> None:
    """Clocks go from two to three: the time is refused, and the two beside it are offered."""
    with pytest.raises(NoMomentError, match="clocks go forward; write 01:30 or 03:30"):
        local_moment(text)


@pytest.mark.parametrize("text", ["25-10-2026 02:30", "2026-10-25T02:30"])
def test_b74_a_time_that_comes_twice(text: str) -> None:
    """Which of the two is meant is for a person to say."""
    with pytest.raises(NoMomentError, match="comes twice"):
        local_moment(text)

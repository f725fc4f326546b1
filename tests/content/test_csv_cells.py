"""Tables as text: what is written is safe to open, and comes back as it was."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.content.csv_cells import NoTableError, defused, restored, rows_of, text_of, write_table

TEXT = "cvr;navn\r\n13748136;Æblegården – Sø\r\n"


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_charsets(charset):
    """The text is the same from each, with a byte-order mark and without."""
    assert TEXT == text_of(TEXT.encode(charset))


def test_utf16_with_the_other_mark():
    """A big-endian file says so itself."""
    assert TEXT == text_of(b"\xfe\xff" + TEXT.encode("utf-16-be"))


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode("utf-32"),
        b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"),
        TEXT.encode("utf-16")[:-1],
        TEXT.encode() + b"\0",
        TEXT.encode() + b"\xe6",
        TEXT.encode("utf-8").decode("cp1252").encode(),
        TEXT.encode("utf-8").decode("latin-1").encode(),
        TEXT.encode("cp1252") + b"\x81",
        b"\xef\xbb\xbf\xe6",
    ],
    ids=["UTF-32", "UTF-32 BE", "cut", "NUL", "mixed", "twice", "twice by Latin-1", "no sign", "not as marked"],
)
def test_what_could_only_be_guessed(raw):
    """No name is garbled in silence."""
    with pytest.raises(NoTableError, match=r"charset|garbled"):
        text_of(raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a;b", [(1, ["a", "b"])]),
        ("a\rb\n\r\nc", [(1, ["a"]), (2, ["b"]), (3, []), (4, ["c"])]),
        ('"a\r\nb";c\nd', [(1, ["a\r\nb", "c"]), (2, ["d"])]),
        ('a "b" c;d', [(1, ['a "b" c', "d"])]),
        ('"a";"b""c"', [(1, ["a", 'b"c'])]),
        ('"a"b;c\nd', [(1, None), (2, ["d"])]),
        ('a\n"b;c\nd', [(1, ["a"]), (2, None)]),
        (f"{'x' * 200_000}\na", [(1, None), (2, ["a"])]),
    ],
    ids=["none", "one", "line ends", "lines inside", "quotes inside", "quoted", "behind the quote", "open", "huge"],
)  # fmt: skip
def test_rows(text, expected):
    """Rows are counted with the blank ones; a row that breaks the rules of quoting is None, and the next is read."""
    assert expected == list(rows_of(text, ";"))


@pytest.mark.parametrize("sign", list("=+-@\t\r\n\0＝＋－＠"))
def test_formulas_are_defused(sign):
    """No cell that is written starts a formula, and what had the quote already gets another (ASVS 1.2.10)."""
    for cell in (f"{sign}1", f"'{sign}1", f"''{sign}1", sign):
        assert f"'{cell}" == defused(cell)
        assert cell == restored(defused(cell))


@pytest.mark.parametrize("cell", ["", "'", "''", "a=1", "'a", " =1", "post@x.example", "1-2", "Ærø", ";", '"'])
def test_other_cells_stay(cell):
    """Nothing is put in front of what is no formula, or taken away from it."""
    assert cell == defused(cell) == restored(cell)


def test_what_is_written():
    """Semicolons, CRLF, quotes only where they are needed."""
    text = write_table([["cvr", "navn"], ["1", 'A "B"; C'], ["2", "=1+1\nx"], ["", "-5"]])

    assert 'cvr;navn\r\n1;"A ""B""; C"\r\n2;"\'=1+1\nx"\r\n;\'-5\r\n' == text


CELLS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("'\"=+-@;,\t\r\n")), max_size=20)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=5))
def test_every_cell_comes_back(rows):
    """Whatever the cells are: written, opened as a table and restored, they are the same."""
    read = csv.reader(StringIO(write_table(rows), newline=""), delimiter=";", strict=True)

    assert rows == [[restored(cell) for cell in row] for row in read]

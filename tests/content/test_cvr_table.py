"""Tables of companies as spreadsheets and people write them."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.content import cvr_table_words
from nemboks.content.csv_cells import write_table
from nemboks.content.cvr_table import NAME, REFERENCE, ROWS, TEMPLATE, TableRow, read_table
from nemboks.content.cvr_table_words import Said
from nemboks.content.texts import clean
from nemboks.domain.mailbox import Address, Cvr

FIRST, SECOND = "13748136", "24256790"  # with right check digits
HEAD = "cvr;navn;email;anden_kontakt;reference;neutralt_emne"


def table(*lines, head=HEAD):
    """What such lines under a heading say."""
    return read_table("\r\n".join([head, *lines]).encode())


def said(faults):
    """Row, column and value of each."""
    return [(fault.row, fault.column, fault.value) for fault in faults]


def test_a_whole_row():
    """Every column is read, and there is nothing to complain of."""
    found = table(f"{FIRST};Bageri Ærø ApS;post@bageri.example;anna@hjemme.example;K-17;ja")

    expected = TableRow(
        2, Cvr(FIRST), "Bageri Ærø ApS", Address("post@bageri.example"), Address("anna@hjemme.example"), "K-17", True
    )
    assert (expected,) == found.rows
    assert ((), ()) == (found.faults, found.warnings)
    assert HEAD == TEMPLATE


def test_only_what_is_needed():
    """A CVR number and an address are enough; the rest is blank."""
    found = table(f"{FIRST};post@bageri.example", head="cvr;email")

    assert (TableRow(2, Cvr(FIRST), "", Address("post@bageri.example")),) == found.rows
    assert ((), ()) == (found.faults, found.warnings)


@pytest.mark.parametrize(
    "head",
    [
        "E-mail,CVR-nr.,Virksomhed,Neutralt emne,Anden kontakt,Deres reference",
        "mail, CVR nummer ,FIRMANAVN,neutral_subject,second contact,KUNDENR",
        '"E-post","cvr_no","Company name","Discreet subject","Contact 2","Client number"',
    ],
)
def test_headings_are_guessed(head):
    """Danish and English headings in any order and spelling."""
    found = table(f"a@x.example,{FIRST},Åse & Søn,nej,b@y.example,7", head=head)

    assert (TableRow(2, Cvr(FIRST), "Åse & Søn", Address("a@x.example"), Address("b@y.example"), "7"),) == found.rows
    assert ((), ()) == (found.faults, found.warnings)


def test_a_column_that_nobody_knows():
    """It is pointed out once and not used; a column without a heading may only be blank."""
    found = table(f"{FIRST};a@x.example;hemmelig;", f"{SECOND};b@x.example;;løs", head="cvr;email;Løn i 2026;")

    assert [(1, "Løn i 2026", "")] == said(found.warnings)
    assert [(3, "", "løs")] == said(found.faults)
    assert [FIRST] == [row.cvr for row in found.rows]


@pytest.mark.parametrize("cell", [FIRST, "13 74 81 36", "DK13748136", "dk 13748136", "\u200b13748136", "'DK13748136'"])
def test_without_headings(cell):
    """A file whose first row starts with a number has no headings: the columns are the template's."""
    found = read_table(f"{cell};Bageri, Nord;a@x.example\n{SECOND};;b@x.example".encode())

    assert [1, 2][cell.startswith("'") :] == [row.number for row in found.rows]
    assert ["Bageri, Nord", ""][cell.startswith("'") :] == [row.name for row in found.rows]
    assert [(1, "cvr", cell)] * cell.startswith("'") == said(found.faults)


def test_a_heading_is_missing():
    """Both needed columns are named, with the template; the rows are not complained of one by one."""
    found = table(f"{FIRST};a@x.example", f"{SECOND};b@x.example", head="nummer;adresse")

    assert [(1, "cvr", ""), (1, "email", "")] == said(found.faults)
    assert all(TEMPLATE in fault.da and TEMPLATE in fault.en for fault in found.faults)
    assert () == found.rows


def test_two_columns_for_the_same():
    """Which of them is meant is not guessed."""
    found = table(f"{FIRST};a@x.example;b@x.example", head="cvr;email;E-mail")

    assert [(1, "E-mail", "")] == said(found.faults)
    assert "»email« og »E-mail«" in found.faults[0].da


def test_rows_are_counted_as_spreadsheets_do():
    """Blank rows count and are skipped; a cell of several lines is one row; the wrong row is named."""
    found = table(
        "", f'{FIRST};"Bageri\r\nNord";a@x.example;;;', ";;;;;", "  ;\u00a0;;;;", f"{SECOND};x;intet;;;", "", ""
    )

    assert [(3, "Bageri Nord")] == [(row.number, row.name) for row in found.rows]
    assert [(6, "email", "intet")] == said(found.faults)


def test_all_faults_at_once():
    """Every wrong cell of every row is named, in both languages, and no such row is among the rows."""
    found = table(
        f"1374813;{'x' * (NAME + 1)};a@x;b@;{'y' * (REFERENCE + 1)};måske", ";;;;;nej", f"{SECOND};;b@y.example;;;"
    )

    columns = HEAD.split(";")
    assert [(2, column) for column in columns] + [(3, "cvr"), (3, "email")] == [one[:2] for one in said(found.faults)]
    assert all(fault.da and fault.en and fault.da != fault.en for fault in found.faults)
    assert all(len(fault.value) <= 60 for fault in found.faults)
    assert [SECOND] == [row.cvr for row in found.rows]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(yes, True) for yes in ("ja", "JA", "x", "1", "true", "SAND", "Yes")]
    + [(no, False) for no in ("", " ", "nej", "0", "false", "FALSK", "No")],
)
def test_yes_and_no(cell, expected):
    """As people and spreadsheets write them; blank is no."""
    assert [expected] == [row.neutral_subject for row in table(f"{FIRST};;a@x.example;;;{cell}").rows]


@pytest.mark.parametrize("cell", ["2", "-", "jo", "nej tak", "janej"])
def test_neither_yes_nor_no(cell):
    """Whether a subject is neutral is never guessed."""
    assert [(2, "neutralt_emne", cell)] == said(table(f"{FIRST};;a@x.example;;;{cell}").faults)


def test_what_deserves_a_second_look():
    """A check digit, a domain that looks like another, two contacts that fail together: warned of, not refused."""
    found = table(
        "12345678;;a@b\u0430geri.example;b@x.example;;",
        f"{FIRST};;a@x.example;b@b\u0430geri.example;;",
        f"{SECOND};;a@X.example;b@x.example;;",
    )

    assert ["12345678", FIRST, SECOND] == [row.cvr for row in found.rows]
    domain = Address("a@b\u0430geri.example").domain
    assert [
        (2, "cvr", "12345678"),
        (2, "email", f"a@{domain}"),
        (3, "anden_kontakt", f"b@{domain}"),
        (4, "anden_kontakt", "b@x.example"),
    ] == said(found.warnings)
    assert domain in found.warnings[1].da
    assert () == found.faults


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (f"{FIRST};Firma 010101-0000;a@x.example;;;", "navn"),
        (f"{FIRST};;a@x.example;;0101010000;", "reference"),
        (f"{FIRST};;a@x.example;;\uff10\uff11\uff10\uff11\uff10\uff11\uff0d0000;", "reference"),
    ],
)
def test_people_in_other_cells(line, column):
    """What looks like a CPR number is not kept in a name or a reference, nor told back."""
    found = table(line)

    assert [(2, column, "")] == said(found.faults)
    assert () == found.rows


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "Filen er tom"),
        (b"\xef\xbb\xbf\r\n\r\n;;\r\n", "Filen er tom"),
        (TEMPLATE.encode(), "Skriv en linje for hver"),
        (TEMPLATE.encode() + b"\r\n\r\n;;;;;\r\n", "Skriv en linje for hver"),
        (b"PK\x03\x04\x14\0", "Gem arket"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Gem arket"),
        (b"\0\x01\x02", "kan ikke læses som tekst"),
        ("cvr;navn;email\n13748136;Ærø;a@x.example".encode() + b"\xe6", "Ã¸ for ø"),
        (b'"cvr;email\n13748136;a@x.example', "Anførselstegnene"),
    ],
)
def test_no_table_at_all(raw, words):
    """Said in one sentence with what to do, at the first row."""
    found = read_table(raw)

    assert [1] == [fault.row for fault in found.faults]
    assert words in found.faults[0].da
    assert () == found.rows


def test_broken_quotes_are_one_row():
    """What is before and behind is read all the same."""
    found = table(f"{FIRST};;a@x.example;;;", f'{SECOND};"Bageri" Nord;b@x.example;;;', "13585628;;c@x.example;;;")

    assert [(3, "", "")] == said(found.faults)
    assert [FIRST, "13585628"] == [row.cvr for row in found.rows]


def test_too_many_rows():
    """One over the limit is said at its row, and nothing beyond it is read."""
    lines = [f"{10_000_000 + n};;a@x.example;;;" for n in range(ROWS)]
    beyond = [f"{FIRST};;b@y.example;;;", "rod;;;;;"]

    assert () == table(*lines).faults
    found = table(*lines, *beyond)
    assert [(ROWS + 2, "", "")] == said(found.faults)
    assert ROWS == len(found.rows)


def lines(limit):
    """Texts as the desk keeps them: clean, on one line, with no digits that could be a person's number, not garbled."""
    ordinary = st.characters(codec="utf-8", exclude_categories=["Nd", "Cc", "Cf", "Cs"], exclude_characters="Ã")
    signs = st.one_of(ordinary, st.sampled_from("'\"=+-@;,"))
    return st.text(signs, max_size=limit).map(lambda text: clean(text, limit)).filter(lambda text: text == text.strip())


ADDRESSES = st.sampled_from(
    ["post@x.example", "+a@x.example", "-b@x.example", "=c@y.example", "o'h@y.example", "'d@y.example"]
)
COMPANIES = st.lists(
    st.tuples(
        st.integers(10_000_000, 99_999_999).map(str), lines(NAME), ADDRESSES, st.one_of(st.just(""), ADDRESSES),
        lines(REFERENCE), st.booleans(),
    ),
    min_size=1, max_size=5, unique_by=lambda company: company[0],
)  # fmt: skip


@given(COMPANIES, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
def test_export_and_import(companies, charset):
    """What is exported as a table and imported again is the same, with formulas, quotes and separators inside."""
    rows = [[*company[:5], "ja" if company[5] else "nej"] for company in companies]
    found = read_table(write_table([HEAD.split(";"), *rows]).encode(charset))

    assert () == found.faults
    assert [tuple(company) for company in companies] == [
        (row.cvr, row.name, row.address, row.second_contact or "", row.reference, row.neutral_subject)
        for row in found.rows
    ]


@given(st.binary(max_size=300))
def test_any_octets(raw):
    """Whatever the file is, there are companies or a fault that says why not, and every word can be shown."""
    found = read_table(raw)

    assert found.rows or found.faults
    shown = "".join(one.column + one.value + one.da + one.en for one in found.faults + found.warnings)
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & set(map(category, shown))


def test_all_sentences_are_in_both_languages():
    """Each says something in Danish and English, with the same names in braces."""

    sentences = [one for one in vars(cvr_table_words).values() if isinstance(one, Said)]
    assert len(sentences) > 20
    for one in sentences:
        assert one.da != one.en
        names = [{part.partition("}")[0] for part in text.split("{")[1:]} for text in (one.da, one.en)]
        assert names[0] == names[1]

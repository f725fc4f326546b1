"""The facts of a letter that routing rules go by: P-number, SE-number, KLE and case."""

from xml.sax.saxutils import escape

import pytest
from lxml import etree
from pydantic import TypeAdapter

from nemboks.content.memo import SPELLINGS, MemoReader
from nemboks.domain.headline import Headline
from tests.content.agency import schema
from tests.content.memos import Memo, read

GRD, KLE = "https://data.gov.dk/model/core/", "http://kle-online.dk/"
P, OTHER_P, SE = "1003388394", "1003388395", "12345678"


def unit(number, space=GRD):
    """A ProductionUnit element."""
    inside = f"<g:productionUnitNumber>{escape(number)}</g:productionUnitNumber>"
    return f'<g:ProductionUnit xmlns:g="{space}">{inside}</g:ProductionUnit>'


def se(number, space=GRD):
    """An SEnumber element."""
    return f'<g:SEnumber xmlns:g="{space}"><g:seNumber>{escape(number)}</g:seNumber></g:SEnumber>'


def kle(key, space=KLE):
    """A KLEdata element."""
    inside = f"<k:subjectKey>{escape(key)}</k:subjectKey><k:version>1</k:version><k:label>Emne</k:label>"
    return f'<k:KLEdata xmlns:k="{space}">{inside}</k:KLEdata>'


def case(number):
    """A CaseID element."""
    return (
        f"<memo:CaseID><memo:caseID>{escape(number)}</memo:caseID><memo:caseSystem>ESDH</memo:caseSystem></memo:CaseID>"
    )


def letter(*about, recipient="", sender="", more=""):
    """A letter with these in its ContentData, and in the AttentionData of its recipient or sender."""
    content = f"<memo:ContentData>{''.join(about)}</memo:ContentData>" if about else ""
    text = Memo(tail=content + more).text()
    for end, inside in (("</memo:Recipient>", recipient), ("</memo:Sender>", sender)):
        data = f"<memo:AttentionData>{inside}</memo:AttentionData>" if inside else ""
        text = text.replace(end, data + end, 1)
    return text.encode()


def facts(headline):
    """The four."""
    return headline.p_number, headline.se_number, headline.kle, headline.case_id


def test_all_four():
    """Each is read where the schema has it, however the letter is cut."""
    raw = letter(case("2026-0042"), kle("27.12.00"), unit(P), recipient=unit(P) + se(SE))
    reader = MemoReader()
    for octet in raw:
        reader.feed(bytes([octet]))

    headline = reader.close()
    assert (P, SE, "27.12.00", "2026-0042") == facts(headline)
    assert headline == read(raw)


def test_the_schema_takes_such_a_letter():
    """The agency's 1.1 schema has these elements in these places and namespaces, when it is at hand."""
    attention = unit(P) + se(SE)

    raw = letter(case("2026-0042"), kle("27.12.00"), unit(P), recipient=attention, sender=attention)
    schema().assertValid(etree.fromstring(raw))


def test_none_of_them():
    """An ordinary letter has none."""
    assert ("", "", "", "") == facts(read(letter()))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (letter(unit(P)), (P, "", "", "")),
        (letter(recipient=unit(P)), (P, "", "", "")),
        (letter(unit(" 10 0338-8394\n"), recipient=unit(P)), (P, "", "", "")),
        (letter(recipient=se("DK 12 34 56 78")), ("", SE, "", "")),
        (letter(kle("\n 27.12.00 ")), ("", "", "27.12.00", "")),
        (letter(case(" 26/ 17\u200b\u202e ")), ("", "", "", "26/ 17")),
        (letter(unit(""), recipient=unit(P)), (P, "", "", "")),
    ],
)
def test_spellings(raw, expected):
    """Spaces, hyphens, the country and invisible signs change nothing."""
    assert expected == facts(read(raw))


@pytest.mark.parametrize(
    "raw",
    [
        letter(unit(OTHER_P), recipient=unit(P)),
        letter(unit(P), unit(OTHER_P)),
        letter(recipient=unit(P) + unit(OTHER_P)),
        letter(recipient=se(SE) + se("87654321")),
        letter(kle("27.12.00"), kle("27.12.01")),
        letter(*(unit(P + " " * n + "-") for n in range(SPELLINGS)), unit(OTHER_P)),
    ],
)
def test_several_that_differ(raw):
    """A letter that names two is about neither, and is read all the same."""
    assert ("", "", "", "") == facts(read(raw))


@pytest.mark.parametrize(
    "raw",
    [
        letter(sender=unit(P) + se(SE)),
        letter(unit(P, "urn:other"), kle("27.12.00", "urn:other"), recipient=se(SE, "urn:other")),
        letter(kle("27.12.00", GRD), unit(P, KLE)),
        letter(f"<memo:ProductionUnit><memo:productionUnitNumber>{P}</memo:productionUnitNumber></memo:ProductionUnit>"),
        letter(recipient=kle("27.12.00"), more=unit(P)),
        letter(se(SE)),
        letter(more="<memo:ReplyData><memo:messageUUID>x</memo:messageUUID><memo:caseID>9</memo:caseID></memo:ReplyData>"),
    ],
    ids=["sender's", "foreign space", "swapped spaces", "MeMo's space", "other place", "SE in content", "reply's case"],
)  # fmt: skip
def test_elsewhere(raw):
    """The sender's own numbers, other namespaces and other places say nothing of whom the letter is for."""
    assert ("", "", "", "") == facts(read(raw))


@pytest.mark.parametrize(
    "number",
    ["100338839", "10033883941", "\uff11003388394", "1003388394x", "-1003388394.0", "<b>1003388394</b>", "9" * 5000],
)  # fmt: skip
def test_no_numbers(number):
    """What has not ten or eight digits of ASCII is no number, and no reason to hold a letter."""
    assert ("", "", "", "") == facts(read(letter(unit(number), recipient=se(number))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * 65, "x" * 63 + "…"),
        ("x" * 300_000, "x" * 63 + "…"),
        ("010101-0000/26", "[CPR]/26"),
        ("0101\u200b01-0000", "[CPR]"),
        ("a\u2028b\u202ec", "a bc"),
        ("e\u0301" * 64, "é" * 64),
    ],
    ids=["long", "huge", "CPR", "hidden CPR", "line and direction", "decomposed"],
)
def test_hostile_references(text, expected):
    """A case and a subject are one short line of text without people's numbers."""
    assert ("", "", expected, expected) == facts(read(letter(case(text), kle(text))))


def test_nothing_can_be_put_inside():
    """Markup inside a number is not read as its text, and a number inside markup is none."""
    inside = f"<g:productionUnitNumber><g:x>{P}</g:x></g:productionUnitNumber>"
    raw = letter(f'<g:ProductionUnit xmlns:g="{GRD}">{inside}</g:ProductionUnit>')

    assert ("", "", "", "") == facts(read(raw))


def test_a_headline_of_before():
    """A row that was written before these facts were read gets them empty."""
    shape = TypeAdapter(Headline)
    old = shape.dump_python(read(letter(unit(P), kle("1"))), mode="json")
    for name in ("p_number", "se_number", "kle", "case_id"):
        del old[name]

    assert ("", "", "", "") == facts(shape.validate_python(old))

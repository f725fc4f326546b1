"""Bad bodies: shown safely or not at all, and always attached as they came (SECURITY.md 8)."""

import re
import time

import pytest

from nemboks.content.errors import Unreadable
from tests.badinput.opened import bodies_of
from tests.content.memos import Memo, read
from tests.content.xss import MUTATIONS, PLACES, REMOTE, SCHEMES, vectors

BEFORE = "<p>Kære virksomhed</p>"
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE Message [<!ENTITY l0 "lol">{ENTITIES}]>'


def _shown(vector):
    """What of the vector stands in the HTML body, behind a word that shows that there is an inline view at all.

    A control character is no text: such a page is not shown.
    """
    data = (BEFORE + vector).encode()
    _, html, attached = bodies_of(data)
    assert attached == data
    assert ("Kære virksomhed" in html) == (not re.search("[\0\1]", vector))
    return html.partition("Kære virksomhed")[2].partition('class="rule note"')[0]


@pytest.mark.parametrize("vector", [*MUTATIONS, *vectors()[::9]])
def test_b18_active_html(vector):
    """No script, event, svg or math is left in the mail; the original is attached unchanged."""
    assert not re.search(r"<[^>]*(script|svg|math|style>|pwn|\bon[a-z]+\s*=)", _shown(vector), re.IGNORECASE)


@pytest.mark.parametrize("vector", REMOTE)
def test_b19_remote_content(vector):
    """Nothing in the mail is fetched: no tag of the letter's names an address."""
    shown = _shown(vector.format("http://evil.example"))

    assert not re.search(r"<[^>]*(http|//|url|src|href|evil)", shown, re.IGNORECASE)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_b20_bad_links(scheme):
    """Links of other schemes are their words, nothing more."""
    shown = _shown(PLACES[0].format(scheme.replace('"', "&quot;")))

    assert "<a" not in shown
    assert "pwn" not in shown


def test_b21_a_form_that_asks_for_a_password():
    """The form, its fields and its button are gone; its words stay."""
    shown = _shown("<form action=https://evil.example>Log ind<input type=password name=p><button>OK</button></form>")

    assert "Log ind" in shown
    assert not re.search("<(form|input|button)|OK|evil", shown)


def test_b22_ten_mib_on_one_line():
    """In two seconds the mail is there: no inline view, the original attached."""
    data = BEFORE.encode() + b"<b>x</b> " * (10 << 17)
    started = time.process_time()
    text, html, attached = bodies_of(data)

    assert time.process_time() - started < 2
    assert attached == data
    assert "Tekst fra afsenderen" not in text + html


def test_b23_two_hundred_thousand_nested_divs():
    """In a second the mail is there: no inline view, the original attached. So too where they are few enough to fit."""
    for count in (200_000, 20_000):
        data = b"<div>" * count + b"x" + b"</div>" * count
        started = time.process_time()
        text, html, attached = bodies_of(data)

        assert time.process_time() - started < 1
        assert attached == data
        assert "Tekst fra afsenderen" not in text + html


def test_b24_billion_laughs():
    """Refused within a second, before anything grows."""
    started = time.process_time()

    with pytest.raises(Unreadable, match="document type"):
        read(Memo(head=BOMB, title="&l9;").xml())
    assert time.process_time() - started < 1


@pytest.mark.parametrize("where", ["file:///etc/hostname", "http://127.0.0.1:9/x", "//evil.example/x"])
def test_b25_external_entities(where):
    """Refused, and nobody is asked: a test that opened a socket here would fail."""
    for head in (f'<!DOCTYPE M [<!ENTITY x SYSTEM "{where}">]>', f'<!DOCTYPE M [<!ENTITY % x SYSTEM "{where}"> %x;]>'):
        with pytest.raises(Unreadable):
            read(Memo(head=head, title="&x;").xml())


@pytest.mark.parametrize(
    "memo",
    [
        Memo(inside='<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/>'),
        Memo(head="<!DOCTYPE Message>"),
        Memo(head='<!DOCTYPE Message SYSTEM "http://127.0.0.1:9/x.dtd">'),
    ],
    ids=["XInclude", "DTD", "external DTD"],
)
def test_b26_inclusion_and_document_types(memo):
    """Refused; a stylesheet instead of a letter as well, and one that is only named is not fetched."""
    with pytest.raises(Unreadable):
        read(memo.xml())
    with pytest.raises(Unreadable):
        read(b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>')
    assert read(Memo(inside='<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>').xml()).title == "Årsopgørelse 2026"


@pytest.mark.parametrize("encoding", ["UTF-7", "EBCDIC-CP-US", "ISO-2022-JP", "UTF-32"])
def test_b27_a_letter_in_a_doubtful_charset(encoding):
    """A MeMo in a charset where octets may hide markup is unreadable."""
    with pytest.raises(Unreadable):
        read(Memo().text().replace("UTF-8", encoding).encode("ascii", "xmlcharrefreplace"))


@pytest.mark.parametrize(
    ("charset", "declared"),
    [
        ("utf-7", ""),
        ("utf-7", "; charset=utf-7"),
        ("utf-16-le", ""),
        ("utf-16-be", "; charset=utf-16"),
        ("cp1252", ""),
        ("cp1252", "; charset=utf-8"),
        ("utf-8", "; charset=windows-1252"),
        ("cp865", ""),
        ("utf-8", "; charset=x-unknown"),
    ],
)
@pytest.mark.parametrize("media_type", ["text/html", "text/plain"])
def test_b27_a_document_in_a_doubtful_charset(charset, declared, media_type):
    """Its text is not shown at all, never garbled; the file goes as it is."""
    data = "Kære virksomhed, I skal betale 100 kr. på onsdag".encode(charset)
    text, html, attached = bodies_of(data, media_type + declared)

    assert attached == data
    assert "Tekst fra afsenderen" not in text + html
    assert "virksomhed" not in text + html

"""Names of attachments: the authority's own, and safe on any machine (SECURITY.md B37-B42)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.content.headers import file_fields
from nemboks.content.names import media_type_of, safe_names
from nemboks.domain.headline import Document, Role

PDF = "application/pdf"


def document(name, media_type=PDF):
    """A document by that name."""
    return Document(Role.MAIN, name, media_type, 1, "0" * 64)


@pytest.mark.parametrize(
    ("name", "media_type", "expected"),
    [
        ("Årsopgørelse 2026.pdf", PDF, "Årsopgørelse 2026.pdf"),
        ("A\u030arsopgørelse.pdf", PDF, "Årsopgørelse.pdf"),
        ("Brev (1)_ny-b.PDF", PDF, "Brev (1)_ny-b.PDF"),
        ("../../etc/cron.d/x", "application/octet-stream", "x"),
        ("../../etc/cron.d/x", PDF, "x.pdf"),
        ("C:\\a\\b.pdf", PDF, "b.pdf"),
        ("CON.pdf", PDF, "_CON.pdf"),
        ("lpt1", PDF, "_lpt1.pdf"),
        ("com¹.txt", "text/plain", "_com¹.txt"),
        ("a.pdf.", PDF, "a.pdf"),
        ("a.pdf . .", PDF, "a.pdf"),
        (".htaccess", "text/plain", "htaccess.txt"),
        ("fdp\u202e.exe", PDF, "fdp.exe.pdf"),
        ("v1.2", PDF, "v1.2.pdf"),
        ('a"b;\r\nc.pdf', PDF, "a_b_ c.pdf"),
        ("a\x00b.pdf", PDF, "ab.pdf"),
        ("løn & skat?.pdf", PDF, "løn _ skat_.pdf"),
        ("billede.JPG", "image/jpeg", "billede.JPG"),
        ("tal.csv", "text/plain; charset=utf-8", "tal.csv"),
        ("noget.xyz", "application/x-ukendt", "noget.xyz"),
        ("", PDF, "Dokument 1.pdf"),
        ("...", PDF, "Dokument 1.pdf"),
        ("🍎🍎", PDF, "Dokument 1.pdf"),
        ("/", "application/octet-stream", "Dokument 1"),
        ("CPR 010101-0000.pdf", PDF, "CPR (CPR).pdf"),
        ("010101\u200b0000.pdf", PDF, "(CPR).pdf"),
        ("\ud800.pdf", PDF, "Dokument 1.pdf"),
    ],
)
def test_names(name, media_type, expected):
    """Each odd name becomes the nearest safe one."""
    assert safe_names([document(name, media_type)]) == (expected,)


def test_long_names_keep_their_suffix():
    """80 characters, the suffix among them."""
    (name,) = safe_names([document("ø" * 300 + ".pdf")])

    assert name == "ø" * 76 + ".pdf"


def test_same_names_are_numbered():
    """Later ones get a number, also where only the case differs or the number is taken."""
    names = safe_names([document(n) for n in ("a.pdf", "A.pdf", "a (2).pdf", "a.pdf", "x" * 90, "x" * 90)])

    assert names[:4] == ("a.pdf", "A (2).pdf", "a (2) (2).pdf", "a (3).pdf")
    assert names[5] == "x" * 72 + " (2).pdf"


def test_five_hundred_alike():
    """As many documents as a letter may have, all of one name."""
    names = safe_names([document("a.pdf")] * 500)

    assert len(set(names)) == 500
    assert names[-1] == "a (500).pdf"


@pytest.mark.parametrize(
    ("given_type", "expected"),
    [
        ("application/pdf", "application/pdf"),
        ("Text/Plain; Charset=UTF-8", "text/plain; charset=utf-8"),
        ('text/plain; charset="utf-8"; x=y', "text/plain; charset=utf-8"),
        ("text/html; format=flowed", "text/html"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed; boundary=x", "application/octet-stream"),
        ("application/pdf\r\nBcc: x", "application/octet-stream"),
        ("pdf", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("applicatiøn/pdf", "application/octet-stream"),
        ("a/" + "b" * 200, "application/octet-stream"),
    ],
)
def test_media_types(given_type, expected):
    """What is no media type, or may not be base64, goes as octets."""
    assert media_type_of(document("a", given_type)) == expected


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.text(st.characters(), max_size=120), st.text(st.characters(), max_size=40)), max_size=4))
def test_any_names_fit_a_header(given_names):
    """Whatever the authority wrote, the names differ, are short, and make exactly the attachment's fields."""
    documents = [document(name, media_type) for name, media_type in given_names]
    names = safe_names(documents)

    assert len({name.casefold() for name in names}) == len(documents)
    for name, one in zip(names, documents, strict=True):
        assert 0 < len(name) <= 80
        assert not set(name) & set('<>:"/\\|?*\r\n\0')
        file_fields(media_type_of(one), name)

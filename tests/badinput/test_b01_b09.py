"""Bad titles: one harmless Subject comes of each, and no other header (SECURITY.md 8)."""

import pytest

from nemboks.content.errors import Unreadable
from nemboks.content.message import MessageReader
from tests.badinput.opened import mail_with, subject_of
from tests.content.mails import html_of, text_of
from tests.content.memos import Memo, read


def _raw_title(words):
    """A letter whose title is written so in its XML."""
    return Memo(title="@@").text().replace("@@", words)


def test_b01_crlf_and_a_header():
    """CRLF is a space, and Bcc stays a word of the title."""
    assert subject_of("Brev\r\nBcc: x@y.example") == "Brev Bcc: x@y.example"
    assert read(_raw_title("Brev&#13;&#10;Bcc: x").encode()).title == "Brev Bcc: x"


def test_b02_bare_lf():
    """A bare LF is a space."""
    assert subject_of("Brev\nBcc: x@y.example") == "Brev Bcc: x@y.example"


def test_b03_bare_cr():
    """A bare CR is a space, also one that XML cannot normalise."""
    assert subject_of("Brev\rBcc: x@y.example") == "Brev Bcc: x@y.example"
    assert read(_raw_title("Brev&#13;Bcc: x").encode()).title == "Brev Bcc: x"


def test_b04_encoded_newline():
    """An encoded word in a title stays what it looks like."""
    title = "Brev =?UTF-8?Q?=0A?=Bcc: x@y.example"

    assert subject_of(title) == title


def test_b05_control_characters():
    """XML may not carry NUL, BEL or ESC: such a letter is no XML; in a message's Subject they vanish."""
    for sign in ("\x00", "\x07", "\x1b", "&#0;", "&#7;", "&#27;"):
        with pytest.raises(Unreadable):
            read(_raw_title(f"Brev{sign}").encode())
    reader = MessageReader()
    reader.feed(b"From: x@y.example\r\nSubject: B\x00r\x07e\x1b[31mv\x7f\r\n\r\nhej\r\n")

    assert reader.close().title == "Bre[31mv"
    assert subject_of("Bre\x7fv\x9b") == "Brev"


def test_b06_a_title_of_100_kib():
    """The Subject is cut at 150 characters, the cut is seen, and the body carries no more than 2,000."""
    _, message = mail_with(title="æ" * 102_400, authority="Skat")

    assert str(message["Subject"]) == "Skat: " + "æ" * 143 + "…"
    assert len(text_of(message)) < 4000
    assert len(html_of(message)) < 12_000


@pytest.mark.parametrize("title", ["", " ", "\u200b\u00a0", "\u202e"])
def test_b07_no_title(title):
    """A title without a visible sign is said to be missing, in the Subject and in both bodies."""
    _, message = mail_with(title=title)

    assert str(message["Subject"]) == "Skattestyrelsen: (uden titel)"
    assert "(uden titel)" in text_of(message)
    assert "(uden titel)" in html_of(message)


def test_b08_directions_invisible_signs_and_zalgo():
    """Signs that turn or hide text are gone, everywhere in the mail; heaped accents are cut like any text."""
    zalgo = "Z" + "\u0300\u0301\u0302\u0303" * 500
    _, message = mail_with(title="fdp\u202egnp\u2066\u200b\u200d\ufeff.exe", authority="Sk\u202eat\u200b")

    assert subject_of("fdp\u202egnp\u2066\u200b\u200d\ufeff.exe") == "fdpgnp.exe"
    assert len(subject_of(zalgo)) <= 150
    for body in (text_of(message), html_of(message), str(message["From"])):
        assert not set("\u202e\u2066\u200b\u200d\ufeff") & set(body)


def test_b09_no_unicode():
    """Invalid UTF-8 and lone surrogates make a MeMo unreadable; in a message's Subject they show as U+FFFD."""
    for raw in (_raw_title("@").encode().replace(b"@", b"\xe6"), _raw_title("&#xD800;").encode()):
        with pytest.raises(Unreadable):
            read(raw)
    reader = MessageReader()
    reader.feed(b"From: x@y.example\r\nSubject: l\xf8n\r\n\r\nhej\r\n")

    assert reader.close().title == "l\ufffdn"

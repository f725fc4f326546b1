"""Bad names, and contents that try to end the mail or to be another one (SECURITY.md 8)."""

from itertools import product

import pytest

from nemboks.content.message import MessageReader
from tests.badinput.opened import attached_of, bodies_of, mail_with, subject_of
from tests.content.mails import text_of
from tests.content.memos import COPY, File, Memo, mail_of, read, seen_of, writer

PDF = b"%PDF-1.7 invented"
# What one server or another has taken for the end of a mail (SMTP smuggling, CVE-2023-51764).
ENDS = [
    before + b"." + after
    for before, after in product(
        [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r"], [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\0\r\n"]
    )
    if (before, after) != (b"\r\n", b"\r\n")
]
INSIDE = b"MAIL FROM:<x@evil.example>\r\nRCPT TO:<y@evil.example>\r\nDATA\r\n"


def _named(*names, media_type="application/pdf"):
    """The names that the files of a letter get, to both kinds of readers."""
    return [name for name, _ in attached_of(*(File(PDF, name, media_type) for name in names))]


def test_b37_a_path():
    """What is left of a path is its last word."""
    assert _named("../../etc/cron.d/x", media_type="application/octet-stream") == ["x"]
    assert _named("/etc/passwd") == ["passwd.pdf"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("C:\\a\\b.pdf", "b.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("nul", "_nul.pdf"),
        ("a.pdf.", "a.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("a:b|c?.pdf", "a_b_c_.pdf"),
    ],
)
def test_b38_names_that_machines_refuse(name, expected):
    """Reserved, hidden and odd names become ordinary ones."""
    assert _named(name) == [expected]


def test_b39_a_name_that_turns_around():
    """The sign that turns it is gone, and the suffix is the one that is true."""
    assert _named("fdp\u202e.exe") == ["fdp.exe.pdf"]


@pytest.mark.parametrize(
    "name", ['a"; filename="b.exe', "a\r\nX: y.pdf", "a;b.pdf", "a\\.pdf", "a'b''c.pdf", "a*0*=b.pdf"]
)
def test_b40_a_name_that_leaves_its_parameter(name):
    """It is one parameter of one field, whatever quotes and breaks it has."""
    _, message = mail_with(files=[File(PDF, name)])
    (part,) = message.iter_attachments()

    assert sorted(part.keys()) == ["Content-Disposition", "Content-Transfer-Encoding", "Content-Type"]
    assert set(part["Content-Disposition"].params) == {"filename"}
    assert part.get_filename().endswith(".pdf")
    assert not set('";\r\n\\') & set(part.get_filename())


def test_b41_a_long_danish_name():
    """80 characters with its suffix, each form in one piece: Outlook reads no continued parameters."""
    octets, _ = mail_with(files=[File(PDF, "Årsopgørelse på æblegrød " * 12 + ".pdf")])
    (name,) = _named("Årsopgørelse på æblegrød " * 12 + ".pdf")

    assert len(name) == 80
    assert name.startswith("Årsopgørelse på æblegrød ")
    assert name.endswith(".pdf")
    assert b"filename*0" not in octets
    assert octets.count(b"filename*=UTF-8''") == 1


def test_b42_two_files_of_one_name():
    """The second has a number."""
    assert _named("Brev.pdf", "BREV.pdf", "Brev.pdf") == ["Brev.pdf", "BREV (2).pdf", "Brev (3).pdf"]


def test_b43_a_mail_in_a_letter():
    """A nested message is attached as octets and never parsed, so that what it says of itself says nothing here."""
    inner = (
        b"From: x@y.example\r\nBcc: z@y.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhej\r\n"
    )
    _, message = mail_with(files=[File(inner, "Svar.eml", "message/rfc822")])
    (part,) = message.iter_attachments()

    assert part.get_content_type() == "application/octet-stream"
    assert part.get_filename() == "Svar.eml"
    assert part.get_payload(decode=True) == inner


@pytest.mark.parametrize(
    "data", [b"x" * 2000, b".", b".\r\n..\r\n.x\r\n", b"a\n.\nb", b"a\r\n.\r\nb", b"From x\r\n\r\n.\r\n"]
)
def test_b44_long_lines_and_dots(data):
    """One mail whose lines are short and never begin with a dot; the text is read, the file is equal."""
    text, _, attached = bodies_of(data, "text/plain")
    octets, _ = mail_with(files=[File(data, "Brev.txt", "text/plain")])

    assert attached == data
    assert "Tekst fra afsenderen:" in text
    assert max(map(len, octets.split(b"\r\n"))) <= 200
    assert b"\r\n." not in octets


def test_there_are_24_ends():
    """As many as the table asks for."""
    assert len(ENDS) == 24


@pytest.mark.parametrize("end", ENDS)
def test_b45_the_ends_of_a_mail(end):
    """In a file they are base64; a message from IMAP that has one goes as a file: one mail either way."""
    data = b"Hej" + end + INSIDE
    octets, message = mail_with(files=[File(data, "Brev.txt", "text/plain")])
    raw = b"From: x@y.example\r\nSubject: Brev\r\n\r\n" + data
    reader = MessageReader()
    reader.feed(raw)
    headline = reader.close()
    wrapped = mail_of(raw, writer(headline, seen=seen_of(raw, headline)))

    assert headline.wrap
    for mail in (octets, wrapped):
        assert b"MAIL FROM" not in mail
        assert b"\r\n." not in mail
        assert b"\n" not in mail.replace(b"\r\n", b"")
    assert [part.get_payload(decode=True) for part in message.iter_attachments()] == [data]


def test_b46_our_boundary_in_the_letter():
    """A letter that knows our boundary ends nothing with it: no base64 has its signs, and no text is sent otherwise."""
    _, plain = mail_with()
    boundaries = [part.get_boundary() for part in plain.walk() if part.is_multipart()]
    data = "".join(f"\r\n--{boundary}\r\n\r\nX\r\n--{boundary}--\r\n" for boundary in boundaries).encode()
    octets, message = mail_with(title=f"--{boundaries[0]}", files=[File(data, "Brev.txt", "text/plain")])

    assert len(boundaries) == 2
    assert all("=_" in boundary and COPY.seed in boundary for boundary in boundaries)
    assert octets.count(f"\r\n--{boundaries[0]}".encode()) == 3
    assert [part.get_payload(decode=True) for part in message.iter_attachments()] == [data]


def test_b47_other_alphabets():
    """Letters of any alphabet, emoji and Unicode's own line ends: kept in the text, one line in the Subject."""
    words = "Ærø 🍎 Ελλάδα 日本 \u2028ny linje"
    text, html, attached = bodies_of(f"<p>{words}</p>".encode())
    plain = text_of(mail_with(files=[File(words.encode(), "Brev.txt", "text/plain")])[1])

    assert subject_of(words) == "Ærø 🍎 Ελλάδα 日本 ny linje"
    assert attached == f"<p>{words}</p>".encode()
    for body in (text, html, plain):
        assert "Ærø 🍎 Ελλάδα 日本" in body
    assert read(b"\xef\xbb\xbf" + Memo(title="Ærø 🍎").xml()).title == "Ærø 🍎"

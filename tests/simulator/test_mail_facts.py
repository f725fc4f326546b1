"""The reader of mails agrees with the standard library's, which holds whole mails in memory."""

import asyncio
import email
import hashlib
from email.policy import default

import pytest

from nemboks.simulator.letters import Order
from nemboks.simulator.letters_imap import mail_letter
from nemboks.simulator.mail_facts import read_mail


def facts_of(tmp_path, content):
    path = tmp_path / "a.eml"
    path.write_bytes(content)
    return asyncio.run(read_mail(path))


def leaves(message):
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            yield part.get_filename(), hashlib.sha256(content).hexdigest(), len(content)


@pytest.mark.parametrize("index", range(12))
def test_generated_mails_are_read_like_the_standard_library_does(tmp_path, index):
    """Subject, sender and every leaf are the same, and the mail has no defects."""
    content = b"".join(mail_letter(Order(3, index, "13585628", "Bageriet Solsikken & Søn ApS")))
    facts = facts_of(tmp_path, content)
    message = email.message_from_bytes(content, policy=default)

    assert message.defects == []
    assert facts.text("Subject") == message["Subject"]
    assert [(part.name, part.sha256, part.size) for part in facts.parts] == list(leaves(message))
    assert all(len(line) <= 998 and b"\n" not in line for line in content.split(b"\r\n"))


NESTED = b"""Subject: x\r
Content-Type: multipart/mixed; boundary=outer\r
\r
preamble\r
--outer\r
Content-Type: multipart/alternative; boundary="inner"\r
\r
--inner\r
\r
text\r
--inner\r
Content-Type: text/html\r
Content-Transfer-Encoding: quoted-printable\r
\r
<p>=C3=\r
=A6</p>\r
--inner--\r
between\r
--outer\r
Content-Type: message/rfc822\r
Content-Disposition: attachment; filename=a.eml\r
\r
Subject: inside\r
\r
--not a boundary\r
--outer--\r
epilogue\r
"""


def test_nested_parts_are_followed(tmp_path):
    """Preamble, epilogue and the line end before a boundary belong to no part; an attached mail is one leaf."""
    facts = facts_of(tmp_path, NESTED)

    wanted = [b"text", "<p>æ</p>".encode(), b"Subject: inside\r\n\r\n--not a boundary"]
    assert [part.sha256 for part in facts.parts] == [hashlib.sha256(one).hexdigest() for one in wanted]
    assert [part.name for part in facts.documents()] == ["a.eml"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"no header",
        b"Subject: =?broken?=\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n*\r\nA",
        b"From: \xff\xfe <@>\r\nContent-Type: text/;;;=\r\nContent-Disposition: ;filename=\r\n\r\nx",
        b"a" * 300_000,
    ],
)
def test_a_broken_mail_is_read_as_far_as_it_goes(tmp_path, content):
    """Never an error: a mail server takes what it gets."""
    facts = facts_of(tmp_path, content)

    assert facts.text("Nothing") is None
    assert isinstance(facts.fields("X-"), dict)


@pytest.mark.parametrize(("coded", "name"), [("UTF-8''Sm%C3%B8r.pdf", "Smør.pdf"), ("x-odd''Sm%F8r.pdf", "Smoer.pdf")])
def test_a_file_is_called_what_a_mail_reader_calls_it(tmp_path, coded, name):
    """Of a name given twice the RFC 2231 one counts, if it can be read."""
    header = f'Content-Disposition: attachment;\r\n filename="Smoer.pdf";\r\n filename*={coded}\r\n'

    assert facts_of(tmp_path, header.encode() + b"\r\nx").parts[0].name == name

"""The mail of a message from an IMAP inbox: its own where that is safe, wrapped where not (D11)."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from nemboks.content.compose import Seen
from nemboks.content.errors import ContentsDiffer
from nemboks.content.message import HEADER_LIMIT
from tests.content.mails import text_of
from tests.content.memos import COPY, ID, mail_of, seen_of, writer
from tests.content.test_message import BODY, HEADER, headed, read_message

OURS = ["From", "To", "Subject", "List-Id", "Auto-Submitted", "X-Auto-Response-Suppress"]
NEMBOKS = ["Nemboks-Letter", "Nemboks-Cvr", "Nemboks-Available", "Nemboks-Format"]
KEPT = (
    b"Date: Sat, 21 Nov 2026 14:05:12 +0100\r\n"
    b"Message-ID: <abc.1@digitalpost.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\n"
    b"\r\n"
)


def compose(raw, copy=COPY, step=1 << 18):
    """The mail of a message, its writer, and the mail read by the standard library."""
    headline = read_message(raw)
    mail = writer(headline, copy, seen=seen_of(raw, headline, copy, step))
    octets = mail_of(raw, mail, step)
    assert len(octets) == mail.size
    return octets, mail, message_from_bytes(octets, policy=default)


@pytest.mark.parametrize("step", [1, 13, 1 << 18])
def test_a_safe_message_keeps_what_is_its_own(step):
    """Message-ID, Date, MIME fields and body go on octet for octet; everything else is ours."""
    octets, mail, message = compose(HEADER + BODY, step=step)

    assert octets.endswith(KEPT + BODY)
    assert [name.title() for name in message] == [
        name.title() for name in [*OURS, *NEMBOKS, "Date", "Message-ID", "MIME-Version", "Content-Type"]
    ]
    assert message["From"] == "Børnehuset via Nemboks <post@nemboks.example>"
    assert message["To"] == "post@eksempel.example"
    assert message["Subject"] == "Børnehuset: Årsopgørelse 2026"
    assert message["Nemboks-Letter"] == ID
    assert mail.eight_bit is False


def test_dropped_fields_leave_no_trace():
    """Reply-To, DKIM-Signature and the rest say nothing true of our mail."""
    _, _, message = compose(
        headed(b"To: 1", b"Reply-To: x@y.example\r\nDKIM-Signature: a=b\r\nBcc: z@y.example\r\nTo: 1")
    )

    assert not {"reply-to", "dkim-signature", "bcc", "received"} & {name.lower() for name in message}


def test_missing_message_id_and_date_are_ours():
    """What the message lacks comes from the copy, so every copy still is the same."""
    _, _, message = compose(b"Subject: x\r\nContent-Type: text/plain\r\n\r\nhej\r\n")

    assert message["Message-ID"] == COPY.message_id
    assert message["Date"] == "Sat, 21 Nov 2026 14:05:12 +0100"
    assert message["Subject"] == "Ukendt afsender: x"


def test_eight_bit_is_said():
    """A body with 8-bit octets goes as it is, and asks for 8BITMIME."""
    octets, mail, _ = compose(HEADER + "æøå\r\n".encode())

    assert mail.eight_bit is True
    assert octets.endswith("\r\n\r\næøå\r\n".encode())


@pytest.mark.parametrize(
    ("raw", "copy"),
    [
        (HEADER + b"bare\nfeed", COPY),
        (HEADER + b"x" * 2000 + b"\r\n.\r\n\n.\n\r.\r", COPY),
        (headed(b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\n" * 2), COPY),
        (headed(b"To: 1", b"X: " + b"x" * HEADER_LIMIT + b"\r\nTo: 1"), COPY),
        (b"not a mail at all", COPY),
        (HEADER + "æøå\r\n".encode(), replace(COPY, wrap=True)),
    ],
)
def test_what_is_not_safe_goes_as_one_file(raw, copy):
    """The original is attached octet for octet, in a mail that is safe everywhere (B44, B45)."""
    octets, mail, message = compose(raw, copy)
    _, original = message.iter_parts()

    assert original.get_filename() == "Brev.eml"
    assert original.get_content_type() == "application/octet-stream"
    assert original.get_payload(decode=True) == raw
    assert all(not part.defects for part in message.walk())
    assert "Vedhæftet:     1. Brev.eml (" in text_of(message)
    assert message["Nemboks-Docs"].strip() == f"sha256={read_message(raw).sha256}"
    assert message["Message-ID"] == copy.message_id
    assert mail.eight_bit is False
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 76


def test_other_contents_never_end_a_mail():
    """If the stored bytes are not the headline's, the mail is not finished, wrapped or not."""
    for raw in (HEADER + BODY, HEADER + b"bare\nfeed"):
        headline = read_message(raw)
        for other in (raw[:-1], raw + b"\n", raw[:-1] + b"x", b""):
            mail = writer(headline, seen=Seen(raw))
            with pytest.raises(ContentsDiffer):
                mail_of(other, mail, 50)


@pytest.mark.parametrize("beginning", [b"", HEADER[:-1], HEADER.replace(b"2026", b"2027"), b"\r\n"])
def test_a_message_needs_its_own_beginning(beginning):
    """The kept fields are taken from the very header block that the headline was read from."""
    with pytest.raises(ContentsDiffer):
        writer(read_message(HEADER + BODY), seen=Seen(beginning))

"""What a headline says of a message from an IMAP inbox, and whether it may go as it is."""

from datetime import UTC, datetime
from random import Random

import pytest

from nemboks.content.errors import Unreadable
from nemboks.content.message import HEADER_LIMIT, MessageReader
from nemboks.domain.headline import Authority, Headline, Kind
from tests.content.memos import sha256

HEADER = (
    b"Received: from a.example by b.example; Sat, 21 Nov 2026 14:05:00 +0100\r\n"
    b"From: =?UTF-8?Q?B=C3=B8rnehuset?= <brev@digitalpost.example>\r\n"
    b"To: 12345678@digitalpost.example\r\n"
    b"Subject: =?UTF-8?B?w4Vyc29wZ8O4cmVsc2U=?=\r\n =?UTF-8?Q?_2026?=\r\n"
    b"Date: Sat, 21 Nov 2026 14:05:12 +0100\r\n"
    b"Message-ID: <abc.1@digitalpost.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\n"
    b"\r\n"
)
BODY = b"Hej\r\n..\r\n.\r\nMed venlig hilsen\r\n"


def read_message(raw, step=1 << 18):
    """The headline of a message fed in pieces of `step`."""
    reader = MessageReader()
    for at in range(0, len(raw), step):
        reader.feed(raw[at : at + step])
    return reader.close()


def headed(old, new):
    """The message with a part of its header block changed."""
    assert old in HEADER
    return HEADER.replace(old, new) + BODY


def test_headline_of_a_message():
    """The ledger keeps who, what and when, the digests of all and of the header block, and nothing of the body."""
    raw = HEADER + BODY

    expected = Headline(
        kind=Kind.MESSAGE,
        authority=Authority("Børnehuset", "brev@digitalpost.example", "EMAIL"),
        title="Årsopgørelse 2026",
        size=len(raw),
        sha256=sha256(raw),
        created_at=datetime(2026, 11, 21, 13, 5, 12, tzinfo=UTC),
        header_sha256=sha256(HEADER),
    )
    assert read_message(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        HEADER + BODY,
        HEADER + b"x\rx\r\n",
        HEADER + b"\r\r\n",
        HEADER + b"x" * 998 + b"\r\n",
        HEADER + b"x" * 999 + b"\r\n",
        HEADER + "æ".encode() + b"\r\n",
        HEADER,
        HEADER.replace(b"\r\n", b"\n") + BODY,
        b"\r\nbody\r\n",
        b"no header at all",
    ],
)
def test_cut_at_every_byte(raw):
    """Where the message is cut makes no difference, to the digests or to the judgement."""
    expected = read_message(raw)
    for at in range(len(raw) + 1):
        reader = MessageReader()
        reader.feed(raw[:at])
        reader.feed(raw[at:])
        assert reader.close() == expected
    assert read_message(raw, 1) == expected


@pytest.mark.parametrize(
    ("body", "wrap", "eight_bit"),
    [
        (BODY, False, False),
        (b"", False, False),
        (b"x" * 998 + b"\r\n", False, False),
        (b"x" * 999 + b"\r\n", True, False),
        ("æ".encode() * 499 + b"\r\n", False, True),
        ("æ\r\n".encode(), False, True),
        (b"bare\rreturn\r\n", True, False),
        (b"bare\nfeed\r\n", True, False),
        (b"a\r\r\nb\r\n", True, False),
        (b"\n.\r\n", True, False),
        (b"nul\0\r\n", True, False),
        (b"no end", True, False),
        (b"half an end\r", True, False),
    ],
)
def test_what_must_be_wrapped(body, wrap, eight_bit):
    """A body that servers refuse or change on the way is not sent as it is; 8-bit is said."""
    headline = read_message(HEADER + body)

    assert (headline.wrap, headline.eight_bit) == (wrap, eight_bit)


ENDS = (b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\0")


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in ENDS for b in ENDS if (a, b) != (b"\r\n", b"\r\n")])
def test_smuggling_ends_are_wrapped(before, after):
    """Whatever some server might take for the end of the mail never goes on the wire as it is (B45)."""
    assert read_message(HEADER + b"x" + before + b"." + after + b"MAIL FROM:<a@b.example>\r\n").wrap


@pytest.mark.parametrize(
    "raw",
    [
        headed(b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nMIME-Version: 1.0\r\n"),
        headed(b"Content-Type: text/plain", b"Content-Type: a/b\r\nContent-Type: text/plain"),
        headed(b"Content-Type: ", b"Content-Type : "),
        headed(b"Content-Type: ", "Content-Description: æ\r\nContent-Type: ".encode()),
        headed(b"Content-Type: ", b"Content-Description: \x1b\r\nContent-Type: "),
        headed(b"Content-Type: ", b"Content-Description: " + b"x" * 999 + b"\r\nContent-Type: "),
        headed(b"MIME-Version: 1.0", b"MIME-Version:"),
        headed(b"Message-ID: <abc.1@digitalpost.example>", b"Message-ID: abc"),
        headed(b"Date: Sat, 21 Nov 2026 14:05:12 +0100", b"Date: i morgen"),
        headed(b"MIME-Version", b"From someone Sat Nov 21\r\nMIME-Version"),
        headed(b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\n"),
        headed(b"To: 1", b"To: \0" + b"1"),
        headed(b"To: 1", b"X: " + b"x" * HEADER_LIMIT + b"\r\nTo: 1"),
        HEADER.replace(b"\r\n", b"\n") + b"body\n",
        HEADER[:-2],
        b"From: a@b.example\r\n",
        b" \r\n\r\n",
    ],
)
def test_headers_that_must_be_wrapped(raw):
    """A header block that two programs would read differently does not go on as it is."""
    assert read_message(raw).wrap


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n",
        b"\r\nbody\r\n",
        headed(b"Date: Sat, 21 Nov 2026 14:05:12 +0100\r\n", b""),
        headed(b"Message-ID: <abc.1@digitalpost.example>\r\n", b""),
        headed(b"To: 1", b"To: \xff\xfe\xe6" + b"1"),
        headed(b"To: 1", b"X: " + b"x" * 5000 + b"\r\nTo: 1"),
        headed(b"Date: Sat, 21 Nov 2026 14:05:12 +0100", b"Date:\r\n Sat, 21 Nov 2026 14:05:12 +0100 (CET)"),
    ],
)
def test_headers_that_need_no_wrapping(raw):
    """What is missing we have ourselves; what is odd in a field we drop is no harm."""
    assert not read_message(raw).wrap


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        (b"a@b.example", "a@b.example", "a@b.example"),
        (b"<a@b.example>", "a@b.example", "a@b.example"),
        (b'"R\\"aad, N" <a@b.example>', 'R"aad, N', "a@b.example"),
        (b'"x <y@z.example>" <a@b.example>', "x <y@z.example>", "a@b.example"),
        (b"A <a@b.example>, B <b@b.example>", "A", "a@b.example"),
        ("Bøssen <a@b.example>".encode(), "Bøssen", "a@b.example"),
        (b"B\xf8ssen <a@b.example>", "B\ufffdssen", "a@b.example"),
        (b"=?iso-8859-1?Q?B=F8rn?= <a@b.example>", "Børn", "a@b.example"),
        (b"=?x-ukendt?Q?B=F8rn?= <a@b.example>", "Børn", "a@b.example"),
        (b"=?utf-8?B?a?= <a@b.example>", "=?utf-8?B?a?=", "a@b.example"),
        (b"=?utf-8?B?!?= <a@b.example>", "a@b.example", "a@b.example"),
        (b"=?utf-8?Q?x=0D=0ABcc:_y?= <a@b.example>", "x Bcc: y", "a@b.example"),
        (b"", "", ""),
    ],
)
def test_authors(value, name, address):
    """Names are decoded where that is possible, and shown as they stand where not."""
    seen = read_message(b"From: " + value + b"\r\n\r\n").authority

    assert (seen.name, seen.id) == (name, address)


def test_hostile_headers_are_read_quickly():
    """Parentheses, quotes and encoded words without end cost neither time nor the stack."""
    for value in (
        b"(" * 200_000,
        b'"' * 200_000,
        b"\\" * 200_000,
        b"=?" * 100_000,
        b"=?a?b?c?=" * 20_000,
        b"<" * 200_000,
    ):
        block = b"From: " + value + b"\r\nSubject: " + value + b"\r\nDate: " + value + b"\r\n\r\n"
        assert read_message(block).kind is Kind.MESSAGE


def test_header_digest_goes_on_beyond_the_limit():
    """The header block's digest is of all of it, however long; only what is kept is bounded."""
    block = b"Subject: lang\r\nX: " + Random(1).randbytes(200_000).hex().encode() + b"\r\n\r\n"
    headline = read_message(block + BODY, 999)

    assert headline.header_sha256 == sha256(block)
    assert (headline.title, headline.wrap) == ("lang", True)


def test_an_empty_message_is_unreadable():
    """No octets are no letter."""
    with pytest.raises(Unreadable):
        read_message(b"")

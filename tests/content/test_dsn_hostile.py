"""What a stranger may put into the return box: it costs no time, names no other letter, and steers nothing."""

import re
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nemboks.content.dsn import READ, NotUnderstood, read
from tests.content.returned import DOMAIN, KEY, RETURNED, TEXT, TOKEN, bounce, group, report


def test_strangers_words_are_redacted_and_capped():
    """Addresses, numbers shaped like a CPR number and control characters do not get into the ledger."""
    said = "smtp; 550 \x1b[31mpost@eksempel.example 010101-0000 <script>" + "å" * 3000
    notice = read(report(group(diagnostic=said, remote="mx\x07.eksempel.example")), KEY, DOMAIN)[0]

    assert notice.words.startswith("550 [3***@eksempel.example [CPR] <script>å")
    assert (512, "mx.eksempel.example") == (len(notice.words), notice.server)


def deep(levels):
    """A report at the bottom of so many multiparts."""
    mail = report(group())
    for level in range(levels):
        mail = f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n".encode() + mail
    return mail


HOSTILE = {
    "deep": deep(3000),
    "one line": b"x" * READ * 2,
    "blank lines": b"Content-Type: message/delivery-status\r\n\r\n" + b"\r\n" * READ,
    "spaces": b"Content-Type: message/delivery-status\r\n\r\n" + b"\n " * READ,
    "boundaries": b"Content-Type: multipart/report; boundary=a\r\n\r\n" + b"--a\n" * (READ // 4),
    "half boundaries": b"Content-Type: multipart/report; boundary=a\r\n\r\n" + b"--a \t " * (READ // 6),
    "one field": b"To: " + b"b+1-1-1-0." * (READ // 10),
    "fields": b"To: b+1-1-1-0.aaaaaaaaaaaaaaaa@bounce.nemboks.example\r\n" * 20_000,
    "folds": b"To: x" + b"\r\n " * READ,
    "type": b"Content-Type: multipart/report" + b"; boundary " * (READ // 12),
    "digits": b"Original-Envelope-Id: " + b"1" * READ,
    "recipients": report(*[group()] * 8000),
    "numbers": bounce("5.1." * (READ // 4)),
    "dashes": bounce("- " * (READ // 2)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_takes_no_time(name):
    """A MiB made to be slow is read in well under two seconds, and names no letter but the one it proves."""
    began = perf_counter()
    found = read(HOSTILE[name], KEY, DOMAIN)

    assert perf_counter() - began < 2
    assert isinstance(found, NotUnderstood) or {one.token for one in found} == {TOKEN}


PIECES = [*re.split(rb"(\r\n|: |; |=|--)", report(group(), head=f"To: b+{TEXT}@{DOMAIN}\r\n", returned=RETURNED)),
          b"\0", b"\xff", b"\r", b"\n", b'"', b"Content-Type: multipart/report; boundary=a\n\n--a\n"]  # fmt: skip


@given(st.one_of(st.binary(max_size=400), st.lists(st.sampled_from(PIECES), max_size=80).map(b"".join)))
@example(b"Content-Type: multipart/x; boundary=\n\n--\n")
@example(b"\n")
def test_never_raises(raw):
    """Whatever lies in the box, the reader says something."""
    found = read(raw, KEY, DOMAIN)

    assert isinstance(found, NotUnderstood) or all(one.token == TOKEN for one in found)


@given(st.data())
def test_never_raises_for_a_damaged_report(data):
    """A report with octets missing, doubled or changed says the same, less, or nothing: never of another letter."""
    raw = bytearray(report(group("delivered", "2.0.0"), returned=RETURNED))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    found = read(bytes(raw), KEY, DOMAIN)

    assert isinstance(found, NotUnderstood) or all(one.token == TOKEN for one in found)

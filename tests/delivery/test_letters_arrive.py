"""Whatever a letter contains, it arrives as one letter and byte for byte."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nemboks.clock import RealClock
from nemboks.delivery.access import Stopped
from nemboks.delivery.commands import Cutter, Stuffing, envelope_commands
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.proof import Stage
from tests.helpers.smtp_server import HELO, QUICK, Certificates, ScriptedServer, make_mail

# The ends of a letter that some server somewhere takes for one, besides CRLF . CRLF
ENDS = [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\r\n\x00"]
TERMINATORS = [a + b"." + b for a, b in itertools.product(ENDS, ENDS)]
HEAD = b"Subject: a\r\n\r\nfirst"
LETTERS = {
    **{f"terminator {end!r}": HEAD + end + b"MAIL FROM:<x@y.example>\r\n" for end in TERMINATORS},
    "dots": HEAD + b"\r\n.\r\n..\r\n...\r\n.a\r\n \r\n.",
    "dots first": b".\r\n.\r\n",
    "a long line": HEAD + b"\r\n" + b"a" * 2000 + b"\r\n." + b"b" * 2000 + b"\r\n",
    "no last line end": HEAD,
    "half a line end": HEAD + b"\r",
    "empty": b"",
    "only dots": b"." * 300_000,
    "lines of dots": b"\r\n." * 100_000,
}


@pytest.mark.parametrize("hello", ["@hello PIPELINING", "@hello PIPELINING CHUNKING"], ids=["data", "bdat"])
@pytest.mark.parametrize("name", list(LETTERS))
async def test_bytes_are_equal(name: str, hello: str, certificates: Certificates) -> None:
    """Dots and things that look like the end of a letter arrive as they are."""
    letter = LETTERS[name]
    chunks = f"D {-(-len(letter) // 131_072)}"
    answers = f"N {chunks[2:]} 250 ok"
    data = ["@envelope", "B", "S 250 kept"]
    bdat = ["C MAIL", "C RCPT", "S 250 ok", "S 250 ok", chunks, answers, "L", "S 250 kept"]
    server = ScriptedServer([[hello, *(bdat if "CHUNKING" in hello else data)]], certificates.context)

    async def yes() -> bool:
        return True

    async with server.running():
        courier = ServerCourier({"own": server.access(certificates)}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(letter, 65_537), 10, yes)
        await courier.close()
        await server.settled()

    assert report.stage is Stage.DOT
    assert report.reply
    assert server.faults == []
    ended = letter if letter.endswith(b"\r\n") or not letter or "CHUNKING" in hello else letter + b"\r\n"
    assert (server.heard[0].letter or b"") == ended


@given(some.lists(some.binary(max_size=20)), some.integers(1, 9))
def test_pieces_become_even(pieces: list[bytes], size: int) -> None:
    """Every piece but the last has the size, and together they are the letter."""
    cutter = Cutter(size)
    even = [part for piece in pieces for part in cutter.add(piece)]

    assert all(len(part) == size for part in even)
    assert len(cutter.rest) < size
    assert b"".join(even) + cutter.rest == b"".join(pieces)


@pytest.mark.parametrize("address", ["ø@bakery.example", "post@blåbær.example"])
def test_international_addresses(address: str) -> None:
    """They go only where the server says that it can (RFC 6531)."""
    mail = make_mail(recipient=address)
    commands = envelope_commands(mail, {"smtputf8": ""})

    assert commands[0][1].endswith(b"> SMTPUTF8\r\n")
    assert commands[1][1] == f"RCPT TO:<{address}>\r\n".encode()
    with pytest.raises(Stopped, match="no SMTPUTF8"):
        envelope_commands(mail, {})


@given(some.text("\r\n.a", max_size=40), some.lists(some.integers(0, 40), max_size=8))
def test_stuffing_does_not_see_cuts(text: str, cuts: list[int]) -> None:
    """Wherever a letter is cut, the same bytes go out; undone, they are the letter, and no dot ends it early."""
    letter = text.encode()
    borders = [0, *sorted(cuts), len(letter)]
    stuffing = Stuffing()
    sent = b"".join(stuffing.add(letter[a:b]) for a, b in itertools.pairwise(borders)) + stuffing.dot

    body, end, rest = (b"\r\n" + sent).partition(b"\r\n.\r\n")

    assert rest == b""
    assert end
    whole = (body + b"\r\n").replace(b"\r\n..", b"\r\n.")[2:]
    assert whole in (letter, letter + b"\r\n")

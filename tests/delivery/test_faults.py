"""RELIABILITY 4e where no real server misbehaves to order: a scripted one does, and the letter's fate is asserted."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.letter import State
from nemboks.domain.pace import FLOORS, Pace
from nemboks.domain.proof import Report, Stage
from tests.delivery.ending import Ending, ending
from tests.helpers.smtp_server import HASTY, HELO, LETTER, QUICK, Certificates, ScriptedServer, make_mail

HELLO = "@hello PIPELINING"
TO_DOT = [HELLO, "@envelope", "!", "B"]
AGAIN = Ending(State.WAITING, "temporary", 60)
UNCERTAIN = Ending(State.WAITING, "uncertain", 900)


class Play:
    """A scripted server, and the courier's reports of it."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self.server = ScriptedServer([], certificates.context)

    async def __call__(
        self,
        *steps: str,
        implicit: bool = True,
        pace: Pace = QUICK,
        letter: bytes = LETTER,
        asked: Callable[[], Awaitable[None]] | None = None,
    ) -> Report:
        """The report of one mail, while the server plays these steps; `asked` is awaited before the dot."""
        self.server = server = ScriptedServer([list(steps)], self._certificates.context, implicit)

        async def before_dot() -> bool:
            await asyncio.wait_for(server.cue.wait(), 5)
            if asked:
                await asked()
            return True

        async with server.running():
            courier = ServerCourier({"own": server.access(self._certificates)}, pace, RealClock(), HELO)
            report = await courier.deliver(make_mail(letter), 10_000, before_dot)
            await courier.close()
            await server.settled()
        assert server.faults == []
        return report


@pytest.fixture
def play(certificates: Certificates) -> Play:
    """Ready to play."""
    return Play(certificates)


@pytest.mark.parametrize(
    "after", [["S 454 4.7.0 no TLS now"], ["S 220 go", "S 250 fake"], ["R 220 go\\r\\n250-fa"], ["X close"]]
)
async def test_s06_starttls_fails(after: list[str], play: Play) -> None:
    """STARTTLS refused, cut, or answered with clear text behind the 220: never plaintext, and not a byte of MAIL."""
    report = await play("@hello STARTTLS", "C STARTTLS", *after, implicit=False)

    assert report.stage is Stage.TLS
    assert report.tls is None
    assert ending(report) == Ending(State.WAITING, "tls", 3600)
    assert play.server.heard[0].raw == f"EHLO {HELO}\r\nSTARTTLS\r\n".encode()


async def test_s08_cut_in_the_handshake(certificates: Certificates) -> None:
    """A connection that ends within the handshake is trouble with TLS; nothing was said in clear."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.transport.abort()

    async def never() -> bool:
        raise AssertionError

    heard: list[bytes] = []
    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listener:
        server = ScriptedServer([], certificates.context, port=listener.sockets[0].getsockname()[1])
        courier = ServerCourier({"own": server.access(certificates)}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(), 10, never)

    assert (report.stage, report.reply) == (Stage.TLS, None)
    assert ending(report) == Ending(State.WAITING, "tls", 3600)
    assert heard[0][:1] == b"\x16"  # a TLS record with a handshake


@pytest.mark.parametrize("end", ["X fin", "X reset", "X close"])
async def test_s08_no_goodbye_after_the_250(end: str, play: Play) -> None:
    """A whole 250 counts, even if TLS ends without its close_notify."""
    report = await play(*TO_DOT, "S 250 2.0.0 kept", end)

    assert ending(report) == Ending(State.FORWARDED, "", 0)


@pytest.mark.parametrize(
    "steps",
    [
        ["S 421 4.3.2 x"],
        ["S 220 x", "C EHLO", "S 421 4.3.2 x"],
        [HELLO, "C MAIL", "S 421 4.3.2 x", "X close"],
        [HELLO, "C MAIL", "C RCPT", "C DATA", "S 250 ok", "S 421 4.3.2 x", "X close"],
        [HELLO, "C MAIL", "C RCPT", "C DATA", "S 250 ok", "S 250 ok", "S 421 4.3.2 x", "X close"],
        [HELLO, "@envelope", "B 20", "S 421 4.3.2 x", "X close"],
    ],
    ids=["greeting", "ehlo", "mail", "rcpt", "data", "body"],
)
async def test_s16_421_before_the_dot(steps: list[str], play: Play) -> None:
    """A server that has to go before the dot delivered nothing: a minute later again."""
    report = await play(*steps)

    assert report.reply
    assert report.reply.code == 421
    assert report.stage < Stage.DOT
    assert ending(report) == AGAIN
    assert not play.server.heard[0].dotted


@pytest.mark.parametrize("kib", range(17))
async def test_s17_cut_in_the_body(kib: int, play: Play) -> None:
    """Wherever the body is cut, nothing was delivered: the dot had not been written."""
    steps = [HELLO, "@envelope", *([f"B {kib * 1024}"] if kib else []), "X reset"]
    report = await play(*steps, letter=b"a: b\r\n\r\n" + b"0123456789abcd\r\n" * 1024)

    assert (report.stage, report.reply) == (Stage.BODY, None)
    assert ending(report) == AGAIN
    assert not play.server.heard[0].dotted


async def test_s18_cut_after_the_dot(play: Play) -> None:
    """Without an answer to the dot nobody knows, whether or not the server kept the letter."""
    report = await play(*TO_DOT, "X reset")

    assert (report.stage, report.reply) == (Stage.DOT, None)
    assert ending(report) == UNCERTAIN
    assert play.server.heard[0].letter == LETTER


class Ahead:
    """The running loop's own clock, put forward at once: timers come due without waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        real, self.seconds = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self.seconds)


@pytest.mark.parametrize("seconds", [59, 61, 599])
async def test_s19_slow_answers_to_the_dot(seconds: int, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 250 that comes within ten minutes is a 250."""
    ahead = Ahead(monkeypatch)
    server_waits = asyncio.Event()

    async def wait() -> None:
        async def later() -> None:
            while not play.server.heard[0].dotted:
                await asyncio.sleep(0)
            ahead.seconds += seconds
            await asyncio.sleep(0)
            play.server.writers[0].write(b"250 2.0.0 kept\r\n")
            server_waits.set()

        tasks.append(asyncio.create_task(later()))

    tasks: list[asyncio.Task[None]] = []
    report = await play(*TO_DOT, pace=Pace(), asked=wait)
    await asyncio.gather(*tasks)

    assert server_waits.is_set()
    assert ending(report) == Ending(State.FORWARDED, "", 0)


async def test_s19_s23_no_answer_in_ten_minutes(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten minutes nobody knows; the connection is closed, so that a late 250 is heard by nobody."""
    ahead = Ahead(monkeypatch)
    tasks: list[asyncio.Task[None]] = []

    async def late() -> None:
        while not play.server.heard[0].dotted:
            await asyncio.sleep(0)
        ahead.seconds += 601
        await asyncio.sleep(0.05)  # real: the loop looks at its timers
        play.server.writers[0].write(b"250 2.0.0 kept\r\n")

    async def wait() -> None:
        tasks.append(asyncio.create_task(late()))

    report = await play(*TO_DOT, pace=Pace(), asked=wait)
    await asyncio.gather(*tasks)

    assert (report.stage, report.reply, report.words) == (Stage.DOT, None, "no answer within 600 s")
    assert ending(report) == UNCERTAIN
    assert Pace().dot_seconds == FLOORS["dot_seconds"] == 600


@pytest.mark.parametrize("code", [200, 251, 252, 299])
async def test_s21_another_yes(code: int, play: Play) -> None:
    """Any well-formed 2yz at the dot accepts."""
    report = await play(*TO_DOT, f"S {code} 2.0.0 kept")

    assert report.reply
    assert report.reply.code == code
    assert ending(report).state is State.FORWARDED


MALFORMED = {
    "mixed codes": r"250-ok\r\n251 ok\r\n", "3yz": r"354 go on\r\n", "an empty line first": r"\r\n250 ok\r\n",
    "20 KiB in one line": "250 " + "a" * 20_480, "NUL": r"250 o\0k\r\n", "letter O": r"25O ok\r\n",
    "a blank first": r" 250 ok\r\n", "plus": r"+25 ok\r\n", "underscore": r"2_5 ok\r\n", "1yz": r"150 ok\r\n",
    "6yz": r"650 ok\r\n", "four digits": r"2500 ok\r\n", "bare CR": r"250 ok\r250 ok\r\n", "no end": r"250-ok\r\n",
    "endless": r"250-ok\r\n" * 101 + r"250 ok\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.DOT])
async def test_s22_malformed_replies(stage: Stage, name: str, play: Play) -> None:
    """What is no reply never counts as success: before the dot the letter waits, at the dot nobody knows."""
    answer = "R " + MALFORMED[name]
    steps = [*TO_DOT, answer] if stage is Stage.DOT else ["@hello 8BITMIME", "C MAIL", answer]
    report = await play(*steps, pace=HASTY)

    assert (report.stage, report.reply) == (stage, None)
    assert ending(report) == (UNCERTAIN if stage is Stage.DOT else AGAIN)


@pytest.mark.parametrize("answer", ["X reset", "X close", "S 500 what", "R \\0\\0"])
async def test_s24_quit_fails(answer: str, play: Play) -> None:
    """What a server makes of our leave does not matter."""
    report = await play(*TO_DOT, "S 250 2.0.0 kept", "C QUIT", answer)

    assert ending(report) == Ending(State.FORWARDED, "", 0)


async def test_s27_smtputf8_missing(certificates: Certificates) -> None:
    """An international address (settings take none) is never sent to a server that cannot read it."""
    server = ScriptedServer([["@hello 8BITMIME"]], certificates.context)

    async def never() -> bool:
        raise AssertionError

    async with server.running():
        courier = ServerCourier({"own": server.access(certificates)}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(recipient="ø@bakery.example"), 10, never)
        await courier.close()
        await server.settled()

    assert report.reply
    assert (report.stage, report.reply.code, report.reply.enhanced) == (Stage.MAIL, 553, "5.6.7")
    assert ending(report).state is State.WAITING
    assert b"MAIL" not in server.heard[0].raw

"""RELIABILITY 4e where no real server misbehaves to order: a scripted one does, and the letter's fate is asserted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nemboks.domain.letter import State
from tests.helpers.smtp_server import Certificates, ScriptedServer
from tests.peers.house import TEMPORARY, TLS, UNCERTAIN, WIRE, House, fate_of, house

HELLO = "@hello PIPELINING"
TO_DOT = [HELLO, "@envelope", "!", "B"]
PRODUCTION: dict[str, float] = {}
Asked = Callable[[ScriptedServer], Awaitable[None]]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority that the courier trusts."""
    return Certificates.make(Path(tmp_path_factory.mktemp("certificates")))


class Play:
    """Sends one letter to a server that plays its steps."""

    def __init__(self, certificates: Certificates, folder: Path) -> None:
        self._certificates, self._folder = certificates, folder
        self.server = ScriptedServer([], certificates.context)

    @asynccontextmanager
    async def __call__(
        self,
        *steps: str,
        implicit: bool = True,
        pace: dict[str, float] = WIRE,
        asked: Asked | None = None,
        **facts: str,
    ) -> AsyncIterator[House]:
        """The house after the letter's first attempt; `asked` is awaited before the dot."""
        self.server = server = ScriptedServer([list(steps)], self._certificates.context, implicit)

        async def before() -> None:
            await asyncio.wait_for(server.cue.wait(), 30)
            if asked:
                await asked(server)

        async with server.running():
            async with house(self._folder, {"own": server.access(self._certificates)}, pace=pace) as home:
                home.courier.before = before
                await home.sent(**facts)
                yield home
            await server.settled()
        assert server.faults == []


@pytest.fixture
def play(certificates: Certificates, tmp_path: Path) -> Play:
    """Ready to play."""
    return Play(certificates, tmp_path)


@pytest.mark.parametrize(
    "after", [["S 454 4.7.0 no TLS now"], ["S 220 go", "S 250 fake"], ["R 220 go\\r\\n250-fa"], ["X close"]]
)
async def test_s06_s08_starttls_fails(after: list[str], play: Play) -> None:
    """STARTTLS refused, cut, or with words injected behind its 220: 0 bytes of MAIL, told at once, hourly."""
    async with play("@hello STARTTLS", "C STARTTLS", *after, implicit=False) as home:
        assert await fate_of(home) == TLS
    assert b"MAIL" not in play.server.heard[0].raw


@pytest.mark.parametrize("end", ["X fin", "X reset", "X close"])
async def test_s08_s24_no_goodbye_after_the_250(end: str, play: Play) -> None:
    """A whole 250 counts, whatever the server makes of the farewell: confirmed, and receipted."""
    async with play(*TO_DOT, "S 250 2.0.0 kept", end) as home:
        assert (await home.letter()).state is State.FORWARDED
        assert (await home.step()).state is State.ACKNOWLEDGED


@pytest.mark.parametrize(
    "steps",
    [["S 421 x"], ["S 220 x", "C EHLO", "S 421 x"], [HELLO, "@envelope", "B 20", "S 421 x", "X close"]],
    ids=["greeting", "ehlo", "body"],
)
async def test_s16_421_where_postfix_says_none(steps: list[str], play: Play) -> None:
    """A server that has to go delivered nothing: a minute later again."""
    async with play(*steps) as home:
        assert await fate_of(home) == TEMPORARY


@pytest.mark.parametrize("kib", [0, 1, 2, 8])
async def test_s17_cut_in_the_body(kib: int, play: Play) -> None:
    """Wherever the body is cut, nothing was delivered: temporary, and not counted as uncertain."""
    steps = [HELLO, "@envelope", *([f"B {kib * 1024}"] if kib else []), "X reset"]
    async with play(*steps, title="Et langt brev " * 20, authority="S" * 12_000) as home:
        assert not (await home.letter()).uncertain
        assert await fate_of(home) == TEMPORARY
    assert not play.server.heard[0].dotted


async def test_s18_cut_after_the_dot(play: Play) -> None:
    """Without an answer to the dot nobody knows; a quarter of an hour later again, and it is counted."""
    async with play(*TO_DOT, "X reset") as home:
        assert (await home.letter()).uncertain == 1
        assert await fate_of(home) == UNCERTAIN


class Ahead:
    """The running loop's own clock, put forward at once: timers come due without waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        real, self.seconds = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self.seconds)


@pytest.mark.parametrize("seconds", [59, 61, 599])
async def test_s19_a_slow_250(seconds: int, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 250 that comes within ten minutes is a 250: confirmed."""
    ahead, tasks = Ahead(monkeypatch), []

    async def later(server: ScriptedServer) -> None:
        while not server.heard[0].dotted:
            await asyncio.sleep(0)
        ahead.seconds += seconds
        await asyncio.sleep(0)
        server.writers[0].write(b"250 2.0.0 kept\r\n")

    async def asked(server: ScriptedServer) -> None:
        tasks.append(asyncio.create_task(later(server)))

    async with play(*TO_DOT, pace=PRODUCTION, asked=asked) as home:
        await asyncio.gather(*tasks)
        assert (await home.letter()).state is State.FORWARDED


async def test_s19_s23_no_answer_in_ten_minutes(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten minutes nobody knows; the connection is closed, so a late 250 confirms nothing."""
    ahead, tasks = Ahead(monkeypatch), []

    async def late(server: ScriptedServer) -> None:
        while not server.heard[0].dotted:
            await asyncio.sleep(0)
        ahead.seconds += 601
        await asyncio.sleep(0.05)  # real: the loop looks at its timers
        server.writers[0].write(b"250 2.0.0 kept\r\n")

    async def asked(server: ScriptedServer) -> None:
        tasks.append(asyncio.create_task(late(server)))

    async with play(*TO_DOT, pace=PRODUCTION, asked=asked) as home:
        await asyncio.gather(*tasks)
        assert (await home.letter()).words == "no answer within 600 s"
        assert await fate_of(home) == UNCERTAIN


@pytest.mark.parametrize("code", [200, 251, 252, 299])
async def test_s21_another_yes(code: int, play: Play) -> None:
    """Any well-formed 2yz at the dot confirms; what it was is kept with the confirmation."""
    async with play(*TO_DOT, f"S {code} 2.0.0 kept") as home:
        letter = await home.letter()
    assert letter.confirmation
    assert (letter.state, letter.confirmation.reply.code) == (State.FORWARDED, code)


MALFORMED = {
    "mixed codes": r"250-ok\r\n251 ok\r\n", "3yz": r"354 go on\r\n", "an empty line first": r"\r\n250 ok\r\n",
    "20 KiB in one line": "250 " + "a" * 20_480, "NUL": r"250 o\0k\r\n", "letter O": r"25O ok\r\n",
    "four digits": r"2500 ok\r\n", "bare CR": r"250 ok\r250 ok\r\n", "endless": r"250-ok\r\n" * 101 + r"250 ok\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("at_the_dot", [False, True])
async def test_s22_malformed_replies(at_the_dot: bool, name: str, play: Play) -> None:
    """What is no reply never counts as success: before the dot temporary, at the dot nobody knows."""
    answer = "R " + MALFORMED[name]
    before = TO_DOT if at_the_dot else ["@hello 8BITMIME", "C MAIL"]
    async with play(*before, answer, "X close") as home:
        assert await fate_of(home) == (UNCERTAIN if at_the_dot else TEMPORARY)


@pytest.mark.parametrize("answer", ["X reset", "S 500 what", "R \\0\\0"])
async def test_s24_quit_fails(answer: str, play: Play) -> None:
    """What a server makes of our leave does not matter."""
    async with play(*TO_DOT, "S 250 2.0.0 kept", "C QUIT", answer) as home:
        assert (await home.letter()).state is State.FORWARDED

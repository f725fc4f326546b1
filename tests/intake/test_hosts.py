"""Where a server is: asked of the system once for all mailboxes, and never believed for long or after a failure."""

import asyncio
import socket

import pytest

from nemboks.intake.hosts import KNOWN_SECONDS, Hosts
from tests.helpers.clock import PretendClock

NAME = "imap.example"
CLOSED = 1  # nobody listens there


class Town:
    """A server of ours on loopback, and a resolver that says where it is."""

    def __init__(self) -> None:
        self.clock, self.asked, self.port, self.came = PretendClock(), 0, 0, 0
        self.hosts, self.answer = Hosts(self.clock), list[int]()  # ports in the place of addresses

    async def getaddrinfo(self, host: str, port: int, **_: object) -> list[object]:
        assert (host, port) == (NAME, self.port)
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in self.answer]

    async def connect(self) -> None:
        with await self.hosts.connect(NAME, self.port) as line:
            assert line.getpeername()[1] == self.port


def dead(found):
    """The same addresses, with nobody there."""
    return [(*address[:4], ("127.0.0.1", CLOSED)) for address in found]


@pytest.fixture
async def town(monkeypatch):
    town = Town()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    town.port = server.sockets[0].getsockname()[1]
    town.answer = [town.port]
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", town.getaddrinfo)
    async with server:
        yield town


async def test_the_system_is_asked_once_for_all(town):
    for _ in range(3):
        await town.connect()
    assert town.asked == 1


async def test_and_again_after_a_while(town):
    """A server that moved is found where it is now."""
    await town.connect()
    town.clock.advance(KNOWN_SECONDS)
    await town.connect()
    assert town.asked == 2


async def test_the_next_address_is_tried(town):
    """As long as one answers, it is the name's others that are passed over."""
    town.answer = [CLOSED, town.port]
    for _ in range(2):
        await town.connect()
    assert town.asked == 1


async def test_what_could_not_be_reached_is_asked_for_anew(town):
    town.answer = [CLOSED]
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            await town.connect()
    town.answer = [town.port]
    await town.connect()
    assert town.asked == 3


async def test_a_server_that_moved_a_moment_ago_is_found_at_once(town):
    """No mailbox has a failed look because another asked before."""
    await town.connect()
    town.hosts._known = {key: (at, dead(found)) for key, (at, found) in town.hosts._known.items()}
    await town.connect()
    assert town.asked == 2


async def test_where_nobody_answers_is_not_remembered(town, monkeypatch):
    """Not even when who waited has given up."""
    await town.connect()
    with monkeypatch.context() as patched:
        patched.setattr(asyncio.get_running_loop(), "sock_connect", lambda *_: asyncio.sleep(9))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await town.connect()
    await town.connect()
    assert town.asked == 2


async def test_a_name_without_an_address_is_an_error_each_time(town):
    town.answer = []
    for _ in range(2):
        with pytest.raises(OSError, match="no address"):
            await town.connect()
    assert town.asked == 2


async def test_who_is_cancelled_leaves_no_socket(town, monkeypatch):
    """A server that never answers, and a stop meanwhile."""
    made = []
    monkeypatch.setattr(
        asyncio.get_running_loop(), "sock_connect", lambda line, _: made.append(line) or asyncio.sleep(9)
    )
    task = asyncio.create_task(town.connect())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [line.fileno() for line in made] == [-1]

"""Whom we connect to: servers out in the world, and our own network only where a person said so."""

import asyncio
import socket

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.access import ServerAccess
from nemboks.delivery.courier import ServerCourier
from nemboks.delivery.hosts import UnsafeHost, checked_addresses, connect, refusal
from nemboks.domain.proof import Stage
from tests.helpers.smtp_server import HELO, QUICK, Certificates, ScriptedServer, make_mail

SAFE = [
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
    "172.32.0.0", "192.167.255.255", "223.255.255.255", "2606:4700::1111", "2a02:aa1::25",
    "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
]  # fmt: skip
UNSAFE = {
    "127.0.0.1": "loopback", "127.255.255.254": "loopback", "0.0.0.0": "unspecified", "0.1.2.3": "unspecified",
    "10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private",
    "169.254.169.254": "link-local", "100.64.0.1": "shared", "100.127.255.255": "shared", "224.0.0.1": "multicast",
    "239.255.255.250": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "reserved",
    "192.0.2.1": "examples", "198.51.100.9": "examples", "203.0.113.7": "examples", "198.18.0.1": "measurements",
    "::": "unspecified", "::1": "loopback", "fe80::1": "link-local", "fe80::1%eth0": "link-local",
    "2606:4700::1111%lo": "link-local", "fd00::25": "private", "fc00::1": "private", "fec0::1": "private",
    "ff02::1": "multicast", "2001:db8::1": "examples", "2001::1": "reserved", "::ffff:10.0.0.1": "private",
    "::ffff:127.0.0.1": "loopback", "::ffff:169.254.169.254": "link-local", "::127.0.0.1": "reserved",
    "64:ff9b::7f00:1": "loopback", "64:ff9b::a00:1": "private", "64:ff9b:1::808:808": "private",
    "2002:7f00:1::": "loopback", "2002:c0a8:101::1": "private", "4000::1": "reserved",
    "2130706433": "not an address", "0x7f.1": "not an address", "127.1": "not an address",
    "localhost": "not an address", "": "not an address", "8.8.8.8 ": "not an address", "010.8.8.8": "not an address",
}  # fmt: skip


def lookup(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Lets the system's resolver give these answers in turn; what it was asked is in the list."""
    asked: list[str] = []
    rest = list(answers)

    async def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in rest.pop(0)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", SAFE)
def test_the_world_is_open(address: str) -> None:
    """Addresses of other people's servers are not refused, in whatever form they come."""
    assert refusal(address) == ""


@pytest.mark.parametrize("address", UNSAFE)
def test_our_own_network_is_closed(address: str) -> None:
    """Addresses that mean ourselves, our network or nobody are refused, also inside of IPv6; and so is no address."""
    assert UNSAFE[address] in refusal(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "::ffff:127.0.0.1", "localhost"])
async def test_other_ways_to_write_loopback(host: str) -> None:
    """However our own machine is written, what the system makes of it is judged."""
    with pytest.raises(UnsafeHost, match="own network"):
        await checked_addresses(host, 25, internal=False)
    assert set(await checked_addresses(host, 25, internal=True)) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


async def test_unsafe_addresses_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with good and bad addresses is reached by the good ones; each is named once, in order."""
    lookup(monkeypatch, ["10.0.0.1", "8.8.8.8", "8.8.8.8", "2606:4700::1111", "::1"], [])

    assert await checked_addresses("mail.bakery.example", 25, False) == ("8.8.8.8", "2606:4700::1111")
    with pytest.raises(UnsafeHost):
        await checked_addresses("mail.bakery.example", 25, True)


async def test_a_name_that_cannot_be() -> None:
    """What is no host's name is refused with words, not with an exception of Python's own."""
    with pytest.raises(UnsafeHost, match="no host's name"):
        await checked_addresses("a" * 64 + ".example", 25, internal=False)


async def test_a_rebinding_name(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up once for an attempt, and what was checked is connected to: a second answer is never asked."""
    asked = lookup(monkeypatch, ["169.254.169.254"], ["127.0.0.1"])
    server = ScriptedServer([], certificates.context)

    async def never() -> bool:
        raise AssertionError

    async with server.running():
        access = ServerAccess("rebinding.example", server.port, ca_file=certificates.ca_file)
        courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(), 10, never)
        assert asked == ["rebinding.example"]
        second = await courier.deliver(make_mail(), 10, never)

    assert (report.stage, report.reply, report.tls) == (Stage.CONNECT, None, None)
    assert "169.254.169.254 (link-local)" in report.words
    assert "127.0.0.1 (loopback)" in second.words
    assert server.heard == []


async def test_fixed_addresses_are_used(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where addresses are given, nothing is looked up, and the certificate is checked for the host all the same."""
    asked = lookup(monkeypatch)
    steps = ["@hello PIPELINING", "C MAIL", "S 451 later", "S 451 later", "S 451 later"]
    server = ScriptedServer([steps], certificates.context)

    async def never() -> bool:
        raise AssertionError

    async with server.running():
        fixed = {"ca_file": certificates.ca_file, "addresses": ("127.0.0.1",)}
        accesses = {name: ServerAccess(name, server.port, **fixed) for name in ("localhost", "mail.bakery.example")}
        courier = ServerCourier(accesses, QUICK, RealClock(), HELO)
        right, wrong = [await courier.deliver(make_mail(server=name), 10, never) for name in accesses]
        await courier.close()

    assert right.stage is Stage.MAIL
    assert wrong.stage is Stage.TLS
    assert "mail.bakery.example" in wrong.words
    assert asked == []


async def test_the_first_address_is_dead() -> None:
    """Addresses are tried in order, each for a short while; the one that answers is used."""
    async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        with await connect(("::1", "127.0.0.1"), port, 5) as one:
            assert one.getpeername() == ("127.0.0.1", port)


async def test_no_address_answers() -> None:
    """The last address's error is the answer, and no socket is left open."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        await connect(("::1", "127.0.0.1"), port, 5)

"""The faulty link does what its name says: otherwise the torture would torture nobody."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.processes.proxy import Fault, Kind, Link, Proxy

SAID = b"0123456789" * 100


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with suppress(ConnectionError):
            while data := self.request.recv(4096):
                self.request.sendall(data)


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says back what it hears."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def link(echo: int) -> Iterator[Link]:
    """A link to it."""
    with Proxy() as proxy:
        yield proxy.link("a", echo)


def said_back(sock: socket.socket, number: int) -> bytes:
    """What comes back of so many octets until the connection ends."""
    found = b""
    while len(found) < number and (data := sock.recv(4096)):
        found += data
    return found


def connected(link: Link, seconds: float = 10.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), seconds)


@pytest.mark.parametrize("fault", [Fault(), Fault(Kind.SLOW, 0.05), Fault(Kind.DRIP, 300)], ids=str)
def test_late_or_in_drips_but_unaltered(link: Link, fault: Fault) -> None:
    """All octets come through, each in its place."""
    link.be(fault)
    with connected(link) as sock:
        began = time.monotonic()
        sock.sendall(SAID)
        assert said_back(sock, len(SAID)) == SAID
        assert time.monotonic() - began >= {Kind.SLOW: 0.1, Kind.DRIP: 0.04}.get(fault.kind, 0)


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.RESET])
def test_cut_after_so_many_octets(link: Link, kind: Kind) -> None:
    """The connection ends, and what came through is a beginning of what was said."""
    link.be(Fault(kind, 500))
    with connected(link) as sock:
        sock.sendall(SAID)
        found = b""
        try:
            found = said_back(sock, len(SAID))
        except ConnectionResetError:
            assert kind is Kind.RESET
        assert len(found) <= 500
        assert SAID.startswith(found)


@pytest.mark.parametrize("kind", [Kind.HOLE, Kind.HALF])
def test_nothing_comes_back_until_it_heals(link: Link, kind: Kind) -> None:
    """Silence, and then all that was kept back."""
    with connected(link, 0.3) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        link.be(Fault(kind))
        sock.sendall(SAID)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        link.be(Fault())
        sock.settimeout(10)
        assert said_back(sock, len(SAID)) == SAID


def test_refused(link: Link) -> None:
    """Whoever connects is sent away."""
    link.be(Fault(Kind.SHUT))
    with connected(link) as sock, suppress(ConnectionResetError):
        assert sock.recv(1) == b""


def test_dropped_and_led_elsewhere(link: Link, echo: int) -> None:
    """Open connections end at once; new ones reach the other server."""
    with connected(link) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        with socket.create_server(("127.0.0.1", 0)) as other:
            link.lead(other.getsockname()[1])
            with pytest.raises(ConnectionResetError):
                sock.recv(1)
            with connected(link):
                other.settimeout(10)
                other.accept()[0].close()

"""A recipient domain with exchangers on 127.0.0.1, 127.0.0.2 … that all listen on one port, and its DNS."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from nemboks.clock import RealClock
from nemboks.delivery.courier import Carrier
from nemboks.delivery.direct import DirectCourier
from nemboks.delivery.mta_sts import Policies
from nemboks.delivery.resolver import Resolver
from nemboks.delivery.targets import DirectAccess, Targets
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Report
from tests.helpers.dns_server import DnsServer
from tests.helpers.fake_domains import FakeDomains
from tests.helpers.smtp_server import HELO, QUICK, RECIPIENT, ScriptedServer, make_mail
from tests.helpers.sts_server import StsServer

DOMAIN = "bakery.example"
HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
ONE = f"{DOMAIN}. MX 10 mx1.{DOMAIN}.\nmx1.{DOMAIN}. A 127.0.0.1\n"
TWO = f"{ONE}{DOMAIN}. MX 20 mx2.{DOMAIN}.\nmx2.{DOMAIN}. A 127.0.0.2\n"
STS = f'mta-sts.{DOMAIN}. A 127.0.0.1\n_mta-sts.{DOMAIN}. TXT "v=STSv1; id=one;"\n'

SECURED = ["@hello STARTTLS", "C STARTTLS", "S 220 go", "T", "C EHLO", "S 250-mx", "S 250 PIPELINING"]
TAKES = [*SECURED, "@envelope", "B", "S 250 2.0.0 taken"]
REFUSES = [*SECURED, "C MAIL", "C RCPT", "C DATA", "S 250 ok", "S {reply}", "S 554 no"]


def refuses(reply: str) -> list[str]:
    """The steps of a server that answers RCPT so."""
    return [step.format(reply=reply) for step in REFUSES]


@dataclass
class DirectWorld:
    """The courier, and what it meets. `played` are the scripted exchangers by address."""

    folder: Path
    authority: trustme.CA
    dns: DnsServer
    web: StsServer
    domains: FakeDomains
    resolver: Resolver
    port: int
    targets: Targets
    courier: DirectCourier
    played: dict[str, ScriptedServer] = field(default_factory=dict)
    asked: int = 0  # how often the dot was asked for
    may: bool = True
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def certificate(self, *names: str) -> trustme.LeafCert:
        """A certificate of the trusted authority for these names."""
        return self.authority.issue_cert(*names)

    async def exchanger(
        self, host: str, *connections: list[str], context: ssl.SSLContext | None = None
    ) -> ScriptedServer:
        """A server at this address that plays a list of steps for each connection."""
        server = ScriptedServer(list(connections), context or self.context(), implicit=False)
        server.cue.set()
        listener = await asyncio.start_server(server._accept, host, self.port, limit=2**20)
        self._stack.push_async_callback(_stop, listener, server)
        self.played[host] = server
        return server

    def context(self, certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
        """A server's context, with a good certificate unless another is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (certificate or self.certificate(f"mx1.{DOMAIN}", f"mx2.{DOMAIN}")).configure_cert(context)
        return context

    async def deliver(self, seconds: float = 10, recipient: str = RECIPIENT) -> Report:
        """The report of one attempt."""
        return await self.courier.deliver(make_mail(server="direct", recipient=recipient), seconds, self._before_dot)

    async def _before_dot(self) -> bool:
        self.asked += 1
        return self.may


async def _stop(listener: asyncio.Server, server: ScriptedServer) -> None:
    listener.close()
    for task in server._tasks:
        task.cancel()
    await asyncio.gather(*server._tasks, return_exceptions=True)
    await listener.wait_closed()


@contextlib.asynccontextmanager
async def direct_world(
    folder: Path,
    zone: str = ONE,
    validating: bool = False,
    internal: bool = True,
    pace: Pace = QUICK,
    port: int = 0,
    ca_file: Path | None = None,
) -> AsyncIterator[DirectWorld]:
    """A world whose exchangers are to be started by the test; `port` and `ca_file` for a neighbour that has its own."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(f"mta-sts.{DOMAIN}").configure_cert(context)
    port = port or await _free_port()
    async with DnsServer(zone).running() as dns, StsServer(context).running() as web:
        clock, domains = RealClock(), FakeDomains()
        resolver = Resolver([dns.address], validating, seconds=1)
        policies = Policies(resolver, domains, clock, folder / "ca.pem", web.port, internal)
        access = DirectAccess(HELO, port, ca_file or folder / "ca.pem", internal)
        targets = Targets(resolver, policies, domains, access, clock)
        courier = DirectCourier(targets, domains, Carrier(pace, clock, HELO), clock)
        world = DirectWorld(folder, authority, dns, web, domains, resolver, port, targets, courier)
        try:
            yield world
        finally:
            await courier.close()
            await world._stack.aclose()


async def _free_port() -> int:
    """A port that is free now, and below those that outgoing connections are given: others listen on it by and by."""
    for port in random.sample(range(20_000, 32_000), 50):
        with contextlib.suppress(OSError):
            async with await asyncio.start_server(lambda *_: None, "127.0.0.1", port):
                return port
    raise AssertionError("no port is free")

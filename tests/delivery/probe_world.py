"""What is found about the bakery's address, in a world of its own."""

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import trustme

from nemboks.clock import RealClock
from nemboks.delivery.courier import Carrier, ServerAccess
from nemboks.delivery.own_domain import OwnDomain
from nemboks.delivery.probe import CODES, Preflight
from nemboks.domain.mailbox import Address
from nemboks.ports import Finding
from tests.delivery.direct_world import SECURED, DirectWorld, direct_world
from tests.helpers.smtp_server import HELO, QUICK, RECIPIENT, SENDER, ScriptedServer

ASKED = ["C MAIL", "S 250 ok", "C RCPT"]
END = ["C RSET", "S 250 ok"]
TAKES = [*SECURED, *ASKED, "S 250 ok", *END]
NOW, DAY = dt.datetime.now(dt.UTC), dt.timedelta(days=1)


def preflight(world: DirectWorld, servers: dict[str, ServerAccess] | None = None) -> Preflight:
    """The Prober of this world."""
    carrier = Carrier(QUICK, RealClock(), HELO)
    return Preflight(
        servers or {}, world.targets, world.targets._policies, carrier, RealClock(), SENDER, OwnDomain("own.example")
    )


async def probed(world: DirectWorld, server: str = "direct", access: ServerAccess | None = None) -> Sequence[Finding]:
    """What is found about the bakery's address."""
    servers = {server: access} if access else {}
    found = await preflight(world, servers).probe(Address(RECIPIENT), server)
    assert {finding.code for finding in found} <= set(CODES)
    return found


def faults(found: Sequence[Finding]) -> list[str]:
    """The codes of those that are faults."""
    return [finding.code for finding in found if finding.fault]


def facts(found: Sequence[Finding], code: str) -> dict[str, str]:
    """The facts of the only finding with this code."""
    (finding,) = (one for one in found if one.code == code)
    return dict(finding.facts)


@contextlib.asynccontextmanager
async def own_server(
    steps: list[str], folder: Path, certificate: trustme.LeafCert | None = None, **access: object
) -> AsyncIterator[tuple[DirectWorld, ServerAccess, ScriptedServer]]:
    """A server of the settings, by implicit TLS, and a world to look at it from."""
    async with direct_world(folder) as world:
        server = ScriptedServer([steps], world.context(certificate or world.certificate("localhost")))
        server.cue.set()
        async with server.running():
            one = ServerAccess("localhost", server.port, True, world.ca_file, internal=True, **access)
            yield world, one, server

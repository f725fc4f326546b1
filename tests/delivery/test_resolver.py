"""The DNS: definite answers, or Temporary."""

from collections.abc import AsyncIterator

import pytest

from nemboks.delivery.dane import Tlsa
from nemboks.delivery.resolver import MOST_EXCHANGERS, Addresses, Exchangers, Kind, Resolver, Temporary
from tests.helpers.dns_server import DnsServer

ZONE = """\
bakery.example. MX 20 backup.bakery.example.
bakery.example. MX 10 MX.Bakery.example.
mx.bakery.example. A 127.0.0.1
mx.bakery.example. AAAA ::1
_25._tcp.mx.bakery.example. TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_25._tcp.mx.bakery.example. TLSA 2 0 1 1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
plain.example. A 127.0.0.1
nomail.example. MX 0 .
alias.example. CNAME bakery.example.
lost.example. CNAME nowhere.example.
round.example. CNAME about.example.
about.example. CNAME round.example.
number.example. MX 10 192.0.2.1.
number.example. MX 20 mx.bakery.example.
rooted.example. MX 0 .
rooted.example. MX 20 mx.bakery.example.
literal.example. MX 10 192.0.2.1.
text.example. TXT "v=spf1 " "-all"
text.example. TXT "other"
"""


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    """A DNS server with the zone above."""
    async with DnsServer(ZONE).running() as running:
        yield running


def ask(server: DnsServer, validating: bool = False, seconds: float = 5.0) -> Resolver:
    """A resolver that asks it."""
    return Resolver([server.address], validating, seconds)


async def test_exchangers_come_by_preference(server):
    """MX records come with the lowest preference first, names in lower case."""
    found = await ask(server).mx("bakery.example")

    assert found == Exchangers(Kind.MX, ((10, "mx.bakery.example"), (20, "backup.bakery.example")))
    assert found.names == ("backup.bakery.example", "mx.bakery.example")


@pytest.mark.parametrize(
    ("domain", "kind", "hosts"),
    [
        ("nomail.example", Kind.NULL, ()),
        ("nowhere.example", Kind.NO_DOMAIN, ()),
        ("lost.example", Kind.NO_DOMAIN, ()),
        ("plain.example", Kind.IMPLICIT, ((0, "plain.example"),)),
        ("alias.example", Kind.MX, ((10, "mx.bakery.example"), (20, "backup.bakery.example"))),
        ("number.example", Kind.MX, ((20, "mx.bakery.example"),)),
        ("rooted.example", Kind.MX, ((20, "mx.bakery.example"),)),
    ],
)
async def test_kinds_of_answers(server, domain, kind, hosts):
    """Null MX, no domain, no MX, an alias, and targets that are no hosts are told apart."""
    assert await ask(server).mx(domain) == Exchangers(kind, hosts)


@pytest.mark.parametrize("domain", ["round.example", "literal.example", "a" * 70 + ".example", "a..example"])
async def test_nonsense_is_no_definite_answer(server, domain):
    """A loop of aliases, an MX that is only a number, and names that cannot be asked for: try later."""
    with pytest.raises(Temporary):
        await ask(server).mx(domain)


async def test_servfail_and_silence_are_temporary(server):
    """A server that fails or says nothing is told in words, within the time."""
    server.servfail, server.drop = {"bakery.example"}, {"plain.example"}

    with pytest.raises(Temporary, match="SERVFAIL"):
        await ask(server).mx("bakery.example")
    with pytest.raises(Temporary, match="did not answer for plain"):
        await ask(server, seconds=0.3).mx("plain.example")


async def test_nobody_there_is_temporary():
    """A port where nobody answers is an outage, not an answer."""
    with pytest.raises(Temporary):
        await Resolver(["127.0.0.1:9"], seconds=0.3).mx("bakery.example")


async def test_a_second_server_is_asked(server):
    """Of several servers a dead one does not matter."""
    resolver = Resolver(["127.0.0.1:9", server.address], seconds=1)

    assert (await resolver.mx("bakery.example")).kind is Kind.MX


async def test_long_answers_come_by_tcp(server):
    """An answer that was cut is asked for again by TCP."""
    server.cut = {"bakery.example"}

    assert (await ask(server).mx("bakery.example")).kind is Kind.MX
    assert [way for *_, way in server.asked] == ["udp", "tcp"]


async def test_exchangers_have_an_end(server):
    """However many there are, the best ten are brought."""
    server.zone = "".join(f"many.example. MX {number} mx{number}.many.example.\n" for number in range(60))

    found = await ask(server).mx("many.example")

    assert [preference for preference, _ in found.hosts] == list(range(MOST_EXCHANGERS))


async def test_secure_is_said_only_by_a_validating_resolver(server):
    """AD counts only where the settings trust the resolver and the way to it, and never without AD."""
    assert not (await ask(server, validating=True).mx("bakery.example")).secure

    server.secure = True

    assert not (await ask(server).mx("bakery.example")).secure
    assert (await ask(server, validating=True).mx("bakery.example")).secure


async def test_an_alias_into_an_unsigned_domain_is_not_secure(server):
    """The whole chain of aliases must be signed."""
    server.secure, server.unsigned = True, {"bakery.example"}

    assert not (await ask(server, validating=True).mx("alias.example")).secure


async def test_addresses(server):
    """Both families come, IPv4 first; a host without any has none."""
    assert await ask(server).addresses("mx.bakery.example") == Addresses(("127.0.0.1", "::1"))
    assert (await ask(server).addresses("nowhere.example")).found == ()


async def test_addresses_of_a_broken_server(server):
    """An outage is not "no address"."""
    server.servfail = {"mx.bakery.example"}

    with pytest.raises(Temporary):
        await ask(server).addresses("mx.bakery.example")


async def test_tlsa(server):
    """TLSA records come with their four fields; none where there is none."""
    server.secure = True
    answer = await ask(server, validating=True).tlsa("mx.bakery.example", 25)

    assert answer.secure
    assert Tlsa(3, 1, 1, bytes.fromhex("0123456789abcdef" * 4)) in answer.records
    assert len(answer.records) == 2
    assert (await ask(server).tlsa("plain.example", 25)).records == ()


async def test_txt(server):
    """The strings of a text are joined without a blank."""
    assert set(await ask(server).txt("text.example")) == {"v=spf1 -all", "other"}
    assert await ask(server).txt("plain.example") == ()


@pytest.mark.parametrize("server", ["dns.example", "127.0.0.1:", "127.0.0.1:x", "", "https://dns.example/"])
def test_servers_are_addresses(server):
    """A name cannot be looked up before there is a server."""
    with pytest.raises(ValueError, match="no address of a DNS server"):
        Resolver([server])


@pytest.mark.parametrize("server", ["127.0.0.1", "::1", "[::1]", "[::1]:5353", "127.0.0.1:5353"])
def test_servers_may_name_a_port(server):
    """Addresses of both families, with or without a port."""
    Resolver([server])

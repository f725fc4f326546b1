"""A look at a server: what it can, how it proves itself, and whether we may log in."""

import ssl

import pytest
import trustme

from nemboks.delivery.dane import public_key_info
from nemboks.domain.mailbox import Address
from nemboks.domain.proof import Level, Way
from nemboks.ports import Domain
from tests.delivery.direct_world import DOMAIN, HOSTS, ONE, STS, direct_world
from tests.delivery.postfix_peer import running_postfix
from tests.delivery.probe_world import ASKED, END, TAKES, facts, faults, own_server, preflight, probed
from tests.helpers.sts_server import POLICY

pytestmark = pytest.mark.allow_hosts(HOSTS)


@pytest.mark.parametrize(
    ("offer", "code", "limit"),
    [("SIZE=10240000", "size_small", "10240000"), ("SIZE=52428800", "size", "52428800"), ("SIZE", "size_unknown", "0")],
)
async def test_size_and_what_else_the_server_can(tmp_path, offer, code, limit):
    """The announced limit, a small one apart, and the extensions are told."""
    steps = [f"@hello {offer} 8BITMIME CHUNKING", *ASKED, "S 250 ok", *END]
    async with own_server(steps, tmp_path) as (world, access, _):
        found = await probed(world, "own", access)

    assert facts(found, code)["limit"] == limit
    offers = facts(found, "offers")
    assert (offers["8BITMIME"], offers["CHUNKING"], offers["DSN"], offers["SMTPUTF8"]) == ("yes", "yes", "no", "no")
    assert faults(found) == []


async def test_mta_sts_is_told(tmp_path):
    """A policy in force is told with its mode; a server that it does not name is a fault."""
    async with direct_world(tmp_path, ONE + STS) as world:
        refused = await probed(world)
    async with direct_world(tmp_path, ONE + STS) as world:
        world.web.text = POLICY.replace("mx.bakery", "mx1.bakery")
        await world.exchanger("127.0.0.1", TAKES)
        named = await probed(world)
    async with direct_world(tmp_path, ONE + STS) as world:
        world.web.status = "404 Not Found"
        broken = await probed(world)

    assert faults(refused) == ["mta_sts_unnamed"]
    assert facts(named, "mta_sts")["mode"] == "enforce"
    assert facts(named, "tls")["level"] == "MTA-STS"
    assert faults(named) == []
    assert facts(broken, "mta_sts_unfetched")["words"] == f"mta-sts.{DOMAIN} answered 404"


async def test_a_domain_that_fell(tmp_path):
    """What a delivery would refuse for the domain's past is a fault here too."""
    async with direct_world(tmp_path) as world:
        world.domains.rows[DOMAIN] = Domain(DOMAIN, level=Level.DANE)

        assert faults(await probed(world)) == ["level_fell"]


@pytest.mark.parametrize("right", [True, False])
async def test_dane(tmp_path, right):
    """A published key is told as the level; another certificate than the published one is a fault."""
    leaf, other = trustme.CA().issue_cert("a.example"), trustme.CA().issue_cert("a.example")
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    async with direct_world(tmp_path, validating=True) as world:
        world.dns.secure = True
        world.dns.zone = ONE + f"_{world.port}._tcp.mx1.{DOMAIN}. TLSA 3 1 0 {public_key_info(der).hex()}\n"
        await world.exchanger("127.0.0.1", TAKES, context=world.context(leaf if right else other))
        found = await probed(world)

    assert faults(found) == ([] if right else ["dane_mismatch"])
    if right:
        assert facts(found, "tls")["level"] == "DANE"


@pytest.mark.parametrize(
    ("reply", "code"), [("535 5.7.8 wrong", "login_refused"), ("454 4.7.0 not now", "login_failed")]
)
async def test_logins(tmp_path, reply, code):
    """A refused login is told apart from one that cannot be tried now."""
    steps = ["@hello AUTH=PLAIN", "C AUTH PLAIN", f"S {reply}"]
    async with own_server(steps, tmp_path, username="anna", password="secret") as (world, access, server):
        found = await probed(world, "own", access)

    assert faults(found) == [code], found
    assert b"MAIL" not in server.heard[0].raw


async def test_a_relay_without_delivery_notices(tmp_path):
    """A relay that cannot say what became of a letter is worth knowing, unless its owner trusts it anyway."""
    steps = ["@hello 8BITMIME", *ASKED, "S 250 ok", *END]
    codes = []
    for trusted in (False, True):
        async with own_server(steps, tmp_path, way=Way.RELAY, trusted=trusted) as (world, access, _):
            codes.append([finding.code for finding in await probed(world, "own", access)])

    assert ("no_dsn" in codes[0], "no_dsn" in codes[1]) == (True, False)
    assert ("relay_trusted" in codes[0], "relay_trusted" in codes[1]) == (False, True)


async def test_a_server_that_is_not_in_the_settings(tmp_path):
    """A route may outlive its server."""
    async with direct_world(tmp_path) as world:
        assert faults(await probed(world, "gone")) == ["server_unknown"]


@pytest.mark.peer
async def test_a_real_postfix(tmp_path):
    """Postfix's own words: a known address is taken, an unknown one is not, and nothing is delivered."""
    with running_postfix() as postfix:
        async with direct_world(tmp_path) as world:
            access = postfix.access("bdat")
            good = await probed(world, "own", access)
            prober = preflight(world, {"own": access})
            bad = await prober.probe(Address(f"nobody@{DOMAIN}"), "own")
        assert postfix.letters() == []

    assert faults(good) == []
    assert facts(good, "size_small")["limit"] == "1000000"
    assert facts(good, "offers")["DSN"] == "yes"
    assert faults(bad) == ["recipient_unknown"]

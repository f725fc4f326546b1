"""MTA-STS: what a domain says about its mail servers over HTTPS (RFC 8461)."""

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from nemboks.delivery.mta_sts import Mode, Policies, Policy, policy_id
from nemboks.delivery.resolver import Resolver
from nemboks.ports import Domain
from tests.helpers.clock import START, PretendClock
from tests.helpers.dns_server import DnsServer
from tests.helpers.fake_domains import FakeDomains
from tests.helpers.sts_server import POLICY, StsServer

ZONE = 'mta-sts.bakery.example. A 127.0.0.1\n_mta-sts.bakery.example. TXT "v=STSv1; id=one;"\n'
NEW_ID = ZONE.replace("id=one", "id=two")
ENFORCED = Policy(Mode.ENFORCE, 604_800, ("mx.bakery.example",))
KEPT = Domain("bakery.example", sts_id="one", sts_policy=POLICY, sts_until=START + timedelta(days=6))


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_policy_is_read(end):
    """Either line end will do, unknown fields are passed over, of a repeated field the first counts."""
    lines = ["version: STSv1", "mode: testing", "mx: *.Bakery.example", "mx:mx.elsewhere.example", "max_age: 60",
             "future: words, many", "mode: none"]  # fmt: skip

    policy = Policy.parse((end or "\n").join(lines) + end)

    assert policy == Policy(Mode.TESTING, 60, ("*.bakery.example", "mx.elsewhere.example"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>policy</html>",
        POLICY.replace("STSv1", "STSv2"),
        POLICY.replace("version: STSv1\r\n", ""),
        POLICY.replace("enforce", "maybe"),
        POLICY.replace("max_age: 604800\r\n", ""),
        POLICY.replace("604800", "-1"),
        POLICY.replace("604800", "31557601"),
        POLICY.replace("604800", "1" * 5000),
        POLICY.replace("mx: mx.bakery.example\r\n", ""),
        POLICY.replace("mx.bakery.example", "mx.*.example"),
        POLICY.replace("mx.bakery.example", "*"),
        POLICY.replace("mx.bakery.example", "a@b"),
        POLICY + "no field\r\n",
        POLICY + "\x00: 1\r\n",
        POLICY + "mx: a.example\r\n" * 101,
    ],
)
def test_what_is_no_policy(text):
    """Anything that the RFC does not allow is no policy at all."""
    with pytest.raises(ValueError):
        Policy.parse(text)


@given(st.text() | st.text("abcdefmxSTv1:*. \r\n0123456789_"))
def test_any_text_is_a_policy_or_not(text):
    """Whatever lies there, the answer is a policy or ValueError."""
    with contextlib.suppress(ValueError):
        assert Policy.parse(text).max_age >= 0


def test_none_needs_no_servers():
    """A domain that takes its policy back names no servers."""
    assert not Policy.parse("version: STSv1\nmode: none\nmax_age: 86400\n").enforced


@pytest.mark.parametrize(
    ("pattern", "host", "named"),
    [
        ("mx.bakery.example", "mx.bakery.example", True),
        ("mx.bakery.example", "MX.bakery.example.", True),
        ("mx.bakery.example", "mx2.bakery.example", False),
        ("*.bakery.example", "mx.bakery.example", True),
        ("*.bakery.example", "a.mx.bakery.example", False),
        ("*.bakery.example", "bakery.example", False),
        ("*.bakery.example", "mx.bakery.example.evil.example", False),
    ],
)
def test_which_servers_a_policy_names(pattern, host, named):
    """A star stands for exactly one label, the first."""
    assert Policy(Mode.ENFORCE, 60, (pattern,)).names(host) is named


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["v=STSv1; id=20261121T090000;"], "20261121T090000"),
        (["v=spf1 -all", "v=STSv1;id=a1"], "a1"),
        (["v=STSv1; future=x; id=a1; more=y"], "a1"),
        (["v=STSv1; id=a1", "v=STSv1; id=a2"], ""),
        (["v=STSv1; id=" + "a" * 33], ""),
        (["v=STSv1; id=a-b"], ""),
        (["v=STSv1"], ""),
        (["v=STSv10; id=a"], ""),
        ([], ""),
    ],
)
def test_the_record_that_announces_a_policy(texts, found):
    """One record with an id announces a policy; two are none."""
    assert policy_id(texts) == found


@dataclass
class World:
    """A domain with a policy, and what we remember of it."""

    dns: DnsServer
    web: StsServer
    domains: FakeDomains
    clock: PretendClock
    policies: Policies

    async def policy(self) -> Policy | None:
        return await self.policies.of("bakery.example")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The bakery announces and serves a policy; nothing is remembered yet."""
    async with open_world(tmp_path, "mta-sts.bakery.example") as one:
        yield one


@contextlib.asynccontextmanager
async def open_world(folder: Path, *names: str, internal: bool = True) -> AsyncIterator[World]:
    """The world with a certificate for these names."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    async with DnsServer(ZONE).running() as dns, StsServer(context).running() as web:
        domains, clock = FakeDomains(), PretendClock()
        resolver = Resolver([dns.address], seconds=1)
        yield World(dns, web, domains, clock, Policies(resolver, domains, clock, folder / "ca.pem", web.port, internal))


async def test_a_policy_is_fetched_and_kept(world):
    """The first letter fetches the policy by its own name; the next one finds it."""
    assert await world.policy() == ENFORCED
    assert await world.policy() == ENFORCED

    assert world.domains.rows["bakery.example"] == Domain(
        "bakery.example", sts_id="one", sts_policy=POLICY, sts_until=START + timedelta(days=7)
    )
    assert world.web.names == ["mta-sts.bakery.example"]
    assert world.web.requests[0].startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
    assert f"Host: mta-sts.bakery.example:{world.web.port}\r\n" in world.web.requests[0]


async def test_without_a_record_nothing_is_fetched(world):
    """No record: no policy, no call."""
    world.dns.zone = ""

    assert await world.policy() is None
    assert world.web.requests == []


@pytest.mark.parametrize("how", ["removed", "servfail", "fetch", "parse"])
async def test_a_kept_policy_outlives_what_an_attacker_can_break(world, how):
    """Whoever takes the record away, or breaks the host, does not get rid of a policy that is in force."""
    world.domains.rows["bakery.example"] = KEPT
    match how:
        case "removed":
            world.dns.zone = ""
        case "servfail":
            world.dns.servfail = {"_mta-sts.bakery.example"}
        case "fetch":
            world.dns.zone, world.web.status = NEW_ID, "503 Busy"
        case "parse":
            world.dns.zone, world.web.text = NEW_ID, "hello"

    assert await world.policy() == ENFORCED
    assert world.domains.rows["bakery.example"] == KEPT


async def test_a_kept_policy_ends_with_its_time(world):
    """After max_age the policy is fetched again, or is none any more."""
    world.domains.rows["bakery.example"] = KEPT
    world.dns.zone = ""
    world.clock.advance(7 * 86_400)

    assert await world.policy() is None


async def test_a_new_id_brings_the_new_policy(world):
    """A changed id is how a domain changes its policy."""
    world.domains.rows["bakery.example"] = KEPT
    world.dns.zone, world.web.text = NEW_ID, POLICY.replace("enforce", "none")

    assert await world.policy() == Policy(Mode.NONE, 604_800, ("mx.bakery.example",))
    assert world.domains.rows["bakery.example"].sts_id == "two"


async def test_a_policy_is_renewed_before_it_ends(world):
    """When half of its time is over it is fetched again, though its id is the same."""
    world.domains.rows["bakery.example"] = KEPT
    world.clock.advance(3 * 86_400)

    assert await world.policy() == ENFORCED
    assert world.domains.rows["bakery.example"].sts_until == world.clock.now() + timedelta(days=7)


async def test_a_broken_host_is_not_asked_for_every_letter(world):
    """After a failed fetch nobody asks again for five minutes."""
    world.web.status = "503 Busy"
    for _ in range(3):
        assert await world.policy() is None
    assert len(world.web.requests) == 1
    assert world.policies.failure("bakery.example") == "mta-sts.bakery.example answered 503"

    world.clock.advance(301)
    world.web.status = "200 OK"

    assert await world.policy() == ENFORCED
    assert world.policies.failure("bakery.example") == ""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": "301 Moved", "headers": "Location: https://elsewhere.example/\r\n"}, "answered 301"),
        ({"status": "404 Not Found"}, "answered 404"),
        ({"content_type": "text/html"}, "text/html"),
        ({"content_type": "\x1b[2Jx"}, "no type"),
        ({"text": POLICY + "x: y\r\n" * 20_000}, "64 kB"),
        ({"text": POLICY + "x: \u00e6\r\n"}, "ascii"),
    ],
)
async def test_answers_that_are_no_policy(world, changes, why):
    """No redirect is followed, no other type and no book is read."""
    for name, value in changes.items():
        setattr(world.web, name, value)

    assert await world.policy() is None
    assert why in world.policies.failure("bakery.example")
    assert len(world.web.requests) == 1


async def test_the_certificate_must_be_the_policy_hosts(tmp_path):
    """A certificate of another name brings no policy: nobody on the line may write one."""
    async with open_world(tmp_path, "bakery.example") as world:
        assert await world.policy() is None
        assert world.web.requests == []
        assert "certificate" in world.policies.failure("bakery.example") or "mismatch" in world.policies.failure(
            "bakery.example"
        )


async def test_a_policy_host_in_our_own_network_is_not_asked(tmp_path):
    """A stranger's domain cannot make us call our own machine."""
    async with open_world(tmp_path, "mta-sts.bakery.example", internal=False) as world:
        assert await world.policy() is None
        assert world.web.requests == []
        assert "no address that we may connect to" in world.policies.failure("bakery.example")

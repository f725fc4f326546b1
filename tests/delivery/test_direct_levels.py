"""How a domain's servers prove who they are: DANE, MTA-STS, a plain certificate; and never less than before."""

import ssl
from dataclasses import replace

import pytest
import trustme

from nemboks.delivery.dane import public_key_info
from nemboks.domain.proof import Level, Stage
from nemboks.domain.verdict import Verdict, verdict
from nemboks.ports import Domain
from tests.delivery.direct_world import DOMAIN, HOSTS, ONE, SECURED, STS, TAKES, TWO, direct_world
from tests.helpers.sts_server import POLICY

pytestmark = pytest.mark.allow_hosts(HOSTS)

MX1 = POLICY.replace("mx.bakery.example", "mx1.bakery.example")


def tlsa(world, der: bytes, host: str = f"mx1.{DOMAIN}") -> str:
    """The record that vouches for this certificate's key."""
    return f"_{world.port}._tcp.{host}. TLSA 3 1 0 {public_key_info(der).hex()}\n"


def self_made(*names: str) -> tuple[trustme.LeafCert, bytes]:
    """A certificate of an authority that nobody knows, and its DER."""
    leaf = trustme.CA().issue_cert(*names)
    return leaf, ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


async def test_mta_sts_is_fetched_and_raises_the_level(tmp_path):
    """A server that the domain's policy names is vouched for by MTA-STS, and that is remembered."""
    async with direct_world(tmp_path, ONE + STS) as world:
        world.web.text = MX1
        await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()
        await world.courier.close()

        assert verdict(report) is Verdict.ACCEPTED
        assert report.tls
        assert report.tls.level is Level.MTA_STS
        assert world.domains.rows[DOMAIN].level is Level.MTA_STS


async def test_a_server_that_the_policy_does_not_name_gets_nothing(tmp_path):
    """With an enforced policy, whoever forges an MX record gains nothing, though his certificate is good."""
    async with direct_world(tmp_path, ONE + STS) as world:
        server = await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()

    assert (report.stage, report.reply) == (Stage.TLS, None)
    assert report.words == f"the domain's MTA-STS policy does not name mx1.{DOMAIN}"
    assert verdict(report) is Verdict.TLS
    assert server.heard == []


async def test_the_named_server_of_two_is_used(tmp_path):
    """A forged first server is passed over."""
    async with direct_world(tmp_path, TWO + STS) as world:
        world.web.text = POLICY.replace("mx.bakery.example", "mx2.bakery.example")
        forged = await world.exchanger("127.0.0.1", TAKES)
        await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()

    assert verdict(report) is Verdict.ACCEPTED
    assert forged.heard == []


@pytest.mark.parametrize("mode", ["testing", "none"])
async def test_a_policy_that_is_not_enforced_changes_nothing(tmp_path, mode):
    """In testing, and after a policy was taken back, a certificate for the MX name is still demanded, no more."""
    async with direct_world(tmp_path, ONE + STS) as world:
        world.web.text = POLICY.replace("enforce", mode)
        await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()

    assert report.tls
    assert report.tls.level is Level.UNSIGNED_MX


async def test_dane_vouches_for_a_certificate_of_nobody(tmp_path):
    """A published key counts more than any authority: name, issuer and dates of the certificate do not matter."""
    leaf, der = self_made("elsewhere.example")
    async with direct_world(tmp_path, validating=True) as world:
        world.dns.secure, world.dns.zone = True, ONE + tlsa(world, der)
        await world.exchanger("127.0.0.1", TAKES, context=world.context(leaf))
        report = await world.deliver()
        await world.courier.close()

        assert verdict(report) is Verdict.ACCEPTED
        assert report.tls
        assert report.tls.level is Level.DANE
        assert world.domains.rows[DOMAIN].level is Level.DANE


async def test_dane_refuses_a_good_certificate_of_another(tmp_path):
    """A certificate that every authority would sign is not enough where the domain published another key."""
    _, der = self_made(f"mx1.{DOMAIN}")
    async with direct_world(tmp_path, validating=True) as world:
        world.dns.secure, world.dns.zone = True, ONE + tlsa(world, der)
        server = await world.exchanger("127.0.0.1", SECURED)
        report = await world.deliver()
        await server.settled()

    assert (report.stage, report.reply) == (Stage.TLS, None)
    assert "TLSA" in report.words
    assert b"MAIL" not in server.heard[0].raw


@pytest.mark.parametrize("unsigned", [DOMAIN, f"mx1.{DOMAIN}", "_tcp"])
async def test_tlsa_records_count_only_where_everything_is_signed(tmp_path, unsigned):
    """If the MX record, the address or the TLSA record is not vouched for, DANE does not hold: PKIX does."""
    leaf, der = self_made(f"mx1.{DOMAIN}")
    async with direct_world(tmp_path, validating=True) as world:
        world.dns.secure, world.dns.zone = True, ONE + tlsa(world, der)
        world.dns.unsigned = {unsigned if unsigned != "_tcp" else f"_tcp.mx1.{DOMAIN}"}
        await world.exchanger("127.0.0.1", SECURED, context=world.context(leaf))
        report = await world.deliver()

    assert report.stage is Stage.TLS
    assert report.words.startswith("the certificate was not accepted")
    assert bool(world.dns.questions("TLSA")) is (unsigned == "_tcp")


async def test_without_a_validating_resolver_tlsa_is_not_asked_for(tmp_path):
    """An AD bit from a resolver that the settings do not trust says nothing."""
    async with direct_world(tmp_path, validating=False) as world:
        world.dns.secure, world.dns.zone = True, ONE + tlsa(world, self_made("a.example")[1])
        await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()

    assert report.tls
    assert report.tls.level is Level.UNSIGNED_MX
    assert world.dns.questions("TLSA") == []


async def test_a_suppressed_tlsa_answer_does_not_weaken_us(tmp_path):
    """If the question for TLSA fails, the server is not used: an attacker could have dropped it (RFC 7672 2.1.2)."""
    async with direct_world(tmp_path, validating=True) as world:
        world.dns.secure = True
        world.dns.servfail = {f"_{world.port}._tcp.mx1.{DOMAIN}"}
        server = await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()

    assert (report.stage, report.reply) == (Stage.LOOKUP, None)
    assert verdict(report) is Verdict.TEMPORARY
    assert server.heard == []


async def test_records_about_authorities_demand_a_certificate_that_verifies(tmp_path):
    """DANE-TA alone cannot be checked here: then PKIX is demanded, and the level is no higher."""
    async with direct_world(tmp_path, validating=True) as world:
        world.dns.secure = True
        world.dns.zone = ONE + f"_{world.port}._tcp.mx1.{DOMAIN}. TLSA 2 1 1 {'ab' * 32}\n"
        await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()

    assert report.tls
    assert report.tls.level is Level.UNSIGNED_MX


@pytest.mark.parametrize("before", [Level.MTA_STS, Level.DANE])
async def test_a_domain_never_falls_below_what_it_proved(tmp_path, before):
    """Nothing is sent to a domain that proves less than before, whatever its certificate; the words name the cure."""
    async with direct_world(tmp_path) as world:
        world.domains.rows[DOMAIN] = Domain(DOMAIN, level=before)
        server = await world.exchanger("127.0.0.1", TAKES)
        refused = await world.deliver()
        unheard = len(server.heard)
        await world.domains.relax(DOMAIN, "anna", "they moved")
        accepted = await world.deliver()

    assert (refused.stage, refused.reply, unheard) == (Stage.TLS, None, 0)
    assert refused.words.endswith(f"nemboks address relax {DOMAIN}")
    assert ("MTA-STS" if before is Level.MTA_STS else "DANE") in refused.words
    assert verdict(refused) is Verdict.TLS
    assert verdict(accepted) is Verdict.ACCEPTED


async def test_a_kept_policy_is_used_while_its_host_is_down(tmp_path):
    """Breaking the policy's host or its record does not open the way for a forged MX."""
    async with direct_world(tmp_path, ONE + STS) as world:
        world.web.text = MX1
        await world.exchanger("127.0.0.1", [*TAKES, *TAKES[len(SECURED) :]])
        await world.deliver()
        world.web.status = "503 Busy"
        world.dns.zone = TWO.replace(f"MX 10 mx1.{DOMAIN}", f"MX 30 mx1.{DOMAIN}")
        forged = await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()

    assert verdict(report) is Verdict.ACCEPTED
    assert forged.heard == []


async def test_dane_stands_above_a_policy(tmp_path):
    """A server with a published key is used though the policy does not name it (RFC 8461 2)."""
    leaf, der = self_made(f"mx1.{DOMAIN}")
    async with direct_world(tmp_path, validating=True) as world:
        world.dns.secure, world.dns.zone = True, ONE + STS + tlsa(world, der)
        await world.exchanger("127.0.0.1", TAKES, context=world.context(leaf))
        report = await world.deliver()

    assert report.tls
    assert report.tls.level is Level.DANE


async def test_a_refused_letter_teaches_no_level(tmp_path):
    """Only a delivery raises what is demanded from then on."""
    async with direct_world(tmp_path, ONE + STS) as world:
        world.web.text = MX1
        await world.exchanger("127.0.0.1", [*TAKES[:-1], "S 451 4.3.0 later"])
        await world.deliver()
        await world.courier.close()

        assert world.domains.rows[DOMAIN].level is Level.UNSIGNED_MX


async def test_a_failing_memory_does_not_hide_a_delivery(tmp_path):
    """If the level cannot be written down, the letter still counts as delivered."""

    async def fail(*_: object) -> None:
        raise OSError("disk full")

    async with direct_world(tmp_path, ONE + STS) as world:
        world.web.text = MX1
        world.domains.delivered = fail
        await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()
        await world.courier.close()

        assert verdict(report) is Verdict.ACCEPTED
        assert world.domains.rows[DOMAIN] == replace(world.domains.rows[DOMAIN], level=Level.UNSIGNED_MX)


async def test_records_in_another_order_are_the_same_records(tmp_path):
    """Servers rotate their answers; the second letter still uses the first one's connection."""
    leaf, der = self_made(f"mx1.{DOMAIN}")
    async with direct_world(tmp_path, validating=True) as world:
        world.dns.secure = True
        old_key = f"_{world.port}._tcp.mx1.{DOMAIN}. TLSA 3 1 1 {'ab' * 32}\n"
        steps = [*TAKES, *TAKES[len(SECURED) :]]
        server = await world.exchanger("127.0.0.1", steps, context=world.context(leaf))
        world.dns.zone = ONE + tlsa(world, der) + old_key
        await world.deliver()
        world.dns.zone = ONE + old_key + tlsa(world, der)
        report = await world.deliver()

    assert verdict(report) is Verdict.ACCEPTED
    assert len(server.heard) == 1

"""A look at an address: the way there, the proof, and what the server says of it."""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import replace

import pytest
import trustme

from nemboks.delivery.courier import ServerAccess
from nemboks.delivery.probe import CODES
from nemboks.domain.mailbox import Address
from nemboks.ports import Domain
from tests.delivery.direct_world import DOMAIN, HOSTS, ONE, SECURED, TWO, direct_world
from tests.delivery.probe_world import ASKED, DAY, END, NOW, TAKES, facts, faults, preflight, probed
from tests.helpers.smtp_server import HELO, RECIPIENT

pytestmark = pytest.mark.allow_hosts(HOSTS)


def test_every_code_is_written_once():
    """Two texts for one code would be one too many."""
    assert len(set(CODES)) == len(CODES)


async def test_a_domain_in_order(tmp_path):
    """A good exchanger has no faults, and its facts are told; the recipient is asked for, but no mail is sent."""
    async with direct_world(tmp_path) as world:
        server = await world.exchanger("127.0.0.1", TAKES)
        found = await probed(world)
        await server.settled()

    assert [finding.code for finding in found] == ["mx", "tls", "size_unknown", "offers", "recipient_taken"]
    assert faults(found) == []
    assert facts(found, "mx") == {"domain": DOMAIN, "servers": f"mx1.{DOMAIN}"}
    assert facts(found, "tls")["version"] == "TLSv1.3"
    assert facts(found, "recipient_taken")["address"] == "p***@bakery.example"
    assert server.heard[0].raw.endswith(f"RCPT TO:<{RECIPIENT}>\r\nRSET\r\nQUIT\r\n".encode())
    assert b"DATA" not in server.heard[0].raw
    assert server.faults == []


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        ("other.example. A 127.0.0.1\n", "no_domain"),
        (f"{DOMAIN}. MX 0 .\n", "null_mx"),
        (f'{DOMAIN}. TXT "nothing"\n', "no_mail_server"),
        (f"{DOMAIN}. MX 10 mx1.{DOMAIN}.\n", "no_address"),
        (f"{DOMAIN}. MX 10 {HELO}.\n", "mx_is_us"),
        (ONE, "unreachable"),
    ],
)
async def test_no_way_there(tmp_path, zone, code):
    """What the DNS and a dead server say are faults of their own."""
    async with direct_world(tmp_path, zone) as world:
        assert faults(await probed(world)) == [code]


async def test_a_dns_that_fails(tmp_path):
    """An outage of the DNS is told as such."""
    async with direct_world(tmp_path) as world:
        world.dns.servfail = {DOMAIN}

        assert faults(await probed(world)) == ["dns_failed"]


async def test_a_server_in_our_own_network(tmp_path):
    """An MX record that leads to ourselves is a fault that names the address."""
    async with direct_world(tmp_path, internal=False) as world:
        found = await probed(world)

    assert faults(found) == ["private_address"]


async def test_exchangers_that_changed_are_told(tmp_path):
    """For a week people can see that mail goes another way than before; then it is old news."""
    async with direct_world(tmp_path) as world:
        await world.exchanger("127.0.0.1", TAKES)
        known = Domain(DOMAIN, mx=(f"mx1.{DOMAIN}",), mx_before=("old.example",), mx_changed_at=NOW - 6 * DAY)
        world.domains.rows[DOMAIN] = known
        fresh = await probed(world)
        world.domains.rows[DOMAIN] = replace(known, mx_changed_at=NOW - 8 * DAY)
        old = await probed(world)

    assert facts(fresh, "mx_changed") == {"domain": DOMAIN, "was": "old.example", "servers": f"mx1.{DOMAIN}"}
    assert faults(fresh) == [] and "mx_changed" not in {one.code for one in old}


async def test_a_dead_first_server_is_worth_knowing(tmp_path):
    """If the second server works, letters arrive: the first one's trouble is told, but is no fault."""
    async with direct_world(tmp_path, TWO) as world:
        await world.exchanger("127.0.0.2", TAKES)
        found = await probed(world)

    assert faults(found) == []
    assert facts(found, "unreachable")["server"] == f"mx1.{DOMAIN}:{world.port}"


@pytest.mark.parametrize(
    ("reply", "code", "fault"),
    [
        ("550 5.1.1 no such user", "recipient_unknown", True),
        ("550 no", "recipient_unknown", True),
        ("554 5.7.1 go away", "recipient_refused", True),
        ("452 4.2.2 over quota", "recipient_full", True),
        ("451 4.7.1 greylisted, try again in 300 seconds", "recipient_later", False),
    ],
)
async def test_what_the_server_says_of_the_address(tmp_path, reply, code, fault):
    """An unknown, unwanted or full recipient is a fault; greylisting is not."""
    async with direct_world(tmp_path) as world:
        await world.exchanger("127.0.0.1", [*SECURED, *ASKED, f"S {reply}", *END])
        finding = (await probed(world))[-1]

    assert (finding.code, finding.fault) == (code, fault)
    assert dict(finding.facts)["words"] == reply


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (["S 554 5.7.1 not you"], "greeting_refused"),
        (["@hello 8BITMIME"], "no_starttls"),
        (["@hello STARTTLS", "C STARTTLS", "S 454 4.7.0 not now"], "tls_failed"),
        ([*SECURED, "C MAIL", "S 550 5.7.1 we do not know you", *END], "sender_refused"),
        ([*SECURED, "C MAIL", "X close"], "unreachable"),
    ],
)
async def test_conversations_that_end_early(tmp_path, steps, code):
    """Each place where a server can say no has its own code."""
    async with direct_world(tmp_path) as world:
        await world.exchanger("127.0.0.1", steps)

        assert faults(await probed(world)) == [code]


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("name", "certificate_name"),
        ("expired", "certificate_expired"),
        ("not yet", "certificate_refused"),
        ("unknown", "certificate_unknown"),
    ],
)
async def test_certificates(tmp_path, case, code):
    """Why a certificate is not accepted is told apart, for each has another cure."""
    async with direct_world(tmp_path) as world:
        name = f"mx1.{DOMAIN}"
        leaf = {
            "name": lambda: world.certificate("elsewhere.example"),
            "expired": lambda: world.authority.issue_cert(name, not_before=NOW - 9 * DAY, not_after=NOW - DAY),
            "not yet": lambda: world.authority.issue_cert(name, not_before=NOW + DAY, not_after=NOW + 9 * DAY),
            "unknown": lambda: trustme.CA().issue_cert(name),
        }[case]()
        server = await world.exchanger("127.0.0.1", SECURED, context=world.context(leaf))
        found = await probed(world)

    assert faults(found) == [code], found
    assert b"MAIL" not in server.heard[0].raw


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_a_server_that_is_too_old(tmp_path):
    """A server that can only speak TLS 1.1 says so in its alert, and that is what is told."""
    async with direct_world(tmp_path) as world:
        context = world.context(world.certificate("localhost"))
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")

        def serve() -> None:
            one, _ = listener.accept()
            with one, contextlib.suppress(OSError):  # asyncio's server would reset the connection before the alert
                context.wrap_socket(one, server_side=True)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            access = ServerAccess("localhost", listener.getsockname()[1], True, world.ca_file, internal=True)
            found, _ = await asyncio.gather(probed(world, "own", access), asyncio.to_thread(serve))

    assert faults(found) == ["tls_old"], found


async def test_a_certificate_that_ends_soon(tmp_path):
    """Three weeks before its end a certificate is worth a word."""
    async with direct_world(tmp_path) as world:
        leaf = world.authority.issue_cert(f"mx1.{DOMAIN}", not_before=NOW - DAY, not_after=NOW + 9.5 * DAY)
        await world.exchanger("127.0.0.1", TAKES, context=world.context(leaf))
        found = await probed(world)

    assert facts(found, "certificate_ends")["days"] == "9"
    assert faults(found) == []


async def test_a_domain_that_looks_like_another(tmp_path):
    """A domain with letters of another script is pointed out, whatever its servers say."""
    async with direct_world(tmp_path) as world:
        found = await preflight(world).probe(Address("post@b\u0430kery.example"), "direct")

    assert [finding.code for finding in found] == ["look_alike", "no_domain"]
    assert "Cyrillic" in facts(found, "look_alike")["words"]

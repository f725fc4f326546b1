"""Straight to the domain's own mail servers: which of them, in which order, and what the DNS may say."""

import asyncio

import pytest

from nemboks.domain.pace import Pace
from nemboks.domain.proof import Level, Reply, Stage, Way
from nemboks.domain.verdict import Verdict, verdict
from tests.delivery.direct_world import DOMAIN, HOSTS, ONE, SECURED, TAKES, TWO, direct_world, refuses
from tests.helpers.smtp_server import HASTY, HELO, LETTER, QUICK

pytestmark = pytest.mark.allow_hosts(HOSTS)


async def test_a_letter_reaches_the_domains_server(tmp_path):
    """The exchanger takes the letter over STARTTLS; its 2yz is the domain's own confirmation."""
    async with direct_world(tmp_path) as world:
        server = await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()

    assert report.reply == Reply(250, "2.0.0", "taken")
    assert (report.stage, report.way, report.server) == (Stage.DOT, Way.DIRECT, f"mx1.{DOMAIN}:{world.port}")
    assert report.tls
    assert (report.tls.verified_name, report.tls.level) == (f"mx1.{DOMAIN}", Level.UNSIGNED_MX)
    assert server.heard[0].letter == LETTER
    assert server.faults == []
    assert verdict(report) is Verdict.ACCEPTED


async def test_a_domain_without_mx_takes_mail_itself(tmp_path):
    """Without MX records the domain's own address counts (RFC 5321 5.1)."""
    async with direct_world(tmp_path, f"{DOMAIN}. A 127.0.0.1\n") as world:
        await world.exchanger("127.0.0.1", TAKES, context=world.context(world.certificate(DOMAIN)))
        report = await world.deliver()

    assert verdict(report) is Verdict.ACCEPTED
    assert report.tls
    assert report.tls.verified_name == DOMAIN


@pytest.mark.parametrize(
    ("zone", "code", "enhanced", "meaning"),
    [
        ("other.example. A 127.0.0.1\n", 550, "5.1.2", Verdict.ADDRESS),
        (f"{DOMAIN}. MX 0 .\n", 556, "5.1.10", Verdict.ADDRESS),
        (f'{DOMAIN}. TXT "nothing else"\n', 550, "5.1.2", Verdict.ADDRESS),
        (f"{DOMAIN}. MX 10 {HELO}.\n{DOMAIN}. MX 20 mx2.{DOMAIN}.\n", 554, "5.4.6", Verdict.POLICY),
    ],
    ids=["no domain", "null MX", "no MX and no address", "we are the MX"],
)
async def test_s02_the_dns_says_no(tmp_path, zone, code, enhanced, meaning):
    """NXDOMAIN, null MX, no server at all, and a loop to ourselves are definite, and judged like a server's no."""
    async with direct_world(tmp_path, zone) as world:
        report = await world.deliver()

    assert report.stage is Stage.LOOKUP
    assert report.reply
    assert (report.reply.code, report.reply.enhanced) == (code, enhanced)
    assert report.way is Way.DIRECT
    assert verdict(report) is meaning


async def test_s01_a_dns_that_fails_is_temporary(tmp_path):
    """SERVFAIL and silence say nothing about the address."""
    async with direct_world(tmp_path) as world:
        world.dns.servfail = {DOMAIN}
        failed = await world.deliver()
        world.dns.servfail, world.dns.drop = set(), {DOMAIN}
        silent = await world.deliver()
        late = await world.deliver(seconds=0.1)

    for report in (failed, silent, late):
        assert (report.stage, report.reply) == (Stage.LOOKUP, None)
        assert verdict(report) is Verdict.TEMPORARY
    assert "SERVFAIL" in failed.words
    assert "did not answer" in silent.words
    assert "longer than 0.1 s" in late.words


async def test_s01_an_exchanger_without_an_address_is_temporary(tmp_path):
    """An MX record that leads nowhere is the domain's mistake, not the address's."""
    async with direct_world(tmp_path, f"{DOMAIN}. MX 10 mx1.{DOMAIN}.\n") as world:
        report = await world.deliver()

    assert (report.stage, report.reply, report.words) == (Stage.LOOKUP, None, f"mx1.{DOMAIN} has no address")


async def test_s03_a_dead_first_server(tmp_path):
    """Nobody listens at the first, nothing is known of the second: the third takes the letter, in one attempt."""
    zone = TWO + f"{DOMAIN}. MX 15 lost.{DOMAIN}.\n"
    async with direct_world(tmp_path, zone) as world:
        server = await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()

    assert verdict(report) is Verdict.ACCEPTED
    assert report.server == f"mx2.{DOMAIN}:{world.port}"
    assert server.heard[0].letter == LETTER
    assert world.asked == 1


@pytest.mark.parametrize(
    "first",
    [
        ["S 421 4.3.2 busy"],
        ["S 554 5.7.1 not you"],
        ["@hello 8BITMIME"],
        ["@hello STARTTLS", "C STARTTLS", "S 454 4.7.0 not now"],
        [*SECURED, "C MAIL", "C RCPT", "C DATA", "S 451 4.3.0 later", "S 503 no", "S 503 no"],
        [*SECURED, "C MAIL", "X close"],
    ],
    ids=["421", "554 greeting", "no STARTTLS", "STARTTLS later", "451 at MAIL", "ends at MAIL"],
)
async def test_s03_s04_a_first_server_that_will_not(tmp_path, first):
    """Whatever the first server says before it judges the recipient, the second one is asked."""
    async with direct_world(tmp_path, TWO) as world:
        one = await world.exchanger("127.0.0.1", first)
        two = await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()

    assert verdict(report) is Verdict.ACCEPTED
    assert (len(one.heard), len(two.heard), world.asked) == (1, 1, 1)
    assert not one.heard[0].dotted


@pytest.mark.parametrize("reply", ["550 5.1.1 no such user", "450 4.2.0 greylisted", "452 4.2.2 full"])
async def test_a_judged_recipient_is_not_asked_for_elsewhere(tmp_path, reply):
    """After an answer about the recipient the second server would only say it again, or fill up with doubles."""
    async with direct_world(tmp_path, TWO) as world:
        await world.exchanger("127.0.0.1", refuses(reply))
        two = await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()

    assert (report.stage, str(report.reply)) == (Stage.RCPT, reply)
    assert two.heard == []


@pytest.mark.parametrize("end", ["S 451 4.3.0 later", "X close"])
async def test_after_the_dot_nobody_else_is_asked(tmp_path, end):
    """A refusal or silence after the dot ends the attempt: a second server would make a second copy."""
    async with direct_world(tmp_path, TWO) as world:
        await world.exchanger("127.0.0.1", [*TAKES[:-1], end])
        two = await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()

    assert report.stage is Stage.DOT
    assert two.heard == []


async def test_the_report_is_of_the_server_that_came_furthest(tmp_path):
    """A bad certificate at the first says more than a second one that is down."""
    async with direct_world(tmp_path, TWO) as world:
        context = world.context(world.certificate("elsewhere.example"))
        await world.exchanger("127.0.0.1", SECURED[:4], context=context)
        report = await world.deliver()

    assert (report.stage, report.server) == (Stage.TLS, f"mx1.{DOMAIN}:{world.port}")


async def test_time_is_for_all_servers_together(tmp_path):
    """A first server that keeps us waiting takes its time from the second one's."""
    async with direct_world(tmp_path, TWO, pace=QUICK) as world:
        await world.exchanger("127.0.0.1", ["Z"])
        two = await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver(seconds=0.3)

    assert verdict(report) is Verdict.TEMPORARY
    assert two.heard == []
    assert report.seconds < 3


async def test_a_mute_server_is_left_for_the_next(tmp_path):
    """A server that never greets costs its own time-out only."""
    async with direct_world(tmp_path, TWO, pace=HASTY) as world:
        await world.exchanger("127.0.0.1", ["Z"])
        await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()

    assert verdict(report) is Verdict.ACCEPTED


async def test_servers_before_ours_are_used(tmp_path):
    """Where we are a backup, only servers that stand before us are asked (RFC 5321 5.1)."""
    zone = ONE + f"{DOMAIN}. MX 20 {HELO}.\n{DOMAIN}. MX 30 mx2.{DOMAIN}.\nmx2.{DOMAIN}. A 127.0.0.2\n"
    async with direct_world(tmp_path, zone) as world:
        two = await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()

    assert report.stage is Stage.CONNECT
    assert two.heard == []


async def test_a_server_in_our_own_network_is_refused(tmp_path):
    """A stranger's MX record cannot make us speak to our own machines."""
    async with direct_world(tmp_path, internal=False) as world:
        server = await world.exchanger("127.0.0.1", TAKES)
        report = await world.deliver()

    assert report.stage is Stage.CONNECT
    assert report.words == f"mx1.{DOMAIN} leads into our own network: 127.0.0.1 (loopback)"
    assert server.heard == []


async def test_the_second_letter_uses_the_same_connection(tmp_path):
    """Two letters of one account to one server share a connection; another account's do not."""
    again = TAKES[len(SECURED) :]
    async with direct_world(tmp_path) as world:
        server = await world.exchanger("127.0.0.1", [*TAKES, *again])
        reports = [await world.deliver(), await world.deliver()]

    assert [verdict(report) for report in reports] == [Verdict.ACCEPTED] * 2
    assert len(server.heard) == 1


async def test_a_changed_set_of_servers_is_remembered(tmp_path):
    """The exchangers' names are kept, so that a change leaves a row of history; the same set is not written again."""
    async with direct_world(tmp_path) as world:
        for _ in range(2):
            await world.deliver()
        first, written = world.domains.rows[DOMAIN], world.domains.written
        world.dns.zone = TWO
        await world.deliver()

    assert first.mx == (f"mx1.{DOMAIN}",)
    assert written == 1
    changed = world.domains.rows[DOMAIN]
    assert (changed.mx, changed.mx_before) == ((f"mx1.{DOMAIN}", f"mx2.{DOMAIN}"), first.mx)


async def test_a_stop_at_the_dot_is_heeded(tmp_path):
    """Without a yes before the dot, none is sent, and no other server is tried."""
    async with direct_world(tmp_path, TWO) as world:
        world.may = False
        one = await world.exchanger("127.0.0.1", TAKES)
        two = await world.exchanger("127.0.0.2", TAKES)
        report = await world.deliver()
        await one.settled()

    assert (report.stage, report.words, world.asked) == (Stage.BODY, "stopped before the dot", 1)
    assert not one.heard[0].dotted
    assert two.heard == []


async def test_a_cancel_passes(tmp_path):
    """Whoever waits for an attempt may stop waiting."""
    async with direct_world(tmp_path, pace=Pace()) as world:
        server = await world.exchanger("127.0.0.1", ["Z"])
        task = asyncio.create_task(world.deliver())
        async with asyncio.timeout(5):
            while not server.heard:  # until it is connected
                await asyncio.wait({task}, timeout=0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

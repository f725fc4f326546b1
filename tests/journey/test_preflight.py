"""The daily look: every place once a day, few at a time; a trouble is told after the second look, and its end."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.daemon.chores import chores
from nemboks.domain.incidents import NoticeKind
from nemboks.domain.mailbox import DIRECT, Address, Cvr, Options
from nemboks.journey.notices import assess_troubles, send_notices
from nemboks.journey.preflight import OWN, ROUNDS, certificates, check_places, look_at, places
from nemboks.journey.world import Checking, Telling
from nemboks.ports import Finding
from nemboks.store.store import Store
from tests.content.test_smime import AT, certificate
from tests.contracts.ledgers import ACCOUNTANT, vault
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_checks import FakeChecks, FakeProber
from tests.helpers.fake_paths import FakeNotifier
from tests.journey.town import Town

CONTACT, OPERATOR = Address("bo@bogholder.example"), Address("drift@nemboks.example")
EXPIRED = Finding("certificate_expired", True, (("server", "mx:25"), ("words", "certificate has expired")))
UNKNOWN = Finding("recipient_unknown", True, (("server", "mx:25"), ("words", "550 5.1.1 no such user")))
LATER = Finding("recipient_later", False, (("words", "451 4.7.1 greylisted"),))
DAY, HOUR = 86_400, 3_600
ANNA = (make.ADDRESS, make.SERVER)


class Kept:
    """Anna's town on the real ledger; her second contact and the operator are told by mail."""

    def __init__(self, store: Store, clock: PretendClock) -> None:
        self.store, self.clock, self.mail, self.prober = store, clock, FakeNotifier(), FakeProber()
        telling = Telling(store.incidents, store.stream, {"mail": self.mail}, OPERATOR)
        self.world = replace(
            Town().world, letters=store.letters, mailboxes=store.mailboxes, clock=clock, telling=telling,
            checking=Checking(self.prober, store.checks),
        )  # fmt: skip

    async def pass_time(self, seconds: float) -> list[tuple[NoticeKind, str]]:
        """What was told meanwhile: of which kind, by which path."""
        before = len(self.mail.taken)
        for _ in range(int(seconds // (DAY / ROUNDS))):
            self.clock.advance(DAY / ROUNDS)
            await check_places(self.world)
            await assess_troubles(self.world)
            self.clock.advance(30)
            await assess_troubles(self.world)
            await send_notices(self.world)
        return [(one.notice.kind, one.notice.path) for one in self.mail.taken[before:]]


@pytest.fixture
async def kept(tmp_path) -> AsyncIterator[Kept]:
    clock = PretendClock()
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    await store.mailboxes.add(make.declared(options=Options(second_contact=CONTACT)), "settings")
    yield Kept(store, clock)
    await store.close()


async def test_a_fault_is_told_once_and_its_end_too(kept):
    """The second look, within the hour, tells the contact and the operator; then "still" each day, and "solved"."""
    assert await kept.pass_time(3 * HOUR) == []
    kept.prober.found[make.ADDRESS] = (EXPIRED,)
    told = await kept.pass_time(DAY + 3 * HOUR)
    assert told == [(NoticeKind.STOPPED, f"mail:da:{CONTACT}"), (NoticeKind.STOPPED, f"mail:da:{OPERATOR}")]
    assert "Certifikatet skal fornyes." in kept.mail.taken[0].text
    assert "Teknisk: certificate_expired: server=mx:25" in kept.mail.taken[0].text
    assert {NoticeKind.STILL} == {kind for kind, _ in await kept.pass_time(DAY)}

    del kept.prober.found[make.ADDRESS]
    assert {NoticeKind.SOLVED} == {kind for kind, _ in await kept.pass_time(4 * HOUR)}
    assert await kept.pass_time(DAY) == []


async def test_what_passes_by_itself_is_not_told(kept):
    """A fault that one look saw, and greylisting however often, are nobody's trouble."""
    kept.prober.found[make.ADDRESS] = (LATER,)
    assert await kept.pass_time(3 * DAY) == []
    looks = len(kept.prober.asked)
    kept.prober.found[make.ADDRESS] = (EXPIRED,)
    while make.ADDRESS not in {place[0] for place in kept.prober.asked[looks:]}:
        await kept.pass_time(DAY / ROUNDS)
    kept.prober.found[make.ADDRESS] = (LATER,)

    assert await kept.pass_time(DAY) == []


async def test_no_notice_through_a_dead_address(kept):
    """Of an address that its server does not know nobody at that domain is told; without another path nobody but the
    operator."""
    box = await kept.store.mailboxes.find(make.ANNA)
    kept.prober.found[make.ADDRESS] = (UNKNOWN,)
    told = await kept.pass_time(DAY)

    assert {f"mail:da:{CONTACT}", f"mail:da:{OPERATOR}"} == {path for _, path in told}
    assert box.route.address not in str(told)


async def test_a_certificate_that_ends_soon_is_told_at_the_address_too(kept):
    """Nothing is broken yet, so mail still gets through to the account itself."""
    kept.prober.found[make.ADDRESS] = (Finding("certificate_ends", False, (("server", "mx:25"), ("days", "9"))),)

    assert f"mail:da:{make.ADDRESS}" in {path for _, path in await kept.pass_time(DAY)}


async def test_a_fault_of_our_own_domain_is_the_operators(kept):
    """Companies cannot put it right."""
    kept.prober.ours = (Finding("spf_missing", True, (("domain", "nemboks.example"),)),)
    told = await kept.pass_time(12 * HOUR)

    assert told == [(NoticeKind.STOPPED, f"mail:da:{OPERATOR}")]
    assert "vores eget domæne" in kept.mail.taken[0].subject
    assert "Offentliggør en SPF-post" in kept.mail.taken[0].text


# --- which places, and when ---


def crowd(number: int) -> Town:
    """A town with so many mailboxes."""
    town = Town()
    for id_ in range(1, number + 1):
        route = make.route(address=f"post@firma{id_}.example", server=DIRECT)
        town.mailboxes.rows[id_] = make.mailbox(id_, Cvr(f"{10_000_000 + id_}"), route=route)
    town.world = replace(town.world, checking=Checking(FakeProber(), FakeChecks()))
    return town


async def test_many_places_are_spread_over_the_day():
    """Each is looked at once a day, and no round does more than its share."""
    town, number = crowd(200), 200
    shares = []
    for _ in range(2 * ROUNDS):
        shares.append(await check_places(town.world))
        town.clock.advance(DAY / ROUNDS)

    asked = town.world.checking.prober.asked
    assert number + 1 == len(set(asked))
    assert 5 == max(shares)
    assert 2 * (number + 1) == len(asked)


async def test_places_that_nobody_names_are_left_alone_and_forgotten():
    """A paused mailbox is not looked at; two that share an address are looked at once; further recipients are too."""
    town = crowd(3)
    one, two, three = town.mailboxes.rows.values()
    town.mailboxes.rows[2] = replace(two, route=replace(one.route, others=(ACCOUNTANT,)))
    town.mailboxes.rows[3] = replace(three, paused_at=town.clock.now())
    for _ in range(10):
        await check_places(town.world)
    expected = {OWN, (one.route.address, DIRECT), (ACCOUNTANT.address, ACCOUNTANT.server)}
    assert expected == set(town.world.checking.prober.asked)
    assert 3 == len(town.world.checking.prober.asked)

    town.mailboxes.rows = {1: one}
    for _ in range(9):
        town.clock.advance(DAY)
        await check_places(town.world)
    assert {OWN, (one.route.address, DIRECT)} == set(town.world.checking.checks.rows)


async def test_a_clock_that_was_put_back_stops_no_look():
    """A look that lies ahead of the clock is as good as none."""
    town = crowd(1)
    await check_places(town.world)
    town.clock.advance(-timedelta(days=30).total_seconds())

    assert 2 == await check_places(town.world)


async def test_one_look_that_fails_stops_no_other():
    """Our own fault at one place is raised after the others were looked at; the chore logs it and goes on."""
    town = crowd(1)
    checking = town.world.checking

    async def broken():
        raise RuntimeError("planted")

    checking.prober.own = broken
    with pytest.raises(RuntimeError, match="planted"):
        await check_places(town.world)

    assert [("post@firma1.example", DIRECT)] == list(checking.checks.rows)


async def test_the_daemon_looks_by_itself():
    """The chore is there when there is something to look with, a little of the day apart."""
    town = crowd(1)
    seconds, chore = next(pair for pair in chores(town.world) if pair[0] == DAY / ROUNDS)
    await chore()

    assert (900, 2) == (seconds, len(town.world.checking.prober.asked))
    assert DAY / ROUNDS not in {seconds for seconds, _ in chores(replace(town.world, checking=None))}


@pytest.mark.parametrize(("last", "code"), [(100, "smime"), (20, "smime_ends"), (-1, "smime_unusable")])
async def test_a_certificate_for_encryption_is_looked_at_before_it_ends(last, code):
    """Who has mails encrypted hears a month ahead that the certificate ends, and at once that it is of no use."""
    pem = certificate(last=last)
    box = make.mailbox(options=Options(certificate=pem))

    (place,) = places([box])
    check = await look_at(place, {}, FakeProber(), AT, certificates([box])[place])

    assert [one.code for one in check.findings if one.code.startswith("smime")] == [code]
    assert (check.trouble is not None) is (code != "smime")
    assert certificates([make.mailbox()]) == {}

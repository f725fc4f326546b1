"""Letters before, at and after an estate's time, and in flight at each step: real journey, real ledger (I10)."""

from datetime import date, timedelta

import pytest

from nemboks.content.moments import local_moment
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.letters import release
from nemboks.domain.estates import EstateState
from nemboks.domain.letter import DotBegun, Hold, Reason, State
from nemboks.domain.mailbox import Address, Face, Recipient, Role
from nemboks.domain.proof import Stage
from nemboks.journey.collect import collect
from nemboks.ports import Unavailable
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.estating import COMPANY, KURATOR, MIDNIGHT
from tests.helpers import builders as make
from tests.helpers.fake_courier import broken
from tests.helpers.fake_inbox import FakeInbox

MINUTE = timedelta(minutes=1)


async def around(court, at):
    """Letters that came before the time (1), around it (2, between two listings), and certainly after it (3)."""
    await court.until(at - MINUTE)
    await court.comes(1)
    await court.until(at + MINUTE)
    await court.comes(2)
    await court.until(at + 2 * MINUTE)
    await court.comes(3)
    await court.goes_on()


DAYS = ["22-11-2026", "25-10-2026", "28-03-2027", "01-07-2027"]


@pytest.mark.parametrize("day", DAYS)
async def test_i10_before_at_and_after_midnight_in_denmark(court, day):
    """The kurator gets what certainly came after 00:00 Danish time; older ones and those around it are held.

    On ordinary days and on those whose clocks change later that night.
    """
    at = local_moment(day).at
    court.clock.advance((at - timedelta(hours=12) - court.clock.now()).total_seconds())
    await court.store.act(court.looked_up)
    await court.approved(effective_at=at, decree_date=date(2026, 10, 1))
    await around(court, at)

    assert [("HELD", Reason.OLDER), ("HELD", Reason.BOUNDARY), ("ACKNOWLEDGED", "")] == [
        await court.state(number) for number in (1, 2, 3)
    ]
    assert ([KURATOR], at) == (court.sent, (await court.box()).boundary_at)


@pytest.mark.parametrize(
    ("seconds", "ending"),
    [(-1e-6, ("HELD", Reason.OLDER)), (0, ("ACKNOWLEDGED", "")), (1e-6, ("ACKNOWLEDGED", ""))],
)
async def test_i10_over_imap_the_time_is_exact(store, clock, court, seconds, ending):
    """A letter of exactly the effective time is the kurator's, one of a microsecond before it is not."""
    await court.writes("mailboxes", face=Face.IMAP.value)
    court.inbox = FakeInbox(keeps=True)
    await court.in_effect()
    court.inbox.put(
        "1.7", b"From: a@skat.example\r\nSubject: Brev\r\n\r\nHej.\r\n", MIDNIGHT + timedelta(seconds=seconds)
    )
    await court.looks()
    await court.goes_on()

    (letter,) = await store.letters.list()
    assert ending == (letter.state.value, letter.why)
    assert ([KURATOR] if seconds >= 0 else []) == court.sent


async def test_the_boundary_letter_is_released_by_an_approver_alone(court):
    """Nobody else decides whose it is; then it goes to the kurator, and an older one never does."""
    await court.approved()
    await around(court, MIDNIGHT)
    older, letter = await court.letter(1), await court.letter(2)

    for name, error in (("anna", NotFound), (KURATOR, NotAllowed), ("sune", NotAllowed)):
        with pytest.raises(error):
            await release(court.store, court.by(name), letter.id)
    await release(court.store, court.by("ida"), letter.id)
    for name in (KURATOR, "ida"):
        with pytest.raises((NotAllowed, RefusedByRule)):
            await release(court.store, court.by(name), older.id)
    await court.goes_on()
    assert [KURATOR, KURATOR] == court.sent
    assert ("HELD", Reason.OLDER) == await court.state(1)


async def test_a_release_of_before_decides_nothing_about_the_boundary(court):
    """A person let a letter go on long before the case: whose it is stays open."""
    letter = await court.comes(1)
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    letter = await court.store.letters.move(await court.letter(), Hold(Reason.TOO_LARGE))
    await release(court.store, court.by("anna"), letter.id)
    await court.approved()
    await court.until(MIDNIGHT + 2 * MINUTE)
    assert ("HELD", Reason.OLDER) == await court.state()

    times = {"available_at": MIDNIGHT + MINUTE, "not_before": MIDNIGHT - MINUTE, "released_at": MIDNIGHT - MINUTE}
    await court.writes("letters", state="WAITING", due_at=_text(MIDNIGHT), **{k: _text(v) for k, v in times.items()})
    await court.goes_on()
    assert (("HELD", Reason.BOUNDARY), []) == (await court.state(), court.sent)


# --- in flight when the case is opened ---


async def test_registered_before_the_claim(court):
    """A fetched letter that waits is held, and at the effect it is an older one."""
    letter = await court.comes()
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    assert State.WAITING == (await court.letter()).state

    await court.approved()
    assert (("HELD", Reason.FROZEN), []) == (await court.state(), court.sent)
    await court.until(MIDNIGHT)
    await court.goes_on()
    assert (("HELD", Reason.OLDER), []) == (await court.state(), court.sent)


@pytest.mark.parametrize("and_effect", [False, True])
async def test_registered_while_it_is_being_sent(court, and_effect):
    """The body is out and the dot is not: no dot is sent, and the letter is held."""

    async def happens():
        await court.approved()
        if and_effect:
            await court.until(MIDNIGHT)

    court.once("before", happens)
    await court.comes()
    await court.goes_on()
    await court.goes_on()

    reason = Reason.OLDER if and_effect else Reason.FROZEN
    assert (("HELD", reason), []) == (await court.state(), court.sent)


@pytest.mark.parametrize("and_effect", [False, True])
async def test_registered_after_the_dot(court, and_effect):
    """Past the point of no return it is the previous address', and it stays in Digital Post: no receipt ever."""

    async def happens():
        await court.approved()
        if and_effect:
            await court.until(MIDNIGHT)

    court.once("after", happens)
    await court.comes()
    await court.goes_on()

    assert [COMPANY] == court.sent
    await court.until(MIDNIGHT)
    for _ in range(3):
        await court.later(days=2)
        await court.goes_on()
    assert (State.FORWARDED, []) == ((await court.letter()).state, court.receipts)


async def test_the_reply_was_never_seen(court):
    """Its dot was begun and the connection broke: uncertain, so it is never sent again to anybody, but listed."""
    court.courier.endings.append(broken(Stage.DOT))
    await court.comes()
    await court.goes_on()
    assert ("WAITING", "uncertain") == await court.state()

    await court.approved()
    await court.until(MIDNIGHT)
    await court.later(days=1)
    await court.goes_on()
    assert (("HELD", Reason.OLDER), 1, []) == (await court.state(), (await court.letter()).uncertain, court.sent)


async def test_a_reply_seen_and_not_committed(court, tmp_path):
    """The daemon is killed between the server's 250 and our commit, in the middle of a case: uncertain, then held."""
    letter = await court.comes()
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    letter = await court.store.letters.move(await court.letter(), make.claimed(court.clock.now()))
    letter = await court.store.letters.move(letter, DotBegun(letter.fence))
    await court.approved()
    await court.store.close()

    court.store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), court.clock, threaded=False)
    for _ in range(2):
        await court.until(court.clock.now() + timedelta(hours=14))
        await court.goes_on()
    assert (("HELD", Reason.OLDER), 1, []) == (await court.state(), (await court.letter()).uncertain, court.sent)
    await court.store.close()


async def test_a_confirmation_that_comes_late_is_a_fact(court):
    """What the previous address' server took before the effect is delivered there, and gets no receipt."""
    letter = await court.comes()
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    letter = await court.store.letters.move(await court.letter(), make.claimed(court.clock.now()))
    letter = await court.store.letters.move(letter, DotBegun(letter.fence))
    await court.in_effect()

    await court.store.letters.move(letter, make.confirmed(letter, court.clock.now(), at=court.clock.now()))
    await court.later(days=3)
    await court.goes_on()
    assert (State.FORWARDED, []) == ((await court.letter()).state, court.receipts)


async def test_delivered_before_and_not_acknowledged(court):
    """A receipt that was owed when the case was opened is not given; upstream keeps the letter for the kurator."""
    court.inbox.plant("acknowledge", Unavailable("outage"))
    await court.comes()
    await court.goes_on()
    assert State.FORWARDED == (await court.letter()).state

    await court.in_effect()
    await court.later(days=9)
    await court.goes_on()
    assert (State.FORWARDED, [], 1) == ((await court.letter()).state, court.receipts, len(court.inbox.letters))


# --- in flight when it takes effect ---


async def test_a_claim_of_before_gets_no_dot_after(court):
    """No attempt can span the effect: a claim that names the old route is worth nothing afterwards."""
    await court.in_effect()
    await court.looks()
    await court.later(seconds=1)
    letter = await court.comes(1)
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    letter = await court.letter(1)
    with pytest.raises(Exception, match="route has changed"):
        await court.store.letters.move(letter, make.claimed(court.clock.now()))
    await court.goes_on()
    assert [KURATOR] == court.sent


async def test_further_recipients_of_before_get_nothing_more(court):
    """A copy that was planned before the case never goes: not in the freeze, and not after the effect."""
    accountant = Recipient(Role.COPY, Address("bo@bogholderi.example"), "direct")
    await court.store.mailboxes.reroute(make.ANNA, COMPANY, make.SERVER, "anna", others=(accountant,))
    court.courier.endings.extend([broken(Stage.CONNECT), broken(Stage.CONNECT)])
    await court.comes()
    await court.goes_on()
    assert [] == court.sent
    await court.approved()
    for _ in range(3):
        await court.later(hours=8)
        await court.goes_on()

    assert (EstateState.IN_EFFECT, []) == ((await court.estate()).state, court.sent)
    assert ((), KURATOR) == ((await court.box()).route.others, (await court.box()).route.address)


def _text(at) -> str:
    return at.isoformat(timespec="microseconds")[:26] + "Z"

"""The delete fuse on a real ledger: each answer is one committed transaction, and so is a trip."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from nemboks.desk.access import Asking
from nemboks.desk.fuses import fuse_reset, fuse_show, tripped
from nemboks.domain.announcements import Kind
from nemboks.domain.custody import Custody
from nemboks.domain.fuse import KEPT, Limits
from nemboks.domain.letter import Acknowledged, State
from nemboks.domain.mailbox import Address, Options
from nemboks.ports import Withheld
from nemboks.store.fuse import SqlFuse
from tests.desk.filled import Filled
from tests.helpers import builders as make

OPERATOR = Asking("dorte (operator)")
DRIFT = Address("drift@nemboks.example")
LIMITS = Limits(per_cvr=3, in_all=5)
CONTACT = Address("anna@hjemme.example")


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request):
    return request.param


@pytest.fixture
async def ledger(open_store, clock):
    store = open_store(threaded=False)
    options = Options(second_contact=CONTACT)
    await store.mailboxes.add(make.declared(options=options), "settings")
    await store.mailboxes.add(make.declared(make.BO), "settings")
    yield Filled(store, clock)
    await store.close()


def fuse_of(ledger, limits=LIMITS) -> SqlFuse:
    return ledger.store.fuse(limits, lambda books, box, why, words: tripped(books, box, why, words, DRIFT))


async def rows(ledger, statement):
    return await ledger.store._reader.read(lambda tx: tx.execute(text(statement)).all())


async def fuse_of_anna(ledger) -> str:
    return (await ledger.store.mailboxes.find(make.ANNA)).custody.fuse


async def test_a_confirmed_letter_is_let_through_and_counted_once(ledger):
    """However often its receipt is repeated."""
    fuse, letter = fuse_of(ledger), await ledger.forwarded("a")
    for _ in range(20):
        await fuse.permit(letter.mailbox, "a")

    assert [(1, letter.id, 20)] == await rows(ledger, "SELECT mailbox_id, letter_id, times FROM permits")
    assert "" == await fuse_of_anna(ledger)


async def test_an_unconfirmed_letter_is_stopped_at_zero(ledger):
    """The first one trips: nothing is counted, history has the row, people are told, and the next confirmed waits."""
    fuse, fine = fuse_of(ledger), await ledger.forwarded("fine")
    waiting = await ledger.waiting("a")
    with pytest.raises(Withheld, match="without a confirmation") as held:
        await fuse.permit(waiting.mailbox, "a")
    assert held.value.tripped
    with pytest.raises(Withheld, match="the delete fuse has tripped") as held:
        await fuse.permit(fine.mailbox, "fine")
    assert not held.value.tripped

    assert [] == await rows(ledger, "SELECT * FROM permits")
    assert "unconfirmed" == await fuse_of_anna(ledger)
    ((detail,),) = await rows(ledger, "SELECT detail FROM events WHERE event = 'fuse_tripped'")
    assert "unconfirmed" == json.loads(detail)["why"]
    told = await ledger.store.announcements.latest(10)
    assert {(Kind.FUSE_TRIPPED, "mail:da:drift@nemboks.example"), (Kind.FUSE_TRIPPED, f"mail:da:{CONTACT}")} == {
        (one.kind, one.path) for one in told
    }
    assert not [x for x in await ledger.store.letters.due(State.FORWARDED, ledger.clock.now(), 10) if x.mailbox == 1]


async def test_an_id_that_nobody_knows_trips_it_and_so_does_anothers_letter(ledger):
    """A letter of Anna's is none of Bo's."""
    letter = await ledger.forwarded("a")
    with pytest.raises(Withheld, match="no letter of this id"):
        await fuse_of(ledger).permit(2, letter.upstream_id)
    assert "" == await fuse_of_anna(ledger)
    assert (await ledger.store.mailboxes.find(make.BO)).custody.fuse == "unconfirmed"


async def test_the_ceiling_of_an_hour(ledger):
    """The fourth letter within the hour trips it; an hour later the third of the day would have gone."""
    fuse = fuse_of(ledger)
    for name in "abc":
        await fuse.permit((await ledger.forwarded(name)).mailbox, name)
    letter = await ledger.forwarded("d")
    later = ledger.clock.advance(3601)
    await fuse.permit(letter.mailbox, "d")
    assert later
    for name in "ef":
        await fuse.permit((await ledger.forwarded(name)).mailbox, name)
    with pytest.raises(Withheld, match="3 letters in an hour"):
        await fuse.permit((await ledger.forwarded("g")).mailbox, "g")
    assert "too_many" == await fuse_of_anna(ledger)


async def test_the_ceiling_of_all_stops_every_mailbox(ledger):
    """Both mailboxes are set to deliver only; of all of them the operator alone is told."""
    fuse = fuse_of(ledger, Limits(per_cvr=9, in_all=2))
    for name in "ab":
        await fuse.permit((await ledger.forwarded(name)).mailbox, name)
    with pytest.raises(Withheld, match="of all mailboxes"):
        await fuse.permit((await ledger.forwarded("c")).mailbox, "c")

    assert {"too_many_in_all"} == {box.custody.fuse for box in await ledger.store.mailboxes.all()}
    assert ["mail:da:drift@nemboks.example"] == [x.path for x in await ledger.store.announcements.latest(10)]


async def test_a_reset_lets_receipts_go_and_starts_the_count_anew(ledger):
    """With a reason, by name; what went through before does not trip it again at once."""
    fuse = fuse_of(ledger)
    for name in "abc":
        await fuse.permit((await ledger.forwarded(name)).mailbox, name)
    letter = await ledger.forwarded("d")
    with pytest.raises(Withheld):
        await fuse.permit(letter.mailbox, "d")
    assert [("too_many", 3)] == [(x["fuse"], x["let_through"]) for x in await fuse_show(ledger.store, OPERATOR)]

    (item,) = await fuse_reset(ledger.store, OPERATOR, make.ANNA, "a great mailing")

    assert (item["fuse"], item["receipts_owed"]) == (None, 4)
    await fuse.permit(letter.mailbox, "d")
    ((detail,),) = await rows(ledger, "SELECT detail FROM events WHERE event = 'fuse_reset'")
    assert {"by": "dorte (operator)", "reason": "a great mailing", "was": "too_many"} == json.loads(detail)


async def test_what_waits_is_no_fault(ledger):
    """A legal hold that came after the step had asked: refused at the border, nothing trips."""
    fuse, letter = fuse_of(ledger), await ledger.forwarded("a")
    custody = Custody(legal_hold_since=ledger.clock.now())
    await ledger.store.act(lambda books: books.keep(replace(books.mailbox(make.ANNA), custody=custody)))
    with pytest.raises(Withheld, match="legal hold") as held:
        await fuse.permit(letter.mailbox, "a")
    assert not held.value.tripped
    assert "" == await fuse_of_anna(ledger)


async def test_an_acknowledged_letter_asks_in_vain(ledger):
    """The slower of two steps gets no second receipt out, and trips nothing."""
    fuse, letter = fuse_of(ledger), await ledger.forwarded("a")
    await ledger.store.letters.move(letter, Acknowledged("200"))
    with pytest.raises(Withheld, match="acknowledged already") as held:
        await fuse.permit(letter.mailbox, "a")
    assert not held.value.tripped


async def test_permits_are_forgotten_after_two_days(ledger):
    """Reconciliation has seen them by then."""
    fuse, letter = fuse_of(ledger), await ledger.forwarded("a")
    await fuse.permit(letter.mailbox, "a")
    ledger.clock.advance(KEPT.total_seconds() - 60)
    assert 0 == await ledger.store.reckoning.prune(ledger.clock.now() - KEPT)
    ledger.clock.advance(61)
    assert 1 == await ledger.store.reckoning.prune(ledger.clock.now() - KEPT)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_permit_is_cheap_and_found_by_index(ledger):
    """No search of the hot path goes through a whole table."""
    plans = {
        "letter": "SELECT id FROM permits WHERE letter_id = 1 AND NOT settled AND at > '' ORDER BY id DESC LIMIT 1",
        "mailbox": "SELECT count(*) FROM permits WHERE NOT settled AND at > '' AND mailbox_id = 1",
        "all": "SELECT count(*) FROM permits WHERE settled = 0 AND at > ''",
        "pruned": "DELETE FROM permits WHERE settled IN (0, 1) AND at < ''",
    }
    for name, statement in plans.items():
        shown = " ".join(row[3] for row in await rows(ledger, f"EXPLAIN QUERY PLAN {statement}"))
        assert "SEARCH" in shown and "SCAN" not in shown, (name, shown)


async def test_a_rolled_back_clock_counts_too_much_rather_than_too_little(ledger):
    """What was let through in a future that did not come counts as now."""
    fuse = fuse_of(ledger)
    ledger.clock.advance(timedelta(days=1).total_seconds())
    for name in "abc":
        await fuse.permit((await ledger.forwarded(name)).mailbox, name)
    ledger.clock.advance(-3600.0 * 5)
    with pytest.raises(Withheld, match="in an hour"):
        await fuse.permit((await ledger.forwarded("d")).mailbox, "d")

"""The third part of the way: the receipt, its repetitions, and what an odd answer proves."""

import pytest

from nemboks.domain.events import Acknowledged, ReceiptBegun
from nemboks.domain.letter import Stale, State
from nemboks.domain.proof import Receipt
from nemboks.journey.acknowledge import acknowledge
from nemboks.ports import Gone, InboxError, Refused, Unavailable
from tests.helpers import builders as make
from tests.helpers.fake_inbox import FakeInbox, LostReply, Removal
from tests.journey.town import Town, memo, uuid

S = State


async def test_the_receipt_is_made_from_the_confirmation_and_frees_the_contents() -> None:
    """The letter leaves Digital Post, the row says so, the sealed file is gone."""
    town = Town()
    letter = await town.forwarded()
    assert await town.step() is S.ACKNOWLEDGED
    (receipt,) = town.inbox.receipts
    assert (receipt.confirmation, receipt.transmission_id) == (letter.confirmation, letter.transmission_id)
    assert letter.headline is not None and receipt.size == letter.headline.size
    assert (town.inbox.letters, town.contents.files, town.letter.contents) == ({}, {}, None)
    assert town.events()[-2:] == [ReceiptBegun, Acknowledged]


@pytest.mark.parametrize("state", [x for x in S if x not in (S.FORWARDED,)])
async def test_no_other_state_gives_a_receipt(state: State) -> None:
    """Not even with a confirmation on the row: upstream is not asked."""
    town = Town()
    letter = await town.posted()
    town.letters.rows[1] = make.letter(state, upstream_id=uuid(1), confirmation=make.confirmation(letter))
    town.inbox.acts.clear()
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert not town.inbox.acts and town.letter.state is state


async def test_a_pause_stops_no_receipt() -> None:
    """The company has its letter."""
    town = Town()
    await town.forwarded()
    await town.mailboxes.pause(make.ANNA, "anna")
    (due,) = await town.letters.due(S.FORWARDED, town.clock.now(), 10)
    await acknowledge(due, await town.world.mailboxes.get(due.mailbox), town.world)
    assert town.letter.state is S.ACKNOWLEDGED


async def test_a_receipt_whose_answer_was_lost_is_given_again_with_the_same_number() -> None:
    """Then "already settled", three times and on no list, means that the first one was heard (H05)."""
    town = Town()
    letter = await town.forwarded()
    town.inbox.plant("acknowledge", LostReply())
    seen = [(await town.step(), town.letter.why) for _ in range(4)]
    assert seen == [(S.FORWARDED, "unavailable"), *[(S.FORWARDED, "gone")] * 2, (S.ACKNOWLEDGED, "")]
    assert {x.transmission_id for x in town.inbox.receipts} == {letter.transmission_id}
    assert town.contents.files == {} and len(town.courier.sent) == 1


async def test_a_lost_receipt_is_taken_the_second_time() -> None:
    """Unavailable may mean that nothing arrived."""
    town = Town()
    await town.forwarded()
    town.inbox.plant("acknowledge", Unavailable("reset"))
    assert [await town.step() for _ in range(2)] == [S.FORWARDED, S.ACKNOWLEDGED]
    assert len(town.inbox.receipts) == 1


async def test_gone_while_the_list_shows_it_settles_nothing() -> None:
    """However often upstream says so: the list is asked each time, and the receipt is given when it is taken."""
    town = Town()
    await town.forwarded()
    town.inbox.plant("acknowledge", *[Gone("409")] * 5)
    states = [await town.step() for _ in range(5)]
    assert states == [S.FORWARDED] * 5 and town.letter.why == "still_listed"
    assert await town.step() is S.ACKNOWLEDGED and len(town.inbox.receipts) == 1


async def test_looks_that_saw_the_letter_do_not_count_as_looks_without_it() -> None:
    """One listing that misses it after many that showed it proves nothing (H24)."""
    town = Town()
    await town.forwarded()
    town.inbox.plant("acknowledge", *[Gone("409")] * 6)
    for _ in range(4):
        await town.step()
    hidden = town.inbox.letters.pop(uuid(1))
    assert (await town.step(), town.letter.failures) == (S.FORWARDED, 1)
    town.inbox.letters[uuid(1)] = hidden
    assert [await town.step() for _ in range(2)] == [S.FORWARDED, S.ACKNOWLEDGED]


async def test_gone_without_any_doubt_needs_three_looks() -> None:
    """Nobody's receipt is out: somebody else took the letter away, after we had delivered it."""
    town = Town()
    await town.forwarded()
    town.inbox.take(uuid(1))
    assert [await town.step() for _ in range(3)] == [S.FORWARDED, S.FORWARDED, S.ACKNOWLEDGED]
    assert "already gone" in town.letter.words and town.letter.receipt_begun_at is None


async def test_a_silent_list_settles_nothing() -> None:
    """What cannot be looked up is asked again."""
    town = Town()
    await town.forwarded()
    town.inbox.take(uuid(1))
    town.inbox.plant("list", *[Unavailable("503")] * 4)
    assert [await town.step() for _ in range(4)] == [S.FORWARDED] * 4
    assert [await town.step() for _ in range(3)] == [S.FORWARDED, S.FORWARDED, S.ACKNOWLEDGED]


@pytest.mark.parametrize(
    ("error", "least"),
    [(Unavailable("503"), 24), (Unavailable("429", 900), 900), (Refused("400"), 2880)],
    ids=["outage", "asked to wait", "refused"],
)
async def test_a_failed_receipt_waits(error: InboxError, least: float) -> None:
    """The same state, later; only silence leaves a doubt behind."""
    town = Town()
    await town.forwarded()
    town.inbox.plant("acknowledge", error)
    assert await town.step() is S.FORWARDED and town.seconds_until_due >= least
    assert (town.letter.receipt_begun_at is None) == isinstance(error, Refused)


async def test_a_later_no_does_not_answer_an_earlier_call() -> None:
    """The doubt of the first, unanswered call stays through a refusal of the second."""
    town = Town()
    await town.forwarded()
    town.inbox.plant("acknowledge", Unavailable("reset"), Refused("400"))
    await town.step()
    await town.step()
    assert town.letter.why == "refused" and town.letter.receipt_begun_at is not None


async def test_a_refused_cvr_parks_its_receipts_too() -> None:
    """Until the same time as the mailbox; the guard says no as well."""
    town = Town()
    await town.forwarded()
    town.inbox.plant("acknowledge", Refused("403", mailbox=True))
    await town.step()
    assert town.letter.due_at == town.mailbox.parked_until
    town.inbox.acts.clear()
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert not town.inbox.acts
    assert await town.step() is S.ACKNOWLEDGED


async def test_an_inbox_that_cannot_be_opened_is_a_trouble_of_this_mailbox_alone() -> None:
    """No credentials: parked, the receipt owed and in no doubt, and the process lives."""
    town = Town()
    await town.forwarded()
    town.inboxes.error = Refused("the mailbox has no token", mailbox=True)
    assert await town.step() is S.FORWARDED
    assert town.mailbox.parked_until is not None and town.letter.receipt_begun_at is None
    assert ReceiptBegun not in town.events()


async def test_a_taken_receipt_without_a_word_is_taken() -> None:
    """An empty answer is an answer; the letter is not receipted for ever."""

    class Taciturn(FakeInbox):
        async def acknowledge(self, receipt: Receipt, repeated: bool) -> str:
            await super().acknowledge(receipt, repeated)
            return ""

    town = Town()
    town.inboxes.inbox = Taciturn(keeps=False)
    town.inbox = town.inboxes.inbox
    await town.forwarded()
    assert await town.step() is S.ACKNOWLEDGED


async def test_the_slower_of_two_acknowledgers_is_stale() -> None:
    """Upstream's answer is committed once."""
    town = Town()
    letter = await town.forwarded()
    await acknowledge(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    with pytest.raises(Stale):
        await acknowledge(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert len(town.inbox.receipts) == 1


@pytest.mark.parametrize("removal", Removal)
async def test_under_every_removal_policy_the_letter_ends_acknowledged(removal: Removal) -> None:
    """Whatever takes it off the list: one mail, contents destroyed, nothing owed."""
    town = Town(removal=removal)
    await town.forwarded()
    for _ in range(3):
        if town.letter.state is S.FORWARDED:
            await town.step()
    assert town.letter.state is S.ACKNOWLEDGED
    assert len(town.courier.sent) == 1 and town.contents.files == {}


async def test_a_listing_that_still_shows_an_acknowledged_letter_finds_no_new_one() -> None:
    """Upstream may need a while; the row stays at its end."""
    town = Town(removal=Removal.EVENTUALLY)
    await town.forwarded()
    await town.step()
    for _ in range(5):
        await town.look()
    assert town.letter.state is S.ACKNOWLEDGED


async def test_a_put_off_receipt_is_always_due_in_the_future() -> None:
    """No answer of upstream's makes a hot loop."""
    town = Town()
    await town.forwarded()
    town.inbox.put(uuid(1), memo())
    town.inbox.plant("acknowledge", Gone("409"), Unavailable("503"), Refused("400"), Refused("403", mailbox=True))
    for _ in range(4):
        begun = town.clock.now() if not town.letter.due_at else max(town.clock.now(), town.letter.due_at)
        await town.step()
        assert town.letter.due_at is not None and town.letter.due_at > begun

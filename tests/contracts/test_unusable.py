"""Entries of a listing that name no letter: noted with it, and nothing about the other letters becomes less sure."""

from datetime import timedelta

from nemboks.domain.letter import State
from nemboks.ports import Listed
from tests.helpers.clock import START

MINUTE = timedelta(minutes=1)


async def listed(ledger, minute, *ids, unusable=0):
    """Anna's mailbox after a listing at that minute."""
    at = START + minute * MINUTE
    await ledger.letters.found(ledger.anna, [Listed(id_) for id_ in ids], at, at + MINUTE, unusable)
    return await ledger.mailboxes.get(ledger.anna.id)


async def not_before(ledger, id_):
    """The minute that the letter is known not to have been there."""
    letter = next(x for x in await ledger.letters.due(State.FOUND, START + 60 * MINUTE, 9) if x.upstream_id == id_)
    return letter.not_before and (letter.not_before - START) // MINUTE


async def test_they_are_counted_since_the_first_listing_with_any(ledger):
    """The listing is complete: it is noted as every other; the first without them ends their time."""
    for minute, unusable, since in ((0, 0, None), (1, 1, 1), (2, 3, 1), (3, 0, None), (4, 2, 4)):
        box = await listed(ledger, minute, unusable=unusable)

        assert (box.listed_at, box.trouble, box.failures) == (START + minute * MINUTE, "", 0)
        assert box.unusable == unusable
        assert box.unusable_since == (None if since is None else START + since * MINUTE)


async def test_an_outage_does_not_end_them(ledger):
    """What a listing did not say is not over: they are known since then, and still."""
    box = await listed(ledger, 1, unusable=1)
    await ledger.mailboxes.postpone(box, START + 2 * MINUTE, "HTTP 503", False)

    box = await ledger.mailboxes.get(box.id)
    assert (box.unusable, box.unusable_since) == (1, START + MINUTE)


async def test_other_letters_are_bounded_as_ever(ledger):
    """A letter that comes while they lie there came after the listing before."""
    await listed(ledger, 1, unusable=1)
    await listed(ledger, 2, "a", unusable=1)
    await listed(ledger, 3, "a", "b", unusable=2)

    assert [1, 2] == [await not_before(ledger, id_) for id_ in ("a", "b")]


async def test_a_letter_that_may_have_been_one_of_them_is_not(ledger):
    """It may have lain there for long: no boundary of an estate may take it for new (D14)."""
    await listed(ledger, 1, unusable=1)
    await listed(ledger, 2, "a")
    await listed(ledger, 3, "a", "b")

    assert [None, 2] == [await not_before(ledger, id_) for id_ in ("a", "b")]

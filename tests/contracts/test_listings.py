"""The Letters port, what a listing brings: the same of every ledger, the real one and the fake."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.letter import Stale, State, Vanished
from nemboks.ports import Listed
from tests.helpers.clock import START

LATER = START + timedelta(minutes=5)


async def test_a_listing_commits_what_is_new(ledger):
    """Every id of a listing becomes one FOUND letter, due at once, however often it is named."""
    listed = [Listed("a"), Listed("b"), Listed("a")]

    assert await ledger.letters.found(ledger.anna, listed, START, LATER) == 2
    assert await ledger.letters.found(ledger.anna, listed, LATER, LATER) == 0

    due = await ledger.letters.due(State.FOUND, START, 10)
    assert [(x.upstream_id, x.due_at) for x in due] == [("a", START), ("b", START)]


async def test_the_same_id_in_two_mailboxes_is_two_letters(ledger):
    """An upstream id counts within its mailbox only."""
    assert await ledger.letters.found(ledger.anna, [Listed("a")], START, LATER) == 1
    assert await ledger.letters.found(ledger.bo, [Listed("a")], START, LATER) == 1


async def test_a_listing_is_noted_on_the_mailbox(ledger):
    """A complete listing, empty or not, clears trouble and parking and sets the next look."""
    await ledger.mailboxes.postpone(ledger.anna, LATER, "HTTP 403", parked=True)

    await ledger.letters.found(ledger.anna, [], START, LATER)

    box = await ledger.mailboxes.get(ledger.anna.id)
    assert (box.due_at, box.listed_at, box.parked_until, box.trouble, box.failures) == (LATER, START, None, "", 0)


async def test_when_a_letter_became_available_is_bounded_by_two_listings(ledger):
    """Where the list has no times, a letter came between the last listing without it and the first with it (D14)."""
    await ledger.letters.found(ledger.anna, [], START, START)
    await ledger.letters.found(ledger.anna, [Listed("a"), Listed("b", START - timedelta(days=1))], LATER, LATER)

    b, a = sorted(await ledger.letters.due(State.FOUND, LATER, 10), key=lambda x: x.available_at)
    assert (a.available_at, a.not_before) == (LATER, START)
    assert (START - timedelta(days=1), None) == (b.available_at, b.not_before)


async def test_a_letter_that_came_while_a_list_was_made_came_after_it_was_asked_for(ledger):
    """It may be missing from that list, so the list's end says nothing about it (D14)."""
    asked_at = START - timedelta(seconds=20)
    await ledger.letters.found(ledger.anna, [], START, START, asked_at=asked_at)
    await ledger.letters.found(ledger.anna, [Listed("a")], LATER, LATER, asked_at=LATER - timedelta(seconds=20))

    (letter,) = await ledger.letters.due(State.FOUND, LATER, 10)
    assert (letter.available_at, letter.not_before, letter.found_at) == (LATER, asked_at, LATER)


async def test_what_was_seen_by_a_login_of_before_counts_no_more(ledger):
    """Neither its listing nor its failure is noted: the mailbox stays due, and its new login is asked."""
    seen = replace(ledger.anna, sealing=ledger.anna.sealing + 1)
    with pytest.raises(Stale):
        await ledger.letters.found(seen, [Listed("a")], START, LATER)
    await ledger.mailboxes.postpone(seen, LATER, "HTTP 401", parked=True)

    box = await ledger.mailboxes.get(ledger.anna.id)
    assert (box.due_at, box.listed_at, box.parked_until, box.trouble) == (ledger.anna.due_at, None, None, "")
    assert await ledger.letters.due(State.FOUND, LATER, 10) == []


async def test_a_vanished_letter_that_is_listed_again_is_fetched_again(ledger):
    """VANISHED is not the end while upstream shows the letter."""
    letter = await ledger.found()
    await ledger.letters.move(letter, Vanished("404"))
    assert await ledger.letters.due(State.FOUND, LATER, 10) == []

    assert await ledger.letters.found(ledger.anna, [Listed("letter-1")], LATER, LATER) == 0

    (again,) = await ledger.letters.due(State.FOUND, LATER, 10)
    assert (letter.id, LATER) == (again.id, again.due_at)

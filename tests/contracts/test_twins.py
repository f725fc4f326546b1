"""The Letters port on an IMAP mailbox that was numbered anew: a letter goes on under its new id (RELIABILITY M03)."""

from datetime import timedelta

import pytest

from nemboks.domain.headline import Kind
from nemboks.domain.letter import (
    Stale,
    State,
)
from nemboks.ports import Listed
from tests.helpers import builders as make
from tests.helpers.clock import START

LATER = START + timedelta(minutes=5)

MESSAGE = make.headline(kind=Kind.MESSAGE)


async def _collected(ledger, upstream_id):
    letter = await ledger.found(upstream_id)
    return await ledger.letters.move(letter, make.collected(headline=MESSAGE))


async def test_a_letter_goes_on_under_its_new_number(ledger):
    """After a new UIDVALIDITY the old row takes the new id, and the new row is gone."""
    old = await _collected(ledger, "1.5")
    new = await ledger.found("2.9")

    twin = await ledger.letters.twin(new, MESSAGE.sha256, MESSAGE.size)
    kept = await ledger.letters.rebind(twin, new)

    assert (old.id, "2.9", State.WAITING) == (kept.id, kept.upstream_id, kept.state)
    assert await ledger.letters.due(State.FOUND, START, 10) == []
    with pytest.raises(Stale):
        await ledger.letters.move(new, make.collected())


async def test_two_equal_messages_find_a_twin_each(ledger):
    """A twin that was renumbered is not found again: two equal messages stay two letters."""
    first, second = await _collected(ledger, "1.5"), await _collected(ledger, "1.6")
    kept = []
    for id_ in ("2.1", "2.2"):
        new = await ledger.found(id_)
        kept.append(await ledger.letters.rebind(await ledger.letters.twin(new, MESSAGE.sha256, MESSAGE.size), new))

    assert [first.id, second.id] == [x.id for x in kept]


@pytest.mark.parametrize("id_", ["1.9", "9"])
async def test_no_twin_within_one_numbering(ledger, id_):
    """Equal bytes under one UIDVALIDITY, or under ids without one, are two letters."""
    await _collected(ledger, "1.5" if "." in id_ else "5")
    new = await ledger.found(id_)

    assert None is await ledger.letters.twin(new, MESSAGE.sha256, MESSAGE.size)


async def test_other_bytes_are_no_twin(ledger):
    """Digest and size must both be the same, and the mailbox too."""
    await _collected(ledger, "1.5")
    new = await ledger.found("2.9")
    await ledger.letters.found(ledger.bo, [Listed("3.1")], START, LATER)
    bos = next(x for x in await ledger.letters.due(State.FOUND, START, 10) if x.mailbox == ledger.bo.id)

    assert None is await ledger.letters.twin(new, "00" * 32, MESSAGE.size)
    assert None is await ledger.letters.twin(new, MESSAGE.sha256, 1)
    assert None is await ledger.letters.twin(bos, MESSAGE.sha256, MESSAGE.size)


async def test_a_letter_that_was_tried_is_nobodys_copy(ledger):
    """Only a row that is just found may be removed for a twin."""
    old = await _collected(ledger, "1.5")
    new = await _collected(ledger, "2.9")

    with pytest.raises(Stale):
        await ledger.letters.rebind(old, new)


async def test_what_is_listed_and_not_read_yet_may_be_any_letters_twin(ledger):
    """An id that is not known, or only found, is unread; one that was collected is not, here or in another mailbox."""
    old = await _collected(ledger, "1.5")
    box = ledger.anna
    assert not await ledger.letters.unread(box, ["1.5"])
    assert not await ledger.letters.unread(box, [])
    assert await ledger.letters.unread(box, ["1.5", "2.1"])

    await ledger.found("2.1")
    assert await ledger.letters.unread(box, ["2.1", old.upstream_id])

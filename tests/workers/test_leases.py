"""Whose a due row is: divided among workers, renewed, lost; and what a worker that lost one may still write."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.events import Retried
from nemboks.domain.letter import FetchBegun, Hold, Postponed, Reason, Stale, State, Vanished
from nemboks.journey.collect import collect
from nemboks.ports import Listed
from nemboks.store.leases import LETTER, MAILBOX
from nemboks.store.server_spool import ServerSpool
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.fake_inbox import FakeInbox, Removal
from tests.journey.town import FakeInboxes, Town, memo, uuid

LATER = START + timedelta(hours=1)


@pytest.fixture
async def anna(opened):
    """Anna's mailbox, due."""
    return await opened().mailboxes.add(make.declared(), "settings")


async def found(share, box, *ids):
    """The share's worker looks into the mailbox, where these lie."""
    assert await share.mailboxes.due(START, 10)
    await share.letters.found(box, [Listed(id_) for id_ in ids], START, LATER)


def pause(beside):
    """Every worker stands still until its leases are over."""
    beside.execute("UPDATE leases SET until = '2000-01-01T00:00:00.000000Z'")


async def test_due_letters_are_divided(share, anna):
    """Each due letter is given to one of the workers that ask at once, and to the same one again."""
    one, two = share(), share()
    await found(one, anna, *map(str, range(10)))

    given = await asyncio.gather(*(each.letters.due(State.FOUND, START, 5) for each in (one, two)))
    ids = [{letter.id for letter in letters} for letters in given]

    assert [len(some) for some in ids] == [5, 5]
    assert not ids[0] & ids[1]
    assert {x.id for x in await one.letters.due(State.FOUND, START, 10)} == ids[0]
    assert (await one.idle(10)).letters == []


async def test_due_mailboxes_and_copies_are_divided(share, opened, anna):
    """The same holds for looks and for further recipients."""
    await opened().mailboxes.add(make.declared(make.BO), "settings")
    one, two = share(), share()

    first, second = await one.mailboxes.due(START, 1), await two.mailboxes.due(START, 10)

    assert {box.id for box in (*first, *second)} == {anna.id, anna.id + 1}
    assert len(first) == len(second) == 1


async def test_a_lease_that_is_not_renewed_ends(share, anna, beside):
    """After its time another worker has the row; one that is renewed in time stays."""
    one, two = share(), share()
    await found(one, anna, "a", "b")
    kept, lost = await one.letters.due(State.FOUND, START, 10)
    pause(beside)
    await one.leases.renew({LETTER: {kept.id}})

    assert [x.id for x in await two.letters.due(State.FOUND, START, 10)] == [lost.id]


@pytest.mark.parametrize(
    "event",
    [
        FetchBegun(make.sealed()), Postponed("unavailable", "", LATER), Vanished("gone"),
        Hold(Reason.UNREADABLE, "no letter"),
    ],
    ids=lambda event: type(event).__name__,
)  # fmt: skip
async def test_who_lost_a_letter_is_refused(share, anna, beside, event):
    """A worker that slept past its lease writes nothing that rests on being the only one who fetches."""
    one, two = share(), share()
    await found(one, anna, "a")
    (seen,) = await one.letters.due(State.FOUND, START, 1)
    pause(beside)
    assert await two.letters.due(State.FOUND, START, 1)

    with pytest.raises(Stale, match="another worker"):
        await one.letters.move(seen, event)
    assert await two.letters.get(seen.id) == seen


async def test_what_was_fetched_is_a_fact(share, anna, beside):
    """The bytes that a worker brings after its lease are taken; the other fetch is then in vain and harms nothing."""
    one, two = share(), share()
    await found(one, anna, "a")
    (seen,) = await one.letters.due(State.FOUND, START, 1)
    pause(beside)
    (theirs,) = await two.letters.due(State.FOUND, START, 1)

    after = await one.letters.move(seen, make.collected(START))
    with pytest.raises(Stale):
        await two.letters.move(theirs, make.collected(START))

    assert await two.letters.get(seen.id) == after


async def test_a_look_that_slept_notes_nothing(share, anna, beside):
    """A listing from before a pause must not stand as the latest one: what is new is bounded by it."""
    one, two = share(), share()
    await one.mailboxes.due(START, 1)
    pause(beside)
    assert await two.mailboxes.due(START, 1)

    with pytest.raises(Stale, match="looks into it"):
        await one.letters.found(anna, [Listed("old")], START, LATER)
    assert await two.letters.found(anna, [Listed("new")], START, LATER) == 1
    assert (await two.mailboxes.get(anna.id)).due_at == LATER


async def test_what_rests_is_anybodys(share, anna, clock):
    """A letter put off belongs to nobody when it is due again."""
    one, two = share(), share()
    await found(one, anna, "a")
    (seen,) = await one.letters.due(State.FOUND, START, 1)
    await one.letters.move(seen, Postponed("unavailable", "", LATER))
    clock.advance(7200)

    assert [x.id for x in await two.letters.due(State.FOUND, clock.now(), 1)] == [seen.id]


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_letter_goes_on_where_there_is_room(share, anna, wanted):
    """A worker keeps what it fetched as long as it has room for it, and leaves it to the others if not."""
    one, two = share(lambda letter: wanted), share()
    await found(one, anna, "a")
    (seen,) = await one.letters.due(State.FOUND, START, 1)
    begun = await one.letters.move(seen, FetchBegun(make.sealed()))
    assert not await two.letters.due(State.FOUND, START, 1)
    await one.letters.move(begun, make.collected(START))

    assert (seen.id in one.letters.left) is not wanted
    assert bool(await two.letters.due(State.WAITING, START, 1)) is not wanted


async def test_a_person_moves_a_leased_letter(share, opened, anna, clock):
    """Leases keep workers apart, not people: a letter asked for again is due, and its worker goes on with it."""
    one = share()
    await found(one, anna, "a")
    (seen,) = await one.letters.due(State.FOUND, START, 1)
    asked = await opened().act(lambda books: books.move(seen, Retried("anna", clock.now())))

    assert await one.letters.move(asked, make.collected(START))


async def test_a_stop_leaves_all_to_the_others(share, anna):
    """Nobody waits for the leases of a worker that has ended well."""
    one, two = share(), share()
    await one.mailboxes.due(START, 1)
    await one.leases.give_all_back()
    assert await two.mailboxes.due(START, 1)
    await two.leases.give_back(MAILBOX, anna.id)

    assert await one.mailboxes.due(START, 1)


class SlowInbox(FakeInbox):
    """A fetch stops after its first bytes until `go` is set."""

    def __init__(self):
        super().__init__(keeps=False, removal=Removal.FORGETS)
        self.half, self.go = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def fetch(self, upstream_id):
        async with super().fetch(upstream_id) as pieces:
            yield self._slowly(pieces)

    async def _slowly(self, pieces):
        async for piece in pieces:
            yield piece[:100]
            self.half.set()
            await self.go.wait()
            yield piece[100:]


@pytest.mark.parametrize("looks", [1, 3])
async def test_two_fetches_of_a_letter_that_is_given_once(share, anna, beside, home, tmp_path, clock, looks):
    """Upstream forgets a letter once fetched. The worker that got it sleeps in the midst, another one finds nothing,
    be it often enough to call the letter vanished; awake, the first one has the only copy, and it goes on whole."""
    inbox, one, two = SlowInbox(), share(), share()
    inbox.put(uuid(1), memo(1))
    await found(one, anna, uuid(1))
    spool = ServerSpool(home.place, vault(tmp_path))
    of = {"contents": spool, "inboxes": FakeInboxes(inbox), "clock": clock}
    worlds = [replace(Town().world, letters=x.letters, mailboxes=x.mailboxes, **of) for x in (one, two)]
    (letter,) = await one.letters.due(State.FOUND, START, 1)
    first = asyncio.create_task(collect(letter, anna, worlds[0]))
    await inbox.half.wait()
    inbox.take(uuid(1))  # it was given away
    for _ in range(looks):
        pause(beside)
        clock.advance(7200)
        (again,) = await two.letters.due(State.FOUND, clock.now(), 1)
        await collect(again, anna, worlds[1])
    state = (await two.letters.get(letter.id)).state
    inbox.go.set()
    await first

    after = await one.letters.get(letter.id)
    assert (state, after.state) == (State.VANISHED if looks == 3 else State.FOUND, State.WAITING)
    assert b"".join([piece async for piece in spool.open(after.id, after.contents)]) == memo(1)
    await spool.close()

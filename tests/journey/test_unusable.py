"""Digital Post lists something that no letter can be asked for by: one trouble, told to people; the post goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.custody import Consent
from nemboks.domain.incidents import Cause, NoticeKind
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address
from nemboks.domain.pace import Pace
from nemboks.journey.collect import look
from nemboks.ports import Unavailable
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.domain.troubles import BY_MAIL
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_inbox import FakeInbox
from tests.journey.test_notices_kept import Kept
from tests.journey.town import FakeInboxes

OPERATOR = Address("drift@nemboks.example")
TOLD = {BY_MAIL, "mail:da:anna@bageri.example", f"mail:da:{OPERATOR}", "webhook:kontor"}


class Watched(Kept):
    """Anna's mailbox on the real ledger, its upstream, and everybody who is told."""

    def __init__(self, store: Store, clock: PretendClock) -> None:
        super().__init__(store, clock)
        self.inbox = FakeInbox(keeps=False)
        assert self.world.telling is not None
        telling = replace(self.world.telling, operator=OPERATOR)
        self.world = replace(self.world, inboxes=FakeInboxes(self.inbox), telling=telling)

    async def pass_by(self, seconds: float) -> None:
        """So much time, a look into the mailbox every five minutes and one at the troubles every ten seconds."""
        for tick in range(round(seconds / 10)):
            if tick % 30 == 0:
                await look(await self.store.mailboxes.find(make.ANNA), self.world)
            await self.look(10)

    async def told(self) -> list[tuple[NoticeKind, str]]:
        notices = await self.store.incidents.notices(100)
        assert {one.cause for one in notices} <= {Cause.UNUSABLE}
        return [(one.kind, one.path) for one in notices if one.sent_at]


@pytest.fixture
async def watched(tmp_path):
    clock = PretendClock()
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    options = make.declared().options
    contact = Address(BY_MAIL.rpartition(":")[2])
    options = replace(options, second_contact=contact, webhooks=("kontor",))
    await store.mailboxes.add(make.declared(options=options), "settings")
    yield Watched(store, clock)
    await store.close()


async def test_letters_beside_a_bad_id_come_and_people_hear_of_it_at_once(watched):
    """The others are found and no call is made for it; within five minutes everybody has one notice, and no more."""
    watched.inbox.put("a", b"x")
    watched.inbox.put("b", b"x")
    watched.inbox.unusable = 1
    await watched.pass_by(300)

    assert {(NoticeKind.STOPPED, path) for path in TOLD} == set(await watched.told())
    found = await watched.store.letters.due(State.FOUND, watched.clock.now(), 9)
    assert ["a", "b"] == [one.upstream_id for one in found]
    assert {("list", "")} == set(watched.inbox.acts)
    text = watched.mail.taken[0].text
    assert text.startswith("Stoppet: Digital Post har post til virksomheden, som vi ikke kan hente.")
    assert "Jeres post er ikke væk." in text and "no letter's id: 1" in text

    await watched.pass_by(3 * 3600)
    assert len(TOLD) == len(await watched.told())


async def test_it_is_solved_when_a_listing_has_none(watched):
    """Not by an outage, however long: only a whole list can say that nothing of it is left."""
    watched.inbox.unusable = 1
    await watched.pass_by(300)
    watched.inbox.unusable = 0
    watched.inbox.plant("list", *[Unavailable("503")] * 12)
    await watched.pass_by(3600)
    assert {NoticeKind.STOPPED} == {kind for kind, _ in await watched.told()}

    await watched.pass_by(Pace().quiet_seconds + 600)
    assert {(kind, path) for kind in (NoticeKind.STOPPED, NoticeKind.SOLVED) for path in TOLD} == set(
        await watched.told()
    )
    assert not await watched.store.incidents.open()


async def test_people_are_reminded_and_told_since_when(watched):
    """The next morning says the same again, with the first listing's time."""
    watched.inbox.unusable = 2
    begun = watched.clock.now()
    await watched.pass_by(300)
    for _ in range(26):
        watched.clock.advance(3600)
        await watched.pass_by(60)

    notices = await watched.store.incidents.notices(100)
    assert {NoticeKind.STOPPED, NoticeKind.STILL} == {one.kind for one in notices}
    assert all(one.since - begun < timedelta(seconds=1) for one in notices)
    assert all("no letter's id: 2" in one.words for one in notices)


@pytest.mark.parametrize("gone", ["paused", "declined"])
async def test_a_mailbox_that_nobody_looks_into_is_no_trouble(watched, gone):
    """A person stopped it, or the company wants us no more."""
    watched.inbox.unusable = 1
    await look(await watched.store.mailboxes.find(make.ANNA), watched.world)
    if gone == "paused":
        await watched.store.mailboxes.pause(make.ANNA, "anna")
    else:
        box = await watched.store.mailboxes.find(make.ANNA)
        await watched.store.act(lambda books: books.keep(replace(box, consent=Consent.DECLINED)))
    now = watched.clock.now()

    assert [] == await watched.store.incidents.sick(now, now)

"""Looks at the world that rarely go so: long headers, boxes full of nonsense, a register or an inbox that goes away."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from nemboks.desk.fuses import tripped
from nemboks.domain.fuse import KEPT, Limits
from nemboks.domain.headline import Kind
from nemboks.domain.letter import State
from nemboks.domain.mailbox import DIRECT, Address, Face, Options
from nemboks.domain.returns import Token
from nemboks.journey.landed import look_for
from nemboks.journey.preflight import OWN, check_places, verify
from nemboks.journey.reconcile import forget_permits
from nemboks.journey.returned import BATCH, ROUNDS, read_returns
from nemboks.journey.standing import ask_standing, refresh_standings
from nemboks.journey.world import Checking
from nemboks.ports import Finding, Listed, Refused, Unavailable
from tests.content.memos import File
from tests.content.test_smime import certificate
from tests.helpers import builders as make
from tests.helpers.fake_checks import FakeChecks, FakeProber
from tests.helpers.fake_inbox import LostReply
from tests.journey.registered import House, house
from tests.journey.relayed import Relayed, dsn
from tests.journey.test_reconcile import Desk, desk_of
from tests.journey.town import Town, memo

__all__ = ["house"]

NEW = (Address("ny@firma.example"), DIRECT)
LONG = "".join(
    f"Received: from mx{n}.example by mx{n + 1}.example; Sat, 21 Nov 2026 13:05:00 +0100\r\n" for n in range(40)
)


@pytest.fixture
async def desk(tmp_path) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path, Face.IMAP) as found:
        yield found


# --- contents that come in many pieces ---


async def test_a_message_with_a_long_way_behind_it_is_looked_for_by_its_own_id() -> None:
    """Its Message-ID stands below forty lines of where it came from, in a later piece of the spool."""
    raw = f"{LONG}Message-ID: <brev-1@kommune.example>\r\nSubject: Brev\r\n\r\nhej\r\n".encode()
    town = Relayed(copy=make.copy(), headline=make.headline(kind=Kind.MESSAGE))
    async with town.contents.seal(1) as sealing:
        await sealing.write(raw)
        town.put(replace(town.letter, contents=await sealing.finish(durable=True)))
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)

    assert town.landings.looked == ["<brev-1@kommune.example>"]


async def test_a_message_that_is_all_header_is_looked_for_by_its_own_id() -> None:
    """A message may end with its header, without a blank line."""
    town = Relayed(copy=make.copy(), headline=make.headline(kind=Kind.MESSAGE))
    async with town.contents.seal(1) as sealing:
        await sealing.write(b"Message-ID: <brev-1@kommune.example>\r\nSubject: Brev\r\n")
        town.put(replace(town.letter, contents=await sealing.finish(durable=True)))
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)

    assert town.landings.looked == ["<brev-1@kommune.example>"]


async def test_words_that_stand_far_inside_a_letter_are_in_its_mail() -> None:
    """The main document is read ahead through as many pieces as it takes, to its very end."""
    words = b"<p>Til bageriet.</p>" + b"<p>Og mere endnu.</p>" * 500 + b"<p>Hilsen kommunen</p>"
    town = Town()
    await town.waiting(memo(files=[File(words, "brev.html", "text/html", role="MainDocument")]))
    assert await town.step() is State.FORWARDED

    text = message_from_bytes(town.courier.sent[0].letter, policy=default).get_body(("plain",))
    assert text is not None and "Hilsen kommunen" in text.get_content()


# --- the return box ---


async def test_a_box_full_of_nonsense_takes_no_longer_than_its_share() -> None:
    """Fifty batches at one look; the rest at the next, so that everything else has its turn."""
    town, most = Relayed(), BATCH * ROUNDS
    for _ in range(most + 1):
        town.box.put(b"Subject: win a prize\r\n\r\n")

    assert [await read_returns(town.world) for _ in range(3)] == [most, 1, 0]


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded"])
async def test_what_a_relay_says_before_its_250_came_is_no_end(action: str) -> None:
    """Quicker than our own commit, but it ends nothing: the attempt goes on, and the notice is forgotten at once."""
    town = Relayed(state=State.SENDING)
    town.box.put(dsn(Token(1, 1, 1, 0), action, "2.0.0"))
    before = town.letter

    assert await read_returns(town.world) == 1
    assert town.letter == before and not town.box.mails


# --- the register ---


async def test_a_refusal_that_the_register_cannot_explain_keeps_upstreams_words(house: House) -> None:
    """It is away in that moment: the mailbox is parked with what upstream said, and stays as it was known."""
    box = await house.add(consent=make.mailbox().consent)
    house.inbox.plant("list", Refused("403 no access", mailbox=True))
    house.registry.error = Unavailable("503")

    after = await house.look()
    assert (after.trouble, after.life, after.parked_until) == ("403 no access", box.life, after.due_at)
    assert await ask_standing(after, house.world) == (after, False)


async def test_without_a_register_nobody_is_asked_about() -> None:
    """Where Digital Post gave us no look-up of our own, companies stand as people said."""
    assert await refresh_standings(Town().world) == 0


# --- addresses and servers ---


def looking(town: Town) -> FakeProber:
    """The town's prober."""
    prober = FakeProber()
    town.world = replace(town.world, checking=Checking(prober, FakeChecks()))
    return prober


async def test_an_address_that_is_nobodys_yet_leaves_no_trace() -> None:
    """Asked for before it is chosen; of a place that a mailbox names the look is kept, so that a cure shows at once."""
    town = Town(options=Options(certificate=certificate(last=100)))
    prober, box = looking(town), town.mailbox
    prober.found[NEW[0]] = (Finding("recipient_unknown", True),)
    anna = (box.route.address, box.route.server)
    found = await verify([NEW, anna], town.world.checking, [box], town.clock)

    assert [(one.address, one.server) for one in found] == [NEW, anna]
    assert [one.trouble is not None for one in found] == [True, False]
    assert "smime" in [finding.code.partition("_")[0] for finding in found[1].findings]
    assert list(town.world.checking.checks.rows) == [anna]
    assert prober.asked == [NEW, anna] and OWN not in prober.asked


async def test_without_a_prober_nothing_is_looked_at() -> None:
    """An estate of the ledger alone has nobody to ask."""
    assert await check_places(Town().world) == 0


# --- the daily comparison ---


async def test_an_inbox_that_goes_away_between_two_listings_proves_nothing(desk: Desk) -> None:
    """A letter looked gone, and the second listing does not come: no difference is told, it is compared again."""
    await desk.lies("waiting", "1.1")
    desk.inbox.take("1.1")
    desk.inbox.plant("list", LostReply(), Unavailable("outage"))

    assert await desk.compare() == []
    assert await desk.history() == []
    assert await desk.told() == []


async def test_permits_are_forgotten_when_every_comparison_has_seen_them(desk: Desk) -> None:
    """Those of two days ago and older; one of today stays for tonight's comparison."""
    letter = await desk.lies("forwarded", "1.1")
    fuse = desk.store.fuse(Limits(), tripped)
    await fuse.permit(letter.mailbox, "1.1")
    assert await forget_permits(desk.world) == 0

    desk.clock.advance(KEPT.total_seconds() + 1)
    assert [await forget_permits(desk.world) for _ in range(2)] == [1, 0]


async def test_a_slow_list_says_nothing_of_what_came_meanwhile() -> None:
    """The letter that came while the last list was made may be older than the moment in which we had it."""
    town = Town()
    real = town.inbox.list

    async def slow() -> Sequence[Listed]:
        listed = await real()
        town.clock.advance(40)
        return listed

    town.inbox.list = slow  # type: ignore[method-assign]
    asked_at = town.clock.now()
    await town.look()
    town.clock.advance(300)
    letter = await town.posted()

    assert (letter.not_before, letter.available_at) == (asked_at, town.clock.now())

"""Fallbacks: a marked copy when the primary is out of reach; they decide nothing unless the owner chose so."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.events import Confirmed, HandedOver, PartConfirmed, Released
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address, Recipient, Role
from nemboks.domain.proof import Stage, Way
from nemboks.journey.forward import forward
from nemboks.journey.further import decided, plan_fallbacks
from tests.helpers import builders as make
from tests.helpers.fake_courier import ACCEPTED, broken, refused
from tests.journey.test_further import DAY, HOME, SHUT, to, town_with
from tests.journey.test_mail import LARGE
from tests.journey.town import Town, memo

S, D = State, DeliveryState
SON = Recipient(Role.FALLBACK, Address("son@hjemme.example"), "direct")


async def stranded(town: Town, hours: float = 25) -> None:
    """The primary was out of reach for so long."""
    await town.waiting()
    until = town.clock.now() + timedelta(hours=hours)
    while town.clock.now() < until:
        town.courier.endings.append(SHUT)
        assert await town.step() is S.WAITING


async def test_after_a_day_the_first_fallback_gets_a_marked_copy() -> None:
    """Once, and the letter goes on to be tried at its own address: the fallback's 250 confirms nothing."""
    town = town_with(HOME, SON)
    await stranded(town, 20)
    assert await plan_fallbacks(town.world) == 0
    town.clock.advance(5 * 3600)
    assert [await plan_fallbacks(town.world) for _ in range(2)] == [1, 0]
    assert town.further.address == HOME.address
    assert (await town.copied()).state is D.DELIVERED
    subject = str(message_from_bytes(to(town, HOME)[0])["Subject"])
    assert town.letter.state is S.WAITING and town.inbox.receipts == []
    town.clock.advance(2 * DAY)
    assert await plan_fallbacks(town.world) == 0, "somebody has it: nobody else is asked"
    assert await town.step() is S.FORWARDED
    assert subject != str(message_from_bytes(town.courier.sent[-1].letter)["Subject"])


async def test_fallbacks_go_in_order_a_day_each() -> None:
    """The second one only when the first was out of reach for a day too."""
    town = town_with(HOME, SON)
    await stranded(town)
    await plan_fallbacks(town.world)
    town.courier.endings.append(refused(Stage.RCPT, 550, "5.1.1"))
    await town.copied()
    town.clock.advance(DAY - 3600)
    assert await plan_fallbacks(town.world) == 0
    town.clock.advance(3600)
    assert await plan_fallbacks(town.world) == 1
    assert [one.address for one in town.deliveries.rows.values()] == [HOME.address, SON.address]


async def test_a_fallback_decides_only_where_the_owner_chose_so() -> None:
    """Then its 250 is the letter's confirmation, and the receipt goes."""
    town = town_with(HOME, decides=True)
    await stranded(town)
    await plan_fallbacks(town.world)
    assert (await town.copied()).state is D.DELIVERED
    assert town.letter.state is S.FORWARDED and town.letter.confirmation is not None
    assert town.letter.confirmation.address == HOME.address
    assert await town.step() is S.ACKNOWLEDGED
    assert len(town.courier.sent) == 1


async def test_a_fallback_decides_for_every_part_at_once() -> None:
    """A letter split for a small primary went whole to the fallback: all its parts are proven by that."""
    town = town_with(HOME, decides=True)
    await town.waiting(memo(files=LARGE))
    town.courier.endings.append(replace(refused(Stage.MAIL, 552, "5.3.4"), limit=150_000))
    await town.step()
    assert town.letter.parts == 2
    town.clock.advance(25 * 3600)
    await plan_fallbacks(town.world)
    assert (await town.copied()).state is D.DELIVERED
    assert town.events()[-2:] == [PartConfirmed, Confirmed] and town.letter.state is S.FORWARDED


async def test_a_crash_after_a_fallbacks_commit_is_made_up_for() -> None:
    """The next attempt at the primary sees that the letter is decided, and sends nothing."""
    town = town_with(HOME, decides=True)
    await stranded(town)
    await plan_fallbacks(town.world)
    delivery = await begun(town, town.further)
    sent = replace(make.letter(), id=town.letter.id, fence=delivery.fence)
    await town.deliveries.move(delivery, make.confirmed(sent, town.clock.now(), address=HOME.address))
    assert await town.step() is S.FORWARDED and town.courier.sent == []
    assert not await decided(town.letter, town.mailbox, town.world), "and only once"


async def begun(town: Town, delivery: Delivery) -> Delivery:
    claim = make.claimed(town.clock.now(), address=delivery.address, server=delivery.server)
    return await town.deliveries.move(delivery, claim)


async def test_a_relays_word_to_a_fallback_never_decides() -> None:
    """A hand-over is no confirmation, at the fallback's as at the primary's (D8)."""
    town = town_with(HOME, decides=True)
    await stranded(town)
    await plan_fallbacks(town.world)
    town.courier.endings.append(replace(ACCEPTED, way=Way.RELAY))
    assert (await town.copied()).state is D.DELIVERED
    assert town.letter.state is S.WAITING and town.inbox.receipts == []
    assert await town.step() is S.FORWARDED


async def test_a_held_letter_that_is_out_of_reach_has_its_fallback_too() -> None:
    """Three uncertain ends; the fallback has it; a person's release sends it on as ever."""
    town = town_with(HOME)
    await town.waiting()
    town.courier.endings.extend([broken(Stage.DOT)] * 3)
    assert [await town.step() for _ in range(3)][-1] is S.HELD
    town.clock.advance(DAY)
    assert await plan_fallbacks(town.world) == 1
    assert (await town.copied()).state is D.DELIVERED
    assert town.letter.state is S.HELD
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    assert await town.step() is S.FORWARDED


async def test_a_paused_mailbox_has_no_fallback() -> None:
    """A pause stops all sending."""
    town = town_with(HOME)
    await stranded(town)
    await town.mailboxes.pause(make.ANNA, "anna")
    assert await plan_fallbacks(town.world) == 0


async def test_a_letter_that_a_relay_has_goes_to_the_fallback_after_a_day() -> None:
    """Handed over and unheard of is undelivered."""
    town = town_with(HOME)
    await town.waiting()
    town.courier.endings.append(replace(ACCEPTED, way=Way.RELAY))
    await forward(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.letter.state is S.HANDED_OVER and HandedOver in town.events()
    town.clock.advance(DAY + 1)
    assert await plan_fallbacks(town.world) == 1

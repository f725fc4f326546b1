"""Copies for others: they never delay a receipt, never trigger one, and are tried each by itself."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.events import Cleared, Dismissed, Reason
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address, Options, Recipient, Role, Route
from nemboks.domain.proof import Stage, Way
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.further import clear_contents, recover_further, send_further
from tests.content.test_smime import certificate
from tests.helpers import builders as make
from tests.helpers.fake_courier import ACCEPTED, FakeCourier, broken, refused
from tests.journey.town import SlowCourier, Town, settle, with_courier

S, D = State, DeliveryState
DAY = 86_400.0
BO = Recipient(Role.COPY, Address("bo@revisor.example"), "revisor")
KIM = Recipient(Role.COPY, Address("kim@bestyrelse.example"), "direct", "en")
DORTE = Recipient(Role.COPY, Address("dorte@bestyrelse.example"), "direct")
HOME = Recipient(Role.FALLBACK, Address("anna@hjemme.example"), "direct")
FULL = refused(Stage.RCPT, 452, "4.2.2")
SHUT = broken(Stage.CONNECT)


def town_with(*others: Recipient, decides: bool = False, **mailbox: Any) -> Town:
    route = replace(make.route(), others=others, fallback_decides=decides)
    return Town(route=route, **mailbox)


def reroute(town: Town, *others: Recipient) -> Route:
    route = replace(town.mailbox.route, version=town.mailbox.route.version + 1, others=others)
    town.mailboxes.change(1, route=route)
    return route


def to(town: Town, recipient: Recipient) -> list[bytes]:
    """The mails that this recipient has."""
    return [sent.letter for sent in town.courier.sent if sent.mail.recipient == recipient.address and sent.kept]


async def test_copies_are_planned_once_and_go_by_themselves() -> None:
    """With the first attempt; a second attempt plans nothing more, and a copy waits for no primary."""
    town = town_with(BO, KIM, HOME)
    await town.waiting()
    town.courier.endings.append(SHUT)
    assert await town.step() is S.WAITING
    assert [one.address for one in town.deliveries.rows.values()] == [BO.address, KIM.address]
    for one in list(town.deliveries.rows.values()):
        assert (await town.copied(one)).state is D.DELIVERED
    assert await town.step() is S.FORWARDED and len(town.deliveries.rows) == 2
    assert [len(to(town, each)) for each in (BO, KIM)] == [1, 1]


async def test_a_copy_is_another_mail_in_its_readers_language() -> None:
    """Marked as a copy, with a Message-ID of its own, and the same documents."""
    town = town_with(KIM)
    await town.forwarded()
    await town.copied()
    primary, copy = (message_from_bytes(sent.letter) for sent in town.courier.sent)
    assert primary["Message-ID"] != copy["Message-ID"] and copy["To"] == KIM.address
    assert primary["Nemboks-Docs"] == copy["Nemboks-Docs"] and primary["Subject"] != copy["Subject"]


async def test_an_accountants_full_mailbox_delays_no_receipt() -> None:
    """The receipt is given, the contents stay for the copy, and the copy alone is tried again."""
    town = town_with(BO)
    await town.forwarded()
    town.courier.endings.extend([FULL] * 3)
    assert (await town.copied()).why == "full"
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.letter.state is S.ACKNOWLEDGED and town.inbox.letters == {}
    assert town.letter.contents is not None and town.contents.files

    for _ in range(2):
        assert (await town.copied()).state is D.WAITING
        assert await clear_contents(town.world) == 0
    assert (await town.copied()).state is D.DELIVERED
    assert len(town.courier.sent) == 2, "the company's own mail was not sent again"
    assert await clear_contents(town.world) == 1
    assert (town.letter.contents, town.contents.files, town.events()[-1]) == (None, {}, Cleared)


async def test_two_who_have_it_get_it_no_more_for_the_sake_of_a_third() -> None:
    """A row for each: 2 accepted and 1 refused never send again to the two."""
    town = town_with(BO, KIM, DORTE)
    await town.forwarded()
    bo, kim, dorte = town.deliveries.rows.values()
    await town.copied(bo)
    await town.copied(kim)
    for _ in range(4):
        town.courier.endings.append(refused(Stage.RCPT, 550, "5.1.1"))
        dorte = await town.copied(dorte)
    assert (dorte.state, dorte.why, dorte.failures) == (D.WAITING, "address", 4)
    await settle(town.world, town.clock)
    assert [len(to(town, each)) for each in (BO, KIM, DORTE)] == [1, 1, 1]
    assert town.letter.state is S.ACKNOWLEDGED and town.contents.files == {}


async def test_a_copy_is_given_up_after_five_days() -> None:
    """Its row says so, so that people are told; then the contents are destroyed."""
    town = town_with(BO)
    await town.forwarded()
    town.courier.endings.extend([FULL] * 500)
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    while town.further.state is D.WAITING:
        await town.copied()
    assert (town.further.state, town.further.why) == (D.ENDED, Reason.COPY_LATE)
    assert timedelta(days=5) < town.clock.now() - town.further.since < timedelta(days=5, hours=8)
    assert await clear_contents(town.world) == 1 and town.contents.files == {}


async def test_contents_that_are_destroyed_end_a_copy_that_waits() -> None:
    """Five days after the receipt nothing is kept, whoever's turn was near; a copy never waits without contents."""
    town = town_with(BO)
    await town.forwarded()
    town.courier.endings.append(FULL)
    await town.copied()
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    town.clock.advance(5 * DAY + 1)
    assert await clear_contents(town.world) == 1
    assert (town.further.state, town.further.why, town.contents.files) == (D.ENDED, Reason.COPY_LATE, {})


async def test_contents_stay_while_a_copys_attempt_is_open() -> None:
    """They are destroyed at the next round."""
    town = town_with(BO)
    await town.forwarded()
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    town.clock.advance(5 * DAY - 60)
    claim = make.claimed(town.clock.now(), address=BO.address, server=BO.server)
    await town.deliveries.move(town.further, claim)
    town.clock.advance(61)
    assert await clear_contents(town.world) == 0 and town.contents.files
    assert await recover_further(town.world, sole=True) == 1
    assert await clear_contents(town.world) == 1


async def test_a_recipient_that_the_route_drops_gets_nothing_more() -> None:
    """Nothing is due for it, its claim is refused, and contents are not kept for it."""
    town = town_with(BO)
    await town.forwarded()
    reroute(town, KIM)
    assert not await town.deliveries.due(town.clock.now(), 10)
    assert await send_further(town.further, town.world) is None
    assert (town.further.state, town.further.why) == (D.ENDED, Reason.COPY_LATE)
    assert not to(town, BO)

    town = town_with(BO)
    await town.forwarded()
    reroute(town, KIM)
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.letter.contents is None and town.contents.files == {}


async def test_a_copy_is_not_sent_plain_where_the_company_has_it_encrypted() -> None:
    """A recipient without a certificate gets nothing; one with a certificate gets it encrypted."""
    pem = certificate()
    town = town_with(BO, replace(KIM, certificate=pem), options=Options(certificate=pem))
    await town.forwarded()
    bo, kim = [await town.copied(one) for one in list(town.deliveries.rows.values())]
    assert (bo.state, bo.why) == (D.ENDED, Reason.NO_CERTIFICATE) and not to(town, BO)
    assert kim.state is D.DELIVERED and b"application/pkcs7-mime" in to(town, KIM)[0]
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.contents.files == {}


async def test_an_encrypted_copy_is_made_once_too() -> None:
    """The same octets at each attempt; a lost one is made anew and the letter's contents stay."""
    pem = certificate()
    town = town_with(replace(KIM, certificate=pem), options=Options(certificate=pem))
    await town.forwarded()
    town.courier.endings.extend([SHUT, broken(Stage.DOT), ACCEPTED])
    first = await town.copied()
    assert first.composed is not None
    await town.copied()
    assert (await town.copied()).state is D.DELIVERED
    sent = [x for x in town.courier.sent if x.mail.recipient == KIM.address]
    assert len(sent) == 2 and sent[0].letter == sent[1].letter
    assert first.composed.file not in town.contents.files

    town = town_with(replace(KIM, certificate=pem), options=Options(certificate=pem))
    await town.forwarded()
    town.courier.endings.append(SHUT)
    first = await town.copied()
    assert first.composed is not None
    del town.contents.files[first.composed.file]
    assert (await town.copied()).why == "contents_lost"
    assert (await town.copied()).state is D.DELIVERED


async def test_uncertain_ends_of_a_copy_are_its_own() -> None:
    """Identical copies, counted on its row; after three it is over; the letter's count stays."""
    town = town_with(BO)
    await town.forwarded()
    town.courier.endings.extend([broken(Stage.DOT)] * 3)
    states = [(await town.copied()).state for _ in range(3)]
    assert states == [D.WAITING, D.WAITING, D.ENDED] and town.further.uncertain == 3
    assert len({x.letter for x in town.courier.sent if x.mail.recipient == BO.address}) == 1
    assert town.letter.uncertain == 0
    await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.letter.state is S.ACKNOWLEDGED and town.contents.files == {}


@pytest.mark.parametrize(("begun", "why", "count"), [(False, "cut", 0), (True, "uncertain", 1)])
async def test_a_restart_ends_a_copys_attempt(begun: bool, why: str, count: int) -> None:
    """Cut before its dot, uncertain after it; due again later."""
    town = town_with(BO)
    await town.forwarded()

    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    with_courier(town, SlowCourier(**{"after" if begun else "before": die}))  # type: ignore[arg-type]
    with pytest.raises(Died):
        await send_further(town.further, town.world)
    assert town.further.state is D.SENDING
    assert await recover_further(town.world, sole=True) == 1
    assert (town.further.state, town.further.why, town.further.uncertain) == (D.WAITING, why, count)
    with_courier(town, FakeCourier())
    assert (await town.copied()).state is D.DELIVERED


async def test_a_pause_stops_copies_before_the_claim_and_before_the_dot() -> None:
    """Nothing more goes to anybody until the mailbox is resumed."""
    town = town_with(BO)
    await town.forwarded()
    with_courier(town, SlowCourier(before=lambda: town.mailboxes.pause(make.ANNA, "anna")))
    await send_further(town.further, town.world)
    assert (town.further.state, town.further.why, town.courier.sent) == (D.WAITING, "stopped", [])
    assert not await town.deliveries.due(town.clock.now(), 10)
    await town.mailboxes.resume(make.ANNA, "anna")
    with_courier(town, FakeCourier())
    assert (await town.copied()).state is D.DELIVERED


async def test_a_copy_through_a_relay_is_done_with_its_word() -> None:
    """Nothing leaves Digital Post on account of a copy, so the hand-over is enough."""
    town = town_with(BO)
    await town.forwarded()
    town.courier.endings.append(replace(ACCEPTED, way=Way.RELAY))
    assert (await town.copied()).state is D.DELIVERED


async def test_a_dismissed_letter_goes_to_nobody() -> None:
    """Closed by a person before the copy went: the copy is not due."""
    town = town_with(BO)
    await town.waiting()
    town.courier.endings.append(SHUT)
    await town.step()
    await town.letters.move(town.letter, Dismissed("anna"))
    assert not await town.deliveries.due(town.clock.now(), 10)

"""What an attacker of the letter's way tried: each test is what a company would have seen."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

import pytest

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.events import Bounced, Postponed, Reason, ReceiptBegun, Released, Retried, Returned
from nemboks.domain.incidents import Cause, NoticeKind
from nemboks.domain.letter import Stale, State
from nemboks.domain.mailbox import Address, Options
from nemboks.domain.proof import Evidence, Stage
from nemboks.domain.returns import Token
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.further import plan_fallbacks
from nemboks.journey.landed import look_for
from nemboks.journey.notices import BATCH, send_notices
from nemboks.journey.returned import read_returns
from nemboks.journey.world import Returning
from nemboks.ports import Landed, Place
from tests.content.test_smime import certificate
from tests.helpers import builders as make
from tests.helpers.fake_boxes import FakeBox
from tests.helpers.fake_courier import broken
from tests.journey.relayed import DOMAIN, KEY, Relayed, dsn
from tests.journey.test_further import BO, HOME, reroute, to, town_with
from tests.journey.test_further_fallbacks import stranded
from tests.journey.test_notices import Office
from tests.journey.test_parts import split
from tests.journey.town import SlowCourier, Town, memo, uuid, with_courier

S = State
NEW = Address("anna@nyt-bageri.example")


def move_house(town: Town) -> None:
    """The company's letters go to another address from now on."""
    route = town.mailbox.route
    town.mailboxes.change(1, route=replace(route, version=route.version + 1, address=NEW))


async def test_the_new_address_gets_every_part_and_not_only_those_that_the_old_one_lacks() -> None:
    """Half of a letter at the old address and half at the new one is no letter, and no receipt rests on it."""
    town = Town()
    await split(town)
    assert await town.step() is S.WAITING and town.letter.part == 2
    move_house(town)
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.FORWARDED]
    assert [sent.mail.recipient for sent in town.courier.sent] == [make.ADDRESS, NEW, NEW, NEW]
    assert [proof.part for proof in town.letter.proofs] == [1, 2]
    assert {proof.address for proof in town.letter.proofs} == {NEW}
    assert [town.letters.attempts[1, n].part for n in (2, 3, 4, 5)] == [1, 1, 2, 3]


async def test_a_late_word_about_the_old_address_completes_no_letter_at_the_new_one() -> None:
    """The old address's second part after the new one's first: it is read, proves nothing, and is removed."""
    town = Relayed(state=S.WAITING, fence=3, copy=make.copy(parts=((0,), (1,))))
    town.put(replace(town.letter, proofs=(make.confirmation(town.letter, attempt=3, address=NEW),)))
    town.sent(2, part=2)
    town.box.put(dsn(Token(1, 2, 2), "delivered", "2.0.0"))
    assert 1 == await read_returns(town.world) and not town.box.mails
    assert (S.WAITING, 2) == (town.letter.state, town.letter.part)


@pytest.mark.parametrize("address", [make.ADDRESS, NEW])
async def test_a_mail_that_may_be_the_old_addresss_is_no_landing_at_the_new_one(address: str) -> None:
    """Both mails have one Message-ID: where two addresses were tried, a find in one mailbox says too little."""
    town = Relayed(fence=2)
    town.sent(2)
    town.letters.attempts[1, 2] = replace(town.letters.attempts[1, 2], address=address)
    town.landings.lies[make.copy().message_id] = Landed(Place.INBOX, "INBOX")
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.letter.state is (S.FORWARDED if address == make.ADDRESS else S.HANDED_OVER)


async def test_a_mail_that_came_back_is_not_receipted_by_who_looked_before() -> None:
    """The bounce is committed between the look for what is due and the call: the letter stays in Digital Post."""
    town = Town()
    seen = await town.forwarded()
    await town.letters.move(seen, Bounced("5.1.1"))
    with pytest.raises(Stale):
        await acknowledge(seen, await town.world.mailboxes.get(seen.mailbox), town.world)
    assert town.inbox.receipts == []
    for event in (ReceiptBegun(), Retried("anna", town.clock.now())):
        with pytest.raises(Stale):
            await town.letters.move(town.letter, event)


async def test_a_mail_that_came_back_during_its_receipt_is_not_due_again_and_again() -> None:
    """The call fails after the bounce: a letter that waits for a person must not keep the machine busy."""
    town = Town()
    letter = await town.letters.move(await town.forwarded(), ReceiptBegun())
    await town.letters.move(letter, Bounced("5.1.1"))
    await town.letters.move(letter, Postponed("unavailable", "503", town.clock.now(), definite=False))
    assert town.letter.due_at is None and town.letter.receipt_begun_at is not None
    assert not await town.letters.due(S.FORWARDED, town.clock.now() + timedelta(days=9), 10)


async def test_after_a_silent_relay_the_same_mail_goes_again() -> None:
    """It may have arrived: the second copy is counted, and is the first one's twin whatever was chosen since."""
    town = Town()
    await town.waiting()
    await town.step()
    first = town.courier.sent[0].letter
    town.letters.rows[1] = replace(town.letter, state=S.HANDED_OVER, confirmation=None, deadline_at=town.clock.now())
    await town.letters.move(town.letter, Returned(Reason.RELAY_SILENT, ""))
    assert (S.HELD, 1) == (town.letter.state, town.letter.uncertain)
    town.mailboxes.change(1, options=Options(language="en", code_phrase="rugbrød"))
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    assert await town.step() is S.FORWARDED
    assert first == town.courier.sent[1].letter


async def test_parts_are_sent_as_they_were_weighed() -> None:
    """What the company chose after the split could make them too large again; a renewed certificate counts."""
    town = Town(options=Options(certificate=certificate()))
    await town.waiting()
    copy = replace(town.letter.copy or make.copy(), parts=((0,),))
    town.letters.rows[1] = replace(town.letter, copy=copy)
    renewed = certificate(last=200)
    town.mailboxes.change(1, options=Options(language="en", certificate=renewed))
    assert await town.step() is S.FORWARDED
    assert town.letter.copy is not None
    assert (town.letter.copy.style.language, town.letter.copy.style.certificate) == ("da", renewed)


async def test_a_copy_is_not_plain_where_the_company_has_begun_to_encrypt() -> None:
    """Chosen after the letter was collected, and before the first mail of it: nobody gets it readable."""
    town = town_with(BO)
    await town.waiting()
    await town.deliveries.plan(town.letter, [BO], town.clock.now())
    town.mailboxes.change(1, options=Options(certificate=certificate()))
    assert (await town.copied()).why == Reason.NO_CERTIFICATE and not to(town, BO)


async def test_a_bounce_of_the_primarys_mail_is_none_of_what_a_fallback_decided() -> None:
    """The fallback has the letter, and its attempt is nobody else's."""
    town = town_with(HOME, decides=True)
    box = FakeBox()
    town.world = replace(town.world, returning=Returning(DOMAIN, KEY, box))
    await stranded(town)
    await plan_fallbacks(town.world)
    await town.copied()
    proof, fence = town.letter.confirmation, town.letter.fence
    assert town.letter.state is S.FORWARDED and proof is not None
    assert (HOME.address, 0, Evidence.FINAL) == (proof.address, proof.attempt, proof.evidence)
    box.put(dsn(Token(1, fence, 1)))
    await read_returns(town.world)
    assert not town.letter.bounced and await town.step() is S.ACKNOWLEDGED


async def test_one_dead_path_with_many_notices_keeps_nobody_else_waiting() -> None:
    """More of them are due, and for longer, than are looked at in one go."""
    office = Office(operator=Address("drift@nemboks.example"), second_contact=Address("bo@revisor.example"))
    office.fail(Cause.ADDRESS)
    await office.look()
    office.clock.advance(office.world.pace.gather_seconds)
    await office.look()
    (notice, *_) = [x for x in office.incidents.told.values() if "revisor" in x.path]
    for number in range(1000, 1000 + 2 * BATCH):
        early = office.clock.now() - timedelta(hours=1)
        dead = replace(notice, id=number, path="webhook:dead", kind=NoticeKind.STILL, number=number, sent_at=None)
        office.incidents.told[number] = replace(dead, due_at=early)
    office.incidents.told[notice.id] = replace(notice, sent_at=None, due_at=office.clock.now())
    office.hooks.refusing = {"webhook:dead"}
    await send_notices(office.world)
    assert office.incidents.told[notice.id].sent_at is not None


async def test_other_contents_under_the_id_are_not_confirmed_by_a_late_word() -> None:
    """The delivery notice is about the letter that lay there before; the new one was sent to nobody."""
    town = Relayed(state=S.HELD, why=Reason.OTHER_CONTENTS)
    town.box.put(dsn(Token(1, 1, 1), "delivered", "2.0.0"))
    assert 1 == await read_returns(town.world) and not town.box.mails
    assert S.HELD is town.letter.state


async def test_a_copy_goes_on_when_its_readers_certificate_was_renewed() -> None:
    """The old one had expired before the first mail went: the accountant has not to wait until it is given up."""
    old = replace(BO, certificate=certificate(last=-9))
    town = town_with(old)
    await town.waiting()
    await town.deliveries.plan(town.letter, [old], town.clock.now())
    assert (await town.copied()).why == "certificate"
    reroute(town, replace(BO, certificate=certificate()))
    assert (await town.copied()).state is DeliveryState.DELIVERED


async def test_other_contents_are_another_mail_than_the_one_that_may_have_arrived() -> None:
    """A reader that folds copies by their Message-ID must not fold the new letter into the old one."""
    town = Town()
    await town.waiting()
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    town.contents.files.clear()
    town.inbox.put(uuid(1), memo(title="Ny"))
    assert [await town.step() for _ in range(2)] == [S.FOUND, S.HELD]
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    assert [await town.step() for _ in range(3)] == [S.FOUND, S.WAITING, S.FORWARDED]
    assert len({message_from_bytes(sent.letter)["Message-ID"] for sent in town.courier.sent}) == 2
    assert town.letter.copy is not None and town.letter.copy.after == 2


async def test_a_bounce_quicker_than_our_commit_stops_the_receipt() -> None:
    """It comes while the 250 is on its way into the ledger: it is read again when it can be noted."""
    town, box = Town(), FakeBox()
    town.world = replace(town.world, returning=Returning(DOMAIN, KEY, box))
    await town.waiting()
    seen: list[int] = []

    async def read() -> None:
        box.put(dsn(Token(1, 1, 1)))
        seen.append(await read_returns(town.world))

    with_courier(town, SlowCourier(after=read))
    assert await town.step() is S.FORWARDED and seen == [0]
    assert await read_returns(town.world) == 1
    assert town.letter.bounced and town.letter.due_at is None


@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_bounce_of_the_fallbacks_mail_stops_the_receipt_that_it_decided(attempt: int) -> None:
    """Where it decides, its mail is the one that the letter rests on; another attempt's is not."""
    town = town_with(HOME, decides=True)
    box = FakeBox()
    town.world = replace(town.world, returning=Returning(DOMAIN, KEY, box))
    await stranded(town)
    await plan_fallbacks(town.world)
    await town.copied()
    box.put(dsn(Token(1, attempt, 1, town.further.id)))
    assert await read_returns(town.world) == 1
    assert town.letter.state is S.FORWARDED and bool(town.letter.bounced) is (attempt == 1)


async def test_a_look_at_one_part_says_nothing_of_the_next() -> None:
    """While it looked, a notice confirmed the part and the next was handed over: its silence is not that one's."""
    town = Relayed(copy=make.copy(parts=((0,), (1,))))
    seen = town.letter
    town.put(replace(seen, fence=2, proofs=(make.confirmation(seen),)))
    with pytest.raises(Stale):
        await town.letters.move(seen, Returned(Reason.RELAY_SILENT, ""))

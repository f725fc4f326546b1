"""A letter in several mails whose way changes half-way, and back: what each address gets, and how often."""

from collections import Counter
from dataclasses import replace
from email import message_from_bytes

import pytest

from nemboks.domain.events import AttemptEnded, DotBegun, PartConfirmed, Released, ReturnedElsewhere
from nemboks.domain.headline import Style
from nemboks.domain.letter import State, move
from nemboks.domain.mailbox import Address, Options
from nemboks.domain.proof import Stage, Way
from nemboks.domain.returns import Token
from nemboks.domain.states import Elsewhere
from nemboks.journey.recover import recover
from nemboks.journey.returned import read_returns
from nemboks.journey.world import Returning
from tests.content.memos import File
from tests.content.test_smime import certificate
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.fake_boxes import FakeBox
from tests.helpers.fake_courier import ACCEPTED, broken, refused
from tests.journey.relayed import DOMAIN, KEY, Relayed, dsn
from tests.journey.test_mail import signed
from tests.journey.test_parts import FILES, split, too_large
from tests.journey.town import Town, memo

S = State
NEW = Address("anna@nyt-bageri.example")


TRUSTED = replace(ACCEPTED, way=Way.RELAY, trusted=True)
THIRD = Address("kontoret@tredje.example")
FIVE = [File(bytes([n]) * 60_000, f"{n}.pdf", role="AdditionalDocument" if n else "MainDocument") for n in range(5)]


def with_returns(town: Town) -> FakeBox:
    """The box that what comes back falls into."""
    box = FakeBox()
    town.world = replace(town.world, returning=Returning(DOMAIN, KEY, box))
    return box


def lead(town: Town, address: str) -> None:
    """The company's letters go to this address from now on."""
    route = town.mailbox.route
    town.mailboxes.change(1, route=replace(route, version=route.version + 1, address=Address(address)))


def got(town: Town, address: str) -> list[str]:
    """The parts that were sent to the address, as its mails name them."""
    mails = [message_from_bytes(sent.letter) for sent in town.courier.sent if sent.mail.recipient == address]
    return [mail["Nemboks-Part"] for mail in mails]


async def test_a_letter_that_was_led_away_and_back_comes_once() -> None:
    """Nobody sees a part twice without an uncertain end, and whoever gets the letter gets all of it."""
    town = Town()
    await split(town)
    await town.step()
    lead(town, NEW)
    await town.step()
    lead(town, make.ADDRESS)
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    assert (got(town, make.ADDRESS), got(town, NEW)) == (["1/3", "2/3", "3/3"], ["1/3"])
    assert {proof.address for proof in town.letter.proofs} == {make.ADDRESS}
    assert [town.letters.attempts[1, n].part for n in (2, 3, 4, 5)] == [1, 1, 2, 3]


async def test_back_before_the_other_address_got_anything() -> None:
    """It was tried there in vain: the first address goes on as if nothing had been."""
    town = Town()
    await split(town)
    await town.step()
    lead(town, NEW)
    town.courier.endings.append(refused(Stage.RCPT, 451))
    await town.step()
    lead(town, make.ADDRESS)
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    assert got(town, make.ADDRESS) == ["1/3", "2/3", "3/3"] and got(town, NEW) == []


async def test_each_address_keeps_its_own_division() -> None:
    """The other server takes only smaller mails: back at the first one the letter goes on as it began there."""
    town = Town()
    await split(town)
    town.courier.endings.append(too_large(200_000))
    lead(town, NEW)
    await town.step()
    lead(town, make.ADDRESS)
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.FORWARDED]
    assert got(town, make.ADDRESS) == ["1/3", "2/3", "3/3"]


async def test_the_uncertain_part_is_the_same_mail_after_the_way_back() -> None:
    """The signature and the company's wishes are those under which it first went to this address."""
    town = Town()
    signed(town)
    await split(town)
    town.courier.endings.append(broken(Stage.DOT))
    assert await town.step() is S.WAITING and town.letter.uncertain == 1
    lead(town, NEW)
    await town.step()
    town.mailboxes.change(1, options=replace(town.mailbox.options, neutral_subject=True))
    lead(town, make.ADDRESS)
    await town.step()
    first, again = [x.letter for x in town.courier.sent if x.mail.recipient == make.ADDRESS]
    assert first == again and Counter(got(town, make.ADDRESS)) == {"1/3": 2}


async def test_an_encrypted_part_of_another_address_is_thrown_away() -> None:
    """It was made for one address; nothing of it stays in the spool."""
    town = Town()
    await split(town)
    await town.step()
    async with town.contents.seal(1) as sealing:
        made = await sealing.finish(durable=True)
    town.letters.rows[1] = replace(town.letter, composed=made)
    lead(town, NEW)
    await town.step()
    assert town.letter.composed is None and made.file not in town.contents.files


@pytest.mark.parametrize("state", [S.WAITING, S.HANDED_OVER, S.FOUND, S.HELD])
async def test_a_part_that_came_back_from_the_earlier_address_is_missing_there(state: State) -> None:
    """It is sent again if the letter goes there again; meanwhile the letter's own way goes on."""
    town = Relayed(state=state, fence=2, copy=make.copy(parts=((0,), (1,)), address=NEW))
    before = make.copy(parts=((0,), (1,)), address=make.ADDRESS)
    town.put(replace(town.letter, elsewhere=(Elsewhere(before, (make.confirmation(town.letter, attempt=1),)),)))
    town.box.put(dsn(Token(1, 1, 1)))
    assert await read_returns(town.world) == 1 and not town.box.mails
    assert (town.letter.state, town.letter.elsewhere) == (state, (Elsewhere(before, ()),))


async def test_such_a_notice_waits_for_the_attempt_that_is_open() -> None:
    """And is read again; when the letter has arrived elsewhere, nobody needs to know."""
    town = Relayed(state=S.SENDING, fence=2, copy=make.copy(parts=((0,), (1,)), address=NEW))
    before = make.copy(parts=((0,), (1,)), address=make.ADDRESS)
    town.put(replace(town.letter, elsewhere=(Elsewhere(before, (make.confirmation(town.letter, attempt=1),)),)))
    town.box.put(dsn(Token(1, 1, 1)))
    assert await read_returns(town.world) == 0 and len(town.box.mails) == 1
    confirmed = make.confirmation(town.letter, attempt=2, part=2, address=NEW)
    town.put(replace(town.letter, state=S.FORWARDED, confirmation=confirmed))
    assert await read_returns(town.world) == 1 and not town.letter.bounced and not town.box.mails


async def test_a_letter_with_other_contents_begins_anew_everywhere() -> None:
    """What an address has of the old ones is nothing of the new."""
    town = Relayed(state=S.HELD, why="other_contents", elsewhere=(Elsewhere(make.copy(address=NEW), ()),))
    after = await town.letters.move(town.letter, Released("anna", START))
    assert after.elsewhere == ()


async def test_a_receipt_is_owed_only_when_one_address_has_all_of_it() -> None:
    """Two divisions, a claim for a third address that was cut before anything was made, and two late words."""
    town = Town()
    box = with_returns(town)
    await town.waiting(memo(files=FILES))
    town.courier.endings.extend([too_large(200_000), TRUSTED])
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.WAITING]
    lead(town, NEW)
    town.courier.endings.extend([too_large(), TRUSTED, TRUSTED])
    await town.step()
    await town.step()
    first = town.letter.fence
    await town.step()
    lead(town, make.ADDRESS)
    town.courier.endings.append(refused(Stage.RCPT, 451))
    await town.step()
    lead(town, THIRD)
    await town.letters.move(town.letter, make.claimed(town.clock.now(), route_version=4, address=THIRD))
    town.clock.advance(3_600)
    await recover(town.world)
    for number, part in ((first, 1), (first + 1, 2)):
        box.put(dsn(Token(1, number, part), "delivered", "2.0.0"))
        await read_returns(town.world)
    assert (got(town, make.ADDRESS), got(town, NEW), got(town, THIRD)) == (["1/2"], ["1/3", "2/3"], [])
    assert town.letter.state is S.WAITING and not box.mails


async def test_a_fallback_that_was_cut_off_while_it_decided_blocks_nothing() -> None:
    """Killed between two of its parts; the owner then lets no fallback decide any more."""
    town = Town()
    await split(town)
    await town.step()
    by_fallback = replace(town.letter.proofs[0], attempt=0, part=2, address=Address("bo@revisor.example"))
    await town.letters.move(town.letter, PartConfirmed(by_fallback, town.clock.now()))
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    assert got(town, make.ADDRESS) == ["1/3", "2/3", "3/3"]


@pytest.mark.parametrize("bounces", [False, True])
async def test_a_bounce_of_the_earlier_address_does_not_hold_the_letter_at_the_new_one(bounces: bool) -> None:
    """Its server takes only smaller mails, and nothing can lie there: the letter is divided for it."""
    town = Town()
    box = with_returns(town)
    await town.waiting(memo(files=FIVE))
    town.courier.endings.extend([too_large(200_000), TRUSTED, TRUSTED])
    await town.step()
    await town.step()
    first = town.letter.fence
    await town.step()
    lead(town, NEW)
    town.courier.endings.append(refused(Stage.RCPT, 451))
    await town.step()
    if bounces:
        box.put(dsn(Token(1, first, 1)))
        await read_returns(town.world)
    town.courier.endings.append(too_large())
    assert [await town.step() for _ in range(6)] == [S.WAITING] * 5 + [S.FORWARDED]
    assert got(town, NEW) == ["1/5", "2/5", "3/5", "4/5", "5/5"]


@pytest.mark.parametrize("wish", [Options(neutral_subject=True), Options(certificate=certificate())])
async def test_an_address_that_got_nothing_gets_it_as_the_company_wants_it_today(wish: Options) -> None:
    """Uncertain at one address, in vain at the other, back, and there again: no plain mail where all are encrypted."""
    town = Town()
    await town.waiting()
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    for address in (NEW, make.ADDRESS):
        lead(town, address)
        town.courier.endings.append(refused(Stage.RCPT, 451))
        await town.step()
    town.mailboxes.change(1, options=wish)
    lead(town, NEW)
    await town.step()
    (there,) = [sent.letter for sent in town.courier.sent if sent.mail.recipient == NEW]
    assert (b"application/pkcs7-mime" in there) is bool(wish.certificate)
    style = town.letter.copy.style if town.letter.copy else Style()
    assert (style.neutral_subject, style.certificate) == (wish.neutral_subject, wish.certificate)


async def test_another_answer_to_the_same_uncertainty_elsewhere() -> None:
    """A mail server without 8-bit at the new address gets the wrapped form, though an end was uncertain at the old."""
    town = Town()
    await town.waiting()
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    lead(town, NEW)
    town.courier.endings.append(refused(Stage.DATA, 554, "5.6.3"))
    await town.step()
    assert town.letter.copy and town.letter.copy.wrap


def test_after_three_uncertain_ends_a_person_decides_whatever_came_back_meanwhile() -> None:
    """RELIABILITY I3: what came back from another address is no uncertain end at this one."""
    copy = make.copy(parts=((0,), (1,), (2,)), address=make.ADDRESS)
    letter = make.letter(S.WAITING, copy=copy, headline=make.headline(), contents=make.sealed(), fence=2)
    proofs = tuple(make.confirmation(letter, attempt=n, part=n, address=NEW) for n in (1, 2))
    letter = replace(letter, elsewhere=(Elsewhere(replace(copy, address=NEW), proofs),))
    states = []
    for end in range(3):
        letter = move(letter, make.claimed(), START)
        letter = move(letter, DotBegun(letter.fence), START)
        letter = move(letter, AttemptEnded(letter.fence, "?", START), START)
        states.append(letter.state)
        if end == 1:
            letter = move(letter, ReturnedElsewhere(NEW, 1, "5.1.1"), START)
    assert states == [S.WAITING, S.WAITING, S.HELD]


@pytest.mark.parametrize("back_after", [0, 1, 2])
def test_a_person_is_asked_after_three_uncertain_ends_though_the_letter_was_led_back(back_after: int) -> None:
    """What may lie there because a part before it came back counts, and does not put the question off."""
    copy = make.copy(parts=((0,), (1,), (2,)), address=make.ADDRESS)
    letter = make.letter(S.WAITING, copy=copy, headline=make.headline(), contents=make.sealed(), fence=3)
    proofs = tuple(make.confirmation(letter, attempt=n, part=n, address=NEW) for n in (1, 2))
    letter = replace(letter, elsewhere=(Elsewhere(replace(copy, address=NEW), proofs),))
    letter = move(letter, ReturnedElsewhere(NEW, 1, "5.1.1"), START)
    ends = 0
    while letter.state is S.WAITING:
        letter = move(letter, make.claimed(address=NEW if ends >= back_after else make.ADDRESS), START)
        letter = move(letter, DotBegun(letter.fence), START)
        letter = move(letter, AttemptEnded(letter.fence, "?", START), START)
        ends += 1
    assert ends <= 3 and letter.uncertain >= ends


async def test_a_third_of_a_letter_at_another_address_is_no_receipt_for_all_of_it() -> None:
    """It was one mail at the first address and three at the second; a late word about one of those is no whole."""
    town = Town()
    box = with_returns(town)
    await town.waiting(memo(files=FILES))
    town.courier.endings.append(broken(Stage.DOT))
    assert await town.step() is S.WAITING and town.letter.uncertain == 1
    lead(town, NEW)
    town.courier.endings.extend([too_large(200_000), TRUSTED])
    await town.step()
    await town.step()
    first = town.letter.fence
    assert got(town, NEW) == ["1/2"]
    lead(town, make.ADDRESS)
    town.courier.endings.append(refused(Stage.RCPT, 451))
    await town.step()
    box.put(dsn(Token(1, first, 1), "delivered", "2.0.0"))
    await read_returns(town.world)
    assert town.letter.state is S.WAITING and not box.mails


async def test_a_divided_letter_goes_to_a_new_address_as_the_company_wants_it_today() -> None:
    """Encrypted from now on, though it was divided for another address before."""
    town = Town()
    await split(town)
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    lead(town, NEW)
    town.mailboxes.change(1, options=Options(certificate=certificate()))
    await town.step()
    there = [sent.letter for sent in town.courier.sent if sent.mail.recipient == NEW]
    assert there and all(b"application/pkcs7-mime" in one for one in there)

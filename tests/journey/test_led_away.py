"""A letter in several mails whose way changes half-way, and back: what each address gets, and how often."""

from collections import Counter
from dataclasses import replace
from email import message_from_bytes

import pytest

from nemboks.domain.events import Released
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address
from nemboks.domain.proof import Stage
from nemboks.domain.returns import Token
from nemboks.domain.states import Elsewhere
from nemboks.journey.returned import read_returns
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.fake_courier import broken, refused
from tests.journey.relayed import Relayed, dsn
from tests.journey.test_mail import signed
from tests.journey.test_parts import split, too_large
from tests.journey.town import Town

S = State
NEW = Address("anna@nyt-bageri.example")


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

"""RELIABILITY 4f: a plan that ends, a mailbox that is given up, a person's second try, an alarm that cannot be sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.desk.access import Asking
from nemboks.desk.audit import audit_verify
from nemboks.desk.letters import letter_show, release
from nemboks.desk.mailboxes import pause
from nemboks.desk.notices import told_list
from nemboks.domain.letter import Reason, State
from nemboks.domain.proof import Stage
from nemboks.store.books import SqlBooks
from tests.faults.village import Village, cvr, village
from tests.helpers.fake_courier import broken, refused
from tests.journey.town import SlowCourier

ANNA = cvr(1)
ME = Asking("root (operator)")
HOUR, CONTACT = 3_600, "mail:da:anna@hjemme.example"


async def _ends(place: Village) -> None:
    """The company's plan ends in half a minute."""
    until = place.clock.now() + timedelta(seconds=30)

    def act(books: SqlBooks) -> None:
        box = books.mailbox(ANNA)
        assert box is not None
        books.keep(replace(box, serves_until=until))

    await place.store.act(act)


@pytest.mark.parametrize("at", ["before", "after"])
async def test_t05_a_plan_ends_in_mid_letter(tmp_path, at: str) -> None:
    """What has sent its dot is finished and leaves Digital Post; what has not stays there, and nothing new begins."""
    async with village(tmp_path) as place:
        place.post(ANNA, 1)
        place.post(ANNA, 2)
        await _ends(place)
        await place.fetched()
        courier = SlowCourier(**{at: lambda: place.clock.advance(60)})
        place.world = replace(place.world, courier=courier)
        await place.round()
        await place.until(4 * HOUR)
        states = await place.states()

    assert len(courier.sent) == int(at == "after")
    assert states.count(State.ACKNOWLEDGED) == int(at == "after")
    assert not {State.SENDING, State.FORWARDED} & {*states}


async def test_t06_a_mailbox_that_is_given_up_with_letters_waiting(tmp_path) -> None:
    """There is no command that deletes one: it is paused, upstream keeps its letters, and the history stays whole."""
    async with village(tmp_path) as place:
        ids = {place.post(ANNA, number) for number in (1, 2, 3)}
        await place.fetched()
        await pause(place.store, ME, ANNA)
        await place.until(2 * HOUR)

        assert await place.states() == [State.WAITING] * 3
        assert ids == {*place.inboxes.by_cvr[ANNA].letters}
        assert place.courier.sent == []
        assert (await audit_verify(place.store, ME))["whole"]


async def test_t07_a_person_sends_an_uncertain_letter_again(tmp_path) -> None:
    """After three uncertain ends it is held; who released it is in its history, and the count of copies is shown."""
    async with village(tmp_path) as place:
        place.post(ANNA, 1)
        place.courier.endings.extend([broken(Stage.DOT)] * 3)
        await place.until(HOUR)
        letter = await place.letter()
        assert (letter.state, letter.why, letter.uncertain) == (State.HELD, Reason.THREE_UNCERTAIN, 3)

        await release(place.store, ME, 1)
        await place.round()
        page = await letter_show(place.store, ME, 1)

    assert page["uncertain"] == 3
    assert len(place.courier.sent) == 4
    assert len({sent.letter for sent in place.courier.sent}) == 1
    assert "root" in str(page["way"])


async def test_t08_the_alarm_itself_fails(tmp_path) -> None:
    """The notice keeps its own state and words: shown as not taken, tried again, and taken when the path is back."""
    async with village(tmp_path) as place:
        place.post(ANNA, 1)
        place.courier.endings.extend([refused(Stage.RCPT, 550, "5.1.1")] * 100)
        place.notifier.refusing = {CONTACT}
        await place.round()
        told = await place.told()
        owed = [one["state"] for one in (await told_list(place.store, ME))[0] if one["state"] != "sent"]
        place.notifier.refusing = set()
        place.clock.advance(HOUR)
        later = await place.told()

    assert "mail:da:drift@nemboks.example stopped address" in told  # another path is not held up
    assert owed == ["failing"]
    assert f"{CONTACT} stopped address" in later

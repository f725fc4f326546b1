"""RELIABILITY 4c, where only hours and many companies show it: Digital Post away, refusing, recalling, repeating."""

import pytest

from nemboks.domain.letter import State
from nemboks.domain.mailbox import Face
from nemboks.ports import Gone, Refused, Unavailable
from tests.faults.village import cvr, village

HOUR, DAY = 3_600, 86_400
ANNA = cvr(1)


async def test_h01_a_storm_of_401(tmp_path) -> None:
    """Asked at most twice in ten minutes, for as long as it lasts; people hear of it once, and then all letters go."""
    async with village(tmp_path) as place:
        inbox = place.inboxes.by_cvr[ANNA]
        inbox.plant("list", *[Refused("401", mailbox=True)] * 1_000)
        for number in range(1, 6):
            place.post(ANNA, number)
        asked = []
        for _ in range(36):
            before = len(inbox.acts)
            await place.until(600)
            asked.append(len(inbox.acts) - before)
        told = await place.told()
        inbox.heal()
        await place.until(2 * HOUR)

        assert max(asked) <= 2
        assert any("refused" in one for one in told)
        assert await place.states() == [State.ACKNOWLEDGED] * 5


async def test_h02_one_of_fifty_withdraws_its_consent(tmp_path) -> None:
    """Its mailbox is parked and people hear so; the other forty-nine are looked into and served as on any day."""
    async with village(tmp_path, 50) as place:
        for number in range(1, 51, 5):
            place.post(cvr(number), number)
        place.inboxes.by_cvr[ANNA].plant("list", *[Refused("403", mailbox=True)] * 100)
        await place.round()
        await place.round(30)

        assert await place.states() == [State.ACKNOWLEDGED] * 9
        assert (await place.store.mailboxes.find(ANNA)).parked_until
        assert await place.status() == "attention"
        told = await place.told()
        assert [one for one in told if "refused" in one]


async def test_h03_a_404_to_the_list(tmp_path) -> None:
    """There is always a list: the answer is a refusal of the CVR, parked and told, and nothing counts as vanished."""
    async with village(tmp_path) as place:
        place.post(ANNA, 1)
        await place.round()
        place.post(ANNA, 2)
        place.inboxes.by_cvr[ANNA].plant("list", Refused("404", mailbox=True))
        await place.round(2 * HOUR)

        assert (await place.store.mailboxes.find(ANNA)).parked_until
        assert await place.states() == [State.ACKNOWLEDGED]
        await place.until(2 * HOUR)
        assert await place.states() == [State.ACKNOWLEDGED] * 2


@pytest.mark.parametrize("asked", [5.0, 900.0, 3_600.0])
async def test_h07_slow_down(tmp_path, asked) -> None:
    """No call before the time that a 429 names; the letter is fetched after it."""
    async with village(tmp_path) as place:
        inbox = place.inboxes.by_cvr[ANNA]
        place.post(ANNA, 1)
        inbox.plant("list", Unavailable("429", asked))
        await place.round()
        before, began = len(inbox.acts), place.clock.monotonic()
        while len(inbox.acts) == before:
            await place.next()
        waited = place.clock.monotonic() - began
        await place.round(1)

        assert asked <= waited <= max(asked, 60) + 2
        assert await place.states() == [State.ACKNOWLEDGED]


async def test_h08_six_hours_away_and_back(tmp_path) -> None:
    """Asked ever more rarely, at least each five minutes; ten minutes after the last try everything is gone."""
    async with village(tmp_path, 3) as place:
        for number in range(1, 13):
            place.post(cvr(number % 3 + 1), number)
        for inbox in place.inboxes.by_cvr.values():
            inbox.plant("list", *[Unavailable("503")] * 1_000)
        await place.until(6 * HOUR)
        asked = [len(inbox.acts) for inbox in place.inboxes.by_cvr.values()]
        assert await place.status() == "attention"
        for inbox in place.inboxes.by_cvr.values():
            inbox.heal()
        await place.until(6 * 60 + 600)

        assert all(6 * 10 <= number <= 90 for number in asked), asked
        assert await place.states() == [State.ACKNOWLEDGED] * 12
        assert len(place.courier.sent) == 12


async def test_h16_an_id_that_is_used_again(tmp_path) -> None:
    """A letter under the id of one that is done is not sent as if it were that one, and not receipted unseen."""
    async with village(tmp_path) as place:
        inbox = place.inboxes.by_cvr[ANNA]
        id_ = place.post(ANNA, 1, title="Den første")
        await place.round()
        assert await place.states() == [State.ACKNOWLEDGED]
        place.post(ANNA, 1, title="En anden")
        await place.until(DAY)

        assert id_ in inbox.letters
        assert len(inbox.receipts) == len(place.courier.sent) == 1


@pytest.mark.parametrize("ahead", [-30 * DAY, -301, 0, 301, 30 * DAY])
async def test_h19_a_time_of_arrival_that_cannot_be(tmp_path, ahead) -> None:
    """In the past or the future, the letter goes at once; its time is shown as upstream said it."""
    async with village(tmp_path, face=Face.IMAP) as place:
        at = place.clock.now() + (place.clock.now() - place.clock.now().replace(microsecond=0))
        at = at.fromtimestamp(at.timestamp() + ahead, at.tzinfo)
        mail = b"From: SKAT <post@skat.example>\r\nSubject: Afgoerelse\r\nMessage-ID: <1@skat.example>\r\n\r\nTekst\r\n"
        place.inboxes.by_cvr[ANNA].put("7.1", mail, at)
        await place.round()

        assert await place.states() == [State.ACKNOWLEDGED]
        assert (await place.letter()).available_at == at


async def test_h20_a_receipt_that_changes_nothing(tmp_path) -> None:
    """Upstream takes the receipt and lists the letter all the same: one mail, one receipt, whatever is listed."""
    async with village(tmp_path) as place:
        inbox = place.inboxes.by_cvr[ANNA]
        id_ = place.post(ANNA, 1)
        contents = inbox.letters[id_]
        await place.round()
        inbox.put(id_, contents)
        await place.until(HOUR)

        assert id_ in inbox.letters
        assert len(inbox.receipts) == len(place.courier.sent) == 1


async def test_h25_eight_days_without_a_success(tmp_path) -> None:
    """Whoever runs Nemboks sees it within an hour and for as long as it lasts; then every letter goes."""
    async with village(tmp_path) as place:
        inbox = place.inboxes.by_cvr[ANNA]
        await place.round()
        place.post(ANNA, 1)
        inbox.plant("list", *[Unavailable("503")] * 10_000)
        await place.until(HOUR)
        seen = [await place.status()]
        for _ in range(8 * 4):
            await place.round(DAY / 4)
            seen.append(await place.status())
        inbox.heal()
        await place.until(HOUR)

        assert seen == ["attention"] * 33
        assert await place.states() == [State.ACKNOWLEDGED]


async def test_h26_recalled_before_it_was_fetched(tmp_path) -> None:
    """Three looks, then it has vanished and people hear of it; nothing is mailed, nothing receipted."""
    async with village(tmp_path) as place:
        inbox = place.inboxes.by_cvr[ANNA]
        id_ = place.post(ANNA, 1)
        inbox.plant("fetch", Gone("404"))
        await place.round()
        inbox.take(id_)
        await place.until(HOUR)

        assert await place.states() == [State.VANISHED]
        assert place.courier.sent == []
        assert not inbox.receipts
        assert any("vanished" in one for one in await place.told())

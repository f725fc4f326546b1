"""RELIABILITY H23 and H25: people hear of it in time that nothing comes out of Digital Post, or soon will not."""

from dataclasses import replace
from datetime import timedelta

from nemboks.domain.incidents import NoticeKind
from nemboks.domain.letter import State
from nemboks.ports import Refused, Unavailable
from tests.faults.village import CONTACT, Village, cvr, village

HOUR, DAY = 3_600, 86_400
ANNA = cvr(1)
OPERATOR = "mail:da:drift@nemboks.example"
COMPANY = {f"mail:da:{CONTACT}", "mail:da:post@firma1.example"}


async def away(place: Village, days: float) -> list[tuple[float, str]]:
    """What is told while so many days pass, each with the hours since they began: path, kind and cause."""
    told, began = [], place.clock.now()
    for _ in range(round(days * 4)):
        await place.round(DAY / 4)
        hours = (place.clock.now() - began).total_seconds() / HOUR
        told += [(round(hours), one) for one in await place.told()]
    return told


async def test_h25_whoever_runs_nemboks_is_told_after_a_day_and_the_company_after_three(tmp_path) -> None:
    """Once each, then each day; in time to read the post in Digital Post and to mend it before the seventh day."""
    async with village(tmp_path) as place:
        inbox = place.inboxes.by_cvr[ANNA]
        await place.round()
        place.post(ANNA, 1)
        inbox.plant("list", *[Unavailable("503")] * 10_000)
        told = await away(place, 4)

        first = [(hours, one) for hours, one in told if "stopped" in one]
        assert [one for _, one in first] == [
            f"{OPERATOR} stopped unlisted", *(f"{path} stopped unlisted" for path in sorted(COMPANY)),
        ]  # fmt: skip
        assert 24 <= first[0][0] <= 30
        assert all(72 <= hours <= 78 for hours, _ in first[1:])
        assert sum(one == f"{OPERATOR} still unlisted" for _, one in told) == 3
        letter = place.notifier.taken[-1].text
        assert "Den ligger i Digital Post. Der kan den læses imens." in letter

        inbox.heal()
        solved = [one for _, one in await away(place, 1)]
        assert {one.split()[0] for one in solved if "solved unlisted" in one} == {OPERATOR, *COMPANY}
        assert await place.states() == [State.ACKNOWLEDGED]
        assert not await place.store.incidents.open()


async def test_h25_an_outage_of_all_companies_is_one_notice(tmp_path) -> None:
    """Whoever runs Nemboks reads how many it is, instead of a notice for each."""
    async with village(tmp_path, 12) as place:
        await place.round()
        for inbox in place.inboxes.by_cvr.values():
            inbox.plant("list", *[Unavailable("503")] * 10_000)
        told = await away(place, 1.5)

        assert [one for _, one in told] == [f"{OPERATOR} stopped unlisted"]
        (message,) = place.notifier.taken
        assert "12 virksomheder" in message.text
        assert len(message.text.splitlines()) <= 20


async def test_h25_a_company_that_is_paused_or_has_gone_is_no_trouble(tmp_path) -> None:
    """A person stopped the one, the other takes no post; neither is told, nor called solved."""
    async with village(tmp_path, 2) as place:
        await place.round()
        for inbox in place.inboxes.by_cvr.values():
            inbox.plant("list", *[Unavailable("503")] * 10_000)
        await place.store.mailboxes.pause(ANNA, "anna")
        await away(place, 1.25)
        assert [message.cvrs for message in place.notifier.taken] == [(cvr(2),)]

        await place.store.mailboxes.pause(cvr(2), "bo")
        assert await away(place, 4) == []


async def test_h25_a_mailbox_that_comes_to_be_refused_is_not_called_solved(tmp_path) -> None:
    """After the outage Digital Post says no: people are told so, and of the end when there is one."""
    async with village(tmp_path) as place:
        inbox = place.inboxes.by_cvr[ANNA]
        await place.round()
        inbox.plant("list", *[Unavailable("503")] * 1_000)
        assert [one for _, one in await away(place, 1.25)] == [f"{OPERATOR} stopped unlisted"]
        inbox.heal()
        inbox.plant("list", *[Refused("403", mailbox=True)] * 1_000)
        kinds = {one.rpartition(" ")[0].rpartition(" ")[2] for _, one in await away(place, 1)}
        assert str(NoticeKind.SOLVED) not in kinds

        inbox.heal()
        assert {f"{OPERATOR} solved unlisted", f"{OPERATOR} solved refused"} <= {one for _, one in await away(place, 1)}


async def test_h23_the_daemon_tells_that_our_certificate_ends(tmp_path) -> None:
    """Sixty days before, then at thirty, fourteen, seven and one, ever louder; the companies hear nothing of it."""
    async with village(tmp_path) as place:
        ends_at = place.clock.now() + timedelta(days=65)
        place.world = replace(place.world, telling=replace(place.world.telling, certificate_ends_at=ends_at))
        told = []
        for _ in range(64):
            place.clock.advance(DAY)
            told += await place.told()

        assert told == [f"{OPERATOR} stopped our_certificate", *[f"{OPERATOR} still our_certificate"] * 4]
        subjects = [message.subject for message in place.notifier.taken]
        assert ["Haster" in subject for subject in subjects] == [False, False, True, True, True]
        assert [int(subject.split("om ")[1].split()[0]) for subject in subjects] == [60, 30, 14, 7, 1]

        renewed = replace(place.world.telling, certificate_ends_at=ends_at + timedelta(days=1_000))
        place.world = replace(place.world, telling=renewed)
        for _ in range(2):
            place.clock.advance(HOUR)
            told += await place.told()
        assert told[5:] == [f"{OPERATOR} solved our_certificate"]
        assert not await place.store.incidents.open()

"""The morning's digest: once a day at seven in Denmark, each letter in one, bounded, and nothing of an estate."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.content.announcement_texts import announcement_text
from nemboks.desk import digests as desk
from nemboks.desk.digest_facts import facts_of, morning_of
from nemboks.desk.digests import morning_before, waiting
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.custody import NO_CUSTODY
from nemboks.domain.letter import Reason, State
from nemboks.domain.mailbox import Address, Cvr
from nemboks.ports import Arrival, Tally
from tests.desk.digesting import REVISOR, SEVEN, sweep, to, told, trouble
from tests.helpers import builders as make
from tests.helpers.clock import START

__all__ = ["trouble"]  # a fixture

ANNAS = Address("morgen@bageri.example")


async def test_a_digest_tells_what_came_since_the_last(trouble):
    """At seven, with problems first, and the next morning only what came since."""
    await trouble.filled.acknowledged("done")
    await trouble.filled.held("held")
    to(trouble, SEVEN - timedelta(microseconds=1))
    assert await sweep(trouble) == 0

    to(trouble, SEVEN)
    assert (await sweep(trouble), await sweep(trouble)) == (1, 0)

    ((path, facts),) = await told(trouble)
    assert (f"mail:da:{REVISOR}", "2026-11-22", "Revision Syd") == (path, facts["day"], facts["account"])
    assert [("held", 1)] == [(one["kind"], one["number"]) for one in facts["problems"]]
    assert {"letters": 2, "delivered": 1, "waiting": 1} == facts["totals"]
    assert facts["problems"][0]["oldest_at"] == (START + timedelta(seconds=2)).isoformat()


async def test_every_letter_is_in_one_digest_also_after_days_without_a_daemon(trouble):
    """Three days off: one digest of all of them, and none twice."""
    await trouble.filled.acknowledged("first")
    to(trouble, SEVEN + timedelta(days=3, hours=2))
    await trouble.filled.acknowledged("late")  # after seven of the fourth morning
    assert await sweep(trouble) == 1
    to(trouble, SEVEN + timedelta(days=4))
    assert await sweep(trouble) == 1

    assert [1, 1] == [facts["totals"]["letters"] for _, facts in await told(trouble)]
    assert ["2026-11-25", "2026-11-26"] == [facts["day"] for _, facts in await told(trouble)]


async def test_a_day_with_nothing_to_tell_has_no_digest_and_is_over(trouble):
    """No mail, and no second look before the next morning."""
    to(trouble, SEVEN)
    assert await sweep(trouble) == 0
    await trouble.filled.held("held")
    to(trouble, SEVEN + timedelta(hours=23))
    assert (await trouble.store.ask(waiting), await told(trouble)) == (False, [])


@pytest.mark.parametrize(("morning", "hours"), [
    ("2026-10-24T05:00", 24), ("2026-10-25T06:00", 25), ("2026-10-26T06:00", 24),
    ("2027-03-27T06:00", 24), ("2027-03-28T05:00", 23), ("2027-03-29T05:00", 24),
])  # fmt: skip
async def test_seven_is_seven_on_days_of_23_and_25_hours(trouble, morning, hours):
    """Once a day, at the minute, with everything since the morning before and nothing twice."""
    at = datetime.fromisoformat(morning).replace(tzinfo=UTC)
    before = at - timedelta(hours=hours)
    to(trouble, before)
    await trouble.store.act(lambda books: books.rounds.put(replace(books.rounds.all()[0], due_at=before)))
    await sweep(trouble)
    assert morning_before(at) == before

    to(trouble, at - timedelta(seconds=1))
    await trouble.filled.waiting("last")
    assert await sweep(trouble) == 0
    to(trouble, at)
    await trouble.filled.waiting("first of the next")
    assert (await sweep(trouble), await sweep(trouble)) == (1, 0)

    ((_, facts),) = await told(trouble)
    assert (1, morning[:10]) == (facts["totals"]["letters"], facts["day"])


async def test_each_day_of_two_years_has_one_morning(trouble):
    """No day without, none with two, whatever the clocks do."""
    at, days = SEVEN, []
    for _ in range(730):
        days.append(desk.danish(at))
        at = desk.next_at(7, at)
        assert morning_before(at).timestamp() == days[-1].timestamp()

    assert len({day.date() for day in days}) == 730 and {(day.hour, day.minute) for day in days} == {(7, 0)}


async def test_nothing_due_costs_one_search(trouble):
    """The sweep runs every few seconds."""
    statements = []
    driver = trouble.store.mailboxes._reader._line._tx.connection.driver_connection
    driver.set_trace_callback(statements.append)
    assert not await trouble.store.ask(waiting)
    driver.set_trace_callback(None)

    assert 1 == len([one for one in statements if one.startswith("SELECT")])


async def test_a_company_has_a_digest_of_its_own(trouble):
    """To the address and in the language that it chose."""
    box = await trouble.anna()
    await trouble.box(account=None, options=replace(box.options, digest=ANNAS, language="en"))
    await trouble.filled.acknowledged("done")
    to(trouble, SEVEN)

    assert await sweep(trouble) == 1
    ((path, facts),) = await told(trouble)
    assert (f"mail:en:{ANNAS}", {"letters": 1, "delivered": 1, "waiting": 0}) == (path, facts["totals"])
    assert "account" not in facts


async def test_the_people_of_before_hear_nothing_of_an_estate(trouble):
    """Neither while it is open nor after its effect; the receiver hears of the letters since."""
    box = await trouble.anna()
    await trouble.box(frozen_at=trouble.clock.now(), options=replace(box.options, digest=ANNAS))
    await trouble.filled.held("frozen", Reason.FROZEN)
    to(trouble, SEVEN)
    assert (await sweep(trouble), await told(trouble)) == (0, [])

    kurator = Address("clara@kurator.example")
    await trouble.filled.waiting("older")
    await trouble.box(boundary_at=trouble.clock.advance(60), options=replace(box.options, digest=kurator))
    await trouble.filled.waiting("new")
    to(trouble, SEVEN + timedelta(days=1))
    assert await sweep(trouble) == 1
    ((path, facts),) = await told(trouble)
    assert (f"mail:da:{kurator}", 1) == (path, facts["totals"]["letters"])


async def test_an_account_whose_plan_has_ended_hears_no_more(trouble):
    """It was told once that it ended; its mornings are its own."""
    await trouble.filled.acknowledged("done")
    (account,) = await trouble.store.ask(lambda books: books.accounts.all())
    await trouble.store.act(lambda books: books.accounts.put(replace(account, ends_at=SEVEN)))
    to(trouble, SEVEN)

    assert await sweep(trouble) == 0


async def test_deadlines_of_what_came_are_told(trouble):
    """Date and authority, no title."""
    found, due = await trouble.filled.found("due"), START + timedelta(days=12)
    headline = make.headline(reply_by=due, title="Hemmelig titel")
    await trouble.move(found, make.collected(trouble.clock.now(), headline=headline))
    to(trouble, SEVEN)
    await sweep(trouble)

    ((_, facts),) = await told(trouble)
    assert [("2026-12-03", "Skattestyrelsen")] == [(one["date"], one["authority"]) for one in facts["deadlines"]]
    assert "Hemmelig" not in str(facts)


# --- very many clients ---


def boxes(number):
    return [
        make.mailbox(n + 1, Cvr(f"{20_000_000 + n}"), name=f"Firma {n}", listed_at=START, due_at=START + timedelta(1))
        for n in range(number)
    ]


def morning(tallies=(), arrivals=()):
    return morning_of(START - timedelta(days=1), START, START, tallies, {}, arrivals)


@pytest.mark.parametrize("lang", ["da", "en"])
def test_five_thousand_clients_fit(lang):
    """The facts stay small, the counts are of all, and every one of the worst is named."""
    many = boxes(5_000)
    tallies = [Tally(n + 1, State.HELD, "nemsms", False, 2, START - timedelta(days=n)) for n in range(300)]
    arrivals = [
        Arrival(n + 1, START, n % 2 == 0, "Skattestyrelsen", START + timedelta(days=1 + n % 40)) for n in range(4_000)
    ]

    facts = facts_of(many, morning(tallies, arrivals), "Revision Syd")

    assert len(json.dumps(facts)) < 10_000
    assert ({"held": 300}, 300, 20, 20) == (
        facts["kinds"], facts["sick"], len(facts["problems"]), len(facts["clients"]),
    )  # fmt: skip
    assert ({"letters": 4_000, "delivered": 2_000, "waiting": 600}, 4_700) == (facts["totals"], facts["others"])
    assert (10, 3_990) == (len(facts["deadlines"]), facts["more_deadlines"])
    _, text = announcement_text(Announcement(0, "k", Kind.DIGEST, f"mail:{lang}:{REVISOR}", START, START, facts=facts))
    lines = text.splitlines()
    assert len(lines) <= 40
    assert (
        lines[0]
        == {
            "da": "Problemer 21-11-2026 hos 300 CVR-numre: 300 holdt tilbage.",
            "en": "Problems 21-11-2026 at 300 CVRs: 300 on hold.",
        }[lang]
    )
    rest = {"da": ("og 290 til.", "og 3.994 til.", "og 4.700 andre uden problemer."),
            "en": ("and 290 more.", "and 3,994 more.", "and 4,700 others without problems.")}[lang]  # fmt: skip
    assert [one for one in rest if one not in lines] == []


def test_problems_are_the_worst_first_and_each_kind_once():
    """What waits for a rule is no more than that; what an estate holds is nobody's here."""
    one, two, three, four = boxes(4)
    two = replace(two, custody=replace(NO_CUSTODY, unproven=True, fuse="too_many"))
    tallies = [
        Tally(1, State.HELD, "unrouted", False, 3, START), Tally(3, State.WAITING, "full", False, 2, START),
        Tally(3, State.WAITING, "", False, 1, START - timedelta(hours=5)),
        Tally(4, State.HELD, "older", False, 9, START),
    ]  # fmt: skip

    facts = facts_of([one, two, three, four], morning(tallies))

    assert [("late", "Firma 2", 3), ("fuse", "Firma 1", 0), ("unrouted", "Firma 0", 3), ("unproven", "Firma 1", 0)] == [
        (found["kind"], found["company"], found["number"]) for found in facts["problems"]
    ]
    assert facts["sick"] == 3


def test_a_quiet_morning_has_no_facts():
    """Letters that wait since yesterday and are not late are no news."""
    tallies = [Tally(1, State.WAITING, "", False, 1, START)]

    assert facts_of(boxes(3), morning(tallies)) is None
    assert facts_of([], morning()) is None

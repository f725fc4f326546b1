"""Does the post come through? The answer for every condition a mailbox can be in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.desk.access import Asking
from nemboks.desk.status import status
from nemboks.domain.incidents import Cause, Incident
from tests.helpers import builders as make

ME = Asking("root (operator)")


async def _anna(store, clock, **how):
    whole = await status(store, ME, clock.now(), **how)
    return whole, next(x for x in whole["items"] if x["cvr"] == make.ANNA)


async def _listed(store, clock) -> None:
    """Both mailboxes were just looked into; the next look is in five minutes."""
    for box in await store.mailboxes.all():
        await store.letters.found(box, [], clock.now(), clock.now() + timedelta(minutes=5))


async def test_all_is_well_without_letters(store, clock) -> None:
    """Mailboxes that are looked into and have nothing waiting are in order."""
    await _listed(store, clock)

    whole, anna = await _anna(store, clock)

    assert (whole["state"], whole["undelivered"], whole["oldest_seconds"]) == ("ok", 0, None)
    assert tuple(anna[key] for key in ("state", "waiting", "held", "attention")) == ("ok", 0, 0, False)


async def test_letters_are_counted_by_what_they_wait_for(store, filled, clock) -> None:
    """Waiting is what the machine still does, held what a person must; what is done or dismissed counts no more."""
    await filled.every_state()
    await _listed(store, clock)

    whole, anna = await _anna(store, clock)

    assert (anna["waiting"], anna["held"], anna["receipts_owed"]) == (4, 1, 1)
    assert whole["undelivered"] == 5
    assert whole["state"] == "attention"
    assert whole["items"][0]["cvr"] == make.ANNA


async def test_post_that_cannot_be_fetched_needs_attention(store, clock) -> None:
    """Its number is told until a listing has none such."""
    await _listed(store, clock)
    box = await store.mailboxes.find(make.ANNA)
    await store.letters.found(box, [], clock.now(), box.due_at, 2)
    whole, anna = await _anna(store, clock)
    assert (whole["state"], anna["state"], anna["unusable"], anna["attention"]) == ("attention", "ok", 2, True)

    await _listed(store, clock)
    whole, anna = await _anna(store, clock)
    assert (whole["state"], anna["unusable"]) == ("ok", 0)


@pytest.mark.parametrize(("minutes", "state"), [(15, "ok"), (16, "attention")])
async def test_a_letter_is_late_after_a_quarter_of_an_hour(store, filled, clock, minutes, state) -> None:
    """Until then waiting is normal."""
    await filled.waiting("letter-1")
    clock.advance(minutes * 60)
    await _listed(store, clock)

    whole, anna = await _anna(store, clock)

    assert (state, minutes * 60) == (whole["state"], anna["oldest_seconds"])


@pytest.mark.parametrize(("parked", "times", "state", "whole"), [
    (True, 1, "parked", "attention"), (False, 1, "failing", "ok"), (False, 3, "failing", "attention"),
])  # fmt: skip
async def test_a_door_that_does_not_open_is_told(store, clock, parked, times, state, whole) -> None:
    """A refusal needs a person at once; an outage when it lasts."""
    await _listed(store, clock)
    box = await store.mailboxes.find(make.ANNA)
    for _ in range(times):
        box = await store.mailboxes.postpone(box, clock.now() + timedelta(minutes=9), "401 no access", parked)

    told, anna = await _anna(store, clock)

    assert (state, "401 no access", whole) == (anna["state"], anna["trouble"], told["state"])


async def test_a_pause_is_no_alarm(store, clock) -> None:
    """Who paused knows; the line says by whom."""
    await _listed(store, clock)
    await store.mailboxes.pause(make.ANNA, "anna (operator)")

    whole, anna = await _anna(store, clock)

    assert (whole["state"], anna["state"], anna["paused_by"]) == ("ok", "paused", "anna (operator)")


async def test_missed_looks_are_critical_where_a_daemon_should_run(store, clock) -> None:
    """Ten minutes after a look was due nobody looks; after a single pass that is how it should be."""
    await _listed(store, clock)
    clock.advance(5 * 60 + 601)

    assert ((told := await _anna(store, clock))[0]["state"], told[1]["state"]) == ("critical", "not_polled")
    assert (await _anna(store, clock, daemon=False))[0]["state"] == "ok"


@pytest.mark.parametrize(("quiet", "state", "number"), [(False, "attention", 1), (True, "ok", 0)])
async def test_an_unsolved_trouble_needs_attention(store, clock, quiet, state, number) -> None:
    """A dead address is no good news though its letters are not late yet; a trouble that is over is none."""
    await _listed(store, clock)
    now = clock.now()
    trouble = Incident(
        0, "key", Cause.ADDRESS, "bageri", make.ADDRESS, (), now, (1,), (1,), quiet_since=now if quiet else None
    )
    await store.incidents.keep([trouble, replace(trouble, key="the same for others", paths=("webhook:bo",))], [])

    whole, anna = await _anna(store, clock)

    assert (whole["state"], anna["incidents"], anna["attention"]) == (state, number, bool(number))

"""The waits: production's floors, and the longest of all (pace.py)."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from nemboks.domain.pace import FLOORS, Pace

# Seconds, each a reason of its own: RFC 5321 4.5.3.2 (reply, dot, stop), two logins an hour (RELIABILITY S09), the
# owner's 72 hours; the others are what a neighbour would call hammering.
LEAST = {
    "poll_seconds": 60, "sweep_seconds": 0.2, "idle_seconds": 60, "request_seconds": 30, "missing_seconds": 60,
    "park_seconds": 600, "retry_last_seconds": 600, "full_seconds": 300, "second_look_seconds": 300,
    "login_seconds": 1800, "tls_seconds": 300, "uncertain_seconds": 300, "connect_seconds": 10, "reply_seconds": 60,
    "dot_seconds": 600, "attempt_seconds": 300, "stop_seconds": 600, "greylist_seconds": 60, "breaker_seconds": 30,
    "landing_seconds": 60, "silence_seconds": 600, "returns_seconds": 30, "fallback_seconds": 3600,
    "copies_seconds": 86400, "gather_seconds": 1, "late_seconds": 600, "still_seconds": 3600, "quiet_seconds": 60,
    "preflight_seconds": 3600, "change_seconds": 259200, "consent_seconds": 300, "standing_seconds": 3600,
    "reconcile_seconds": 3600, "relist_seconds": 300,
}  # fmt: skip
LEAST_OF_SEVERAL = {"upstream_seconds": 10, "retry_seconds": 30, "notice_seconds": 5}


def test_production_may_use_its_own_waits_and_not_a_demos() -> None:
    """The defaults are production's."""
    assert Pace().too_quick() == []
    assert len(Pace.demo().too_quick()) > 20


@pytest.mark.parametrize(("name", "least"), LEAST.items(), ids=str)
def test_a_wait_under_its_floor_is_named(name: str, least: float) -> None:
    """The floor itself is allowed, and nothing quicker."""
    assert Pace(**{name: least}).too_quick() == []
    (fault,) = Pace(**{name: least - 0.1}).too_quick()
    assert fault == f"pace.{name} is {least - 0.1:g}; production needs at least {least:g}"


@pytest.mark.parametrize(("name", "least"), LEAST_OF_SEVERAL.items(), ids=str)
def test_the_shortest_of_several_waits_counts(name: str, least: float) -> None:
    """Wherever it stands among them."""
    assert Pace(**{name: (least + 60, least)}).too_quick() == []
    (fault,) = Pace(**{name: (least + 60, least - 1)}).too_quick()
    assert f"pace.{name} is {least - 1:g}" in fault


def test_every_floor_is_on_this_page() -> None:
    """No wait gets or loses one unnoticed; only these have none, for they hammer nobody."""
    assert FLOORS == LEAST | LEAST_OF_SEVERAL
    assert set(Pace.model_fields) - set(FLOORS) == {
        "bytes_per_second", "retry_by_age", "spare_seconds", "probation_seconds"
    }  # fmt: skip


def test_waits_by_age_have_the_floor_of_retries() -> None:
    """Half a minute is allowed there, and nothing quicker."""
    assert Pace(retry_by_age=((3600, 30), (7200, 60))).too_quick() == []
    assert Pace(retry_by_age=((3600, 60), (7200, 29))).too_quick() == [
        "pace.retry_by_age: production waits at least 30"
    ]


# What puts a row of the store off.
PUT_OFF = [
    "poll_seconds", "missing_seconds", "park_seconds", "retry_last_seconds", "full_seconds", "second_look_seconds",
    "login_seconds", "tls_seconds", "uncertain_seconds", "landing_seconds", "silence_seconds", "greylist_seconds",
]  # fmt: skip
OTHERS: list[dict[str, Any]] = [
    {"upstream_seconds": (1, 90_000)}, {"upstream_seconds": (90_000, 1)}, {"retry_seconds": (1, 90_000)},
    {"retry_by_age": ((60, 90_000),)},
]  # fmt: skip


@pytest.mark.parametrize("waits", [*({name: 90_000} for name in PUT_OFF), *OTHERS], ids=str)
def test_the_longest_wait_of_all(waits: dict[str, Any]) -> None:
    """Half more than the longest that a row is ever put off for, whichever it is."""
    assert Pace(**waits).longest == 135_000


def test_an_hour_of_patience_is_always_counted() -> None:
    """Digital Post's Retry-After is heeded for so long, however short our own waits are."""
    assert Pace().longest == 1.5 * 21_600
    assert Pace.demo().longest == 1.5 * 3_600


def test_what_a_transfer_may_take() -> None:
    """By its size, at the slowest flow that is waited for; and the two waits that are asked for as times."""
    assert Pace(bytes_per_second=1_000).allowance(5_000) == 5
    assert Pace(change_seconds=5, probation_seconds=7).change == timedelta(seconds=5)
    assert Pace(probation_seconds=7).probation == timedelta(seconds=7)


@pytest.mark.parametrize(
    "waits", [{"retry_seconds": ()}, {"poll_seconds": 0}, {"no_such_seconds": 1}, {"sweep_seconds": 11}], ids=str
)
def test_what_is_no_pace(waits: dict[str, Any]) -> None:
    """No wait, a wait of nothing, a word that is none; a look so rare that a dead worker's letters lie for hours."""
    with pytest.raises(ValidationError):
        Pace(**waits)


YEAR = 366 * 86_400


@pytest.mark.parametrize(
    "name", ["poll_seconds", "upstream_seconds", "retry_seconds", "retry_by_age", "change_seconds", "stop_seconds"]
)
def test_no_wait_is_longer_than_a_year(name: str) -> None:
    """A year and a day is allowed, alone or among several; the setting is named."""
    shapes = {"upstream_seconds": lambda one: (1, one), "retry_seconds": lambda one: (one, 1),
              "retry_by_age": lambda one: ((1, 1), (60, one))}  # fmt: skip
    shape = shapes.get(name, lambda one: one)
    assert getattr(Pace(**{name: shape(YEAR)}), name) == shape(YEAR)
    with pytest.raises(ValidationError, match=f"{name}: no wait is longer than a year"):
        Pace(**{name: shape(YEAR + 1)})

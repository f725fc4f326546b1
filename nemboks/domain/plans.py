"""What an account may use: plans as the operator's policy, and their end (FEATURES 6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """One tier. `features` are words of FEATURES."""

    name: str
    cvrs: int  # at most; 0: as many as wanted
    features: frozenset[str] = frozenset()


# What a plan can leave out; without plans everything is there.
FEATURES: Final = frozenset({"copies", "rules", "holiday", "digest", "import", "webhooks"})
USUAL: Final[Mapping[str, Plan]] = {
    "Basis": Plan("Basis", 1),
    "Pro": Plan("Pro", 10, frozenset({"copies", "holiday", "rules"})),
    "Storkunde": Plan("Storkunde", 0, FEATURES),
}
NONE_SOLD: Final[Mapping[str, Plan]] = {}


def serves(serves_until: datetime | None, at: datetime) -> bool:
    """Whether anything new is fetched or sent at that time; the end is the first moment without it."""
    return serves_until is None or at < serves_until


def ends_on(today: date) -> date:
    """The first day after the running month: where nothing was paid ahead, a cancelled plan runs till then."""
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)

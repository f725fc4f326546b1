"""Acts of people whose time has come: each is asked whether anything waits, and only then takes its effect.

Promises: safe to run late, twice, or on two machines; what takes effect is dated by its own time, not by this look.
One that raises is logged and asked again; the others go on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from nemboks.daemon.faults import FATAL
from nemboks.desk import (
    changes_effect,
    contact_nag,
    digests,
    estate_effect,
    estate_ends,
    plans,
    route_wishes,
    trays,
)
from nemboks.logs import log
from nemboks.ports import Acts, Books


@dataclass(frozen=True, slots=True)
class Dated:
    """One kind of dated act: `waiting` only reads and is cheap, `take_effect` says how many it changed."""

    name: str
    waiting: Callable[[Books], bool]
    take_effect: Callable[[Books], int]


# Estates come first: what they stop must not take effect in the same look.
ALL: Final[Sequence[Dated]] = (
    Dated("estates", estate_effect.waiting, estate_effect.take_effect),
    Dated("reversals", estate_ends.waiting, estate_ends.take_effect),
    Dated("plans", plans.waiting, plans.take_effect),
    Dated("changes", changes_effect.waiting, changes_effect.take_effect),
    Dated("routes", route_wishes.waiting, route_wishes.take_effect),
    Dated("trays", trays.waiting, trays.take_effect),
    Dated("digests", digests.waiting, digests.take_effect),
    Dated("contacts", contact_nag.waiting, contact_nag.take_effect),
)


async def take_effects(acts: Acts, dated: Sequence[Dated] = ALL) -> int:
    """How many acts took effect now."""
    changed = 0
    for one in dated:
        try:
            if await acts.ask(one.waiting):
                number = await acts.act(one.take_effect)
                if number:
                    log().info("acts_in_effect", kind=one.name, number=number)
                changed += number
        except FATAL:
            raise
        except Exception:
            log().exception("act_failed", kind=one.name)
    return changed

"""What a route's rules would have done with past letters: counted before they may do it with the next one (B14).

Pure: it goes by the headlines that the ledger kept. What a letter does not say of itself no rule can go by, and that
is counted too, for old letters were read before all of it was kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nemboks.domain.mailbox import Field, Route, Rule
from nemboks.domain.routing import facts, first
from nemboks.domain.states import Letter

FEW: Final = 2  # letters; of one alone nobody can say that a rule takes all


@dataclass(frozen=True, slots=True)
class Tried:
    """What one rule would have got; `silent`: how many letters do not say what it goes by."""

    rule: Rule
    letters: tuple[int, ...]
    silent: int
    swallows: bool  # it takes every letter there is

    @property
    def nothing(self) -> bool:
        """Whether no letter would have gone by it."""
        return not self.letters


@dataclass(frozen=True, slots=True)
class Trial:
    """Where each letter would have gone, a holiday aside."""

    number: int  # of letters that were tried
    unread: int  # left out: nothing is known of them
    rules: tuple[Tried, ...]
    rest: tuple[int, ...]  # letters that no rule fits
    held: bool  # that rest waits in the tray; else it goes to the usual address

    @property
    def tray_swallows(self) -> bool:
        """Whether the tray takes every letter."""
        return self.held and (not self.rules or (self.number >= FEW and len(self.rest) == self.number))

    def swallows(self, before: Route) -> bool:
        """Whether one rule, or the tray, takes every letter that did not stand so in the route before."""
        new = [one for one in self.rules if one.rule not in before.rules]
        return (self.tray_swallows and not before.unrouted) or any(one.swallows for one in new)


def tried(route: Route, letters: Sequence[Letter]) -> Trial:
    """What the route's rules would have done with these letters."""
    read = [one for one in letters if one.headline is not None]
    went: list[list[int]] = [[] for _ in route.rules]
    rest: list[int] = []
    for letter in read:
        rule = first(route.rules, letter)
        (rest if rule is None else went[route.rules.index(rule)]).append(letter.id)
    rules = tuple(
        Tried(rule, tuple(numbers), _silent(rule, read), _takes_all(rule, len(numbers), len(read)))
        for rule, numbers in zip(route.rules, went, strict=True)
    )
    return Trial(len(read), len(letters) - len(read), rules, tuple(rest), bool(route.unrouted))


def _silent(rule: Rule, letters: Sequence[Letter]) -> int:
    return sum(not any(facts(rule.field, letter)) for letter in letters)


def _takes_all(rule: Rule, number: int, of: int) -> bool:
    """By what it took, or by its own words: every letter has an authority and a class."""
    everything = rule.value == "*" and rule.field in (Field.AUTHORITY, Field.CLASS)
    return everything or (of >= FEW and number == of)

"""Sentences with gaps, and how they are filled: what cannot be filled is left out, never written half (UX 4, 5, 7).

The sentences stand in announcement_da.py and announcement_en.py, under the same keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Final

from nemboks.domain.announcements import Announcement, Kind

# A sentence, or several ways to say it of which the first that can be filled is used.
Sentence = str | tuple[str, ...]
Key = tuple[Kind, str]  # and which of its texts; "" when the facts do not say


@dataclass(frozen=True, slots=True)
class Announced:
    """One announcement in one language. The last way of `first` needs no facts but `firm`."""

    first: Sentence  # one sentence: the first line, and the subject
    lines: Sequence[Sentence]


# The fact that chooses among a kind's texts.
VARIANT: Final[Mapping[Kind, str]] = {
    Kind.ADDRESS_CHANGED: "subject",
    Kind.ADDRESS_PROOF: "subject",
    Kind.ESTATE_ENDED: "outcome",
    Kind.ESTATE_IN_EFFECT: "role",
    Kind.GOLIVE_REPORT: "step",
    Kind.GRANT_CHANGED: "change",
}


def variant_of(announcement: Announcement) -> str:
    """Which text of its kind; "" where there is one only, or the facts do not say."""
    kind, facts = announcement.kind, announcement.facts
    if kind is Kind.FUSE_TRIPPED:
        return "one" if facts.get("cvr") or facts.get("company") else ""
    return str(facts.get(VARIANT.get(kind, ""), ""))


def filled(sentence: Sentence, words: Mapping[str, str]) -> str:
    """The sentence with its gaps filled and a capital first; "" if a fact that it needs is not there."""
    for way in (sentence,) if isinstance(sentence, str) else sentence:
        if all(name in words for _, name, _, _ in Formatter().parse(way) if name):
            said = way.format_map(words)
            return said[:1].upper() + said[1:]
    return ""

"""One cause of "I got no mail" in both languages, made of its paragraph and the facts of the case. Pure.

Never shown: titles, full addresses, CPR shapes; what servers said is cut and redacted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from nemboks.content.announcement_facts import letters_words
from nemboks.content.texts import date_words, masked
from nemboks.desk.explain_letter_words import OF_LETTER
from nemboks.desk.explain_rules import LATE, is_of_workplace
from nemboks.desk.explain_way_words import OF_BOX
from nemboks.desk.reasons import meaning
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Address
from nemboks.domain.redact import redact

SHOWN: Final = 5  # letters that a cause names
_SAID: Final = 300  # characters of what a server said
# What passes by itself, or is no harm: a `why` that is not here puts the letter at risk, one that comes later too.
_CALM: Final = frozenset({
    "accepted", "temporary", "conversion", "uncertain", "cut", "stopped", "handed_over", "unavailable", "gone",
    "still_listed", "contents_lost", "waits",
})  # fmt: skip

Fact = str | int | datetime | Address | Words


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that stands in the way, or explains where post is. `letters`: the numbers of those it is about."""

    id: str
    text: Words
    step: Words
    at_risk: bool
    letters: tuple[int, ...] = ()
    count: int = 0
    technical: str = ""  # what the other side said


def cause(id_: str, **facts: Fact) -> Cause:
    """The cause with its paragraph. KeyError for an id without one, or a fact that it needs and is not given."""
    found = OF_BOX.get(id_) or OF_LETTER[id_]
    return Cause(id_, _filled(found.text, facts), _filled(found.step, facts), found.at_risk)


def counted(found: Cause, letters: Sequence[Letter]) -> Cause:
    """The cause with the letters that it is about, the oldest first."""
    numbers = tuple(one.id for one in sorted(letters, key=lambda one: (one.available_at, one.id)))
    return replace(found, letters=numbers[:SHOWN], count=len(numbers))


def numbered(found: Cause, letters: Sequence[Letter]) -> Cause:
    """The same, where the paragraph is about one letter: how many there are is said first."""
    number = [f"{letters_words(len(letters), lang.value)}: " for lang in (Lang.DA, Lang.EN)]
    return replace(counted(found, letters), text=Words(number[0] + found.text.da, number[1] + found.text.en))


def of_why(why: str, letters: Sequence[Letter], at: datetime) -> Cause:
    """The cause of letters that wait or are held for the same reason."""
    told = meaning(why)
    late = at - min(one.available_at for one in letters) > LATE
    newest = max(letters, key=lambda one: one.id)
    words = said(newest.bounced or newest.words)
    return counted(Cause(why, told.text, told.cure, why not in _CALM or late, technical=words), letters)


def of_copy(copy: Delivery) -> Cause:
    """The cause of a copy that was given up: the letter itself does not suffer."""
    told = meaning(copy.why)
    return Cause(copy.why, told.text, told.cure, at_risk=False, technical=said(copy.words))


def said(words: str) -> str:
    """What another machine said, fit to be shown."""
    return masked(redact(words), _SAID)


def cause_item(one: Cause, lang: Lang, numbers: bool) -> Item:
    """The cause as an answer carries it; `numbers`: whether the asker may know which letters."""
    return {
        "id": one.id,
        "text": one.text.to(lang),
        "next_step": one.step.to(lang),
        "at_risk": one.at_risk,
        "letters": one.count,
        "numbers": list(one.letters) if numbers else [],
        "technical": one.technical or None,
    }


def _filled(words: Words, facts: dict[str, Fact]) -> Words:
    return Words(*(_one(words.to(lang), facts, lang) for lang in (Lang.DA, Lang.EN)))


def _one(text: str, facts: dict[str, Fact], lang: Lang) -> str:
    return text.format_map({name: _shown(name, fact, lang) for name, fact in facts.items()})


def _shown(name: str, fact: Fact, lang: Lang) -> str:
    match fact:
        case datetime():
            return date_words(fact, lang.value)
        case Address():
            return fact.masked
        case Words():
            return said(fact.to(lang))
        case int():
            return letters_words(fact, lang.value) if name == "letters" else str(fact)
    return fact if name == "rule" and is_of_workplace(fact) else said(fact)

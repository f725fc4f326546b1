"""An announcement's facts -> words that its sentences are filled with.

Promises: whatever was stored, nothing here fails: a fact that cannot be read is left out, and its sentence with it.
No full address, no CPR shape, no link and no line break gets through, whoever chose the words.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeGuard

from nemboks.content.notice_texts import listed, spaced
from nemboks.content.notice_words import DA, EN
from nemboks.content.texts import clean, cut, date_words, day_words
from nemboks.domain.announcements import CODED, Announcement
from nemboks.domain.redact import redact

ITEMS: Final = 6  # lines of what does not agree
_NAME, _SENTENCE = 80, 200  # characters
_LINK = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S*|(?<![\w.@-])www\.\S*|\bmailto:\S*", re.IGNORECASE)
_LONG: Final = frozenset({"reason", "rule", "why"})
_TIMES: Final = frozenset({
    "at", "cancel_until", "effect_at", "effective_at", "ended_at", "ends_at", "oldest_at", "until",
})  # fmt: skip
_LETTERS: Final = frozenset({"delivered_before", "held", "letters", "number", "undelivered"})

ESTATES: Final[Mapping[str, Mapping[str, str]]] = {
    DA: {"konkurs": "konkurs", "rekonstruktion": "rekonstruktion", "likvidation": "likvidation", "doedsbo": "dødsbo"},
    EN: {
        "konkurs": "bankruptcy", "rekonstruktion": "reconstruction", "likvidation": "liquidation",
        "doedsbo": "estate of a deceased person",
    },
}  # fmt: skip
_TRUSTEES: Final[Mapping[str, Mapping[str, str]]] = {
    DA: {
        "konkurs": "kurator", "rekonstruktion": "rekonstruktøren", "likvidation": "likvidator",
        "doedsbo": "bobestyreren",
    },
    EN: {
        "konkurs": "the kurator", "rekonstruktion": "the reconstructor", "likvidation": "the liquidator",
        "doedsbo": "the executor",
    },
}  # fmt: skip
_ROLES: Final[Mapping[str, Mapping[str, str]]] = {
    DA: {"laeser": "læser"},
    EN: {"ejer": "owner", "laeser": "reader", "revisor": "accountant", "drift": "operations"},
}
_ADDRESS: Final = {DA: "adressen for ", EN: "the address of "}
_SUBJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    DA: {
        "forwarding": "adressen for breve til ",
        "account": "kontoens egen e-mail for ",
        "contact": "den anden kontakt for ",
    },
    EN: {
        "forwarding": "the address for letters to ",
        "account": "the account's own e-mail of ",
        "contact": "the second contact of ",
    },
}
_DISAGREEMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    DA: {
        "asked_unconfirmed": "skulle væk uden en bekræftelse, og blev stoppet",
        "done_unconfirmed": "står som leveret uden en bekræftelse",
        "gone_unconfirmed": "væk fra Digital Post uden en bekræftelse",
        "left_unconfirmed": "sluppet ud af Digital Post uden en bekræftelse",
        "row_missing": "i historikken, men ikke i vores journal",
        "still_there": "kvitteret, men ligger stadig i Digital Post",
        "unknown_here": "i Digital Post, men ikke i vores journal",
    },
    EN: {
        "asked_unconfirmed": "was to leave without a confirmation, and was stopped",
        "done_unconfirmed": "called delivered without a confirmation",
        "gone_unconfirmed": "gone from Digital Post without a confirmation",
        "left_unconfirmed": "let out of Digital Post without a confirmation",
        "row_missing": "in the history, but not in our ledger",
        "still_there": "acknowledged, yet still in Digital Post",
        "unknown_here": "in Digital Post, but not in our ledger",
    },
}

_UNITS: Final = (
    (90, 1, {DA: ("sekund", "sekunder"), EN: ("second", "seconds")}),
    (5_400, 60, {DA: ("minut", "minutter"), EN: ("minute", "minutes")}),
    (float("inf"), 3_600, {DA: ("time", "timer"), EN: ("hour", "hours")}),
)


def words_of(announcement: Announcement, language: str, code: str = "") -> dict[str, str]:
    """What each fact is called in a sentence of the language; a fact without words is not there.

    Besides the facts: `firm` and `subject` (always), `code` (of a coded kind only), `code_until`, `trustee`, and
    `typed_cvr`, as a command takes it.
    """
    found = {name: _said(name, fact, language) for name, fact in announcement.facts.items() if name != "code"}
    company = firm(announcement.facts, language)
    found |= {
        "firm": company,
        "subject": _SUBJECTS[language].get(text_of(announcement.facts.get("subject")), _ADDRESS[language]) + company,
        "typed_cvr": _digits(announcement.facts.get("cvr")),
        "trustee": _TRUSTEES[language].get(_estate(announcement.facts.get("kind")), ""),
        "code_until": _code_until(announcement, language),
        "code": f"{code[:4]} {code[4:]}" if code and announcement.kind in CODED else "",
    }
    return {name: words for name, words in found.items() if words}


def firm(facts: Mapping[str, Any], language: str) -> str:
    """The company as people know it: name and CVR, or the one that is known."""
    name, cvr = text_of(facts.get("company")), _cvr(facts.get("cvr"))
    if name and cvr:
        return f"{name} (CVR {cvr})"
    return name or (f"CVR {cvr}" if cvr else {DA: "virksomheden", EN: "the company"}[language])


def text_of(fact: Any, limit: int = _NAME) -> str:
    """The fact on one line without addresses, CPR shapes or links; "" for none."""
    if fact is None or isinstance(fact, bool | Mapping | list | tuple):
        return ""
    return cut(redact(_LINK.sub("…", clean(str(fact), 4 * limit))), limit)


def letters_words(fact: Any, language: str) -> str:
    """1 brev, 20 breve, ingen breve; "" for what is no count."""
    if not _is_count(fact):
        return ""
    one, several, none = ("brev", "breve", "ingen breve") if language == DA else ("letter", "letters", "no letters")
    return f"{count_words(fact, language)} {one if fact == 1 else several}" if fact else none


def count_words(number: int, language: str) -> str:
    """1.234; in English 1,234."""
    return f"{number:,}".replace(",", "." if language == DA else ",")


def time_of(fact: Any) -> datetime | None:
    """The aware time of an ISO text; None for anything else."""
    try:
        at = datetime.fromisoformat(fact)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None


def day_of(fact: Any) -> str:
    """21-11-2026 of an ISO date or time; "" for anything else."""
    try:
        day = date.fromisoformat(fact)
    except (TypeError, ValueError):
        at = time_of(fact)
        return day_words(at) if at else ""
    return f"{day.day:02}-{day.month:02}-{day.year:04}"


def count_of(fact: Any) -> int:
    """The count that the fact is; 0 for anything else."""
    return fact if _is_count(fact) else 0


def _is_count(fact: Any) -> TypeGuard[int]:
    return isinstance(fact, int) and not isinstance(fact, bool) and fact >= 0


def _said(name: str, fact: Any, language: str) -> str:
    if name in _LETTERS:
        return letters_words(fact, language)
    if name in _TIMES:
        at = time_of(fact)
        return date_words(at, language) if at else ""
    if name in _WRITERS:
        return _WRITERS[name](fact, language)
    return text_of(fact, _SENTENCE if name in _LONG else _NAME)


def _cvr(fact: Any) -> str:
    digits = _digits(fact)
    return spaced(digits) if digits else text_of(fact)


def _digits(fact: Any) -> str:
    text = text_of(fact)
    return text if re.fullmatch("[0-9]{8}", text) else ""


def _cvrs(fact: Any, language: str) -> str:
    if not isinstance(fact, Sequence) or isinstance(fact, str):
        return text_of(fact)
    return listed([_cvr(one) for one in fact], len(fact), language)


def _duration(fact: Any, language: str) -> str:
    if isinstance(fact, bool) or not isinstance(fact, int | float) or not 0 <= fact < float("inf"):
        return ""
    size, units = next((size, units) for below, size, units in _UNITS if fact < below)
    number = round(fact / size)
    return f"{count_words(number, language)} {units[language][number != 1]}"


def _person(fact: Any) -> str:
    """The person who acted; through whose keyboard stands in the history, for those who look into it."""
    return text_of(fact).partition(" (via ")[0]


def _estate(fact: Any) -> str:
    return text_of(fact).replace("ø", "oe")


def _code_until(announcement: Announcement, language: str) -> str:
    minutes = announcement.facts.get("minutes")
    if not _is_count(minutes):
        return ""
    return date_words(announcement.created_at + timedelta(minutes=min(minutes, 10_000)), language)


def _items(fact: Any, language: str) -> str:
    """One line for each kind of disagreement."""
    if not isinstance(fact, Sequence) or isinstance(fact, str):
        return ""
    known, lines = _DISAGREEMENTS[language], []
    for item in fact[:ITEMS]:
        if isinstance(item, Mapping):
            kind, number = text_of(item.get("kind")), count_words(count_of(item.get("number")), language)
            lines.append(f"- {known.get(kind, kind.replace('_', ' '))}: {number}")
    return "\n".join(lines)


_WRITERS: Final[Mapping[str, Callable[[Any, str], str]]] = {
    "who": lambda fact, _: _person(fact),
    "by": lambda fact, _: _person(fact),
    "cvr": lambda fact, _: _cvr(fact),
    "our_cvr": lambda fact, _: _cvr(fact),
    "cvrs": _cvrs,
    "day": lambda fact, _: day_of(fact),
    "items": _items,
    "kind": lambda fact, language: ESTATES[language].get(_estate(fact), text_of(fact)),
    "median_seconds": _duration,
    "p95_seconds": _duration,
    "role": lambda fact, language: _ROLES[language].get(text_of(fact), text_of(fact)),
}

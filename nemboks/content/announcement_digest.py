"""The morning's digest of an account: problems first, then deadlines, then who got post (UX U26).

Promises: line 1 is the problems; at most 40 lines with the ending, however many clients; worst first; no titles. A
part of the facts that cannot be read is left out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from nemboks.content.announcement_facts import count_of, count_words, day_of, firm, letters_words, text_of, time_of
from nemboks.content.notice_words import DA, EN
from nemboks.content.texts import date_words

PROBLEMS, DEADLINES, CLIENTS = 10, 6, 8  # lines of each that are written out
Facts = Mapping[str, Any]

# Worst first. In a few words for the first line, and in a line of its own.
TROUBLES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    DA: {
        "held": ("holdt tilbage", "{letters} holdt tilbage"),
        "late": ("forsinket", "{letters} forsinket"),
        "incident": ("fejl", "en fejl rammer {letters}"),
        "parked": ("uden adgang", "Digital Post giver os ikke adgang"),
        "fuse": ("sikring sprunget", "sikringen er sprunget: intet fjernes fra Digital Post"),
        "unrouted": ("uden regel", "{letters} uden en regel for, hvor posten skal hen"),
        "ended": ("abonnement slut", "abonnementet er slut: posten læses i Digital Post"),
        "no_consent": ("uden fuldmagt", "fuldmagten mangler: vi henter intet endnu"),
        "unproven": ("adresse ikke bekræftet", "adressen er ikke bekræftet: brevene bliver i Digital Post"),
    },
    EN: {
        "held": ("on hold", "{letters} on hold"),
        "late": ("late", "{letters} late"),
        "incident": ("faults", "a fault affects {letters}"),
        "parked": ("no access", "Digital Post gives us no access"),
        "fuse": ("fuse tripped", "the fuse has tripped: nothing is removed from Digital Post"),
        "unrouted": ("no rule", "{letters} without a rule where post should go"),
        "ended": ("plan ended", "the plan has ended: post is read in Digital Post"),
        "no_consent": ("no consent", "consent is missing: we fetch nothing yet"),
        "unproven": ("address not confirmed", "the address is not confirmed: letters stay in Digital Post"),
    },
}
_ORDER: Final = list(TROUBLES[DA])
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    DA: {
        "problems": "Problemer{when} hos {many} CVR-num{s}: {said}.",
        "none": "Ingen problemer{when}: {said}.",
        "more_problems": "og {more} til.",
        "deadlines": "Frister:",
        "more_deadlines": "og {more} til.",
        "others": "og {more} andre uden problemer.",
        "other": "og én anden uden problemer.",
        "quiet": "{more} uden problemer.",
        "all": "Se alle med kommandoen `nemboks cvr board`.",
        "account": "Konto: {account}",
        "since": "{said}, siden {at}",
    },
    EN: {
        "problems": "Problems{when} at {many} CVR{s}: {said}.",
        "none": "No problems{when}: {said}.",
        "more_problems": "and {more} more.",
        "deadlines": "Deadlines:",
        "more_deadlines": "and {more} more.",
        "others": "and {more} others without problems.",
        "other": "and one other without problems.",
        "quiet": "{more} without problems.",
        "all": "See them all with the command `nemboks cvr board`.",
        "account": "Account: {account}",
        "since": "{said}, since {at}",
    },
}


def digest_lines(facts: Facts, language: str) -> list[str]:
    """The digest's lines, without the ending that every message has."""
    problems, clients = sorted(_each(facts, "problems"), key=_badness), list(_each(facts, "clients"))
    parts = (
        [_first(facts, problems, clients, language)],
        _problems(problems, language),
        _deadlines(clients, language),
        _clients(clients, problems, language),
    )
    lines = [line for part in parts if part for line in (*part, "")]
    lines.append(_WORDS[language]["all"])
    account = text_of(facts.get("account"))
    # The first line is followed by a blank one as in every message, so the one that stands there already goes.
    return [lines[0], *lines[2:], *([_WORDS[language]["account"].format(account=account)] if account else [])]


def _first(facts: Facts, problems: Sequence[Facts], clients: Sequence[Facts], language: str) -> str:
    words, day = _WORDS[language], day_of(facts.get("day"))
    when = f" {day}" if day else ""
    if not problems:
        totals = [sum(counts) for counts in zip(*map(_three, clients), strict=True)] or [0, 0, 0]
        return words["none"].format(when=when, said=_counts(totals, language))
    many = len({text_of(one.get("cvr")) for one in problems})
    kinds = Counter(_few(one, language) for one in problems)
    said = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    ends = {DA: ("mer", "re"), EN: ("", "s")}[language]
    return words["problems"].format(when=when, many=count_words(many, language), s=ends[many > 1], said=said)


def _problems(problems: Sequence[Facts], language: str) -> list[str]:
    lines = [f"- {firm(one, language)}: {_trouble(one, language)}" for one in problems[:PROBLEMS]]
    return [*lines, *_more("more_problems", len(problems) - PROBLEMS, language)]


def _trouble(problem: Facts, language: str) -> str:
    kind, number = text_of(problem.get("kind")), count_of(problem.get("number"))
    letters = letters_words(number, language) if number else {DA: "breve", EN: "letters"}[language]
    said = TROUBLES[language].get(kind, ("", kind))[1].replace("{letters}", letters)
    at = time_of(problem.get("oldest_at"))
    return _WORDS[language]["since"].format(said=said, at=date_words(at, language)) if at else said


def _deadlines(clients: Iterable[Facts], language: str) -> list[str]:
    """The nearest deadlines of all clients."""
    found = sorted(
        (one["date"][:10], day_of(one["date"]), text_of(one.get("authority")), firm(client, language))
        for client in clients
        for one in _each(client, "deadlines")
        if day_of(one.get("date"))
    )
    lines = [f"- {day}: {', '.join(filter(None, who))}" for _, day, *who in found[:DEADLINES]]
    lines += _more("more_deadlines", len(found) - DEADLINES, language)
    return [_WORDS[language]["deadlines"], *lines] if lines else []


def _clients(clients: Sequence[Facts], problems: Iterable[Facts], language: str) -> list[str]:
    """Who got post or waits for it, those with problems first; the others are counted."""
    ill = {text_of(one.get("cvr")) for one in problems}
    found = [one for one in clients if any(_three(one))]
    found.sort(key=lambda one: (text_of(one.get("cvr")) not in ill, *_busy(one)))
    lines = [f"- {firm(one, language)}: {_counts(_three(one), language)}" for one in found[:CLIENTS]]
    shown = {text_of(one.get("cvr")) for one in found[:CLIENTS]} | ill
    quiet = sum(text_of(one.get("cvr")) not in shown for one in clients)
    rest = _more(("others" if quiet > 1 else "other") if lines else "quiet", quiet, language)
    return [*(["Post:"] if lines else []), *lines, *rest]


def _more(words: str, more: int, language: str) -> list[str]:
    return [_WORDS[language][words].format(more=count_words(more, language))] if more > 0 else []


def _counts(counts: Sequence[int], language: str) -> str:
    """20 breve, 18 leveret, 2 venter."""
    letters, delivered, waiting = counts
    said = [letters_words(letters, language)]
    said += [f"{count_words(delivered, language)} {'leveret' if language == DA else 'delivered'}"] if delivered else []
    said += [f"{count_words(waiting, language)} {'venter' if language == DA else 'waiting'}"] if waiting else []
    return ", ".join(said)


def _three(client: Facts) -> list[int]:
    return [count_of(client.get(name)) for name in ("letters", "delivered", "waiting")]


def _busy(client: Facts) -> tuple[int, int, str]:
    letters, _, waiting = _three(client)
    return -waiting, -letters, text_of(client.get("cvr"))


def _badness(problem: Facts) -> tuple[int, str, str]:
    kind = text_of(problem.get("kind"))
    rank = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return rank, text_of(problem.get("oldest_at")) or "~", text_of(problem.get("cvr"))  # "~": unknown ages last


def _few(problem: Facts, language: str) -> str:
    kind = text_of(problem.get("kind"))
    return TROUBLES[language].get(kind, (kind, ""))[0]


def _each(facts: Facts, name: str) -> Iterable[Facts]:
    listed = facts.get(name)
    return (one for one in listed if isinstance(one, Mapping)) if isinstance(listed, list | tuple) else ()

"""The morning's digest of an account: problems first, then deadlines, then who got post (UX U26).

Promises: line 1 is the problems; at most 40 lines with the ending, however many clients; worst first; no titles. A
part of the facts that cannot be read is left out.

Of many clients the facts hold the worst only (`ill`), and of all counts: `kinds` and `sick` of the problems, `totals`
of the letters, `others` without problems, the nearest `deadlines`, and how many `more_deadlines` there are.
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
        "declined": ("med afvist fuldmagt", "fuldmagten er afvist: vi henter intet"),
        "fuse": ("med sprunget sikring", "sikringen er sprunget: intet fjernes fra Digital Post"),
        "unrouted": ("uden regel", "{letters} uden en regel for, hvor posten skal hen"),
        "ended": ("med udløbet abonnement", "abonnementet er slut: posten læses i Digital Post"),
        "no_consent": ("uden fuldmagt", "fuldmagten mangler: vi henter intet endnu"),
        "unproven": ("uden bekræftet adresse", "adressen er ikke bekræftet: brevene bliver i Digital Post"),
    },
    EN: {
        "held": ("on hold", "{letters} on hold"),
        "late": ("late", "{letters} late"),
        "incident": ("faults", "a fault affects {letters}"),
        "parked": ("without access", "Digital Post gives us no access"),
        "declined": ("with consent declined", "consent was declined: we fetch nothing"),
        "fuse": ("with the fuse tripped", "the fuse has tripped: nothing is removed from Digital Post"),
        "unrouted": ("without a rule", "{letters} without a rule where post should go"),
        "ended": ("with the plan ended", "the plan has ended: post is read in Digital Post"),
        "no_consent": ("without consent", "consent is missing: we fetch nothing yet"),
        "unproven": ("without a confirmed address", "the address is not confirmed: letters stay in Digital Post"),
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
        _problems(problems, _kinds(facts, problems), language),
        _deadlines(facts, clients, language),
        _clients(clients, problems, count_of(facts.get("others")), language),
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
        given = facts.get("totals")
        totals = [sum(counts) for counts in zip(*map(_three, clients), strict=True)] or [0, 0, 0]
        totals = _three(given) if isinstance(given, Mapping) else totals
        return words["none"].format(when=when, said=_counts(totals, language))
    many = count_of(facts.get("sick")) or len({text_of(one.get("cvr")) for one in problems})
    kinds = _kinds(facts, problems)
    said = ", ".join(f"{kinds[kind]} {_few(kind, language)}" for kind in sorted(kinds, key=_rank))
    ends = {DA: ("mer", "re"), EN: ("", "s")}[language]
    return words["problems"].format(when=when, many=count_words(many, language), s=ends[many > 1], said=said)


def _kinds(facts: Facts, problems: Iterable[Facts]) -> Mapping[str, int]:
    """How many CVRs have each kind of problem."""
    given = facts.get("kinds")
    if isinstance(given, Mapping):
        return {text_of(kind): count_of(number) for kind, number in given.items()}
    return Counter(text_of(one.get("kind")) for one in problems)


def _problems(problems: Sequence[Facts], kinds: Mapping[str, int], language: str) -> list[str]:
    lines = [f"- {firm(one, language)}: {_trouble(one, language)}" for one in problems[:PROBLEMS]]
    return [*lines, *_more("more_problems", sum(kinds.values()) - PROBLEMS, language)]


def _trouble(problem: Facts, language: str) -> str:
    kind, number = text_of(problem.get("kind")), count_of(problem.get("number"))
    letters = letters_words(number, language) if number else {DA: "breve", EN: "letters"}[language]
    said = TROUBLES[language].get(kind, ("", kind))[1].replace("{letters}", letters)
    at = time_of(problem.get("oldest_at"))
    return _WORDS[language]["since"].format(said=said, at=date_words(at, language)) if at else said


def _deadlines(facts: Facts, clients: Iterable[Facts], language: str) -> list[str]:
    """The nearest deadlines of all clients."""
    each = [(one, client) for client in clients for one in _each(client, "deadlines")]
    each += [(one, one) for one in _each(facts, "deadlines")]
    found = sorted(
        (one["date"][:10], day_of(one["date"]), text_of(one.get("authority")), firm(client, language))
        for one, client in each
        if day_of(one.get("date"))
    )
    lines = [f"- {day}: {', '.join(filter(None, who))}" for _, day, *who in found[:DEADLINES]]
    lines += _more("more_deadlines", len(found) - DEADLINES + count_of(facts.get("more_deadlines")), language)
    return [_WORDS[language]["deadlines"], *lines] if lines else []


def _clients(clients: Sequence[Facts], problems: Iterable[Facts], others: int, language: str) -> list[str]:
    """Who got post or waits for it, those with problems first; the others are counted."""
    # Of very many problems a few are listed: a client says of itself whether it is among the others.
    ill = {text_of(one.get("cvr")) for one in (*problems, *(client for client in clients if client.get("ill") is True))}
    found = [one for one in clients if any(_three(one))]
    found.sort(key=lambda one: (text_of(one.get("cvr")) not in ill, *_busy(one)))
    lines = [f"- {firm(one, language)}: {_counts(_three(one), language)}" for one in found[:CLIENTS]]
    shown = {text_of(one.get("cvr")) for one in found[:CLIENTS]} | ill
    quiet = others + sum(text_of(one.get("cvr")) not in shown for one in clients)
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
    rank = _rank(text_of(problem.get("kind")))
    return rank, text_of(problem.get("oldest_at")) or "~", text_of(problem.get("cvr"))  # "~": unknown ages last


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _few(kind: str, language: str) -> str:
    return TROUBLES[language].get(kind, (kind, ""))[0]


def _each(facts: Facts, name: str) -> Iterable[Facts]:
    listed = facts.get(name)
    return (one for one in listed if isinstance(one, Mapping)) if isinstance(listed, list | tuple) else ()

"""Report -> event: the only place that judges a failure.

Two rules stand above the table. Before the dot, what we do not understand means "try again": nothing was delivered.
At the dot it means "uncertain": a copy may lie with the company. Nothing is ever given up, for giving up would move
the letter nowhere; probing slows down and people are told.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from nemboks.domain.delivery import Delivery
from nemboks.domain.headline import Copy
from nemboks.domain.letter import AttemptEnded, Confirmed, HandedOver, Hold, Later, Letter, PartConfirmed, Reason
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Confirmation, Evidence, Report, Stage, Way


class Verdict(StrEnum):
    """What we conclude from a report; the class that a waiting letter shows."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    FULL = "full"  # the mailbox is over its quota: time may cure it
    ADDRESS = "address"  # no such recipient
    POLICY = "policy"  # the server does not want this mail
    TOO_LARGE = "too_large"
    CONVERSION = "conversion"  # the server takes no 8-bit: send it in another form
    LOGIN = "login"
    TLS = "tls"
    UNCERTAIN = "uncertain"


ANY: Final = frozenset(Stage)
ENVELOPE: Final = frozenset({Stage.MAIL, Stage.DATA, Stage.BODY, Stage.DOT})

# Stage x "code enhanced" -> verdict; the first row that fits decides. Sources: RFC 5321 4.2, RFC 3463 3, RFC 4954 6,
# RELIABILITY 4e; a 5yz greeting counts as temporary, as in Postfix (smtp_skip_5xx_greeting).
RULES: Final[tuple[tuple[frozenset[Stage], str, Verdict], ...]] = (
    (frozenset({Stage.DOT}), r"2\d\d", Verdict.ACCEPTED),
    (frozenset({Stage.DOT}), r"[136]\d\d", Verdict.UNCERTAIN),
    (ANY, r"421", Verdict.TEMPORARY),
    (frozenset({Stage.TLS}), r"", Verdict.TLS),
    (frozenset({Stage.CONNECT, Stage.GREETING}), r"", Verdict.TEMPORARY),
    (frozenset({Stage.LOGIN}), r"5\d\d", Verdict.LOGIN),
    (ANY, r"53[0458]", Verdict.LOGIN),
    (ANY, r"\d{3} [45]\.2\.2\b", Verdict.FULL),
    (ANY, r"5\d\d 5\.6\.3\b", Verdict.CONVERSION),
    (ANY, r"5\d\d 5\.(3\.4|2\.3)\b", Verdict.TOO_LARGE),
    (ENVELOPE, r"552 ?$", Verdict.TOO_LARGE),
    (frozenset({Stage.RCPT}), r"552 ?$", Verdict.FULL),
    (frozenset({Stage.LOOKUP, Stage.RCPT, Stage.DOT}), r"5\d\d 5\.(1\.([0-36]|10)|2\.1)\b", Verdict.ADDRESS),
    (frozenset({Stage.RCPT}), r"55[013] ?$", Verdict.ADDRESS),
    (ANY, r"5\d\d", Verdict.POLICY),
)
_COMPILED: Final = tuple((stages, re.compile(pattern), verdict) for stages, pattern, verdict in RULES)

QUICK_TRIES: Final = 8  # of a letter, in vain, for whatever reasons
TOO_LARGE_LIMIT: Final = 3  # refusals for size in a row; then only a person can help

_GREYLISTED: Final = re.compile(r"gr[ae]y-?\s?list", re.IGNORECASE)
# "Try again in 300 seconds", "retry after 5 minutes", "please wait 00:04:59": as Postgrey, Exim and others say it.
_ASKED: Final = re.compile(
    r"(?:again|retry|back|wait|later|delayed|for|after|in)\D{0,20}?"
    r"(?:(?P<clock>\d{1,2}(?::\d{2}){1,2})|(?P<number>\d{1,6})\s*(?P<unit>s|sec|seconds?|m|min|minutes?|h|hours?)\b)",
    re.IGNORECASE,
)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
LONGEST_ASKED: Final = 21_600.0  # seconds; a server that asks for more is asked again sooner


def verdict(report: Report) -> Verdict:
    """What the report means. Pure; every report has a verdict."""
    if report.reply is None:
        return {Stage.DOT: Verdict.UNCERTAIN, Stage.TLS: Verdict.TLS}.get(report.stage, Verdict.TEMPORARY)
    said = f"{report.reply.code} {report.reply.enhanced}"
    for stages, pattern, meaning in _COMPILED:
        if report.stage in stages and pattern.match(said):
            return meaning
    return Verdict.TEMPORARY


def wait(meaning: Verdict, failures: int, age: float, pace: Pace, chance: float) -> float:
    """Seconds until the next try; `failures` of this kind in a row with this one, `age` of the letter in seconds.

    Spread by a fifth either way, so that many letters do not come back at once. Source: RELIABILITY 7, compared with
    Postfix (300 s to 4,000 s) and chasquid (1, 5, 10, 20 min); RFC 5321 4.5.4.1 asks for 30 minutes and 4-5 days.
    """
    again = _temporary(failures, age, pace)
    looks = pace.second_look_seconds if failures <= 1 else pace.retry_last_seconds
    base = {
        Verdict.FULL: max(pace.full_seconds, again),
        Verdict.ADDRESS: looks,
        Verdict.POLICY: looks,
        Verdict.TOO_LARGE: pace.second_look_seconds,
        Verdict.CONVERSION: 0.0 if failures <= 1 else again,  # the other form at once; if that is refused too, slowly
        Verdict.LOGIN: pace.login_seconds,
        Verdict.TLS: pace.tls_seconds,
        Verdict.UNCERTAIN: pace.uncertain_seconds,
    }.get(meaning, again)
    # Two logins an hour lock no account: this wait is never shortened (RELIABILITY S09).
    return base * (1 + 0.4 * chance) if meaning is Verdict.LOGIN else spread(base, chance)


def _temporary(failures: int, age: float, pace: Pace) -> float:
    if failures <= len(pace.retry_seconds):
        return pace.retry_seconds[max(0, failures - 1)]
    return _by_age(age, pace)


def _by_age(age: float, pace: Pace) -> float:
    return next((seconds for limit, seconds in pace.retry_by_age if age < limit), pace.retry_last_seconds)


def spread(seconds: float, chance: float) -> float:
    """The wait, up to a fifth shorter or longer; `chance` in [0, 1)."""
    return seconds * (0.8 + 0.4 * chance)


def backoff(failures: int, pace: Pace, chance: float) -> float:
    """Seconds until Digital Post is asked again after its `failures`th outage in a row (RELIABILITY H08)."""
    first, longest = pace.upstream_seconds
    return spread(min(longest, first * 2 ** min(failures - 1, 20)), chance)


def asked(text: str) -> float | None:
    """Seconds that a refusal asks us to stay away, at most LONGEST_ASKED; None if it names no time."""
    found = _ASKED.search(text)
    if found is None:
        return None
    if clock := found["clock"]:
        numbers = [int(number) for number in clock.split(":")]
        seconds = sum(number * 60**place for place, number in enumerate(reversed(numbers)))
    else:
        seconds = int(found["number"]) * _UNITS[found["unit"][0].lower()]
    return min(float(seconds), LONGEST_ASKED)


def _due_in(
    meaning: Verdict, report: Report, failures: int, tries: int, age: float, pace: Pace, chance: float
) -> float:
    """Seconds until the next try: our own schedule, unless a temporary refusal says when to come back.

    After so many `tries` in vain it is the letter's age that counts: a server that gives another reason each time would
    else begin the schedule anew each time (RELIABILITY I8: at most 90 attempts in five days).
    """
    own, often = wait(meaning, failures, age, pace, chance), tries > QUICK_TRIES
    if often and meaning is not Verdict.CONVERSION:
        own = max(own, spread(_by_age(age, pace), chance))
    if meaning is not Verdict.TEMPORARY or report.reply is None:
        return own
    if (seconds := asked(report.reply.text)) is not None:
        # Not sooner than asked for; one that asks again and again is not hammered on its word for ever.
        least = own if often or failures > len(pace.retry_seconds) else 0.0
        return max(least, max(seconds, pace.retry_seconds[0]) * (1 + 0.1 * chance))
    return max(own, pace.greylist_seconds) if _GREYLISTED.search(report.reply.text) else own


def judge(
    report: Report,
    tried: Letter | Delivery,
    address: str,
    at: datetime,
    pace: Pace,
    chance: float,
    transmission_id: str,
    smaller: Copy | None = None,
) -> Confirmed | PartConfirmed | HandedOver | AttemptEnded | Later | Hold:
    """The event that the report leads to, for the letter (or its delivery to a further recipient) as it was claimed.

    `smaller`: the letter in more and smaller mails, if it can still be split for this server.
    """
    meaning = verdict(report)
    said = str(report.reply) if report.reply else ""
    ours = "" if report.words in said else report.words  # some replies are our own, made of the same words
    words = " – ".join(filter(None, (said, ours)))  # what it said, and what we make of it
    failures = tried.failures + 1 if tried.why == meaning else 1
    age = (at - tried.found_at).total_seconds()
    tries = tried.fence - len(tried.proofs)
    due_at = at + timedelta(seconds=_due_in(meaning, report, failures, tries, age, pace, chance))
    if meaning is Verdict.ACCEPTED and report.reply and report.tls:
        return _accepted(report, tried, address, at, pace, transmission_id)
    if meaning in (Verdict.UNCERTAIN, Verdict.ACCEPTED):
        return AttemptEnded(tried.fence, words, due_at, report)
    # A server that announced no limit may only have had a bad moment: it is asked a second time first.
    known = report.limit > 0 or failures > 1
    if meaning is Verdict.TOO_LARGE and smaller is not None and known and not may_lie_there(tried):
        return Later(tried.fence, meaning, words, at, report, smaller)
    if meaning is Verdict.TOO_LARGE and failures >= TOO_LARGE_LIMIT:
        return Hold(Reason.TOO_LARGE, words, tried.fence, report=report)
    return Later(tried.fence, meaning, words, due_at, report, _other_form(meaning, tried))


def _accepted(
    report: Report, tried: Letter | Delivery, address: str, at: datetime, pace: Pace, transmission_id: str
) -> Confirmed | PartConfirmed | HandedOver:
    """What a 2yz at the dot means depends on who said it (D8)."""
    assert report.reply is not None and report.tls is not None
    relayed = report.way is Way.RELAY
    if relayed and not report.trusted and isinstance(tried, Letter):
        look, silent = timedelta(seconds=pace.landing_seconds), timedelta(seconds=pace.silence_seconds)
        return HandedOver(str(report.reply), at + look, at + silent, report)
    evidence = Evidence.RELAY if relayed else Evidence.FINAL
    letter = tried.id if isinstance(tried, Letter) else tried.letter
    proof = Confirmation(
        letter, tried.fence, address, report.server, report.reply, report.tls, at, tried.part, evidence
    )
    return proven(proof, tried, at, transmission_id)


def proven(
    proof: Confirmation, tried: Letter | Delivery, at: datetime, transmission_id: str
) -> Confirmed | PartConfirmed:
    """The event that a part's confirmation leads to, whatever it rests on: the last part, or one of several."""
    if proof.part < (tried.copy.count if tried.copy else 1):
        return PartConfirmed(proof, at)
    known = tried.transmission_id if isinstance(tried, Letter) else None
    return Confirmed(proof, known or transmission_id, at)


def _other_form(meaning: Verdict, tried: Letter | Delivery) -> Copy | None:
    """The wrapped form for a server without 8BITMIME; never after an uncertain end, for copies must be identical."""
    if meaning is Verdict.CONVERSION and tried.copy and not may_lie_there(tried):
        return replace(tried.copy, wrap=True, signatures=())
    return None


def may_lie_there(tried: Letter | Delivery) -> bool:
    """Whether an uncertain end may have left a copy at the address that it is tried at."""
    return tried.copy is not None and tried.uncertain > tried.copy.before

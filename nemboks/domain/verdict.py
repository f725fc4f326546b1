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

from nemboks.domain.headline import Copy
from nemboks.domain.letter import AttemptEnded, Confirmed, Hold, Later, Letter, Reason
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Confirmation, Report, Stage


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
    (frozenset({Stage.RCPT, Stage.DOT}), r"5\d\d 5\.(1\.([0-36]|10)|2\.1)\b", Verdict.ADDRESS),
    (frozenset({Stage.RCPT}), r"55[013] ?$", Verdict.ADDRESS),
    (ANY, r"5\d\d", Verdict.POLICY),
)
_COMPILED: Final = tuple((stages, re.compile(pattern), verdict) for stages, pattern, verdict in RULES)

TOO_LARGE_LIMIT: Final = 3  # refusals for size in a row; then only a person can help


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
        Verdict.TOO_LARGE: looks,
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
    return next((seconds for limit, seconds in pace.retry_by_age if age < limit), pace.retry_last_seconds)


def spread(seconds: float, chance: float) -> float:
    """The wait, up to a fifth shorter or longer; `chance` in [0, 1)."""
    return seconds * (0.8 + 0.4 * chance)


def backoff(failures: int, pace: Pace, chance: float) -> float:
    """Seconds until Digital Post is asked again after its `failures`th outage in a row (RELIABILITY H08)."""
    first, longest = pace.upstream_seconds
    return spread(min(longest, first * 2 ** min(failures - 1, 20)), chance)


def judge(
    report: Report, letter: Letter, address: str, at: datetime, pace: Pace, chance: float, transmission_id: str
) -> Confirmed | AttemptEnded | Later | Hold:
    """The event that the report leads to, for the letter as it was claimed."""
    meaning = verdict(report)
    words = report.words if report.reply is None else str(report.reply)
    failures = letter.failures + 1 if letter.why == meaning else 1
    due_at = at + timedelta(seconds=wait(meaning, failures, (at - letter.found_at).total_seconds(), pace, chance))
    if meaning is Verdict.ACCEPTED and report.reply and report.tls:
        proof = Confirmation(letter.id, letter.fence, address, report.server, report.reply, report.tls, at)
        return Confirmed(proof, letter.transmission_id or transmission_id, at)
    if meaning in (Verdict.UNCERTAIN, Verdict.ACCEPTED):
        return AttemptEnded(letter.fence, words, due_at, report)
    if meaning is Verdict.TOO_LARGE and failures >= TOO_LARGE_LIMIT:
        return Hold(Reason.TOO_LARGE, words, letter.fence, report=report)
    return Later(letter.fence, meaning, words, due_at, report, _other_form(meaning, letter))


def _other_form(meaning: Verdict, letter: Letter) -> Copy | None:
    """The wrapped form for a server without 8BITMIME; never after an uncertain end, for copies must be identical."""
    if meaning is Verdict.CONVERSION and letter.copy and not letter.uncertain:
        return replace(letter.copy, wrap=True)
    return None

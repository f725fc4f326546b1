"""A notice -> its subject and its text: short, plain, safe to forward (UX 7).

Promises: the first line says what is wrong and of how many letters; at most 20 lines; no title, no link, no full
address, no CPR shape; the same notice gives the same text however often it is tried.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from nemboks.content.notice_words import DA, EN, LABELS, UPSTREAM, WORDS, Said
from nemboks.content.notice_words_door import ENDED, ENDS, OF_DOOR, URGENT, companies_words, left_words
from nemboks.content.preflight_texts import OWN_DOMAIN, step_for
from nemboks.content.texts import date_words, masked
from nemboks.domain.circles import language_of
from nemboks.domain.doors import days_left
from nemboks.domain.incidents import Cause, Notice, NoticeKind
from nemboks.domain.mailbox import DIRECT, Address
from nemboks.domain.redact import redact

LISTED: Final = 5  # references, and CVR numbers, that are written out
_SERVERS_WORDS: Final = 300  # characters
_URGENT_DAYS: Final = 14
# The mail server may say otherwise at the second look; until then nothing is called stopped.
_LOOKED_TWICE: Final = frozenset({Cause.ADDRESS, Cause.POLICY})
# A person can only be told of these; nothing stands still because of them.
_NOT_STOPPED: Final = frozenset({Cause.VANISHED, Cause.BOUNCED, Cause.JUNK, Cause.COPY, Cause.PREFLIGHT, Cause.FULL})


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the letters when the notice is told."""

    cvrs: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # of the first letters
    looked_twice: bool = True  # the refusal was heard a second time
    deadline: datetime | None = None  # the nearest, if a letter names one
    alone: bool = False  # for the operator: nobody of the company can be reached


def notice_text(notice: Notice, about: About) -> tuple[str, str]:
    """The subject and the text, in the language of the notice's path; lines end in LF."""
    language = language_of(notice.path)
    first = first_line(notice, about, language)
    lines = _lines(notice, _said(notice, language), about, first, language)
    return f"Nemboks: {_subject(first)}", "\n".join(lines) + "\n"


def _said(notice: Notice, language: str) -> Said:
    if notice.cause is Cause.LATE and not notice.destination:
        return UPSTREAM[language]
    if notice.cause in OF_DOOR[language]:
        return ENDED[language] if _days(notice) < 0 else OF_DOOR[language][notice.cause]
    ours = notice.cause is Cause.PREFLIGHT and not any(notice.mailboxes)
    return OWN_DOMAIN[language] if ours else WORDS[language][notice.cause]


def _days(notice: Notice) -> int:
    """Whole days that our certificate has, negative once it has ended; of anything else 0."""
    ends = notice.cause is Cause.OUR_CERTIFICATE and notice.kind is not NoticeKind.SOLVED
    return days_left(notice.since, notice.created_at) if ends else 0


def _label(notice: Notice, about: About, language: str) -> str:
    if notice.cause is Cause.OUR_CERTIFICATE and notice.kind is not NoticeKind.SOLVED and _days(notice) >= 0:
        return URGENT[language] if _days(notice) <= _URGENT_DAYS else ""
    seen_once = notice.cause in _LOOKED_TWICE and not about.looked_twice
    if notice.kind is NoticeKind.STOPPED and (seen_once or notice.cause in _NOT_STOPPED):
        return ""
    return LABELS[language][notice.kind]


def first_line(notice: Notice, about: About, language: str) -> str:
    """What is wrong and of how many letters, in one line."""
    said = _said(notice, language)
    line = said.solved if notice.kind is NoticeKind.SOLVED else said.what
    return _label(notice, about, language) + line.format(
        letters=_letters(notice.count, language),
        address=_address(notice.address, language),
        server=_server(notice.destination),
        companies=companies_words(len(notice.mailboxes), language),
        left=left_words(_days(notice), language),
    )


def _lines(notice: Notice, said: Said, about: About, first: str, language: str) -> list[str]:
    danish, solved = language == DA, notice.kind is NoticeKind.SOLVED
    lines = [first, ""]
    if notice.words and not solved:
        found = notice.cause in (Cause.PREFLIGHT, Cause.UNUSABLE)  # by us: nobody answered so
        label = ("Teknisk", "Svaret lød") if danish else ("Technical", "The answer was")
        lines.append(f"{label[0 if found else 1]}: {masked(redact(notice.words), _SERVERS_WORDS)}")
    if about.cvrs:
        lines.append(f"CVR: {listed([spaced(cvr) for cvr in about.cvrs], len(notice.mailboxes), language)}")
    if about.references:
        lines.append(f"Reference: {listed(about.references, notice.count, language)}")
    ends = notice.cause is Cause.OUR_CERTIFICATE and not solved
    since = ENDS[language] if ends else "Siden" if danish else "Since"
    lines.append(f"{since}: {date_words(notice.since, language)}")
    if about.deadline and not solved:
        nearest = "Nærmeste frist" if danish else "Nearest deadline"
        lines.append(f"{nearest}: {date_words(about.deadline, language)}")
    lines.append("")
    if not solved:
        lines += [said.safe, *_next(notice, said, about, language)]
    return [*lines, *ending(language)]


def _next(notice: Notice, said: Said, about: About, language: str) -> list[str]:
    danish = language == DA
    step = step_for(notice.words, language) if notice.cause is Cause.PREFLIGHT else ""
    lines = [f"{'Næste skridt' if danish else 'Next step'}: {' '.join(filter(None, (step, said.step)))}"]
    if notice.cause in _LOOKED_TWICE and not about.looked_twice:
        lines.append(
            "Vi spørger mailserveren én gang til, før vi regner svaret for endeligt."
            if danish
            else "We ask the mail server once more before we take the answer for final."
        )
    if about.alone:
        lines.append(
            "Virksomheden selv kan ikke få besked: ingen vej til den virker. Ring til den."
            if danish
            else "The company itself cannot be told: no path to it works. Call it."
        )
    return lines


def ending(language: str) -> list[str]:
    """The last lines of every message to people: who sent it, and that it has no links."""
    if language == EN:
        return ["--", "Sent automatically by Nemboks. This message has no links; we never ask you to log in by one."]
    return ["--", "Sendt automatisk af Nemboks. Beskeden har ingen links; vi beder jer aldrig logge ind gennem et."]


def _subject(first: str) -> str:
    """The first sentence of the first line; a domain's dot ends none."""
    return re.split(r"(?<=[^.])\. (?=\S)", first, maxsplit=1)[0].rstrip(".")


def _letters(count: int, language: str) -> str:
    one, several = ("brev", "breve") if language == DA else ("letter", "letters")
    return f"{count} {one if count == 1 else several}"


def _address(address: str, language: str) -> str:
    local, _, domain = address.rpartition("@")
    if local:
        return Address(address).masked
    several = "flere adresser" if language == DA else "several addresses"
    among = "hos" if language == DA else "at"
    return f"{several} {among} {domain}" if domain else several


def _server(destination: str) -> str:
    return destination.removeprefix(f"{DIRECT}:")


def listed(shown: Sequence[str], count: int, language: str) -> str:
    """The first few, and how many more of `count` there are."""
    words = ", ".join(shown[:LISTED])
    more = count - len(shown[:LISTED])
    if more <= 0:
        return words
    return f"{words} {'og' if language == DA else 'and'} {more} {'flere' if language == DA else 'more'}"


def spaced(cvr: str) -> str:
    """12 34 56 78: a CVR number as people read it."""
    return " ".join(cvr[at : at + 2] for at in range(0, 8, 2))

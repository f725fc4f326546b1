"""What a mail says of its letter, before it is text or HTML: both bodies are made from the same values, word for word.

Promises: at most twelve lines of ours; strangers' words are cleaned to one line each; a time, deadline or right that
the letter does not give as data is not mentioned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from nemboks.content.deadline import deadline_of, deadline_words
from nemboks.content.envelope import Envelope, authority_words
from nemboks.content.texts import clean, danish, date_words, size_words
from nemboks.content.wording import Wording, wording
from nemboks.domain.headline import Action, Copy, Forwarded, Headline

_LINE = 500  # characters of one fact
_TITLE = 4 * _LINE
ACTIVE = "active"  # content/active.py: a PDF that would run something


@dataclass(frozen=True, slots=True)
class Attached:
    """One file of the letter's mails: its safe name, and in which of them it is."""

    name: str
    size: int
    part: int
    flags: tuple[str, ...] = ()
    about: str = ""  # what it is, of a file that is no document of the letter


@dataclass(frozen=True, slots=True)
class Row:
    """A label and what stands beside it."""

    label: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All words of ours and of the letter's headline, in their order."""

    language: str
    badge: str  # "" for an ordinary letter
    grave: bool  # whether the badge is a legal notice's
    rows: tuple[Row, ...]
    heading: str  # of the sender's own text
    notes: tuple[str, ...]


def facts_of(
    headline: Headline, copy: Copy, envelope: Envelope, attached: Sequence[Attached], no_original: bool
) -> Facts:
    """The facts of one mail. `no_original`: the company wants the letter as it lay, and it cannot be sent along."""
    words = wording(copy.style.language)
    rows = [
        Row(words.sender, (_sender(headline, words),)),
        Row(words.recipient, (f"{clean(envelope.company, _LINE)}, CVR {_spaced(envelope.cvr)}",)),
        Row(words.title, (clean(headline.title, _TITLE) or words.untitled,)),
        Row(words.received, (_received(envelope, words),)),
    ]
    if deadline := deadline_of(headline, copy.date):
        rows.append(Row(words.deadline, (deadline_words(deadline, copy.date, words),)))
    rows.append(Row(words.reply, (words.can_reply if headline.reply else words.cannot_reply,)))
    files = [_listed(number, one, copy, words) for number, one in enumerate(attached, 1)] or [words.nothing]
    rows.append(Row(words.attached, (*files, *([words.no_original] if no_original else []))))
    rows += [Row(words.action, (_action(action, words),)) for action in headline.actions]
    badge = _badge(headline, copy, envelope, words)
    return Facts(words.language, badge, headline.legal, tuple(rows), words.senders_text, _notes(copy, envelope, words))


def _badge(headline: Headline, copy: Copy, envelope: Envelope, words: Wording) -> str:
    """What sets this mail apart from an ordinary one, in one line; the class first."""
    taken = f"{date_words(copy.date, words.language)}{':' if words.language == 'en' else '.'}{copy.date.second:02}"
    said = [
        words.legal.format(taken) if headline.legal else "",
        words.mandatory if headline.mandatory else "",
        words.roles.get(copy.style.role, ""),
        words.part.format(envelope.part, copy.count) if copy.count > 1 else "",
    ]
    return " ".join(filter(None, said))


def _notes(copy: Copy, envelope: Envelope, words: Wording) -> tuple[str, ...]:
    reference = words.reference.format(envelope.reference)
    if phrase := clean(copy.style.code_phrase, _LINE):
        reference += " - " + words.phrase.format(phrase)
    return words.no_answer, words.removed if copy.style.removed else words.stays, reference


def _sender(headline: Headline, words: Wording) -> str:
    name = clean(authority_words(headline, words), _LINE)
    return f"{name} ({words.forwarded.format(_first(headline.forwarded, words))})" if headline.forwarded else name


def _first(forwarded: Forwarded, words: Wording) -> str:
    name = clean(forwarded.sender, _LINE) or words.unknown_sender
    return f"{name}, {date_words(forwarded.at, words.language)}" if forwarded.at else name


def _spaced(cvr: str) -> str:
    return " ".join(cvr[at : at + 2] for at in range(0, 8, 2))


def _received(envelope: Envelope, words: Wording) -> str:
    """The legal clock: the letter has arrived when it is there to be read (section 10 of the act), not when it is."""
    since = envelope.not_before
    bound = words.not_before.format(_since(since, envelope.available_at, words)) if since else words.at_the_latest
    return f"{date_words(envelope.available_at, words.language)}   ({words.arrived.format(bound)})"


def _since(since: datetime, until: datetime, words: Wording) -> str:
    """The earlier time; of the same day only the time of day."""
    shown = date_words(since, words.language)
    return shown[11:] if danish(since).date() == danish(until).date() else shown


def _listed(number: int, one: Attached, copy: Copy, words: Wording) -> str:
    said = [
        size_words(one.size, words.language) if one.size else words.empty,
        one.about,
        words.active if ACTIVE in one.flags else "",
        words.in_part.format(one.part) if copy.count > 1 else "",
    ]
    return f"{number}. {one.name} ({', '.join(filter(None, said))})"


def _action(action: Action, words: Wording) -> str:
    """`Label (domain): https://...` as text, the domain first; no link of ours, no other scheme."""
    said = clean(action.label, _LINE) or clean(action.code, _LINE) or words.see_letter
    if action.starts_at:
        said += f", {date_words(action.starts_at, words.language)}"
    if action.ends_at:
        said += f", {words.until.format(date_words(action.ends_at, words.language))}"
    if action.reservation and (place := clean(action.reservation.location, _LINE)):
        said += f", {place}"
    if action.url is None:
        return said
    host = _host(action.url)
    return f"{said} ({host}): {action.url}" if host else f"{said}: {words.bad_address}"


def _host(url: str) -> str:
    """The host of an https address; "" for any other scheme, and for one that could be read as another's."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    odd = parts.scheme != "https" or "@" in parts.netloc or "\\" in url or " " in url or clean(url, len(url)) != url
    return "" if odd else host

"""The words that people read, in Danish and English, and values as a machine reads them. One word, one meaning."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any, Final

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Role
from nemboks.domain.proof import Evidence

Item = dict[str, Any]  # one row of an answer, with plain values only


class Lang(StrEnum):
    DA = "da"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    da: str
    en: str

    def to(self, lang: Lang) -> str:
        return self.da if lang is Lang.DA else self.en


STATES: Final[Mapping[State, Words]] = {
    State.FOUND: Words("Ny", "New"),
    State.WAITING: Words("Venter", "Waiting"),
    State.SENDING: Words("Sendes", "Sending"),
    State.HANDED_OVER: Words("Afleveret til mellemled", "Handed over"),
    State.FORWARDED: Words("Modtaget af mailserver", "Accepted"),
    State.ACKNOWLEDGED: Words("Afsluttet", "Done"),
    State.HELD: Words("Holdt tilbage", "On hold"),
    State.DISMISSED: Words("Ladt ligge", "Dismissed"),
    State.VANISHED: Words("Forsvundet", "Vanished"),
}

SHOWN: Final[Mapping[str, Words]] = {  # what people call a waiting letter that does not simply wait (UX 4)
    "blocked": Words("Stoppet", "Blocked"),
    "uncertain": Words("Usikker", "Uncertain"),
}


EVENTS: Final[Mapping[str, Words]] = {
    "found": Words("Fundet i Digital Post", "Found in Digital Post"),
    "fetch_begun": Words("Hentning begyndt", "Fetch begun"),
    "collected": Words("Hentet og forseglet", "Fetched and sealed"),
    "vanished": Words("Forsvundet: Digital Post har det ikke mere", "Vanished: Digital Post no longer has it"),
    "listed_again": Words("Ligger i Digital Post igen", "Lies in Digital Post again"),
    "reappeared": Words("Hentes igen som et nyt brev", "Fetched again like a new letter"),
    "rebound": Words("Har fået nyt nummer i indbakken", "Got another number in the inbox"),
    "postponed": Words("Digital Post: senere", "Digital Post: later"),
    "claimed": Words("Leveringsforsøg begyndt", "Delivery attempt begun"),
    "dot_begun": Words(
        "Hele brevet er hos mailserveren, svaret mangler", "All of it is with the server, the reply is not"
    ),
    "confirmed": Words("Modtaget af mailserver", "Accepted by the mail server"),
    "part_confirmed": Words("En del er modtaget af mailserver", "One part accepted by the mail server"),
    "recomposed": Words("Mailens form er fastlagt", "The mail's form is fixed"),
    "handed_over": Words("Afleveret til mellemled", "Handed over to a relay"),
    "later": Words("Ikke leveret; vi prøver igen", "Not delivered; we try again"),
    "hold": Words("Holdt tilbage", "Put on hold"),
    "letter_held": Words("En person bad om det", "A person asked for that"),
    "letter_dismissed": Words("En person lukkede det", "A person closed it"),
    "attempt_ended": Words("Forsøget endte uden svar", "The attempt ended without an answer"),
    "returned": Words("Kommet tilbage fra mellemleddet", "Came back from the relay"),
    "returned_elsewhere": Words(
        "En mail til en tidligere adresse er kommet tilbage", "A mail to an earlier address came back"
    ),
    "bounced": Words(
        "Kommet tilbage, efter at mailserveren havde taget imod", "Came back after the mail server had accepted it"
    ),
    "believed": Words("Brevet er der; kvitteringen må gå", "The letter is there; the receipt may go"),
    "released": Words("Frigivet", "Released"),
    "retried": Words("Bedt om at prøve nu", "Asked to try now"),
    "dismissed": Words("Ladt ligge i Digital Post", "Left in Digital Post"),
    "contents_lost": Words("Indholdet hentes igen", "The contents are fetched again"),
    "receipt_begun": Words("Kvitteringen går til Digital Post", "The receipt goes to Digital Post"),
    "acknowledged": Words("Kvitteret; Digital Post har taget imod kvitteringen", "Digital Post took the receipt"),
    "contents_seen": Words("Indholdet er vist for en person", "The contents were shown to a person"),
    "cleared": Words("Indholdet er slettet hos os", "The contents are destroyed here"),
    "copy_planned": Words("Skal også til en modtager mere", "Is to go to one more recipient"),
    "copy_claimed": Words("Kopi: leveringsforsøg begyndt", "Copy: delivery attempt begun"),
    "copy_dot_begun": Words(
        "Kopi: det hele er hos mailserveren, svaret mangler", "Copy: all of it is with the server, the reply is not"
    ),
    "copy_recomposed": Words("Kopi: mailens form er fastlagt", "Copy: the mail's form is fixed"),
    "copy_confirmed": Words("Kopi: modtaget af mailserver", "Copy: accepted by the mail server"),
    "copy_part_confirmed": Words(
        "Kopi: en del er modtaget af mailserver", "Copy: one part accepted by the mail server"
    ),
    "copy_later": Words("Kopi: ikke leveret; vi prøver igen", "Copy: not delivered; we try again"),
    "copy_attempt_ended": Words("Kopi: forsøget endte uden svar", "Copy: the attempt ended without an answer"),
    "copy_hold": Words("Kopi: opgivet", "Copy: given up"),
}

UNCONFIRMED: Final = Words("Endnu ingen bekræftelse", "No confirmation yet")
SILENT: Final = Words("Ingen bekræftede i tide", "Nobody confirmed in time")

DELIVERIES: Final[Mapping[DeliveryState, Words]] = {
    DeliveryState.WAITING: Words("Venter", "Waiting"),
    DeliveryState.SENDING: Words("Sendes", "Sending"),
    DeliveryState.DELIVERED: Words("Leveret", "Delivered"),
    DeliveryState.ENDED: Words("Opgivet", "Given up"),
}

ROLES: Final[Mapping[Role, Words]] = {
    Role.COPY: Words("Kopimodtager", "Copy"),
    Role.FALLBACK: Words("Reservemodtager", "Fallback"),
}

EVIDENCE: Final[Mapping[Evidence, Words]] = {
    Evidence.FINAL: Words("Jeres egen mailserver svarede", "The company's own mail server answered"),
    Evidence.DSN: Words("Mellemleddet meldte det leveret", "The relay reported it as delivered"),
    Evidence.LANDING: Words("Mailen blev set i postkassen", "The mail was seen in the mailbox"),
    Evidence.RELAY: Words("Kun mellemleddets svar, som I har valgt", "Only the relay's answer, as you chose"),
}


_ACTS: Final = re.compile(r"(change|estate) ([0-9]+)( taken back| reversed)?(.*)")
_NAMES: Final = {"change": "ændring nr.", "estate": "sag", " taken back": ", taget tilbage", " reversed": ", omgjort"}


def by_words(by: str) -> Words:
    """Who stands behind an act, as people read what the row says: a person, the operator, a change, a case."""
    by = re.sub(r"\(via (.*) \(operator\)\)$", r"(via \1)", by)
    if by == "settings":
        return Words("indstillingsfilen", "the settings file")
    if found := _ACTS.fullmatch(by):
        what, number, ended, rest = found[1], found[2], found[3] or "", found[4]
        case = "case" if what == "estate" else what
        return Words(f"{_NAMES[what]} {number}{_NAMES.get(ended, '')}{rest}", f"{case} {number}{ended}{rest}")
    return Words(by.replace("(operator)", "(operatør)"), by)


def state_words(item: Item) -> Words:
    """The word for a letter's state, of an item that `letter_item` made."""
    return SHOWN.get(item["shown"] or "") or STATES[item["state"]]


def plain(value: Any) -> Any:
    """The value as JSON can carry it: times as RFC 3339 in UTC with Z, values of the domain as objects."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case Enum():
            return value.value if isinstance(value, str) else value.name.lower()
        case str():
            return str(value)
        case Mapping():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
    return plain(asdict(value)) if is_dataclass(value) and not isinstance(value, type) else value

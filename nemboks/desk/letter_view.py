"""A letter as people see it: one line of a list, or the page with its whole way. Pure; nothing here asks or changes.

Strangers' words (titles, names, file names) are cleaned and their CPR numbers masked before they leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from nemboks.content.texts import masked
from nemboks.desk.explain_rules import is_of_workplace
from nemboks.desk.ledger import AttemptRow, EventRow
from nemboks.desk.reasons import meaning
from nemboks.desk.words import DELIVERIES, EVENTS, EVIDENCE, ROLES, SILENT, UNCONFIRMED, Item, Lang, state_words
from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.headline import Headline
from nemboks.domain.letter import Letter, Reason, State
from nemboks.domain.proof import Confirmation, Evidence
from nemboks.domain.redact import redact

TITLE, NAME = 300, 120  # characters shown of a title, and of a person's or a file's name
BLOCKING: Final = frozenset({"address", "policy", "login", "tls", "certificate"})  # time alone does not cure these
MACHINE: Final = frozenset({State.FOUND, State.WAITING, State.FORWARDED, State.VANISHED})  # due_at means "next try"


def letter_item(letter: Letter, cvr: str) -> Item:
    """One line of a list: nothing of what the letter says."""
    confirmed_at = letter.confirmation.at if letter.confirmation else None
    return {
        "id": letter.id,
        "cvr": cvr,
        "upstream_id": letter.upstream_id,
        "state": letter.state,
        "shown": _shown(letter),
        "reason": letter.why or None,
        "attempts": letter.fence,
        "uncertain": letter.uncertain,
        "found_at": letter.found_at,
        "available_at": letter.available_at,
        # A service of process is due before it was found, so that it goes before the others of its day.
        "next_try_at": max(letter.due_at, letter.found_at) if letter.due_at and letter.state in MACHINE else None,
        "forwarded_at": confirmed_at,
        "acknowledged_at": letter.acknowledged_at,
        "seconds": _seconds(letter.available_at, confirmed_at),
    }


def letter_page(
    letter: Letter,
    cvr: str,
    attempts: Sequence[AttemptRow],
    events: Sequence[EventRow],
    lang: Lang,
    deliveries: Sequence[Delivery] = (),
) -> Item:
    """The letter with its headline, its way, its attempts, its proofs and its further recipients."""
    why = "bounced" if letter.bounced else letter.why
    told = meaning(why) if why else None
    return {
        **letter_item(letter, cvr),
        "state_text": state_words({"state": letter.state, "shown": _shown(letter)}).to(lang),
        "reason_text": told.text.to(lang) if told else None,
        "cure": told.cure.to(lang) if told else None,
        "words": letter.bounced or letter.words,
        "bounced": letter.bounced or None,
        "not_before": letter.not_before,
        "route_version": letter.route_version or None,
        "rule": letter.rule or None,
        "headline": _headline(letter.headline) if letter.headline else None,
        "way": [_step(event, lang) for event in events],
        "attempts": [_attempt(attempt) for attempt in attempts if not attempt.delivery_id],
        "parts": letter.parts,
        "proofs": [_proof(proof, lang) for proof in (*letter.proofs, letter.confirmation) if proof],
        "confirmation": letter.confirmation,
        "others": [_other(one, [x for x in attempts if x.delivery_id == one.id], lang) for one in deliveries],
        "receipt": _receipt(letter),
    }


def veiled(page: Item) -> Item:
    """The page for who may see the way but not what the letter says: no titles, no names of files, addresses masked."""
    shown: Item = _without_people(page)
    if shown["headline"]:
        documents = [{**one, "name": None} for one in shown["headline"]["documents"]]
        shown["headline"] = {**shown["headline"], "title": None, "documents": documents}
    return shown


def _without_people(value: Any) -> Any:
    """The value with every address and CPR number in it masked, however deep it stands."""
    match value:
        case Enum():
            return value
        case str():
            return redact(value)
        case Mapping():
            return {key: _of_key(key, one) for key, one in value.items()}
        case list() | tuple():
            return [_without_people(one) for one in value]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    return replace(value, **{one.name: _without_people(getattr(value, one.name)) for one in fields(value)})


def _of_key(key: Any, value: Any) -> Any:
    return value if key == "rule" and is_of_workplace(value) else _without_people(value)


def _shown(letter: Letter) -> str | None:
    """ "blocked" once a second look found the same refusal, "uncertain" after an end that nobody saw; else None."""
    if letter.state is not State.WAITING:
        return None
    if letter.why in BLOCKING and letter.failures > 1:
        return "blocked"
    return "uncertain" if letter.why == "uncertain" else None


def _seconds(start: datetime, end: datetime | None) -> float | None:
    return round((end - start).total_seconds(), 3) if end else None


def _headline(headline: Headline) -> Item:
    return {
        "kind": headline.kind,
        "authority": masked(headline.authority.name, NAME),
        "title": masked(headline.title, TITLE),
        "size": headline.size,
        "sha256": headline.sha256,
        "legal": headline.legal,
        "reply_by": headline.reply_by,
        "documents": [
            {
                "role": one.role,
                "name": masked(one.name, NAME),
                "media_type": masked(one.media_type, NAME),
                "size": one.size,
                "sha256": one.sha256,
            }
            for one in headline.documents
        ],
    }


def _step(event: EventRow, lang: Lang) -> Item:
    text = _told(event, lang)
    return {
        "at": event.at,
        "event": event.event,
        "text": text,
        "from": event.from_state,
        "to": event.to_state,
        "attempt": event.fence or None,
        **event.detail,
    }


def _told(event: EventRow, lang: Lang) -> str:
    """What happened: one event can mean several things, by what it was about."""
    if event.event == "postponed" and event.from_state is State.HANDED_OVER:
        return UNCONFIRMED.to(lang)
    if event.event == "returned" and event.detail.get("reason") == Reason.RELAY_SILENT:
        return SILENT.to(lang)
    rests_on = (event.detail.get("confirmation") or {}).get("evidence", Evidence.FINAL)
    if event.event == "confirmed" and rests_on != Evidence.FINAL:
        return EVIDENCE[Evidence(rests_on)].to(lang)
    return EVENTS[event.event].to(lang) if event.event in EVENTS else event.event


def _attempt(row: AttemptRow) -> Item:
    report = row.report
    return {
        "number": row.number,
        "part": row.part,
        "started_at": row.started_at,
        "dot_begun_at": row.dot_begun_at,
        "ended_at": row.ended_at,
        "outcome": row.outcome or None,
        "address": row.address,
        "server": report.server if report else row.server,
        "stage": report.stage if report else None,
        "reply": report.reply if report else None,
        "words": report.words if report else "",
        "tls": report.tls if report else None,
        "seconds": _seconds(row.started_at, row.ended_at),
    }


def _proof(proof: Confirmation, lang: Lang) -> Item:
    """One part's confirmation, with what it rests on."""
    return {
        "part": proof.part,
        "evidence": proof.evidence,
        "evidence_text": EVIDENCE[proof.evidence].to(lang),
        "attempt": proof.attempt,
        "address": proof.address,
        "server": proof.server,
        "reply": proof.reply,
        "tls": proof.tls,
        "at": proof.at,
    }


def _other(delivery: Delivery, attempts: Sequence[AttemptRow], lang: Lang) -> Item:
    """A further recipient and how far its copy has come."""
    told = meaning(delivery.why) if delivery.why else None
    return {
        "id": delivery.id,
        "role": delivery.role,
        "role_text": ROLES[delivery.role].to(lang),
        "address": delivery.address,
        "server": delivery.server,
        "state": delivery.state,
        "state_text": DELIVERIES[delivery.state].to(lang),
        "reason": delivery.why or None,
        "reason_text": told.text.to(lang) if told else None,
        "cure": told.cure.to(lang) if told else None,
        "words": delivery.words,
        "since": delivery.since,
        "next_try_at": delivery.due_at if delivery.state is DeliveryState.WAITING else None,
        "parts": delivery.copy.count if delivery.copy else 1,
        "proofs": [_proof(proof, lang) for proof in delivery.proofs],
        "attempts": [_attempt(attempt) for attempt in attempts],
    }


def _receipt(letter: Letter) -> Item | None:
    """What Digital Post was told; None while no receipt is owed."""
    if letter.transmission_id is None:
        return None
    done = letter.state is State.ACKNOWLEDGED
    return {
        "transmission_id": letter.transmission_id,
        "begun_at": letter.receipt_begun_at,
        "acknowledged_at": letter.acknowledged_at,
        "words": letter.words if done else "",
    }

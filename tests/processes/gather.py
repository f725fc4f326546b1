"""Reads the facts for the judge: every Maildir, both faces of Digital Post, the ledger, and Postfix' own moments."""

import email
import email.message
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.processes.ledger import Entry, Ledger
from tests.processes.oracle import Facts, Mail, Posted, Row
from tests.processes.texts import OPERATOR
from tests.processes.town import Town

QUEUE_ID = re.compile(rb"\(Postfix\)\s+with\s+\w+\s+id\s+(\w+)")
TRACE = re.compile(rb"(?:(?:Return-Path|Delivered-To|X-Original-To|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.I)


def facts(town: Town) -> Facts:
    """Everything at one moment; the daemon has stopped and Postfix' queue is empty."""
    ledger = Ledger(town.state / "nemboks.db")
    entries = ledger.entries()
    found = list(mails(town.boxes.base / "mail", town.say.taken))
    names = _names(town, entries, found)
    posted = {names.get(key, key): _named(one, names) for key, one in town.post.posted.items()}
    return Facts(
        posted=posted,
        mails=found,
        removed={names.get(key, key): at for key, at in _removed(town).items()},
        owners={**town.owners, OPERATOR: "operator"},
        rows={one.key: Row(one.state, one.uncertain) for one in entries},
        orders=ledger.overtaken(),
        plain=town.say.plain,
    )


def mails(folder: Path, taken: Mapping[str, float]) -> Iterator[Mail]:
    """What lies in the Maildirs under the folder; each is named as its recipient."""
    for file in sorted(folder.glob("*/[cn]*/*")):
        if file.parent.name in ("cur", "new"):
            yield mail_of(file.parts[-3], file.read_bytes(), taken, _arrival(file))


def mail_of(to: str, raw: bytes, taken: Mapping[str, float], arrived: float) -> Mail:
    """One mail. Without a moment of Postfix' its arrival counts, which is later."""
    trace = TRACE.match(raw)
    head, wire = (raw[: trace.end()], raw[trace.end() :]) if trace else (b"", raw)
    number = QUEUE_ID.search(head)
    message = email.message_from_bytes(wire)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    digests = tuple(hashlib.sha256(_octets(part.get_payload(decode=True))).hexdigest() for part in leaves)
    label, cvr = (str(message.get(name, "")).strip().lower() for name in ("Nemboks-Letter", "Nemboks-Cvr"))
    at = taken.get(number[1].decode(), arrived) if number else arrived
    wire_sha256 = hashlib.sha256(wire).hexdigest()
    return Mail(to, digests, at, wire_sha256, f"{cvr}/{label}" if label else "", cvr, _part(message))


def _part(message: email.message.Message) -> tuple[int, int]:
    number, _, count = str(message.get("Nemboks-Part", "1/1")).partition("/")
    return int(number), int(count)


def _octets(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else b""


def _arrival(file: Path) -> float:
    seconds, _, rest = file.name.partition(".M")
    micros = re.match(r"\d+", rest)
    return int(seconds.partition(".")[0]) + (int(micros[0]) / 1e6 if micros else 0.0)


def _named(one: Posted, names: Mapping[str, str]) -> Posted:
    return Posted(names.get(one.key, one.key), one.cvr, one.documents)


def _names(town: Town, entries: list[Entry], found: list[Mail]) -> dict[str, str]:
    """The ledger's key by message id, for letters of the IMAP face, as the Dovecot upstream has told of it.

    Where its log was cut off by a kill, the documents in a Maildir tell which label is the letter's.
    """
    boxes = {one.cvr for one in town.companies if one.face == "imap"}
    names = {}
    for one in entries:
        if one.cvr in boxes and (name := town.post.expunged_name(one.cvr, one.upstream_id.partition(".")[2])):
            names[name] = one.key
    by_document = {digest: one.key for one in town.post.posted.values() for digest in one.documents}
    for mail in found:
        for part in mail.parts:
            name = by_document.get(part, "")
            if "@" in name and mail.key:
                names.setdefault(name, mail.key)
    return names


def _removed(town: Town) -> dict[str, float | None]:
    removed: dict[str, float | None] = {}
    for letter in town.post.rest():
        done = [act for act in letter["receipts"] if act["taken"] and act["status"] != "RECEIVED"]
        done += [act for act in letter["acts"] if act["act"] == "deleted"]
        # A millisecond more: it is told in whole ones.
        acts = [datetime.fromisoformat(act["at"]).timestamp() + 0.001 for act in done]
        if acts:
            removed[f"{letter['cvr']}/{letter['message_uuid'].lower()}"] = min(acts)
    lying = set(town.post.lying())
    for name in town.post.posted:
        if "@" in name and name not in lying:
            removed[name] = town.post.expunged.get(name)
    return removed

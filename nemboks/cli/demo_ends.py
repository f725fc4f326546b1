"""What the demo's judge looks at: one look at both ends and the ledger, and what can be read off a letter or a mail."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nemboks.cli.demo_letters import Posted

Item = dict[str, Any]


@dataclass(frozen=True)
class Forever:
    """A fault that never heals, what must come of a letter that meets it, and where it can show."""

    outcome: str
    faces: Collection[str]
    servers: Collection[str]

    def meets(self, company: Item | None) -> bool:
        """Whether the company's letters run into it."""
        return company is not None and company["face"] in self.faces and company["server"] in self.servers


@dataclass(frozen=True)
class Ends:
    """One look at both ends and the ledger. A letter is known by CVR and upstream id: IMAP's ids repeat elsewhere."""

    upstream: Mapping[int, Item]  # the simulator's letters by their number
    mails: Collection[Item]  # in the order of acceptance
    companies: Mapping[str, Item]  # by CVR
    ledger: Mapping[tuple[str, str], Item]  # by CVR and upstream id
    troubles: Mapping[str, str]  # by CVR: why the ledger could not look into its mailbox
    numbers: Mapping[tuple[str, str], int]  # the simulator's number by CVR and upstream id
    owners: Mapping[str, str]  # CVR by mail address

    @classmethod
    def of(
        cls, letters: Sequence[Item] = (), mails: Sequence[Item] = (), companies: Sequence[Item] = (),
        ledger: Sequence[Item] = (), troubles: Mapping[str, str] | None = None,
    ) -> "Ends":  # fmt: skip
        upstream = {x["id"]: x for x in letters}
        return cls(
            upstream, sorted(mails, key=lambda m: m["n"]), {x["cvr"]: x for x in companies},
            {(x["cvr"], x["upstream_id"].lower()): x for x in ledger}, troubles or {},
            {(x["cvr"], key): n for n, x in upstream.items() for key in keys(x)},
            {x["address"]: x["cvr"] for x in companies},
        )  # fmt: skip

    def letter(self, posted: Posted) -> Item | None:
        """Upstream's account of a posted letter."""
        if posted.upstream is None and posted.accepted and posted.message_uuid:
            wanted = [posted.message_uuid.lower()]
            posted.upstream = next((n for n, x in self.upstream.items() if keys(x) == wanted), None)
        return self.upstream.get(posted.upstream) if posted.upstream is not None else None

    def row(self, letter: Item) -> Item | None:
        """Our ledger's account of it."""
        rows = (self.ledger.get((letter["cvr"], key)) for key in keys(letter))
        return next(filter(None, rows), None)

    def label(self, mail: Item, name: str) -> str:
        """A header field of ours on the mail, in small letters; "" when it is not there."""
        return next((str(v).lower() for k, v in mail["headers"].items() if k.lower() == name.lower()), "")

    def owner(self, mail: Item) -> str | None:
        """The CVR whose mailbox took the mail, or None: nobody's."""
        return self.owners.get(mail["to"])

    def letter_of(self, mail: Item) -> Item | None:
        """The letter that the mail says it carries: the mailbox's own, else another company's; None for no letter."""
        key = self.label(mail, "Nemboks-Letter")
        for cvr in (self.owner(mail), self.label(mail, "Nemboks-Cvr"), *self.companies):
            if cvr and (number := self.numbers.get((cvr, key))):
                return self.upstream[number]
        return None

    def copies(self, letter: Item) -> Sequence[Item]:
        """The mails that carry this letter to its own company's mailbox, in the order of acceptance."""
        return self._arrived.get(letter["id"], ())

    @cached_property
    def _arrived(self) -> Mapping[int, Sequence[Item]]:
        found: dict[int, list[Item]] = {}
        for mail in self.mails:
            letter = self.letter_of(mail)
            if letter is not None and letter["cvr"] == self.owner(mail):
                found.setdefault(letter["id"], []).append(mail)
        return found


def keys(letter: Item) -> list[str]:
    """The upstream ids that the letter has had (an IMAP letter gets a new one with a new UIDVALIDITY), newest first."""
    if letter["message_uuid"]:
        return [letter["message_uuid"].lower()]
    return [f"{u['uidvalidity']}.{u['uid']}" for u in reversed(letter["uids"])]


def part(mail: Item) -> tuple[int, int]:
    """Which mail of how many it says it is; a letter in one mail says nothing."""
    words = next((str(v) for k, v in mail["headers"].items() if k.lower() == "nemboks-part"), "")
    found = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", words)
    return (int(found[1]), int(found[2])) if found else (1, 1)


def whole(mails: Iterable[Item], letter: Item) -> bool:
    """Whether one of the mails, or all the parts of a split letter together, hold every document, byte for byte.

    What a mail says of itself only tells which mails belong together; the documents are counted from their bytes.
    """
    wanted = Counter(d["sha256"] for d in letter["documents"])
    best: dict[int, dict[int, Counter[str]]] = {}
    for mail in mails:
        number, count = part(mail)
        held = Counter(a["sha256"] for a in mail["attachments"]) & wanted
        parts = best.setdefault(count, {})
        parts[number] = max(parts.get(number, Counter()), held, key=Counter.total)
    return any(len(parts) == count and not wanted - sum(parts.values(), Counter()) for count, parts in best.items())


def removal(letter: Item) -> int | None:
    """The number of the first act that took the letter from upstream: a taken receipt, a DELETE or an EXPUNGE.

    A RECEIVED receipt is a technical one and takes nothing (DIGITAL-POST 2.3); every other says that we are done.
    """
    acts = [r["n"] for r in letter["receipts"] if r["taken"] and r["status"] != "RECEIVED"]
    acts += letter["deletes"]
    acts += [letter["expunged"]] if letter["expunged"] else []
    return min(acts, default=None)


def finished(letter: Item) -> bool:
    """Whether upstream regards the letter as settled: what its removal policy wants has been done."""
    return letter["removed"] is not None


def confirmed(mail: Item) -> bool:
    """Whether the mail server's 250 was written."""
    return not mail.get("kept_only")

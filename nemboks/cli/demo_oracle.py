"""Judges a demo from its two ends: what the senders posted and the upstream mailbox saw, and what the mail server took.

Only the count of uncertain endings, and the state shown on each row, come from our own ledger.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
    """One look at both ends and the ledger."""

    upstream: dict[int, Item]  # the simulator's letters by their number
    mails: list[Item]
    companies: dict[str, Item]  # by CVR
    ledger: dict[tuple[str, str], Item]  # by CVR and upstream id
    troubles: Mapping[str, str]  # by CVR: why the ledger could not look into its mailbox

    @classmethod
    def of(
        cls, letters: list[Item], mails: list[Item], companies: list[Item], ledger: list[Item],
        troubles: Mapping[str, str],
    ) -> "Ends":  # fmt: skip
        return cls(
            {x["id"]: x for x in letters}, sorted(mails, key=lambda m: m["n"]), {x["cvr"]: x for x in companies},
            {(x["cvr"], x["upstream_id"]): x for x in ledger}, troubles,
        )  # fmt: skip

    def letter(self, posted: Posted) -> Item | None:
        """Upstream's account of a posted letter."""
        if posted.upstream is None and posted.accepted:
            posted.upstream = next(
                (n for n, x in self.upstream.items() if _same(x["message_uuid"], posted.message_uuid)), None
            )
        return self.upstream.get(posted.upstream) if posted.upstream is not None else None

    def row(self, letter: Item) -> Item | None:
        """Our ledger's account of it."""
        rows = (self.ledger.get((letter["cvr"], key)) for key in keys(letter))
        return next(filter(None, rows), None)

    def stuck(self, letter: Item, forever: Forever | None) -> bool:
        """Whether the letter has met the fault that never heals, and says why it waits."""
        if not (forever and forever.meets(self.companies.get(letter["cvr"]))):
            return False
        row = self.row(letter)
        if row is None:
            return letter["cvr"] in self.troubles
        if row["state"] == "FOUND" and row["reason"] == "unreadable":
            return False  # on its way to HELD
        return row["state"] != "SENDING" and bool(row["reason"])

    def copies(self, letter: Item) -> list[Item]:
        """The mails that carry this letter to its own company's mailbox, in the order of acceptance."""
        address = self.companies.get(letter["cvr"], {}).get("address")
        mine = set(keys(letter))
        return [m for m in self.mails if m["to"] == address and _header(m, "Nemboks-Letter") in mine]


def keys(letter: Item) -> list[str]:
    """The upstream ids that the letter has had (an IMAP letter gets a new one with a new UIDVALIDITY)."""
    if letter["message_uuid"]:
        return [letter["message_uuid"].lower()]
    uids = letter.get("uids") or [letter["uid"]]
    return [f"{u['uidvalidity']}.{u['uid']}" for u in reversed(uids) if u]


def _same(a: str | None, b: str | None) -> bool:
    return bool(a and b and a.lower() == b.lower())


def _header(mail: Item, name: str) -> str:
    return next((str(v) for k, v in mail["headers"].items() if k.lower() == name.lower()), "")


def whole(mail: Item, letter: Item) -> bool:
    """Whether the mail holds every document of the letter, byte for byte."""
    wanted = Counter(d["sha256"] for d in letter["documents"])
    return not wanted - Counter(a["sha256"] for a in mail["attachments"])


def removal(letter: Item) -> int | None:
    """The number of the first act that took the letter from upstream: a taken receipt, a DELETE or an EXPUNGE."""
    acts = [r["n"] for r in letter["receipts"] if r["taken"] and r["status"] == "COMPLETED"]
    acts += [d if isinstance(d, int) else d["n"] for d in letter["deletes"]]
    acts += [letter["expunged"]] if letter.get("expunged") else []
    return min(acts, default=None)


def finished(letter: Item) -> bool:
    """Whether upstream regards the letter as settled: what its removal policy wants has been done."""
    return letter["removed"] is not None


def confirmed(mail: Item) -> bool:
    return not mail.get("kept_only")


def misdelivered(ends: Ends) -> int:
    """Mails that lie with a company they were not meant for, told by their documents and not by their headers."""
    owners: dict[str, set[str]] = {}
    for letter in ends.upstream.values():
        for document in letter["documents"]:
            owners.setdefault(document["sha256"], set()).add(letter["cvr"])
    addresses = {x["address"]: cvr for cvr, x in ends.companies.items()}
    wrong = 0
    for mail in ends.mails:
        cvr = addresses.get(mail["to"])
        labelled = _header(mail, "Nemboks-Cvr")
        foreign = any(a["sha256"] in owners and cvr not in owners[a["sha256"]] for a in mail["attachments"])
        wrong += foreign or (bool(labelled) and labelled != cvr)
    return wrong


def settled(posted: Posted, ends: Ends, forever: Forever | None) -> bool:
    """Whether nothing more will happen to the letter by itself."""
    if not posted.accepted:
        return True
    letter = ends.letter(posted)
    if letter is None:
        return False
    row = ends.row(letter)
    if row is not None and (
        (finished(letter) and row["state"] == "ACKNOWLEDGED") or (row["state"] == "HELD" and row["reason"])
    ):
        return True
    return ends.stuck(letter, forever)


def judge(rows: Sequence[Posted], ends: Ends, forever: Forever | None, kills: int, seconds: float) -> Item:
    """The demo's one JSON object (`nemboks.demo/1`)."""
    count: Counter[str] = Counter()
    letters = [_row(posted, ends, forever, count) for posted in rows]
    uncertain = sum(x["uncertain"] for x in ends.ledger.values())
    wrong = misdelivered(ends)
    bad = count["lost"] + wrong + count["premature"] + count["unsettled"] + count["astray"]
    return {
        "schema": "nemboks.demo/1",
        "ok": bad == 0 and count["copies"] <= uncertain,
        "posted": len(rows), "accepted": count["accepted"], "acknowledged": count["acknowledged"],
        "held": count["held"], "lost": count["lost"], "misdelivered": wrong,
        "premature_receipts": count["premature"], "copies": count["copies"], "uncertain": uncertain,
        "unsettled": count["unsettled"], "kills": kills, "seconds": round(seconds, 1), "letters": letters,
    }  # fmt: skip


def _row(posted: Posted, ends: Ends, forever: Forever | None, count: Counter[str]) -> Item:
    letter = ends.letter(posted)
    row = ends.row(letter) if letter else None
    mails = ends.copies(letter) if letter else []
    if posted.accepted and letter is None:
        count["unsettled"] += 1
    if letter is not None:
        _count(posted, letter, row, mails, forever, ends, count)
    elif posted.accepted:
        count["accepted"] += 1
    expect = _expect(posted, letter, forever, ends)
    state, reason = _where(posted, letter, row, forever, ends)
    return {
        "source": posted.source, "message_uuid": posted.message_uuid, "uuid_replaced": posted.uuid_replaced,
        "recipient_replaced": posted.recipient_replaced, "cvr": posted.cvr, "inbox": posted.inbox, "expect": expect,
        "state": state, "reason": reason, "attempts": row["attempts"] if row else 0,
        "available_at": row["available_at"] if row else None, "forwarded_at": row["forwarded_at"] if row else None,
        "acknowledged_at": row["acknowledged_at"] if row else None, "mail": _mail(mails, posted.inbox),
    }  # fmt: skip


def _where(
    posted: Posted, letter: Item | None, row: Item | None, forever: Forever | None, ends: Ends
) -> tuple[str, str | None]:
    """The row's state and reason. A letter that a fault keeps us from fetching waits in Digital Post."""
    if not posted.accepted:
        return "REJECTED_UPSTREAM", None
    waits = letter is not None and ends.stuck(letter, forever)
    if row is not None:
        return ("WAITING" if waits and row["state"] == "FOUND" else row["state"]), row["reason"]
    return ("WAITING" if waits else "UPSTREAM"), ends.troubles.get(posted.cvr)


def _expect(posted: Posted, letter: Item | None, forever: Forever | None, ends: Ends) -> str:
    if not posted.accepted:
        return "rejected"
    if letter is not None and letter["kind"] == "NEMSMS":
        return "held"
    return forever.outcome if forever and forever.meets(ends.companies.get(posted.cvr)) else "delivered"


def _count(
    posted: Posted, letter: Item, row: Item | None, mails: list[Item], forever: Forever | None, ends: Ends,
    count: Counter[str],
) -> None:  # fmt: skip
    count["accepted"] += 1
    count["copies"] += max(0, len(mails) - 1)
    good = [m["n"] for m in mails if whole(m, letter)]
    told = [m["n"] for m in mails if whole(m, letter) and confirmed(m)]
    gone = removal(letter)
    if gone is not None:
        count["lost"] += not good
        count["premature"] += not any(n < gone for n in told)
    done = finished(letter)
    count["acknowledged"] += done
    state, reason = _where(posted, letter, row, forever, ends)
    held = state in ("HELD", "WAITING", "FOUND", "VANISHED") and bool(reason)
    count["held"] += held and not done
    if not settled(posted, ends, forever):
        count["unsettled"] += 1
        return
    uncertain = row is not None and row["reason"] == "three_uncertain"
    expect = _expect(posted, letter, forever, ends)
    if expect == "delivered":
        count["astray"] += not (bool(told) and (done or ends.stuck(letter, forever))) and not uncertain
    else:
        count["astray"] += done or not held


def _mail(mails: list[Item], inbox: str) -> Item | None:
    if not mails:
        return None
    first = next((m for m in mails if confirmed(m)), mails[0])
    attachments = [
        {"name": a["name"], "sha256": a["sha256"], "size": a["size"]}
        for a in first["attachments"]
        if a["name"] is not None or inbox == "imap"
    ]  # else it is our text: the letter had no document
    return {"to": first["to"], "subject": first["subject"], "message_id": first["message_id"], "size": first["size"],
            "attachments": attachments}  # fmt: skip

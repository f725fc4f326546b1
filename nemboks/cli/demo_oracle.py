"""Judges a demo from its two ends: what the senders posted and the upstream mailbox saw, and what the mail server took.

Only the count of uncertain endings, the state shown on each row, and whether a letter that lies upstream is HELD or
waits with a reason, come from our own ledger: no count of harm can be talked away by it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nemboks.cli.demo_ends import Ends, Forever, Item, confirmed, finished, part, removal, whole
from nemboks.cli.demo_letters import Posted

HELD, WAITING = "HELD", "WAITING"
AT_REST = (WAITING, HELD, "FOUND", "VANISHED")
THREE = 3  # uncertain endings, after which a person decides


@dataclass(frozen=True)
class Fate:
    """What became of one posted letter; the first line of fields is what its row shows."""

    expect: str
    state: str
    reason: str | None
    row: Item | None
    mails: Sequence[Item]  # to its own company's mailbox, oldest first
    settled: bool
    done: bool = False  # upstream regards it as settled
    lost: bool = False
    premature: bool = False
    held: bool = False
    astray: bool = False  # settled, but not where `expect` says


def fate(posted: Posted, ends: Ends, forever: Forever | None) -> Fate:
    """What became of the letter, as far as one look at the ends tells."""
    if not posted.accepted:
        return Fate("rejected", "REJECTED_UPSTREAM", None, None, (), settled=True)
    letter = ends.letter(posted)
    meets = forever is not None and forever.meets(ends.companies.get(posted.cvr))
    expect = forever.outcome if forever and meets else "delivered"
    if letter is None:  # accepted, and upstream knows nothing of it
        return Fate(expect, "UPSTREAM", None, None, (), settled=False)
    if letter["kind"] == "NEMSMS":
        expect = "held"
    row, mails = ends.row(letter), ends.copies(letter)
    stuck = forever is not None and meets and _stuck(letter, row, forever, ends)
    done = finished(letter)
    state, reason = _where(letter, row, stuck, ends)
    settled = stuck or (row is not None and ((done and state == "ACKNOWLEDGED") or (state == HELD and bool(reason))))
    told = whole((m for m in mails if confirmed(m)), letter)
    unsure = row is not None and state == HELD and reason == "three_uncertain" and row["uncertain"] >= THREE
    if expect == "delivered":
        fine = (told and (done or stuck)) or (unsure and not done)
    else:
        fine = not done and not told and state in (WAITING, HELD) and bool(reason)
    gone = removal(letter)
    return Fate(
        expect, state, reason, row, mails, settled, done,
        lost=gone is not None and not whole(mails, letter),
        # Only a 250 for the whole letter, or for each of its parts, allows a receipt.
        premature=gone is not None and not whole((m for m in mails if m["n"] < gone and confirmed(m)), letter),
        held=settled and not done and (unsure or not told),
        astray=settled and not fine,
    )  # fmt: skip


def _stuck(letter: Item, row: Item | None, forever: Forever, ends: Ends) -> bool:
    """Whether the letter has met the fault that never heals, and says why it waits."""
    if forever.outcome == "delivered":  # only the receipt can be kept back
        return row is not None and row["state"] == "FORWARDED" and bool(row["reason"])
    if row is None:
        return letter["cvr"] in ends.troubles
    if row["state"] == "FOUND" and row["reason"] == "unreadable":
        return False  # on its way to HELD
    return row["state"] in AT_REST and bool(row["reason"])


def _where(letter: Item, row: Item | None, stuck: bool, ends: Ends) -> tuple[str, str | None]:
    """The row's state and reason. A letter that a fault keeps us from fetching waits in Digital Post."""
    if row is None:
        return (WAITING if stuck else "UPSTREAM"), ends.troubles.get(letter["cvr"])
    kept_out = stuck and (row["state"] == "FOUND" or (row["state"] == "VANISHED" and letter["listed"]))
    return (WAITING if kept_out else row["state"]), row["reason"]


def copies(ends: Ends) -> int:
    """Acceptances beyond the first per recipient, letter and part; a mail of no letter is beyond, and so is all that
    came in one division of a letter after another."""
    found = [
        (mail["to"], letter["id"] if (letter := ends.letter_of(mail)) else None, part(mail)) for mail in ends.mails
    ]
    twice = sum(number - (who is not None) for (_, who, _), number in Counter(found).items())
    divisions = {(to, who, count) for to, who, (_, count) in found if who is not None}
    return twice + len(divisions) - len({(to, who) for to, who, _ in divisions})


def misdelivered(ends: Ends) -> int:
    """Mails that lie where they were not meant to, told by their documents, by their labels and by their letter."""
    owners: dict[str, set[str]] = {}
    for letter in ends.upstream.values():
        for document in letter["documents"]:
            owners.setdefault(document["sha256"], set()).add(letter["cvr"])
    wrong = 0
    for mail in ends.mails:
        cvr = ends.owner(mail)
        foreign = any(a["sha256"] in owners and cvr not in owners[a["sha256"]] for a in mail["attachments"])
        labelled = ends.label(mail, "Nemboks-Cvr") not in ("", cvr)
        meant = ends.letter_of(mail)
        wrong += cvr is None or foreign or labelled or (meant is not None and meant["cvr"] != cvr)
    return wrong


def judge(rows: Sequence[Posted], ends: Ends, forever: Forever | None, kills: int, seconds: float) -> Item:
    """The demo's one JSON object (`nemboks.demo/1`)."""
    fates = [fate(posted, ends, forever) for posted in rows]
    lost, premature = sum(x.lost for x in fates), sum(x.premature for x in fates)
    wrong, unsettled = misdelivered(ends), sum(not x.settled for x in fates)
    twice, uncertain = copies(ends), sum(x["uncertain"] for x in ends.ledger.values())
    bad = lost + wrong + premature + unsettled + sum(x.astray for x in fates)
    return {
        "schema": "nemboks.demo/1",
        "ok": bad == 0 and twice <= uncertain,
        "posted": len(rows), "accepted": sum(x.accepted for x in rows), "acknowledged": sum(x.done for x in fates),
        "held": sum(x.held for x in fates), "lost": lost, "misdelivered": wrong, "premature_receipts": premature,
        "copies": twice, "uncertain": uncertain, "unsettled": unsettled, "kills": kills, "seconds": round(seconds, 1),
        "letters": [_row(posted, one) for posted, one in zip(rows, fates, strict=True)],
    }  # fmt: skip


def _row(posted: Posted, one: Fate) -> Item:
    row = one.row or {"attempts": 0, "available_at": None, "forwarded_at": None, "acknowledged_at": None}
    return {
        "source": posted.source, "message_uuid": posted.message_uuid, "uuid_replaced": posted.uuid_replaced,
        "recipient_replaced": posted.recipient_replaced, "cvr": posted.cvr, "inbox": posted.inbox,
        "expect": one.expect, "state": one.state, "reason": one.reason, "attempts": row["attempts"],
        "available_at": row["available_at"], "forwarded_at": row["forwarded_at"],
        "acknowledged_at": row["acknowledged_at"], "mail": _mail(one.mails, posted.inbox),
    }  # fmt: skip


def _mail(mails: Sequence[Item], inbox: str) -> Item | None:
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

"""What must be true when all has come to rest (I1, I3, I9, I15, I18, I20), and whether it has."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nemboks.domain.chain import Outcome as Chain
from nemboks.domain.letter import Reason
from nemboks.domain.routing import BY_MAILBOX, obstacle
from tests.simulation.floor1.oracle import carries, field
from tests.simulation.floor1.oracle_rows import moment
from tests.simulation.floor1.upstream import Posted

if TYPE_CHECKING:
    from tests.simulation.floor1.life import Life
    from tests.simulation.floor1.sim import Sim

NEVER_MAILED = {"nemsms", "wrong_recipient", "older", "frozen", "unreadable", "other_contents", "boundary", "unrouted",
                "too_large"}  # fmt: skip


def unsettled(sim: "Sim") -> Iterator[str]:
    """What still has to happen, in words; nothing when all letters are at rest."""
    boxes = {x["id"]: x for x in sim.oracle.rows("SELECT * FROM mailboxes")}
    rows = sim.oracle.rows("SELECT * FROM letters ORDER BY id")
    known = {x["upstream_id"] for x in rows}
    for row in rows:
        why = _lawful(sim, row, boxes[row["mailbox_id"]])
        if not why:
            yield f"letter {row['id']} is {row['state']} {row['why']}"
    for posted in sim.upstream.letters:
        until = boxes[posted.box]["serves_until"]
        served = until is None or sim.clock.now() < moment(until)
        if served and posted.here and posted.id not in known and not any(x in known for x in posted.ids):
            yield f"letter {posted.number} was never found"


def _lawful(sim: "Sim", row: Any, box: Any) -> str:
    """Why the letter may rest as it is; "" if it may not."""
    state, now = row["state"], sim.clock.now()
    if state in ("ACKNOWLEDGED", "DISMISSED", "VANISHED"):
        return state if state != "VANISHED" else _vanished(sim, row)
    if state == "HELD":
        return row["why"] if row["why"] in NEVER_MAILED else ""
    served = box["serves_until"] is None or now < moment(box["serves_until"])
    if state in ("FOUND", "WAITING") and not (served and box["paused_at"] is None):
        return "nobody is served"
    if state == "FORWARDED":
        return _receipt_waits(row, box)
    return ""


def _vanished(sim: "Sim", row: Any) -> str:
    """Upstream must not have it under this id, unless the next listing brings it back."""
    posted = sim.oracle.posted_of(row)
    if posted is None or posted.id != row["upstream_id"] or not posted.here or posted.hidden:
        return "vanished"
    return ""


def _receipt_waits(row: Any, box: Any) -> str:
    custody = json.loads(box["custody"])
    if row["bounced"]:
        return "its mail came back"
    if box["frozen_at"] is not None:
        return "an estate"
    return "custody" if custody.get("unproven") or custody.get("fuse") else ""


async def judge(sim: "Sim", life: "Life | None", late: list[str]) -> None:
    """Everything that can be said at the end; breaches go to the oracle."""
    oracle = sim.oracle
    for words in late:
        oracle.breach("stuck", f"I9: {words}")
    for posted in sim.upstream.letters:
        _i01_no_loss(sim, posted)
    _i03_copies(sim)
    if not late:
        _i01_contents_go(sim)
    _i15_told(sim)
    _i20_history(sim)
    for words in sim.complaints:
        oracle.breach("other", words)
    if life is not None:
        await _i18_held_for_what_is(sim, life)
        verdict = await life.store.audit.verify()
        if verdict.outcome is not Chain.WHOLE:
            oracle.breach("other", f"I20: {verdict}")


def _i01_no_loss(sim: "Sim", posted: Posted) -> None:
    """Upstream has it, or we have it whole, or a server that answered has it; or it was taken by others."""
    if posted.here or posted.recalled or posted.excused:
        return
    rows = [x for id_ in posted.ids for x in sim.oracle.rows("SELECT * FROM letters WHERE upstream_id = ?", (id_,))]
    if any(x["contents_file"] and (sim.folder / "spool" / x["contents_file"]).exists() for x in rows):
        return
    ids = {id_.encode() for id_ in posted.ids}
    mails = [x for x in sim.mail.mails if x.answered and field(x.octets, b"Nemboks-Letter") in ids]
    for address in {x.recipient for x in mails}:
        octets = [x.octets for x in mails if x.recipient == address]
        if any(all(any(carries(x, doc) for x in octets) for doc in docs) for docs in posted.served):
            return
    states = [x["state"] for x in rows]
    sim.oracle.breach("lost", f"I1: letter {posted.number} is nowhere; the ledger says {states}")


def _i03_copies(sim: "Sim") -> None:
    counted: Counter[tuple[int, int, bytes, str]] = Counter()
    for one in sim.mail.mails:
        if one.kept and not one.came_back:
            counted[one.letter, one.delivery, field(one.octets, b"Message-ID"), one.recipient] += 1
    for (letter, delivery, _, _), number in counted.items():
        copies = number - 1
        sim.copies += copies
        uncertain = sim.oracle.uncertain[letter, delivery]
        if copies > uncertain:
            sim.oracle.breach("copies", f"I3: {number} copies of letter {letter}, {uncertain} uncertain ends")


def _i01_contents_go(sim: "Sim") -> None:
    """Contents of what is done are destroyed, unless somebody else still waits for them."""
    for id_ in not_cleared(sim):
        sim.oracle.breach("other", f"I1: the contents of letter {id_} stay although it is done")


def not_cleared(sim: "Sim") -> list[int]:
    """The letters that are done, also for further recipients, and whose contents are still here."""
    rows = sim.oracle.rows(
        "SELECT id FROM letters WHERE state = 'ACKNOWLEDGED' AND contents_file IS NOT NULL AND NOT EXISTS (SELECT 1"
        " FROM deliveries WHERE letter_id = letters.id AND state IN ('WAITING', 'SENDING'))"
    )
    return [row["id"] for row in rows]


def _i15_told(sim: "Sim") -> None:
    """Of everything that only a person can mend somebody was told (I15, I18)."""
    told = {n for x in sim.oracle.rows("SELECT letters FROM incidents") for n in json.loads(x["letters"])}
    for row in sim.oracle.rows(
        "SELECT l.id, l.state, l.why FROM letters l JOIN mailboxes b ON b.id = l.mailbox_id WHERE b.paused_at IS NULL"
        " AND (l.state = 'HELD' AND l.why NOT IN ('frozen', 'older'))"
    ):
        if row["id"] not in told:
            sim.oracle.breach("other", f"I15: nobody was told that letter {row['id']} is {row['state']} {row['why']}")


async def _i18_held_for_what_is(sim: "Sim", life: "Life") -> None:
    """What holds a letter for its mailbox's sake holds it still: else nobody would ever come to let it go. What lies in
    the tray waits for a person, whatever becomes of the route."""
    for row in sim.oracle.rows("SELECT id, mailbox_id, why FROM letters WHERE state = 'HELD'"):
        if row["why"] in BY_MAILBOX and row["why"] != Reason.UNROUTED:
            letter, box = await life.store.letters.get(row["id"]), await life.store.mailboxes.get(row["mailbox_id"])
            assert letter is not None
            if obstacle(replace(letter, released_at=None), box, sim.clock.now()) is None:  # a case releases, too
                words = f"letter {row['id']} is held as {row['why']}, and its mailbox has nothing against it"
                sim.oracle.breach("stuck", f"I18: {words}")


def _i20_history(sim: "Sim") -> None:
    """Every letter's state is what its last row of history says."""
    for row in sim.oracle.rows(
        "SELECT l.id, l.state, (SELECT to_state FROM events WHERE letter_id = l.id AND to_state IS NOT NULL"
        " ORDER BY id DESC LIMIT 1) AS last FROM letters l"
    ):
        if row["state"] != row["last"]:
            sim.oracle.breach("other", f"I20: letter {row['id']} is {row['state']}, history says {row['last']}")

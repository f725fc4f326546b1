"""Going live: the report on a shadow mode, and the act by which receipts begin.

Decided: whoever has the right to a mailbox's custody may let it go live, and with that vouches for an address that
nobody has typed a code for, because the report says what has arrived there. So nothing goes live, without a reason
given, while a letter is not delivered, or before the first one is. The same report goes to the company.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from statistics import median

from nemboks.desk.access import Asking, box_for
from nemboks.desk.custody import custody_item, drop_reminder, let_go, paths_of
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.letter import Letter, Reason, State
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import Action
from nemboks.domain.proof import Evidence
from nemboks.domain.states import ON_ITS_WAY
from nemboks.ports import Acts, Books


async def go_live(
    store: Acts, asking: Asking, cvr: Cvr, dry_run: bool = False, anyway: bool = False, reason: str = ""
) -> Item:
    """The report, after the mailbox went live: receipts go from now on; with `dry_run` the report alone.

    NotFound, NotAllowed; RefusedByRule if it is live already, or the report speaks against it and not `anyway`.
    """

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.CUSTODY, cvr)
        if not (box.custody.shadow_since or box.custody.unproven):
            raise RefusedByRule(Words(f"CVR {cvr} er allerede sat i drift", f"CVR {cvr} is live already"))
        item = _report(books.letters(box), box.custody.shadow_since)
        if dry_run:
            return {**custody_item(box), **item, "live": False}
        against = _against(item, box, cvr)
        if against and not (anyway and reason):
            raise RefusedByRule(against)
        after = _live(books, box)
        books.note("went_live", after, by=actor.name, anyway=anyway, reason=reason, report=item)
        _tell(books, after, item, actor.name)
        return {**custody_item(after), **item, "live": True, "receipts_owed": let_go(books, after, actor.name)}

    return await store.act(act)


def _report(letters: Sequence[Letter], since: datetime | None) -> Item:
    """Counts of what came since the shadow began, and of all that is not delivered; times in whole seconds."""
    came = [one for one in letters if since is None or one.found_at >= since]
    seconds = sorted(_took(one, since) for one in came if one.confirmation)
    held = [one for one in letters if one.state is State.HELD and one.why != Reason.NEMSMS]  # those are never mailed
    proofs = [one.confirmation for one in letters if one.confirmation]
    return {
        "since": since,
        "letters": len(came),
        "forwarded": len(seconds),
        "median_seconds": round(median(seconds)) if seconds else None,
        "p95_seconds": round(seconds[math.ceil(0.95 * len(seconds)) - 1]) if seconds else None,
        "undelivered": sum(one.state in ON_ITS_WAY for one in letters) + len(held),
        "held": len(held),
        "came_back": sum(bool(one.bounced) for one in letters),
        "last_landing_at": max((one.at for one in proofs if one.evidence is Evidence.LANDING), default=None),
    }


def _took(letter: Letter, since: datetime | None) -> float:
    """Seconds from when it lay in Digital Post, but not before the start, to its confirmation."""
    assert letter.confirmation is not None
    begun = max(letter.available_at, since) if since else letter.available_at
    return max(0.0, (letter.confirmation.at - begun).total_seconds())


def _against(report: Item, box: Mailbox, cvr: Cvr) -> Words | None:
    """Why the mailbox had better not go live."""
    waits, back = report["undelivered"], report["came_back"]
    if waits or back:
        return Words(
            f"CVR {cvr}: {waits} breve er ikke leveret, {back} er kommet tilbage. Se dem med `nemboks letter list "
            f"--cvr {cvr}`, eller sæt i drift alligevel med --anyway og --reason",
            f"CVR {cvr}: {waits} letters are not delivered, {back} came back. See them with `nemboks letter list "
            f"--cvr {cvr}`, or go live all the same with --anyway and --reason",
        )
    if box.custody.unproven and not report["forwarded"]:
        return Words(
            f"CVR {cvr}: ingen har bekræftet adressen, og intet brev er leveret til den endnu. Vent på det første, "
            "eller brug --anyway og --reason",
            f"CVR {cvr}: nobody has proven the address, and no letter has been delivered to it yet. Wait for the "
            "first, or use --anyway and --reason",
        )
    return None


def _live(books: Books, box: Mailbox) -> Mailbox:
    drop_reminder(books, box)
    custody = replace(box.custody, shadow_since=None, shadow_until=None, unproven=False)
    return books.keep(replace(box, custody=custody))


def _tell(books: Books, box: Mailbox, report: Item, by: str) -> None:
    told = ("letters", "forwarded", "median_seconds", "p95_seconds", "undelivered")
    facts = {"company": box.name, "cvr": str(box.cvr), "by": by, **{name: report[name] for name in told}}
    known = {name: fact for name, fact in facts.items() if fact is not None}
    for path in paths_of(box):
        key = f"live {box.id} {books.at.isoformat()} {path}"
        books.tell(Announcement(0, key, Kind.GOLIVE_REPORT, path, books.at, books.at, box.id, facts=known))

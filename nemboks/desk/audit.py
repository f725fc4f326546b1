"""Is the history whole, where does it end, what does it say: for an examiner, the operator, a company's owner.

Promises: history is shown exactly as it lies in the ledger, which holds no titles, no contents and addresses only
masked. What a chain cannot prove is said with the verdict, not left to the reader (domain/chain.py).
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

from nemboks.desk.access import Asking, actor_of, allowed, box_for, seen_by
from nemboks.desk.errors import NotFound
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.chain import FIELDS, Head, Link, Outcome, Verdict
from nemboks.domain.mailbox import Cvr
from nemboks.domain.people import EVERYWHERE, Action, Actor, may
from nemboks.ports import Acts, Books

NOBODY_VOUCHES: Final = Words(
    " Intet kontroltal, der er gemt uden for journalen, bekræfter det: en historik, der er afkortet eller skrevet om, "
    "kan se sådan ud. Giv et med --head eller --heads.",
    " No head that was kept outside the ledger vouches for it: a history that was cut or rewritten may look like this. "
    "Give one with --head or --heads.",
)


class History(Protocol):
    async def verify(self, expected: Sequence[Head] = ()) -> Verdict: ...
    async def head(self) -> Head | None: ...
    def rows(self, mailboxes: Collection[int] | None = None, since: datetime | None = None) -> AsyncGenerator[Link]: ...


class Audited(Acts, Protocol):
    """The store, as far as this page sees it."""

    @property
    def audit(self) -> History: ...


async def audit_verify(store: Audited, asking: Asking, heads: Sequence[Head] = (), lang: Lang = Lang.DA) -> Item:
    """What a walk along the whole chain finds; `whole` says whether all is well. NotAllowed."""
    await store.ask(lambda books: allowed(books, asking, Action.AUDIT))
    found = await store.audit.verify(heads)
    return {
        "whole": found.outcome is Outcome.WHOLE,
        "verdict": found.outcome.value,
        "verdict_text": words_of(found).to(lang),
        "rows": found.rows,
        "row": found.row,
        "proven": found.proven,
        "heads_given": len(heads),
        "head": str(found.head) if found.head else None,
    }


async def audit_head(store: Audited, asking: Asking) -> Item:
    """The last row's number, hash and time. NotFound while there is no history; NotAllowed."""
    await store.ask(lambda books: allowed(books, asking, Action.AUDIT))
    head = await store.audit.head()
    if head is None:
        raise NotFound(Words("Der er ingen historik endnu", "There is no history yet"))
    return {"head": str(head), "number": head.number, "hash": head.hash, "at": head.at}


async def audit_export(
    store: Audited, asking: Asking, cvr: Cvr | None = None, since: datetime | None = None
) -> AsyncGenerator[Item]:
    """The rows of history in order: of one CVR, or of all that the asker may see. NotFound, NotAllowed.

    `detail` is the text that was hashed, not the object that it means, so that anybody can check the hashes. Only
    whoever runs Nemboks sees the rows that are no mailbox's: they may be of any customer.
    """
    mailboxes = await store.ask(lambda books: _shown(books, asking, cvr))
    async for link in store.audit.rows(mailboxes, since):
        told = dict(zip(FIELDS, link.fields, strict=True))
        yield {"number": link.number, "hash": link.hash, "cvr": link.cvr, **told}


def _shown(books: Books, asking: Asking, cvr: Cvr | None) -> Collection[int] | None:
    """The ids of the mailboxes whose history the asker may see; None: all, and what is no mailbox's."""
    if cvr is not None:
        _, box = box_for(books, asking, Action.AUDIT, cvr)
        return {box.id}
    actor = actor_of(books, asking)
    house = tuple(one for one in actor.grants if one.role in EVERYWHERE)
    if may(Actor(actor.name, actor.person, house, actor.operator), Action.AUDIT, None, books.at):
        return None
    allowed(books, asking, Action.AUDIT)
    return {box.id for box in seen_by(books, asking, Action.AUDIT)}


def words_of(found: Verdict) -> Words:
    """The verdict for people: which it is, and at which row."""
    rows, row = found.rows, found.row
    match found.outcome:
        case Outcome.ALTERED:
            return Words(
                f"Historikken er ændret: række {row} passer ikke til rækken før, eller den mangler.",
                f"History was altered: row {row} does not fit the row before it, or it is missing.",
            )
        case Outcome.CUT:
            return Words(
                f"Historikken er afkortet: den ender ved række {rows}, men et gemt kontroltal er af en senere række. "
                f"Række {row} og frem mangler.",
                f"History was cut: it ends at row {rows}, but a head that was kept is of a later row. "
                f"Row {row} and those after it are missing.",
            )
        case Outcome.REWRITTEN:
            return Words(
                f"Historikken er skrevet om: rækkerne passer til hinanden, men række {row} er ikke den, "
                "som et gemt kontroltal siger.",
                f"History was rewritten: its rows fit each other, but row {row} is not what a head that was kept says.",
            )
    whole = Words(
        f"Historikken er hel: {rows} rækker passer til hinanden.", f"History is whole: {rows} rows fit each other."
    )
    vouched = Words(
        f" Et kontroltal, der er gemt uden for journalen, bekræfter rækkerne til og med {found.proven}.",
        f" A head that was kept outside the ledger vouches for the rows up to {found.proven}.",
    )
    more = vouched if found.proven else NOBODY_VOUCHES
    return Words(whole.da + more.da, whole.en + more.en)

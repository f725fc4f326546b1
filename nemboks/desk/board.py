"""The accountant's board: one line per company that the asker sees, the worst first, with words for why.

Promises: five thousand companies cost one search for the mailboxes, one for their letters, one for the latest letters
and one for open troubles; no titles, addresses only masked.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nemboks.desk.access import Asking, actor_of, knows_account, narrowed, seen_by
from nemboks.desk.board_lights import REASONS, SIGNS, Counts, Light, Standing, counts_of, standing
from nemboks.desk.errors import NotFound
from nemboks.desk.explain_rules import in_effect, of_before
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.people import Action
from nemboks.ports import Acts, Books, Tally

SHOWN = 3  # reasons that are said in words; the others stand in the JSON


@dataclass(frozen=True, slots=True)
class Line:
    """One company, before it is put into words."""

    box: Mailbox
    counts: Counts
    standing: Standing
    last_at: datetime | None
    shut_out: bool

    @property
    def rank(self) -> tuple[Any, ...]:
        """The smaller the worse: the light, the worst reason, then who waits longest."""
        oldest = self.counts.oldest_at
        return *self.standing.rank, oldest is None, oldest.timestamp() if oldest else 0, self.box.cvr


async def board(store: Acts, asking: Asking, account: str = "", limit: int | None = None, lang: Lang = Lang.DA) -> Item:
    """The board of all that the asker sees, or of one account: `counts` by light, and `items`, at most `limit`.

    NotFound for an account that the asker knows nothing of.
    """
    at, lines = await store.ask(lambda books: (books.at, lines_of(books, asking, account)))
    return {
        "counts": {light.value: sum(one.standing.light is light for one in lines) for light in Light},
        "shown": min(len(lines), limit) if limit is not None else len(lines),
        "items": [_item(one, at, lang) for one in lines[:limit]],
    }


def lines_of(books: Books, asking: Asking, account: str) -> list[Line]:
    """The lines, the worst first. NotFound."""
    its, at = narrowed(actor_of(books, asking)), books.at
    tallies: dict[int, list[Tally]] = defaultdict(list)
    for one in books.overview.unfinished():
        tallies[one.mailbox].append(one)
    latest, troubles = books.overview.latest(), books.overview.troubles()
    lines = []
    for box in _boxes(books, asking, account):
        shut_out = in_effect(box, at) and of_before(its(box), box, at)
        counts = Counts() if shut_out else counts_of(tallies[box.id])
        light = standing(box, counts, troubles.get(box.id, 0), at, shut_out)
        lines.append(Line(box, counts, light, None if shut_out else latest.get(box.id), shut_out))
    return sorted(lines, key=lambda line: line.rank)


def _boxes(books: Books, asking: Asking, account: str) -> list[Mailbox]:
    boxes = seen_by(books, asking, Action.SEE_STATUS)
    if not account:
        return boxes
    found = books.accounts.all(name=account)
    boxes = [box for box in boxes if found and box.account == found[0].id]
    if not boxes and not (found and knows_account(actor_of(books, asking), found[0])):
        raise NotFound(Words(f"Der er ingen konto {account!r}", f"there is no account {account!r}"))
    return boxes


def _item(one: Line, at: datetime, lang: Lang) -> Item:
    box, counts, light = one.box, one.counts, one.standing.light
    oldest = counts.oldest_at
    return {
        "cvr": box.cvr,
        "name": box.name,
        "reference": box.reference or None,
        "light": light.value,
        "light_text": SIGNS[light].to(lang),
        "reasons": [id_ for id_, _ in one.standing.reasons],
        "text": "; ".join(REASONS[id_].to(lang).format(number=number) for id_, number in one.standing.reasons[:SHOWN]),
        "address": None if one.shut_out else box.route.address.masked,
        "last_letter_at": one.last_at,
        "waiting": None if one.shut_out else counts.waiting,
        "held": None if one.shut_out else counts.held,
        "oldest_seconds": max(0, round((at - oldest).total_seconds())) if oldest else None,
        "listed_at": box.listed_at,
    }

"""The list of letters from before an estate: when, from whom, about what, and where each of them is now.

Promises: no contents; titles with CPR numbers masked, addresses masked, no cell that a spreadsheet takes for a formula
(SECURITY B13). The SHA-256 of what was handed out stands in the history, so that a list can be proven to be ours: a
certificate of custody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from nemboks.content.csv_cells import write_table
from nemboks.content.texts import date_words, masked
from nemboks.desk.access import Asking
from nemboks.desk.estate_case import case_for
from nemboks.desk.estate_effect import side
from nemboks.desk.words import STATES, Item, Lang, Words, plain
from nemboks.domain.estates import Estate, EstateState
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.people import Action
from nemboks.ports import Acts, Books

_NAME, _TITLE = 120, 200  # characters
MARK: Final = "\ufeff"  # Excel reads UTF-8 by it

WHERE: Final[Mapping[str, Words]] = {
    "previous": Words("leveret til den tidligere adresse", "delivered to the previous address"),
    "kurator": Words("leveret til kurator", "delivered to the kurator"),
    "relay": Words("afleveret til et mellemled for den tidligere adresse", "handed over for the previous address"),
    "uncertain": Words(
        "sendt mod den tidligere adresse; om det nåede frem, er uvist",
        "on its way to the previous address past the point of no return; uncertain",
    ),
    "held": Words("holdt tilbage hos os", "held here"),
    "digital_post": Words("i Digital Post", "in Digital Post"),
    "gone": Words("væk fra Digital Post, ikke taget af os", "gone from Digital Post, not taken by us"),
}
_COLUMNS: Final = (
    Words("nr", "no"), Words("i Digital Post senest", "in Digital Post no later than"),
    Words("tidligst", "no earlier than"), Words("myndighed", "authority"), Words("titel", "title"),
    Words("tilstand", "state"), Words("hvor", "where"), Words("adresse", "address"), Words("leveret", "delivered"),
)  # fmt: skip


async def estate_inventory(store: Acts, asking: Asking, number: int, lang: Lang = Lang.DA) -> tuple[Item, str]:
    """The case's list of earlier letters with the SHA-256 of its rows, and the same list as a table (CSV).

    Of a case that was reversed it also has what went to the kurator meanwhile. History says who asked, with the digests
    of both. NotFound, NotAllowed.
    """

    def act(books: Books) -> tuple[Item, str]:
        actor, estate, box = case_for(books, asking, Action.ESTATE_SEE, number)
        rows = [_row(letter, where, lang) for letter, where in _earlier(books, estate, box)]
        table = MARK + write_table(_cells(rows, lang))
        # The rows as JSON with sorted keys and without blanks, in ASCII.
        text = json.dumps([plain(row) for row in rows], sort_keys=True, separators=(",", ":"))
        digest, of_table = _digest(text), _digest(table)
        books.note(
            "estate_inventory", box, by=actor.name, case=number, letters=len(rows), sha256=digest, csv_sha256=of_table
        )
        return {
            "case": number, "cvr": box.cvr, "boundary_at": estate.effective_at, "made_at": books.at,
            "sha256": digest, "csv_sha256": of_table, "items": rows,
        }, table  # fmt: skip

    return await store.act(act)


def _earlier(books: Books, estate: Estate, box: Mailbox) -> list[tuple[Letter, str]]:
    """The letters that are not the kurator's, and where each is; of a reversed case what he got too."""
    at_effect = replace(box, boundary_at=estate.effective_at)
    found = []
    for letter in books.letters(box):
        theirs = _at_kurator(letter, estate)
        if side(letter, at_effect) is not None or (theirs and estate.state is EstateState.REVERSED):
            found.append((letter, "kurator" if theirs else _where(letter)))
    return found


def _at_kurator(letter: Letter, estate: Estate) -> bool:
    proof, since = letter.confirmation, estate.effect_at
    return proof is not None and since is not None and proof.address == estate.address and proof.at >= since


def _where(letter: Letter) -> str:
    if letter.confirmation is not None:
        return "previous"
    if letter.state is State.HANDED_OVER:
        return "relay"
    if letter.uncertain or letter.dot_begun_at is not None:
        return "uncertain"
    if letter.state is State.VANISHED:
        return "gone"
    return "held" if letter.contents is not None and letter.state is not State.DISMISSED else "digital_post"


def _row(letter: Letter, where: str, lang: Lang) -> Item:
    headline, proof = letter.headline, letter.confirmation
    sent = proof.address if proof else letter.copy.address if letter.copy and where in ("relay", "uncertain") else ""
    return {
        "id": letter.id,
        "available_at": letter.available_at,
        "not_before": letter.not_before,
        "authority": masked(headline.authority.name, _NAME) if headline else None,
        "title": masked(headline.title, _TITLE) if headline else None,
        "state": letter.state,
        "state_text": STATES[letter.state].to(lang),
        "where": where,
        "where_text": WHERE[where].to(lang),
        "address": Address(sent).masked if sent else None,
        "delivered_at": proof.at if proof else None,
    }


def _cells(rows: Sequence[Item], lang: Lang) -> list[list[str]]:
    times = ("available_at", "not_before", "delivered_at")
    shown = [{**row, **{name: date_words(row[name], lang) if row[name] else "" for name in times}} for row in rows]
    names = (
        "id", "available_at", "not_before", "authority", "title", "state_text", "where_text", "address", "delivered_at",
    )  # fmt: skip
    head = [column.to(lang) for column in _COLUMNS]
    return [head, *([str(row[name] if row[name] is not None else "") for name in names] for row in shown)]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()

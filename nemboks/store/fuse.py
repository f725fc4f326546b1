"""The Fuse port on the ledger: the question of domain/fuse.py, asked and answered in one committed transaction.

Promises: the letter and its confirmation are read here, from the rows and nothing else; what is let through is counted
with its answer; a trip, its history and who is told of it are committed together.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import bindparam, select

from nemboks.domain.fuse import Answer, Limits, Trip, asked
from nemboks.domain.mailbox import Mailbox
from nemboks.ports import Books, Withheld
from nemboks.store import permits
from nemboks.store.books import SqlBooks
from nemboks.store.mailbox_rows import one
from nemboks.store.ready import Ready
from nemboks.store.rows import letter_from
from nemboks.store.schema import letters
from nemboks.store.writer import Tx, Writer

# Writes down that the fuse tripped: of this mailbox, or (None) of all; the words say more than the Trip.
Tripped = Callable[[Books, Mailbox | None, Trip, str], object]

LETTER: Final = Ready(
    select(letters).where(letters.c.mailbox_id == bindparam("b_box"), letters.c.upstream_id == bindparam("upstream"))
)


class SqlFuse:
    """The last door before a letter leaves Digital Post."""

    def __init__(self, writer: Writer, books: Callable[[Tx], SqlBooks], limits: Limits, tripped: Tripped) -> None:
        self._writer, self._books, self._limits, self._tripped = writer, books, limits, tripped

    async def permit(self, mailbox: int, upstream_id: str) -> None:
        """Returns when it is committed that this letter may leave. Raises Withheld; a trip is committed by then."""
        answer: Answer = await self._writer.step(lambda tx: self._ask(tx, mailbox, upstream_id))
        if answer.why:
            raise Withheld(answer.why, answer.trip is not None)

    def _ask(self, tx: Tx, mailbox: int, upstream_id: str) -> Answer:
        books = self._books(tx)
        box, row = one(tx, mailbox), LETTER.first(tx, {"b_box": mailbox, "upstream": upstream_id})
        letter = letter_from(row) if row else None
        known = permits.before(tx, letter, books.at) if letter else None
        answer = asked(letter, box, permits.load(tx, mailbox, known, books.at), self._limits, books.at)
        if answer.trip is not None:
            if not box.custody.fuse:  # the first reason stands
                self._tripped(books, None if answer.trip is Trip.TOO_MANY_IN_ALL else box, answer.trip, answer.why)
        elif letter is not None and not answer.why:
            permits.write(tx, letter, known, books.at)
        return answer

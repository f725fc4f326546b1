"""A letter by the name that people have for it: its number in the ledger, or the reference that its mail shows."""

import re
from typing import Final

from nemboks.content.envelope import reference_for
from nemboks.desk.access import Asking, actor_of, hidden, seen_by
from nemboks.desk.errors import NotFound
from nemboks.desk.words import Words
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.people import Action
from nemboks.ports import Acts, Books

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_REFERENCE: Final = re.compile(r"([0-9A-HJKMNP-TV-Z]{4})[- ]?([0-9A-HJKMNP-TV-Z]{4})")  # Crockford's base 32


async def number_of(store: Acts, asking: Asking, name: str) -> int:
    """The letter's number; by a reference it is looked for among the asker's mailboxes alone. NotFound."""
    written = name.strip().upper()
    if _NUMBER.fullmatch(written):
        return int(written)
    # A read of its own, before any act: to compare each letter of a large ledger takes seconds.
    return await store.ask(lambda books: _by_reference(books, asking, name))


def _by_reference(books: Books, asking: Asking, name: str) -> int:
    written = _REFERENCE.fullmatch(name.strip().upper())
    if written:
        wanted = f"{written[1]}-{written[2]}"
        boxes = {box.id: box for box in seen_by(books, asking, Action.SEE_LETTERS)}
        for number, mailbox, upstream_id in books.overview.upstream_ids():
            box = boxes.get(mailbox)
            if box and reference_for(box.cvr, upstream_id) == wanted and not _hidden(books, asking, box, number):
                return number
    raise NotFound(Words(f"Der er intet brev {name!r}", f"there is no letter {name!r}"))


def _hidden(books: Books, asking: Asking, box: Mailbox, number: int) -> bool:
    letter = books.letter(number)
    return letter is None or hidden(books, actor_of(books, asking), box, letter)

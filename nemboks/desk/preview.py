"""The mails of a letter as they are or would be sent, for a person to look at; nothing is sent.

Promises: the very octets that every attempt sends, but for what is wrapped around them (signature, encryption). A
letter whose contents are gone says so: it cannot be composed from the journal. Only for who owns or administers the
mailbox; history says who looked. The caller keeps the contents safe.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import Any, Final

from nemboks.content.compose import MailWriter, Preread, compose, message_id_for, reference_for
from nemboks.content.errors import ContentsDiffer, Unreadable
from nemboks.content.memo import MemoReader
from nemboks.desk.access import Asking, letter_for
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.words import Words
from nemboks.domain.headline import Copy, Headline, Kind, Style
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Address, Cvr, Mailbox
from nemboks.domain.people import Action
from nemboks.ports import Acts, Books, Contents, ContentsGone, HeadlineAltered

COMPANY: Final = "Eksempel ApS"  # whose letter a file is, for it belongs to nobody here
CVR: Final = Cvr("12345678")
SENDER: Final = Address("post@nemboks.example")
ADDRESS: Final = Address("post@eksempel.example")

GONE: Final = Words(
    "Brevets indhold er her ikke mere: det destrueres, når mailserveren har brevet, og Digital Post har kvitteringen",
    "the letter's contents are gone: they are destroyed when the mail server has it, and Digital Post the receipt",
)
ALTERED: Final = Words(
    "Journalens ord om brevet er ændret af andre; læs brevet i Digital Post",
    "the journal's words of this letter were altered by others; read the letter in Digital Post",
)
NOT_YET: Final = Words("Brevets indhold er ikke hentet endnu", "the letter's contents were not fetched yet")
NEVER: Final = Words(
    "En NemSMS videresendes aldrig som mail; læs den i Digital Post",
    "a NemSMS is never forwarded as a mail; read it in Digital Post",
)

Opened = Callable[[], AsyncGenerator[bytes, None]]  # the stored letter's pieces, from the start


@dataclass(frozen=True)
class Previewed:
    """A letter that can be composed: what compose wants, and the way to its stored octets."""

    headline: Headline
    copy: Copy
    given: Mapping[str, Any]
    opened: Opened

    def writer(self, part: int) -> MailWriter:
        """The writer of one mail, from 1. ContentsDiffer."""
        return compose(self.headline, self.copy, part=part, **self.given)

    def html(self, part: int) -> str | None:
        """The HTML body of one mail; None for a message that keeps its own body."""
        if self.headline.kind is Kind.MESSAGE and not (self.headline.wrap or self.copy.wrap):
            return None
        body = message_from_bytes(self.writer(part).head(), policy=default).get_body(("html",))
        return body.get_content() if body else None

    async def mail(self, part: int) -> AsyncIterator[bytes]:
        """The octets of one mail in pieces. NotFound where the contents are not those that were fetched."""
        writer = self.writer(part)
        try:
            yield writer.head()
            for number in range(writer.passes):
                if number:
                    yield writer.turn()
                async with aclosing(self.opened()) as pieces:
                    async for piece in pieces:
                        yield writer.feed(piece)
            yield writer.close()
        except (ContentsGone, ContentsDiffer) as error:
            raise NotFound(GONE) from error


async def letter(store: Acts, asking: Asking, contents: Contents, letter_id: int) -> Previewed:
    """The letter of the journal. NotFound where it or its contents are not here, NotAllowed; RefusedByRule for NemSMS.

    Also refused where the journal's words were altered. The one way by which a person here sees what a letter says.
    """
    mailbox, found = await store.act(lambda books: _opened(books, asking, letter_id))
    headline, copy, sealed = found.headline, found.copy, found.contents
    if headline and headline.kind is Kind.NEMSMS:
        raise RefusedByRule(NEVER)
    if headline is None or copy is None or sealed is None:
        raise NotFound(GONE if headline else NOT_YET)
    given = {
        "reference": reference_for(mailbox.cvr, copy.upstream_id), "cvr": mailbox.cvr, "company": copy.company,
        "address": mailbox.route.address, "sender": Address(copy.sender), "available_at": found.available_at,
        "upstream_id": copy.upstream_id, "not_before": found.not_before,
    }  # fmt: skip
    return await _seen(Previewed(headline, copy, given, lambda: contents.open(letter_id, sealed)))


def _opened(books: Books, asking: Asking, letter_id: int) -> tuple[Mailbox, Letter]:
    actor, mailbox, found = letter_for(books, asking, Action.SEE_CONTENTS, letter_id)
    if found.contents is not None:
        books.note("contents_seen", mailbox, by=actor.name, letter=found)
    try:
        return mailbox, replace(found, headline=books.as_it_came(found))
    except HeadlineAltered as error:
        raise RefusedByRule(ALTERED) from error


async def memo(raw: bytes, at: datetime, style: Style) -> Previewed:
    """A MeMo from a file, as if a company had got it at that time. RefusedByRule for what is no letter to mail."""
    reader = MemoReader()
    try:
        reader.feed(raw)
        headline = reader.close()
    except Unreadable as error:
        raise RefusedByRule(Words(f"Filen kan ikke læses som et brev: {error}", f"not a letter: {error}")) from error
    if headline.kind is Kind.NEMSMS:
        raise RefusedByRule(NEVER)
    upstream_id = headline.message_uuid or ""
    message_id = message_id_for(CVR, upstream_id, SENDER.domain)
    copy = Copy(message_id, at, headline.sha256[:24], upstream_id, COMPANY, SENDER, style=style)
    given = {
        "reference": reference_for(CVR, upstream_id), "cvr": CVR, "company": COMPANY, "address": ADDRESS,
        "sender": SENDER, "available_at": at, "upstream_id": upstream_id,
    }  # fmt: skip

    async def opened() -> AsyncGenerator[bytes, None]:
        yield raw

    return await _seen(Previewed(headline, copy, given, opened))


async def _seen(letter: Previewed) -> Previewed:
    """The same, with what compose must have read ahead."""
    ahead = Preread(letter.headline, letter.copy)
    try:
        if ahead.wanted:
            async with aclosing(letter.opened()) as pieces:
                async for piece in pieces:
                    ahead.feed(piece)
                    if ahead.done:
                        break
        return replace(letter, given={**letter.given, "seen": ahead.seen()})
    except (ContentsGone, ContentsDiffer) as error:
        raise NotFound(GONE) from error

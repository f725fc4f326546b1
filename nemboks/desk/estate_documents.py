"""A case's documents and checklist: what its approvers look at.

Promises: only PDF, at most 10 MiB; sealed before its row is written, under its SHA-256, which is part of what is
approved; shown to approvers only, and only if it is still the file that was added (SECURITY 39). Nothing is parsed.
"""

from dataclasses import replace
from hashlib import sha256
from pathlib import PurePath
from typing import Final

from nemboks.content.texts import clean, masked
from nemboks.desk import estate_words as words
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.estate_case import case_for, intact, page
from nemboks.desk.estate_words import said
from nemboks.desk.estates import undecided
from nemboks.desk.words import Item as Shown
from nemboks.desk.words import Lang
from nemboks.domain.estates import (
    DOCUMENT_BYTES,
    DOCUMENTS,
    Checked,
    Estate,
    EstateDocument,
    EstateState,
    Item,
    by_register,
)
from nemboks.domain.headline import Sealed
from nemboks.domain.people import Action
from nemboks.ports import Acts, Books, Contents

MAGIC: Final = b"%PDF-"  # at the very start: what has it later may be another kind of file too (SECURITY B83, B84)
MEDIA_TYPE: Final = "application/pdf"
_NAME, _NOTE = 120, 300  # characters


async def estate_document(
    store: Acts, asking: Asking, contents: Contents, number: int, name: str, data: bytes, lang: Lang = Lang.DA
) -> Shown:
    """The case with one more document; approvals so far count no more. NotFound, NotAllowed.

    RefusedByRule for what is no PDF or too large, for the same file twice, and for a case that is decided.
    """
    _is_pdf(data)
    digest = sha256(data).hexdigest()
    await store.ask(lambda books: _may_add(books, asking, number, digest))  # before a file is written for nothing
    async with contents.seal(number) as sealing:
        await sealing.write(data)
        sealed = await sealing.finish(durable=True)
    try:
        return await store.act(lambda books: _add(books, asking, number, name, data, sealed, lang))
    except RefusedByRule:
        await contents.destroy(sealed)
        raise


async def estate_view(
    store: Acts, asking: Asking, contents: Contents, number: int, document_id: int
) -> tuple[EstateDocument, bytes]:
    """One document, checked against its SHA-256, for an approver; history says who looked. NotFound, NotAllowed.

    RefusedByRule if its sealed file is gone, altered, or another one.
    """

    def found(books: Books) -> EstateDocument:
        case_for(books, asking, Action.ESTATE_APPROVE, number)
        document = books.documents.get(document_id)
        if document is None or document.estate != number:
            raise NotFound(said(words.NO_DOCUMENT, document_id))
        return document

    def look(books: Books) -> None:
        actor, _, box = case_for(books, asking, Action.ESTATE_APPROVE, number)
        books.note("estate_document_viewed", box, by=actor.name, case=number, sha256=document.sha256)

    document = await store.ask(found)
    data = await intact(contents, document)
    await store.act(look)
    return document, data


async def estate_check(store: Acts, asking: Asking, number: int, item: Item, note: str, lang: Lang = Lang.DA) -> Shown:
    """The case with one line of its list ticked, by whom, when and with what result. NotFound, NotAllowed.

    RefusedByRule for what the register answers itself, without a note, and for a case that is decided.
    """

    def act(books: Books) -> Shown:
        actor, estate, box = case_for(books, asking, Action.ESTATE_OPEN, number)
        undecided(estate)
        if by_register(item, estate, box):
            raise RefusedByRule(words.BY_REGISTER)
        if not (told := masked(note, _NOTE)):
            raise RefusedByRule(words.NO_NOTE)
        books.checked.add(Checked(0, number, item, books.at, actor.name, told))
        books.note("estate_checked", box, by=actor.name, case=number, item=item.value)
        return page(books, estate, box, lang)

    return await store.act(act)


def _is_pdf(data: bytes) -> None:
    if len(data) > DOCUMENT_BYTES:
        raise RefusedByRule(words.TOO_LARGE)
    if not data.startswith(MAGIC):
        raise RefusedByRule(words.NOT_PDF)


def _may_add(books: Books, asking: Asking, number: int, digest: str) -> None:
    _, estate, _ = case_for(books, asking, Action.ESTATE_OPEN, number)
    undecided(estate)
    known = books.documents.all(estate=number)
    if same := [one.id for one in known if one.sha256 == digest]:
        raise RefusedByRule(said(words.KNOWN_FILE, same[0]))
    if len(known) >= DOCUMENTS:
        raise RefusedByRule(words.MANY_FILES)


def _add(books: Books, asking: Asking, number: int, name: str, data: bytes, sealed: Sealed, lang: Lang) -> Shown:
    digest = sha256(data).hexdigest()
    _may_add(books, asking, number, digest)
    actor, estate, box = case_for(books, asking, Action.ESTATE_OPEN, number)
    called = clean(PurePath(name.replace("\\", "/")).name, _NAME) or "dokument.pdf"
    document = books.documents.add(
        EstateDocument(0, number, called, MEDIA_TYPE, len(data), digest, sealed, books.at, actor.name)
    )
    after = _to_be_approved_anew(books, estate)
    books.note("estate_document_added", box, by=actor.name, case=number, document=document.id, sha256=digest)
    return page(books, after, box, lang)


def _to_be_approved_anew(books: Books, estate: Estate) -> Estate:
    if estate.state is EstateState.OPEN:
        return estate
    if estate.effective_at <= books.at:
        raise RefusedByRule(words.TAKES_EFFECT)
    after = replace(estate, state=EstateState.OPEN)
    books.estates.put(after)
    return after

"""One part of a letter as the mail that goes to one recipient: composed, signed or encrypted, ready to be streamed.

Promises: the same octets at every attempt (D13). What cannot be made the same twice (a signature by a key that may be
exchanged, an encrypted mail) is made once and committed on the row before a byte of it goes. Never silently plain: a
mail that should be encrypted and cannot be is not sent.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from nemboks.content import dkim, smime
from nemboks.content.compose import MailWriter, Preread, Seen, compose, outer_fields, reference_for
from nemboks.content.errors import ContentsDiffer, Unreadable
from nemboks.content.headers import split_fields
from nemboks.content.split import split
from nemboks.domain.events import Recomposed
from nemboks.domain.headline import Copy, Headline, Sealed, Style
from nemboks.domain.mailbox import Address, Mailbox, Options
from nemboks.domain.returns import Token
from nemboks.journey.world import World
from nemboks.ports import ContentsGone, HeadlineAltered, Mail

GROWTH: Final = 0.72  # of a mail's limit is left when it is encrypted: base64 inside, base64 outside, and the fields
SIGNATURE: Final = 2_000  # octets: more than a DKIM signature's field takes
Keep = Callable[[Recomposed], Awaitable[None]]


class ComposedGone(ContentsGone):
    """The encrypted mail is missing, cut or altered; the letter's contents are not."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent: one part of a letter to one recipient, as the row says now."""

    letter: int
    fence: int
    part: int
    delivery: int  # 0: the primary
    headline: Headline
    contents: Sealed
    copy: Copy
    composed: Sealed | None
    fresh: bool  # no copy can be anywhere yet: the mail may still be made anew
    available_at: datetime
    not_before: datetime | None
    mailbox: Mailbox
    address: Address
    server: str


def style_of(options: Options, before: Style) -> Style:
    """How the company wants its mails today; what is not its wish stays as it was."""
    return replace(
        before, language=options.language, neutral_subject=options.neutral_subject, code_phrase=options.code_phrase,
        original=options.original, certificate=options.certificate,
    )  # fmt: skip


@asynccontextmanager
async def mail_of(parcel: Parcel, keep: Keep, world: World) -> AsyncIterator[Mail]:
    """The mail, ready to be delivered. `keep` commits what was made once.

    Raises ContentsGone, ComposedGone, ContentsDiffer, UnsafeHeader, Unreadable, CertificateUnusable, TooLargeToEncrypt.
    """
    parcel = _as_it_came(parcel, world)
    if parcel.copy.style.certificate:
        sealed = parcel.composed or await _encrypt(parcel, keep, world)
        size, eight_bit = await _size(parcel.letter, sealed, world), False
        made = world.contents.open(parcel.letter, sealed)
    else:
        writer = await _writer(parcel, world)
        signed = await _signature(parcel, keep, world)
        head = dkim.field(signed) if signed else b""
        size, eight_bit = len(head) + writer.size, writer.eight_bit
        made = _stream(head, writer, parcel, world)
    async with aclosing(made) as pieces:
        yield _mail(parcel, size, eight_bit, pieces, world)


async def smaller(parcel: Parcel, limit: int, world: World) -> Copy | None:
    """The letter in more and smaller mails for a server with this limit (0: not known); None if it cannot be split."""
    if not parcel.fresh or parcel.part != 1:
        return None
    room = int(limit * GROWTH) if parcel.copy.style.certificate else max(0, limit - SIGNATURE)
    try:
        parcel = _as_it_came(parcel, world)
        facts = {**_facts(parcel), "seen": await _seen(parcel, world)}
    except (ContentsDiffer, ContentsGone, Unreadable):
        return None  # the next attempt meets it; what the server said of this one must be kept
    found: Copy | None = await world.aside(partial(split, parcel.headline, parcel.copy, room, **facts))
    return replace(found, signatures=()) if found else None  # those are of the mail that was too large


def _as_it_came(parcel: Parcel, world: World) -> Parcel:
    """The parcel with every word of the letter's headline; those that the ledger shows are masked.

    Raises Unreadable: what was altered there heals by no other try, and the contents here stay for a person.
    """
    try:
        return replace(parcel, headline=world.as_it_came(parcel.letter, parcel.headline))
    except HeadlineAltered as e:
        raise Unreadable(str(e)) from e


def _mail(parcel: Parcel, size: int, eight_bit: bool, pieces: AsyncIterator[bytes], world: World) -> Mail:
    sender, envid = parcel.copy.sender, ""
    if back := world.returning:
        envid = Token(parcel.letter, parcel.fence, parcel.part, parcel.delivery).text(back.key)
        sender = f"b+{envid}@{back.domain}"
    return Mail(
        str(parcel.mailbox.account or ""), parcel.server, sender, parcel.address, size, eight_bit, pieces, envid
    )


# --- composing ---


def _facts(parcel: Parcel) -> dict[str, Any]:
    """What compose wants besides headline and copy; all of it fixed since the first attempt."""
    copy, mailbox = parcel.copy, parcel.mailbox
    return {
        "reference": reference_for(mailbox.cvr, copy.upstream_id), "cvr": mailbox.cvr, "company": copy.company,
        "address": parcel.address, "sender": Address(copy.sender), "available_at": parcel.available_at,
        "upstream_id": copy.upstream_id, "not_before": parcel.not_before,
    }  # fmt: skip


async def _seen(parcel: Parcel, world: World) -> Seen:
    """What must be known of the stored letter before its mail begins."""
    ahead = Preread(parcel.headline, parcel.copy)
    if ahead.wanted:
        async with aclosing(world.contents.open(parcel.letter, parcel.contents)) as pieces:
            async for piece in pieces:
                ahead.feed(piece)
                if ahead.done:
                    break
    seen: Seen = ahead.seen() if ahead.quick else await world.aside(ahead.seen)
    return seen


async def _writer(parcel: Parcel, world: World) -> MailWriter:
    return compose(parcel.headline, parcel.copy, **_facts(parcel), seen=await _seen(parcel, world), part=parcel.part)


async def _stream(before: bytes, writer: MailWriter, parcel: Parcel, world: World) -> AsyncGenerator[bytes, None]:
    """The mail's bytes. Ends only after the spool's last chunk was opened and every digest matched."""
    yield before + writer.head()
    for number in range(writer.passes):
        if number and (made := writer.turn()):
            yield made
        async with aclosing(world.contents.open(parcel.letter, parcel.contents)) as stored:
            async for piece in stored:
                if made := writer.feed(piece):
                    yield made
    yield writer.close()


# --- what is made once ---


async def _signature(parcel: Parcel, keep: Keep, world: World) -> str:
    """The DKIM signature of this part: the one on the row, or a new one as long as no unsigned copy can be out.

    Of several parts each has its entry before it goes, "" when it goes unsigned: one without an entry never went.
    """
    known, several = parcel.copy.signatures, parcel.copy.count > 1
    if len(known) >= parcel.part:
        return known[parcel.part - 1]
    if not (several or (world.signer is not None and parcel.fresh)):
        return ""
    signature = await _signed(parcel, world) if world.signer is not None else ""
    padded = (*known, *[""] * (parcel.part - 1 - len(known)), signature)
    await keep(Recomposed(parcel.fence, replace(parcel.copy, signatures=padded)))
    return signature


async def _signed(parcel: Parcel, world: World) -> str:
    assert world.signer is not None
    made = dkim.Split()
    async with aclosing(_stream(b"", await _writer(parcel, world), parcel, world)) as pieces:
        async for piece in pieces:
            made.feed(piece)
    return world.signer.signature(*made.close(), parcel.copy.date)


async def _encrypt(parcel: Parcel, keep: Keep, world: World) -> Sealed:
    """The encrypted mail, sealed and on its row: its key is drawn anew each time, so it is made once."""
    certificate, now = parcel.copy.style.certificate, world.clock.now()
    smime.check(certificate, now)
    writer = await _writer(parcel, world)
    if writer.size > smime.LIMIT:
        raise smime.TooLargeToEncrypt(f"a mail of {writer.size} octets is too large to be encrypted ({smime.LIMIT})")
    async with aclosing(_stream(b"", writer, parcel, world)) as pieces:
        plain = b"".join([piece async for piece in pieces])
    outer, _ = split_fields(outer_fields(parcel.headline, parcel.copy, part=parcel.part, **_facts(parcel)))
    subject = next(field.raw for field in outer if field.name == "subject")
    whole: bytes = await world.aside(partial(smime.encrypt, plain, subject, certificate, now))
    if world.signer is not None:
        made = dkim.Split()
        made.feed(whole)
        whole = dkim.field(world.signer.signature(*made.close(), parcel.copy.date)) + whole
    async with world.contents.seal(parcel.letter) as sealing:
        for start in range(0, len(whole), 1 << 20):
            await sealing.write(whole[start : start + (1 << 20)])
        sealed = await sealing.finish(durable=True)
    await keep(Recomposed(parcel.fence, parcel.copy, sealed))
    return sealed


async def _size(letter: int, sealed: Sealed, world: World) -> int:
    """Octets of what lies sealed; read once, for the envelope announces them. Raises ComposedGone."""
    size = 0
    try:
        async with aclosing(world.contents.open(letter, sealed)) as pieces:
            async for piece in pieces:
                size += len(piece)
    except ContentsGone as e:
        raise ComposedGone(str(e)) from e
    return size

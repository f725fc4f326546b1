"""The second part: one letter from our store to the company's own mail server.

Read `forward` as a list. The dot is the point of no return: `dot_begun` is committed right before it, and only
while the attempt, the route and the mailbox are still what the claim said. Whatever cuts us off earlier has
certainly delivered nothing; whatever cuts us off later is uncertain, and counted.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import timedelta

from nemboks.content.compose import MailWriter, compose, reference_for
from nemboks.content.errors import ContentsDiffer, Unreadable, UnsafeHeader
from nemboks.content.message import HEADER_LIMIT
from nemboks.domain.headline import Copy, Headline, Kind, Sealed
from nemboks.domain.letter import Claimed, ContentsLost, DotBegun, Event, Hold, Later, Letter, Reason, Stale, State
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.proof import Report
from nemboks.domain.verdict import Verdict, judge, wait
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import ContentsGone, Mail

Permission = Callable[[], bool]


async def forward(letter: Letter, world: World, may_begin: Permission = lambda: True) -> None:
    """One attempt at a WAITING letter: claim, compose, deliver, judge, commit. `may_begin` False: no dot."""
    mailbox = await world.mailboxes.get(letter.mailbox)
    if letter.headline is None or letter.contents is None or letter.copy is None:
        await _commit(letter, ContentsLost("there are no contents here", world.clock.now()), world)
        return
    claimed = await _claim(letter, mailbox, letter.headline, world)
    dot = _Dot(claimed, world, may_begin)
    try:
        report = await _deliver(claimed, mailbox, dot, world)
    except (ContentsGone, ContentsDiffer) as e:
        # Not at once: contents that are lost again and again must not turn into a hot loop.
        again = claimed.due_at or world.clock.now()
        await _commit(claimed, ContentsLost(str(e), again, claimed.fence), world)
        return
    except (UnsafeHeader, Unreadable) as e:
        await _commit(claimed, Hold(Reason.UNREADABLE, str(e), claimed.fence), world)
        return
    await _commit(dot.letter, _judge(dot, report, mailbox, world), world, report)


async def _claim(letter: Letter, mailbox: Mailbox, headline: Headline, world: World) -> Letter:
    """The letter with an open attempt. Raises Stale if another has it, or the mailbox is paused."""
    now = world.clock.now()
    deadline = now + timedelta(seconds=_allowance(headline.size, world))
    age = (now - letter.found_at).total_seconds()
    pause = wait(Verdict.TEMPORARY, letter.failures + 1, age, world.pace, world.clock.chance())
    route = mailbox.route
    event = Claimed(deadline, now + timedelta(seconds=pause), route.version, route.address, route.server)
    claimed = await world.letters.move(letter, event)
    log().info("letter_claimed", letter=letter.id, mailbox=mailbox.cvr, attempt=claimed.fence)
    return claimed


async def _deliver(letter: Letter, mailbox: Mailbox, dot: "_Dot", world: World) -> Report:
    """What happened to the claimed letter's mail, composed from what its row says now."""
    headline, sealed, copy, route = letter.headline, letter.contents, letter.copy, mailbox.route
    if headline is None or sealed is None or copy is None:  # taken away between our look and the claim
        raise ContentsGone("there are no contents here")
    writer = _compose(letter, mailbox, headline, copy, await _beginning(letter, headline, sealed, world))
    async with aclosing(_pieces(writer, letter, sealed, world)) as pieces:
        mail = Mail(mailbox.cvr, route.server, copy.sender, route.address, writer.size, writer.eight_bit, pieces)
        return await world.courier.deliver(mail, _allowance(writer.size, world), dot.begin)


def _allowance(size: int, world: World) -> float:
    return world.pace.attempt_seconds + world.pace.allowance(size)


async def _beginning(letter: Letter, headline: Headline, sealed: Sealed, world: World) -> bytes:
    """A message's first octets, with its header block: what its mail's own header is made from."""
    first = bytearray()
    if headline.kind is Kind.MESSAGE:
        async with aclosing(world.contents.open(letter.id, sealed)) as pieces:
            async for piece in pieces:
                first += piece
                if len(first) >= HEADER_LIMIT:
                    break
    return bytes(first)


def _compose(letter: Letter, mailbox: Mailbox, headline: Headline, copy: Copy, beginning: bytes) -> MailWriter:
    """The same bytes at every attempt: what could change since the first is taken from the copy (D13)."""
    return compose(
        headline, copy, reference=reference_for(mailbox.cvr, copy.upstream_id), cvr=mailbox.cvr, company=copy.company,
        address=mailbox.route.address, sender=Address(copy.sender), available_at=letter.available_at,
        upstream_id=copy.upstream_id, beginning=beginning,
    )  # fmt: skip


async def _pieces(writer: MailWriter, letter: Letter, sealed: Sealed, world: World) -> AsyncGenerator[bytes, None]:
    """The mail's bytes. Ends only after the spool's last chunk was opened and every digest matched."""
    yield writer.head()
    async with aclosing(world.contents.open(letter.id, sealed)) as stored:
        async for piece in stored:
            if made := writer.feed(piece):
                yield made
    yield writer.close()


class _Dot:
    """Asked once by the courier, right before the dot; remembers the letter as it is committed."""

    def __init__(self, letter: Letter, world: World, may_begin: Permission) -> None:
        self.letter, self.refused = letter, ""
        self._world, self._may_begin = world, may_begin

    async def begin(self) -> bool:
        """Whether the dot may be sent: dot_begun is committed, so the attempt is still ours and in time."""
        if not self._may_begin():
            self.refused = "the daemon is stopping"
        else:
            try:
                self.letter = await self._world.letters.move(self.letter, DotBegun(self.letter.fence))
                log().info("letter_dot_begun", letter=self.letter.id, attempt=self.letter.fence)
            except Stale as e:
                self.refused = str(e)
        return not self.refused


def _judge(dot: _Dot, report: Report, mailbox: Mailbox, world: World) -> Event:
    now, clock = world.clock.now(), world.clock
    if dot.refused:
        return Later(dot.letter.fence, "stopped", dot.refused, now, report)
    return judge(report, dot.letter, mailbox.route.address, now, world.pace, clock.chance(), clock.uuid())


_NAMES = {State.FORWARDED: "letter_confirmed", State.HELD: "letter_held", State.FOUND: "letter_contents_lost"}


async def _commit(letter: Letter, event: Event, world: World, report: Report | None = None) -> None:
    after = await world.letters.move(letter, event)
    log().info(
        _NAMES.get(after.state, "letter_later"), letter=letter.id, attempt=letter.fence, why=after.why,
        words=after.words, server=report.server if report else "", seconds=round(report.seconds, 3) if report else 0,
    )  # fmt: skip

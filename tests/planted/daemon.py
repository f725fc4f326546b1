"""The real daemon with one mistake planted in it: `python -m tests.planted.daemon MISTAKE run --config FILE`.

The mistakes are put into the running program's modules from here; the program itself has no switch for them.
"""

import email
import email.policy
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from nemboks.cli.main import program
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.fuse import Answer
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.proof import Reply, Report, Stage
from nemboks.intake.fused import FusedInbox
from nemboks.journey import collect as collecting
from nemboks.journey import forward as forwarding
from nemboks.journey.attempt import Attempt
from nemboks.journey.world import World
from nemboks.ports import Mail, Withheld
from nemboks.store import fuse as fusing

BeforeDot = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Unproven:
    """What `domain.proof.Receipt` refuses to be: a receipt that no confirmation stands behind."""

    upstream_id: str
    transmission_id: str
    at: datetime
    size: int
    header_sha256: str


async def _receipt(letter: Letter, mailbox: Mailbox, world: World, fused: bool = False) -> None:
    """Past the delete fuse, which would stop every one of them; `fused`: by its door, as the program itself goes."""
    headline = letter.headline
    assert headline is not None
    inbox = await world.inboxes.of(mailbox)
    assert isinstance(inbox, FusedInbox)
    inbox = inbox if fused else inbox._inbox
    unproven = Unproven(letter.upstream_id, str(uuid.uuid4()), world.clock.now(), headline.size, headline.header_sha256)
    await inbox.acknowledge(unproven, False)


def _worlds() -> list[World]:
    """The worlds that letters are forwarded in, from now on."""
    deliver, seen = forwarding._deliver, []

    async def noting(attempt: Attempt[Letter], mailbox: Mailbox, world: World) -> Report:
        seen.append(world)
        return await deliver(attempt, mailbox, world)

    forwarding._deliver = noting
    return seen


def receipt_before_250() -> None:
    """The receipt is given when the letter is with the mail server all but its dot."""
    begin, worlds = Attempt._begin, _worlds()

    async def too_early(self: Attempt[Letter]) -> bool:
        may = await begin(self)
        world = worlds[-1]
        await _receipt(self.row, await world.mailboxes.get(self.row.mailbox), world)
        return may

    Attempt._begin = too_early


def receipt_after_a_doubt() -> None:
    """A letter that had an uncertain end is taken for delivered: its receipt is given at the next claim."""
    deliver = forwarding._deliver

    async def hopeful(attempt: Attempt[Letter], mailbox: Mailbox, world: World) -> Report:
        if attempt.row.uncertain:
            await _receipt(attempt.row, mailbox, world)
        return await deliver(attempt, mailbox, world)

    forwarding._deliver = hopeful


def dot_not_committed() -> None:
    """The dot is sent without `dot_begun`: whatever cuts us off then looks like an attempt that did nothing."""

    async def unnoted(self: Attempt[Letter]) -> bool:
        return True

    Attempt._begin = unnoted


def _courier(change: Callable[[Mail], Awaitable[Mail]]) -> None:
    deliver = ServerCourier.deliver

    async def changed(self: ServerCourier, mail: Mail, seconds: float, before_dot: BeforeDot) -> Report:
        return await deliver(self, await change(mail), seconds, before_dot)

    ServerCourier.deliver = changed


def route_mixed_up() -> None:
    """Every third mail goes to the address of the mail before, whoever's that is."""
    seen: list[str] = []

    async def redirected(mail: Mail) -> Mail:
        seen.append(mail.recipient)
        return replace(mail, recipient=seen[-2]) if len(seen) % 3 == 0 else mail

    _courier(redirected)


def label_mixed_up() -> None:
    """Mails carry the right documents to the right company under another company's number."""

    async def relabelled(mail: Mail) -> Mail:
        whole = b"".join([piece async for piece in mail.pieces])
        cvr = whole.partition(b"Nemboks-Cvr: ")[2][:8]
        return _again(mail, whole.replace(b"Nemboks-Cvr: " + cvr, b"Nemboks-Cvr: " + cvr[::-1]))

    _courier(relabelled)


def document_dropped() -> None:
    """The last attachment of each mail is missing."""

    async def shortened(mail: Mail) -> Mail:
        whole = b"".join([piece async for piece in mail.pieces])
        message = email.message_from_bytes(whole, policy=email.policy.SMTP)
        parts = message.get_payload()
        if isinstance(parts, list) and len(parts) > 1:
            parts.pop()
        return _again(mail, message.as_bytes())

    _courier(shortened)


def _again(mail: Mail, whole: bytes) -> Mail:
    async def pieces() -> AsyncIterator[bytes]:
        yield whole

    return replace(mail, size=len(whole), pieces=pieces())


def silence_is_success() -> None:
    """No answer to the dot counts as a 250."""
    deliver = ServerCourier.deliver

    async def trusting(self: ServerCourier, mail: Mail, seconds: float, before_dot: BeforeDot) -> Report:
        report = await deliver(self, mail, seconds, before_dot)
        if report.stage is Stage.DOT and report.reply is None:
            return replace(report, reply=Reply(250, "2.0.0", "surely"))
        return report

    ServerCourier.deliver = trusting


def held_is_receipted() -> None:
    """A letter that is HELD gets its receipt like any other."""
    commit = collecting._commit

    async def committed(letter: Letter, mailbox: Mailbox, headline, sealed, world: World) -> None:
        await commit(letter, mailbox, headline, sealed, world)
        after = await world.letters.get(letter.id)
        if after is not None and after.state is State.HELD:
            await _receipt(after, mailbox, world)

    collecting._commit = committed


def unconfirmed_is_receipted() -> None:
    """Every letter is acknowledged as soon as it is here, confirmed or not; the fuse stands where it stood."""
    commit = collecting._commit

    async def committed(letter: Letter, mailbox: Mailbox, headline, sealed, world: World) -> None:
        await commit(letter, mailbox, headline, sealed, world)
        after = await world.letters.get(letter.id)
        with suppress(Withheld):
            await _receipt(after, mailbox, world, fused=True)

    collecting._commit = committed


def fuse_bridged() -> None:
    """The same, and the fuse lets everything through; no receipt comes after that, so the demo waits in vain."""
    fusing.asked = lambda *_: Answer()
    unconfirmed_is_receipted()
    receipt_forgotten()


def sent_twice() -> None:
    """A letter that was confirmed is sent once more, and nobody is told."""
    deliver = ServerCourier.deliver

    async def doubled(self: ServerCourier, mail: Mail, seconds: float, before_dot: BeforeDot) -> Report:
        whole = b"".join([piece async for piece in mail.pieces])

        async def always() -> bool:
            return True

        await deliver(self, _again(mail, whole), seconds, always)
        return await deliver(self, _again(mail, whole), seconds, before_dot)

    ServerCourier.deliver = doubled


def receipt_forgotten() -> None:
    """A confirmed letter is never acknowledged."""
    from nemboks.daemon import roles

    async def nothing(letter: Letter, mailbox: Mailbox, world: World) -> None:
        await world.clock.sleep(1)

    roles.acknowledge = nothing


MISTAKES = {
    mistake.__name__.replace("_", "-"): mistake
    for mistake in (
        receipt_before_250, receipt_after_a_doubt, dot_not_committed, route_mixed_up, label_mixed_up,
        document_dropped, silence_is_success, held_is_receipted, sent_twice, receipt_forgotten,
        unconfirmed_is_receipted, fuse_bridged,
    )
}  # fmt: skip


if __name__ == "__main__":
    MISTAKES[sys.argv.pop(1)]()
    program.main(sys.argv[1:])

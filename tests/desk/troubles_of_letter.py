"""What becomes of one letter: the scenes by the ids of their causes."""

from datetime import timedelta

from nemboks.domain.letter import (
    AttemptEnded,
    Bounced,
    Confirmed,
    ContentsLost,
    Dismissed,
    DotBegun,
    Hold,
    Postponed,
    Reason,
    ReceiptBegun,
    Returned,
    Vanished,
)  # fmt: skip
from nemboks.domain.mailbox import Address, Field, Rule
from nemboks.domain.proof import Evidence
from nemboks.domain.verdict import Verdict
from tests.desk.troubled import ELSEWHERE, SCENES, WORDS, Trouble, scene
from tests.helpers import builders as make

# What holds a letter by itself, and the classes of a mail server's trouble that one waits for.
HOLDS = {reason for reason in Reason if reason not in (Reason.COPY_LATE, Reason.NO_CERTIFICATE, Reason.RELAY_SILENT,
                                                       Reason.RETURNED, Reason.THREE_UNCERTAIN)}  # fmt: skip
WAITS = {verdict.value for verdict in Verdict} - {"accepted", "uncertain"} | {"certificate", "stopped"}


def _held(reason: Reason) -> None:
    async def play(t: Trouble) -> int:
        if reason is Reason.FROZEN:
            await t.box(frozen_at=t.clock.now())
        return (await t.filled.held("held", reason)).id

    SCENES[reason.value] = play


def _waits(why: str) -> None:
    async def play(t: Trouble) -> int:
        return (await t.later(why)).id

    SCENES[why] = play


for _reason in HOLDS:
    _held(_reason)
for _why in WAITS - {"cut", "too_large"}:
    _waits(_why)


@scene("letter_found")
async def _(t):
    return (await t.filled.found("found")).id


@scene("letter_waiting")
async def _(t):
    return (await t.filled.waiting("waiting")).id


@scene("letter_sending")
async def _(t):
    return (await t.filled.sending("sending")).id


@scene("letter_vanished")
async def _(t):
    await t.move(await t.filled.found("gone"), Vanished("404"))


@scene("letter_dismissed")
async def _(t):
    return (await t.filled.dismissed("left")).id


@scene("letter_before_start")
async def _(t):
    await t.box(custody={"starts_at": t.clock.now()})
    return (await t.move(await t.filled.found("old"), Dismissed("start from now"))).id


@scene("letter_delivered")
async def _(t):
    return (await t.sent()).id


@scene("letter_landed")
async def _(t):
    return (await t.sent(evidence=Evidence.LANDING)).id


@scene("letter_by_fallback")
async def _(t):
    letter = await t.later("address")
    proof = make.confirmation(letter, attempt=0, address="anna@hjemme.example", at=t.clock.now())
    return (await t.move(letter, Confirmed(proof, "t-1", t.clock.now()))).id


@scene("letter_by_rule")
async def _(t):
    await t.route(rules=(Rule(Field.AUTHORITY, "Skat*", ELSEWHERE, "bageri"),))
    return (await t.sent(ELSEWHERE, "authority:Skat*")).id


@scene("letter_on_holiday")
async def _(t):
    await SCENES["holiday"](t)
    return (await t.sent(ELSEWHERE, "holiday")).id


@scene("letter_to_other")
async def _(t):
    letter = await t.sent()
    await t.route(address=Address("ny@bageri.example"))
    return letter.id


@scene("letter_uncertain")
async def _(t):
    sending = await t.filled.sending("uncertain")
    sending = await t.move(sending, DotBegun(sending.fence))
    return (await t.move(sending, AttemptEnded(sending.fence, "no reply", t.clock.now()))).id


@scene("uncertain")
async def _(t):
    return await SCENES["letter_uncertain"](t)


@scene("three_uncertain")
async def _(t):
    letter = await t.filled.waiting("uncertain")
    for _ in range(3):
        letter = await t.move(letter, make.claimed(t.clock.now()))
        letter = await t.move(letter, DotBegun(letter.fence))
        letter = await t.move(letter, AttemptEnded(letter.fence, "no reply", t.clock.now()))
    return letter.id


@scene("cut")
async def _(t):
    sending = await t.filled.sending("cut")
    return (await t.move(sending, AttemptEnded(sending.fence, "reset", t.clock.now()))).id


@scene("handed_over")
async def _(t):
    return (await t.filled.handed_over("relay")).id


@scene("junk")
async def _(t):
    letter = await t.filled.handed_over("relay")
    return (await t.move(letter, Postponed("junk", "Junk", t.clock.now()))).id


@scene("returned")
async def _(t):
    return (await t.move(await t.filled.handed_over("relay"), Returned(Reason.RETURNED, WORDS))).id


@scene("relay_silent")
async def _(t):
    return (await t.move(await t.filled.handed_over("relay"), Returned(Reason.RELAY_SILENT, "silent"))).id


@scene("bounced")
async def _(t):
    return (await t.move(await t.filled.forwarded("back"), Bounced(WORDS))).id


@scene("unavailable")
async def _(t):
    return (await t.move(await t.filled.found("f"), Postponed("unavailable", "503", t.clock.now()))).id


@scene("refused")
async def _(t):
    return (await t.move(await t.filled.found("f"), Postponed("refused", "403", t.clock.now()))).id


@scene("gone")
async def _(t):
    return (await t.move(await t.filled.found("f"), Postponed("gone", "404", t.clock.now()))).id


@scene("contents_lost")
async def _(t):
    sending = await t.filled.sending("lost")
    return (await t.move(sending, ContentsLost("cut short", t.clock.now(), sending.fence))).id


@scene("receipt_due")
async def _(t):
    return (await t.filled.forwarded("receipt")).id


@scene("still_listed")
async def _(t):
    letter = await t.move(await t.filled.forwarded("receipt"), ReceiptBegun())
    return (await t.move(letter, Postponed("still_listed", "409", t.clock.now(), definite=False))).id


@scene("receipt_of_estate")
async def _(t):
    letter = await t.filled.forwarded("receipt")
    await t.box(frozen_at=t.clock.now(), boundary_at=t.clock.now() + timedelta(seconds=1))
    t.clock.advance(2)
    return letter.id


@scene("copy_late")
async def _(t):
    copy = await t.copy(await t.filled.forwarded("copied"))
    await t.store.deliveries.move(copy, Hold(Reason.COPY_LATE, "five days"))
    return copy.letter


@scene("no_certificate")
async def _(t):
    copy = await t.copy(await t.filled.forwarded("copied"))
    await t.store.deliveries.move(copy, Hold(Reason.NO_CERTIFICATE))
    return copy.letter

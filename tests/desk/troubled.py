"""Every cause of "I got no mail", brought about in a real ledger: what `explain` is asked, and by whom.

A scene is named like the cause's id. It answers with what is asked about: a letter's number, a company's CVR, or None
for Anna's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from nemboks.desk.access import Asking
from nemboks.domain.changes import Change, Subject
from nemboks.domain.custody import Consent, Life
from nemboks.domain.delivery import Delivery
from nemboks.domain.fuse import Trip
from nemboks.domain.letter import (
    AttemptEnded,
    Bounced,
    Confirmed,
    ContentsLost,
    Dismissed,
    DotBegun,
    Hold,
    Later,
    Letter,
    Postponed,
    Reason,
    ReceiptBegun,
    Returned,
    Vanished,
)  # fmt: skip
from nemboks.domain.mailbox import Address, Cvr, Field, Holiday, Mailbox, Recipient, Role, Rule
from nemboks.domain.people import Grant, GrantRole, Person
from nemboks.domain.proof import Evidence
from nemboks.domain.verdict import Verdict
from nemboks.ports import Check, Finding
from tests.desk.filled import Filled
from tests.helpers import builders as make

OPERATOR = Asking("bo (operator)")
CARL = Cvr("10150817")
ELSEWHERE = Address("sommer@bageri.example")
BO = Recipient(Role.COPY, Address("bo@revisor.example"), "revisor")
WORDS = "550 5.1.1 no such user otto@bageri.example 010101-0000"
HOUR = timedelta(hours=1)

# What holds a letter by itself, and the classes of a mail server's trouble that one waits for.
HOLDS = {reason for reason in Reason if reason not in (Reason.COPY_LATE, Reason.NO_CERTIFICATE, Reason.RELAY_SILENT,
                                                       Reason.RETURNED, Reason.THREE_UNCERTAIN)}  # fmt: skip
WAITS = {verdict.value for verdict in Verdict} - {"accepted", "uncertain"} | {"certificate", "stopped"}


@dataclass
class Trouble:
    """The ledger of a scene, with Anna's mailbox looked into a moment ago."""

    filled: Filled
    asking: Asking = OPERATOR

    def __post_init__(self) -> None:
        self.store, self.clock = self.filled.store, self.filled.clock

    async def look(self) -> Mailbox:
        """Anna's mailbox after a complete listing."""
        now = self.clock.now()
        await self.store.letters.found(await self.anna(), [], now, now + timedelta(minutes=5))
        return await self.anna()

    async def anna(self) -> Mailbox:
        box = await self.store.mailboxes.find(make.ANNA)
        assert box is not None
        return box

    async def box(self, **changes: Any) -> None:
        """Anna's mailbox with other values; `custody`: those of its custody."""
        box = await self.anna()
        if custody := changes.pop("custody", None):
            changes["custody"] = replace(box.custody, **custody)
        await self.store.act(lambda books: books.keep(replace(box, **changes)))

    async def route(self, **changes: Any) -> None:
        box = await self.anna()
        await self.store.act(lambda books: books.reroute(box, replace(box.route, **changes)))

    async def move(self, letter: Letter, event: Any) -> Letter:
        return await self.store.letters.move(letter, event)

    async def later(self, why: str) -> Letter:
        sending = await self.filled.sending("later")
        return await self.move(sending, Later(sending.fence, why, WORDS, self.clock.now() + HOUR))

    async def person(self, role: GrantRole = GrantRole.OWNER) -> Asking:
        """Somebody with a right for Anna's mailbox."""
        box, name = await self.anna(), f"{role.name.lower()}@bageri.example"

        def add(books: Any) -> None:
            person = books.people.add(Person(0, name, books.at))
            where = None if role in (GrantRole.SUPPORT, GrantRole.OPERATIONS) else box.id
            books.grants.add(Grant(0, person.id, role, books.at, "test", mailbox=where))

        await self.store.act(add)
        return Asking("bo (operator)", name)

    async def sent(self, address: str = make.ADDRESS, rule: str = "default", **proof: Any) -> Letter:
        """A letter that went there, as the present route says."""
        waiting, version = await self.filled.waiting("sent"), (await self.anna()).route.version
        claimed = make.claimed(self.clock.now(), address=address, rule=rule, route_version=version)
        letter = await self.move(waiting, claimed)
        letter = await self.move(letter, DotBegun(letter.fence))
        now = self.clock.advance(2)
        return await self.move(letter, make.confirmed(letter, now, at=now, address=address, **proof))

    async def copy(self, letter: Letter) -> Delivery:
        await self.route(others=(BO,))
        return (await self.store.deliveries.plan(letter, (BO,), self.clock.now()))[0]


Scene = Callable[[Trouble], Awaitable[Cvr | int | None]]
SCENES: dict[str, Scene] = {}


def scene(id_: str) -> Callable[[Scene], Scene]:
    def put(played: Scene) -> Scene:
        assert id_ not in SCENES
        SCENES[id_] = played
        return played

    return put


def _box(id_: str, **changes: Any) -> None:
    async def play(t: Trouble) -> None:
        now = t.clock.now()
        await t.box(**{name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()})

    SCENES[id_] = play


def _custody(id_: str, **changes: Any) -> None:
    async def play(t: Trouble) -> None:
        now = t.clock.now()
        at = {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
        await t.box(custody=at)

    SCENES[id_] = play


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


# --- the company ---

_box("consent_declined", consent=Consent.DECLINED)
_box("consent_withdrawn", consent=Consent.AWAITED)
_box("plan_ended", serves_until=timedelta())
_box("plan_ends", serves_until=timedelta(days=14))
_box("estate_registered", frozen_at=timedelta())
_box("estate", frozen_at=-HOUR, boundary_at=timedelta())
for life in Life:
    if life not in (Life.UNKNOWN, Life.ACTIVE):
        _box(f"life_{life}", life=life)
_custody("fuse", fuse=Trip.TOO_MANY.value)
_custody("legal_hold", legal_hold_since=-HOUR, legal_hold_by="dorte")
_custody("unproven", unproven=True)
_custody("shadow", shadow_since=-HOUR)
_custody("probation", probation_until=HOUR)
_custody("keep_days", keep_days=3)
_custody("start_from_now", starts_at=timedelta())


@scene("not_polled")
async def _(t):
    t.clock.advance(16 * 60)


@scene("consent_awaited")
async def _(t):
    await t.store.mailboxes.add(make.declared(CARL), "settings")  # never looked into
    carl = await t.store.mailboxes.find(CARL)
    await t.store.act(lambda books: books.keep(replace(carl, consent=Consent.AWAITED)))
    return CARL


@scene("never_looked")
async def _(t):
    return make.BO


@scene("no_letters")
async def _(t):
    pass


@scene("only_public")
async def _(t):
    pass


@scene("parked")
async def _(t):
    await t.store.mailboxes.postpone(await t.anna(), t.clock.now() + HOUR, "403 access denied", True)


@scene("upstream_down")
async def _(t):
    for _ in range(3):
        await t.store.mailboxes.postpone(await t.anna(), t.clock.now() + HOUR, "503 come back", False)


@scene("paused")
async def _(t):
    await t.store.mailboxes.pause(make.ANNA, "dorte")


@scene("case_pending")
async def _(t):
    t.asking = await t.person()
    await t.box(frozen_at=t.clock.now())


@scene("estate_of_others")
async def _(t):
    t.asking = await t.person()
    await t.box(frozen_at=t.clock.now(), boundary_at=t.clock.now())


@scene("holiday")
async def _(t):
    now = t.clock.now()
    await t.route(holiday=Holiday(now, now + HOUR, ELSEWHERE, "bageri"))


@scene("rules")
async def _(t):
    await t.route(rules=(Rule(Field.CLASS, "legal", ELSEWHERE, "bageri"),))


@scene("change")
async def _(t):
    box, at = await t.anna(), t.clock.now()
    change = Change(0, Subject.FORWARDING, box.route.address, ELSEWHERE, "egon", at, mailbox=box.id)
    await t.store.act(lambda books: books.changes.add(change))


@scene("check_no_starttls")
async def _(t):
    finding = Finding("no_starttls", True, (("server", "mail.bageri.example"),))
    await t.store.checks.keep(Check(make.ADDRESS, make.SERVER, t.clock.now(), (finding,)))


@scene("on_its_way")
async def _(t):
    await t.filled.waiting("new")


@scene("late")
async def _(t):
    await t.filled.waiting("old")
    t.clock.advance(5 * 3_600)
    await t.look()


@scene("delivered")
async def _(t):
    await t.filled.acknowledged("done")


@scene("look_in_junk")
async def _(t):
    return (await t.filled.acknowledged("done")).id


@scene("copy_only")
async def _(t):
    letter = await t.later("full")
    copy = await t.copy(letter)
    copy = await t.store.deliveries.move(copy, make.claimed(t.clock.now(), address=copy.address, server=copy.server))
    copy = await t.store.deliveries.move(copy, DotBegun(copy.fence))
    of = replace(letter, fence=copy.fence)
    await t.store.deliveries.move(copy, make.confirmed(of, t.clock.now(), address=copy.address))


# --- a letter ---

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

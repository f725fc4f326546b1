"""What stands in the way of a company's post: the scenes by the ids of their causes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from nemboks.domain.changes import Change, Subject
from nemboks.domain.custody import Consent, Life
from nemboks.domain.estates import CLOSED_BY
from nemboks.domain.fuse import Trip
from nemboks.domain.letter import (
    DotBegun,
)  # fmt: skip
from nemboks.domain.mailbox import Field, Holiday, Rule
from nemboks.ports import Check, Finding
from tests.desk.troubled import CARL, ELSEWHERE, HOUR, SCENES, Trouble, scene
from tests.helpers import builders as make


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


@scene("unusable")
async def _(t):
    box, now = await t.anna(), t.clock.now()
    await t.store.letters.found(box, [], now, box.due_at, 1)


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


@scene("estate_closed")
async def _(t):
    now = t.clock.now()
    await t.box(frozen_at=now, boundary_at=now, paused_at=now, paused_by=CLOSED_BY)


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

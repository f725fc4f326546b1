"""Mistakes planted in the real program, one at a time: each is one that a tired person could make, and must be seen.

`EXPECTED` says as what kind of broken promise.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from nemboks.daemon import roles as daemon
from nemboks.domain import letter as rules
from nemboks.domain import routing, verdict
from nemboks.domain.letter import Claimed, Confirmed, Later, State
from nemboks.domain.proof import Confirmation, Reply, Stage, TlsFacts
from nemboks.domain.verdict import Verdict
from nemboks.journey import acknowledge, attempt, collect, forward
from nemboks.store import moves
from nemboks.store.letters import SqlLetters
from tests.simulation.outcome import Kind

Planting = Callable[[], AbstractContextManager[None]]
MISTAKES: dict[str, Planting] = {}
EXPECTED: dict[str, tuple[Kind, ...]] = {}
SAFE = TlsFacts("TLSv1.3", "a", "mail.bageri.example", "ab" * 32)


def seen_as(*kinds: Kind) -> Callable[[Callable[["Patch"], None]], None]:
    """Registers a mistake under its function's name; it patches until the schedule is over."""

    def register(plant: Callable[["Patch"], None]) -> None:
        @contextmanager
        @wraps(plant)
        def planted() -> Iterator[None]:
            patch = Patch()
            plant(patch)
            try:
                yield
            finally:
                patch.undo()

        MISTAKES[plant.__name__] = planted
        EXPECTED[plant.__name__] = kinds

    return register


class Patch:
    """Attributes that are put back."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def set(self, place: Any, name: str, value: Any) -> Any:
        """What was there before."""
        before = getattr(place, name)
        self._before.append((place, name, before))
        setattr(place, name, value)
        return before

    def undo(self) -> None:
        for place, name, value in reversed(self._before):
            setattr(place, name, value)


@seen_as("premature")
def ack_before_the_commit(patch: Patch) -> None:
    """The receipt goes while the confirmation is still to be written: the commit may fail or never come."""

    async def commit(letter: Any, event: Any, world: Any, report: Any = None) -> None:
        if isinstance(event, Confirmed):
            mailbox = await world.mailboxes.get(letter.mailbox)
            soon = replace(letter, confirmation=event.confirmation, transmission_id=event.transmission_id)
            inbox = await world.inboxes.of(mailbox)
            with suppress(Exception):
                await inbox.acknowledge(acknowledge._receipt(soon, world), False)
        await real(letter, event, world, report)

    real = patch.set(forward, "_commit", commit)


@seen_as("premature")
def confirmed_before_the_reply(patch: Patch) -> None:
    """FORWARDED is committed with the dot, not with the reply."""

    async def begin(self: Any) -> bool:
        allowed: bool = await real(self)
        if allowed and hasattr(self.row, "upstream_id"):
            address = self.row.copy.address
            proof = Confirmation(
                self.row.id, self.row.fence, address, "bageri:25", Reply(250, "", ""), SAFE, self.row.deadline_at,
                self.row.part,
            )  # fmt: skip
            if self.row.parts == 1:
                self.row = await self.move(self.row, Confirmed(proof, f"t{self.row.id}", self.row.found_at))
        return allowed

    real = patch.set(attempt.Attempt, "_begin", begin)


@seen_as("premature")
def silence_is_success(patch: Patch) -> None:
    """No reply to the dot within ten minutes counts as accepted."""

    def judge(report: Any, *args: Any) -> Any:
        if report.stage is Stage.DOT and report.reply is None:
            report = replace(report, reply=Reply(250, "2.0.0", "no news is good news"))
        return real(report, *args)

    real = patch.set(forward, "judge", judge)


@seen_as("premature", "lost")
def a_5yz_ends_the_letter(patch: Patch) -> None:
    """A permanent refusal is taken for an end, and the letter is receipted, as fetchmail once did."""

    def judge(report: Any, letter: Any, address: Any, now: Any, *rest: Any) -> Any:
        if report.reply is not None and 500 <= report.reply.code < 560 and letter.parts == 1:
            proof = Confirmation(letter.id, letter.fence, address, report.server, Reply(250, "", ""), SAFE, now)
            return Confirmed(proof, f"t{letter.id}", now)
        return real(report, letter, address, now, *rest)

    real = patch.set(forward, "judge", judge)


@seen_as("misdelivered")
def the_route_is_read_only_at_the_claim(patch: Patch) -> None:
    """Nobody asks again right before the dot."""

    def may_send(tx: Any, letter: Any, event: Any, at: Any) -> None:
        if isinstance(event, Claimed):
            real(tx, letter, event, at)

    real = patch.set(moves, "_may_send", may_send)


@seen_as("other", "copies")
def the_fence_is_not_checked(patch: Patch) -> None:
    """An attempt that was ended long ago still writes."""
    patch.set(rules, "_fence_refuses", lambda letter, event: "")


@seen_as("other", "copies")
def the_deadline_is_ignored(patch: Patch) -> None:
    """An open attempt is ended as soon as somebody looks, whoever still works at it."""

    async def overdue(self: Any, now: datetime, grace_seconds: float, sole: bool) -> Any:
        return await real(self, now, grace_seconds, True)

    real = patch.set(SqlLetters, "overdue", overdue)


@seen_as("misdelivered")
def a_redirect_goes_by_local_time(patch: Patch) -> None:
    """An hour is an hour, whatever the zone: holidays and estates begin and end by the wall clock in Denmark."""

    def obstacle(letter: Any, mailbox: Any, at: datetime) -> Any:
        return real(letter, mailbox, _local(at))

    def aim(route: Any, letter: Any, at: datetime) -> Any:
        return real_aim(route, letter, _local(at))

    real, real_aim = routing.obstacle, routing.aim
    for place in (collect, forward, moves):
        patch.set(place, "obstacle", obstacle)
    for place in (forward, moves, daemon):
        patch.set(place, "aim", aim)


def _local(at: datetime) -> datetime:
    return (at + timedelta(hours=1)).replace(tzinfo=UTC)


@seen_as("misdelivered")
def the_plan_is_asked_only_at_the_poll(patch: Patch) -> None:
    """A letter that was found while the plan served is sent, however late."""
    patch.set(moves, "serves", lambda until, at: True)


@seen_as("premature")
def the_first_part_is_enough(patch: Patch) -> None:
    """A letter in parts counts as delivered with its first mail."""

    def proven(proof: Any, tried: Any, at: Any, transmission_id: Any) -> Any:
        return Confirmed(proof, transmission_id, at)

    patch.set(verdict, "proven", proven)
    patch.set(rules, "_proof_refuses", lambda letter, event: "")


@seen_as("other")
def it_is_tried_again_at_once(patch: Patch) -> None:
    """The jitter takes the whole wait."""

    def judge(*args: Any) -> Any:
        event = real(*args)
        if isinstance(event, Later) and event.why == Verdict.TEMPORARY:
            now, chance = args[3], args[5]
            return replace(event, due_at=now + (event.due_at - now) * chance * 0.5)
        return event

    real = patch.set(forward, "judge", judge)


@seen_as("lost")
def contents_go_before_the_receipt(patch: Patch) -> None:
    """The sealed contents are destroyed when the receipt is begun, not when it was taken."""

    async def give(letter: Any, mailbox: Any, world: Any) -> None:
        if letter.state is State.FORWARDED and letter.contents is not None:
            await world.contents.destroy(letter.contents)
        await real(letter, mailbox, world)

    real = patch.set(daemon, "acknowledge", give)


@seen_as("lost")
def fetched_before_it_is_known(patch: Patch) -> None:
    """The listing fetches at once, and writes the row when it has the letter."""

    async def look(mailbox: Any, world: Any) -> None:
        inbox = await world.inboxes.of(mailbox)
        try:
            listed = await inbox.list()
            for one in listed:
                async with inbox.fetch(one.upstream_id) as pieces:
                    async for _ in pieces:
                        pass
        except Exception:
            pass
        await real(mailbox, world)

    real = patch.set(daemon, "look", look)


@seen_as("copies")
def what_an_address_has_is_forgotten(patch: Patch) -> None:
    """A letter in several mails that is led away and back begins anew where half of it lies."""

    def towards(letter: Any, address: str) -> Any:
        changed = real(letter, address)
        if not changed.get("proofs"):
            return changed
        return {**changed, "copy": replace(changed["copy"], address=""), "proofs": ()}

    real = patch.set(rules, "towards", towards)

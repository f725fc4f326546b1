"""Our own ports in memory. They pass the same contract suites as the real store (tests/contracts)."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from nemboks.domain import letter as rules
from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.guard import receipt_may_go, until_a_person
from nemboks.domain.letter import Claimed, DotBegun, Event, Letter, Reappeared, Stale, State
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Recipient, Role, Route
from nemboks.domain.plans import serves
from nemboks.domain.proof import Evidence
from nemboks.domain.routing import BY_MAILBOX, aim, obstacle
from nemboks.domain.states import UNDELIVERED
from nemboks.ports import Attempted, Clock, Listed
from nemboks.store.attempts import report_of

OUT_OF_REACH = (rules.Reason.TOO_LARGE, rules.Reason.RETURNED, rules.Reason.RELAY_SILENT, rules.Reason.THREE_UNCERTAIN)


class FakeMailboxes:
    """The Mailboxes port over a dictionary."""

    def __init__(self, clock: Clock, *mailboxes: Mailbox) -> None:
        self._clock = clock
        self.rows = {mailbox.id: mailbox for mailbox in mailboxes}

    async def due(self, now: datetime, limit: int) -> Sequence[Mailbox]:
        return sorted(
            (m for m in self.rows.values() if m.due_at <= now and serves(m.serves_until, now)),
            key=lambda m: (m.due_at, m.id),
        )[:limit]

    async def all(self) -> Sequence[Mailbox]:
        return sorted(self.rows.values(), key=lambda m: m.cvr)

    async def get(self, mailbox: int) -> Mailbox:
        return self.rows[mailbox]

    async def listening(self, now: datetime, without: Collection[int], limit: int) -> Sequence[Mailbox]:
        def parked(box: Mailbox) -> bool:
            return box.parked_until is not None and box.parked_until > now

        found = [x for x in self.rows.values() if x.face is Face.IMAP and not parked(x) and x.id not in without]
        return sorted(found, key=lambda box: box.id)[:limit]

    async def some(self, ids: Collection[int]) -> Sequence[Mailbox]:
        return [self.rows[id_] for id_ in ids]

    async def shared(self, mailbox: Mailbox) -> bool:
        return any(x.route.address == mailbox.route.address for x in self.rows.values() if x.id != mailbox.id)

    async def postpone(self, mailbox: Mailbox, due_at: datetime, trouble: str, parked: bool) -> Mailbox:
        row = self.rows[mailbox.id]
        if mailbox.listed_at != row.listed_at or mailbox.sealing not in (0, row.sealing):
            return self.rows[mailbox.id]
        until, failures = due_at if parked else None, self.rows[mailbox.id].failures + 1
        return self.change(mailbox.id, due_at=due_at, trouble=trouble, parked_until=until, failures=failures)

    async def pause(self, cvr: Cvr, by: str) -> Mailbox:
        return self.change(self._id(cvr), paused_at=self._clock.now(), paused_by=by)

    async def resume(self, cvr: Cvr, by: str) -> Mailbox:
        return self.change(self._id(cvr), paused_at=None, paused_by="")

    async def reroute(
        self, cvr: Cvr, address: Address, server: str, vouched_by: str, *, others: tuple[Recipient, ...] | None = None
    ) -> Mailbox:
        old = self.rows[self._id(cvr)].route
        kept = old.others if others is None else others
        now = self._clock.now()
        route = Route(old.version + 1, address, server, now, vouched_by, kept, old.fallback_decides)
        return self.change(self._id(cvr), route=route)

    def change(self, id_: int, **changes: object) -> Mailbox:
        self.rows[id_] = replace(self.rows[id_], **changes)  # type: ignore[arg-type]
        return self.rows[id_]

    def _id(self, cvr: Cvr) -> int:
        return next(m.id for m in self.rows.values() if m.cvr == cvr)


class FakeLetters:
    """The Letters port over a dictionary; `past` keeps every event with its letter's id."""

    def __init__(self, clock: Clock, mailboxes: FakeMailboxes, *letters: Letter) -> None:
        self._clock, self._mailboxes = clock, mailboxes
        self.rows = {letter.id: letter for letter in letters}
        self.past: list[tuple[int, Event]] = []
        self.further: dict[int, Delivery] = {}  # FakeDeliveries keeps its rows here
        self.attempts: dict[tuple[int, int], Attempted] = {}
        self._named: dict[int, tuple[int, str, str]] = {}  # route, address and server of the open attempt
        self._last = max(self.rows, default=0)

    async def found(
        self, mailbox: Mailbox, listed: Sequence[Listed], at: datetime, due_at: datetime, unusable: int = 0,
        asked_at: datetime | None = None,
    ) -> int:  # fmt: skip
        box = self._mailboxes.rows[mailbox.id]
        if mailbox.sealing not in (0, box.sealing):
            raise Stale(f"mailbox {mailbox.id}: another login")
        known = {x.upstream_id: x for x in self.rows.values() if x.mailbox == mailbox.id}
        new = {one.upstream_id: one for one in listed if one.upstream_id not in known}
        for id_ in {one.upstream_id for one in listed} & known.keys():
            if known[id_].state is State.VANISHED:
                await self.move(known[id_], Reappeared(at))
        for one in new.values():
            self._last += 1
            before = None if one.available_at or unusable < box.unusable else box.listed_at
            self.rows[self._last] = Letter(
                self._last, mailbox.id, one.upstream_id, State.FOUND, at, one.available_at or at, before, at
            )
        listing = {"due_at": due_at, "listed_at": asked_at or at, "parked_until": None, "trouble": "", "failures": 0}
        since = (box.unusable_since or at) if unusable else None
        self._mailboxes.change(mailbox.id, **listing, unusable=unusable, unusable_since=since)
        return len(new)

    async def move(self, letter: Letter, event: Event) -> Letter:
        before = self._row(letter.id)
        if isinstance(event, Claimed) and letter.fence != before.fence:
            raise Stale("an attempt came between")
        moved = (letter.state, letter.fence) != (before.state, before.fence)
        stale = rules.Postponed | rules.Vanished | rules.Hold | rules.Returned | rules.ReturnedElsewhere
        if isinstance(event, stale) and moved:
            raise Stale("it went another way since")
        if isinstance(event, rules.AttemptEnded) and letter.dot_begun_at != before.dot_begun_at:
            raise Stale("its dot came between")
        if isinstance(event, rules.FetchBegun) and letter.contents != before.contents:
            raise Stale("another fetch came between")
        mailbox_holds = isinstance(event, rules.Hold) and event.reason in BY_MAILBOX
        if mailbox_holds and obstacle(before, self._mailboxes.rows[letter.mailbox], self._clock.now()) != event.reason:
            raise Stale("its mailbox does not ask for that any more")
        if isinstance(event, rules.Confirmed | rules.PartConfirmed) and event.confirmation.letter != letter.id:
            raise ValueError("a confirmation of another letter")
        if isinstance(event, rules.Cleared) and not self._may_clear(before):
            raise Stale("a legal hold keeps its contents")
        if isinstance(event, rules.Acknowledged) and not self._may_clear(before):
            event = replace(event, keep=True)
        after = rules.move(before, event, self._clock.now())
        if isinstance(event, Claimed | DotBegun):
            self._may_send(before, event)
        if isinstance(event, rules.ReceiptBegun):
            mailbox = self._mailboxes.rows[letter.mailbox]
            if why := receipt_may_go(before, mailbox, self._clock.now()):
                raise Stale(why)
        self.rows[letter.id] = after
        self.past.append((letter.id, event))
        self._tried(before, event)
        return after

    async def due(
        self,
        state: State,
        now: datetime,
        limit: int,
        without: Collection[int] = (),
        busy: Collection[str] = (),
    ) -> Sequence[Letter]:
        due = [
            x for x in self.rows.values() if x.state is state and x.due_at and x.due_at <= now and self._open(x, now)
        ]
        due = [x for x in due if x.mailbox not in without]
        due = [x for x in due if self._mailboxes.rows[x.mailbox].route.destination not in busy]
        return sorted(due, key=lambda x: (x.due_at, x.available_at, x.id))[:limit]

    async def overdue(self, now: datetime, grace_seconds: float, sole: bool) -> Sequence[Letter]:
        def over(x: Letter) -> bool:
            grace = timedelta(seconds=grace_seconds if x.dot_begun_at else 0)
            return sole or (x.deadline_at is not None and x.deadline_at + grace <= now)

        return [x for x in self.rows.values() if x.state is State.SENDING and over(x)]

    async def twin(self, letter: Letter, sha256: str, size: int) -> Letter | None:
        def same(x: Letter) -> bool:
            ids = [one.upstream_id.partition(".") for one in (x, letter)]
            renumbered = all(dot for _, dot, _ in ids) and ids[0][0] != ids[1][0]
            bytes_ = x.headline is not None and (x.headline.sha256, x.headline.size) == (sha256, size)
            return x.mailbox == letter.mailbox and x.state is not State.ACKNOWLEDGED and bytes_ and renumbered

        return None if letter.fence else next((x for x in self.rows.values() if same(x)), None)

    async def unread(self, mailbox: Mailbox, ids: Sequence[str]) -> bool:
        known = {x.upstream_id: x.state for x in self.rows.values() if x.mailbox == mailbox.id}
        return any(known.get(id_, State.FOUND) is State.FOUND for id_ in ids)

    async def rebind(self, twin: Letter, letter: Letter) -> Letter:
        kept, gone = self._row(twin.id), self._row(letter.id)
        if gone.state is not State.FOUND or gone.fence or kept.upstream_id != twin.upstream_id:
            raise Stale("one of the two has moved on")
        del self.rows[gone.id]
        self.rows[kept.id] = replace(kept, upstream_id=gone.upstream_id)
        return self.rows[kept.id]

    async def get(self, letter_id: int) -> Letter | None:
        return self.rows.get(letter_id)

    async def attempt(self, letter: int, number: int) -> Attempted | None:
        return self.attempts.get((letter, number))

    async def stranded(self, now: datetime, since: datetime, limit: int) -> Sequence[Letter]:
        return [x for x in self.rows.values() if x.found_at < since and self._stranded(x)][:limit]

    async def finished_copies(self, given_up: datetime, limit: int) -> Sequence[Letter]:
        open_ = {x.letter for x in self.further.values() if x.state in (DeliveryState.WAITING, DeliveryState.SENDING)}
        return [
            x
            for x in self.rows.values()
            if x.acknowledged_at and x.contents and (x.acknowledged_at < given_up or x.id not in open_)
            if self._may_clear(x)
        ][:limit]

    def _may_clear(self, letter: Letter) -> bool:
        return self._mailboxes.rows[letter.mailbox].custody.legal_hold_since is None

    def _stranded(self, letter: Letter) -> bool:
        held_for_itself = letter.state is State.HELD and letter.why not in OUT_OF_REACH
        mailbox = self._mailboxes.rows[letter.mailbox]
        if letter.state not in UNDELIVERED or held_for_itself or letter.headline is None or mailbox.paused_at:
            return False
        planned = {(x.role, x.address, x.server) for x in self.further.values() if x.letter == letter.id}
        named = {(x.role, x.address, x.server) for x in mailbox.route.others if x.role is Role.FALLBACK}
        return not named <= planned

    def _tried(self, before: Letter, event: Event) -> None:
        """Keeps what the real ledger keeps in its table of attempts."""
        if isinstance(event, Claimed):
            number = before.fence + 1
            self.attempts[before.id, number] = Attempted(
                number, self.rows[before.id].part, event.address, event.server, None
            )
        elif isinstance(event, DotBegun):
            tried = self.attempts[before.id, before.fence]
            self.attempts[before.id, before.fence] = replace(tried, dot_begun=True)
        elif isinstance(event, rules.Confirmed | rules.PartConfirmed):
            proof = event.confirmation
            if proof.evidence in (Evidence.FINAL, Evidence.RELAY) and (
                tried := self.attempts.get((before.id, proof.attempt))
            ):
                self.attempts[before.id, proof.attempt] = replace(tried, report=report_of(proof))
        elif (report := getattr(event, "report", None)) and (before.id, before.fence) in self.attempts:
            tried = self.attempts[before.id, before.fence]
            self.attempts[before.id, before.fence] = replace(tried, report=report)

    def _row(self, id_: int) -> Letter:
        if id_ not in self.rows:
            raise Stale(f"there is no letter {id_}")
        return self.rows[id_]

    def _may_send(self, letter: Letter, event: Claimed | DotBegun) -> None:
        mailbox, now = self._mailboxes.rows[letter.mailbox], self._clock.now()
        if isinstance(event, Claimed):
            named = (event.route_version, event.address, event.server)
        else:
            named = self._named[letter.id]
        target = aim(mailbox.route, letter, now)
        if mailbox.paused_at or not serves(mailbox.serves_until, now) or obstacle(letter, mailbox, now):
            raise Stale("the mailbox is paused, its plan has ended, or the letter may not go on")
        if target is None or named != (mailbox.route.version, target.address, target.server):
            raise Stale("its route has changed")
        self._named[letter.id] = named

    def _open(self, letter: Letter, now: datetime) -> bool:
        mailbox = self._mailboxes.rows[letter.mailbox]
        parked = mailbox.parked_until is not None and mailbox.parked_until > now
        if parked and letter.state in (State.FOUND, State.FORWARDED):
            return False
        if letter.state is State.FORWARDED:
            return not until_a_person(mailbox)
        still = mailbox.paused_at or not serves(mailbox.serves_until, now)
        return not (still and letter.state in (State.FOUND, State.WAITING))

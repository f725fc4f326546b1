"""Two letters' whole way, killed at every port call in turn, before and after its effect, and started again."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from nemboks.domain.events import Confirmed, DotBegun, Event
from nemboks.domain.letter import Letter, State
from nemboks.domain.proof import Receipt, Report, Stage
from nemboks.domain.verdict import judge
from nemboks.journey import forward
from nemboks.journey.recover import recover
from nemboks.journey.world import World
from nemboks.ports import InboxError
from tests.crash.fuse import Fuse, Killed, through
from tests.crash.oracle import check
from tests.helpers.fake_courier import ACCEPTED, broken, refused
from tests.helpers.fake_inbox import LostReply, Removal
from tests.journey.town import Town, memo, settle, uuid

IDS = (uuid(1), uuid(2))


def town_with_two_letters(removal: Removal, troubled: bool) -> Town:
    town = Town(removal=removal)
    for number, id_ in enumerate(IDS, 1):
        town.inbox.put(id_, memo(number))
    if troubled:  # a refusal, an uncertain end, a receipt whose answer is lost
        town.courier.endings.extend([refused(Stage.RCPT, 451), broken(Stage.DOT), ACCEPTED])
        town.inbox.plant("acknowledge", LostReply())
    return town


async def live(town: Town, at: int | None = None, after: bool = False) -> tuple[list[tuple[Any, ...]], Fuse]:
    """One life until call `at`, then another one to the end; what took effect in both, and the first one's fuse."""
    journal: list[tuple[Any, ...]] = []
    first = Fuse(journal, at, after)
    try:
        await settle(through(town.world, first), town.clock)
    except Killed:
        await restarted(town, Fuse(journal))
    return journal, first


async def restarted(town: Town, fuse: Fuse) -> None:
    """A new process on what the old one left."""
    world = through(town.world, fuse)
    await recover(world, sole=True)
    await settle(world, town.clock)


def check_town(town: Town, journal: list[tuple[Any, ...]]) -> None:
    letters = list(town.letters.rows.values())
    assert len(letters) == len(IDS)
    check(journal, letters, town.inbox, town.courier, list(town.deliveries.rows.values()))
    named = {x.contents.file for x in letters if x.contents}
    assert len(town.contents.files.keys() - named) <= 2, "more orphans than kills are left to the sweep"


WAYS = [(removal, troubled) for removal in Removal for troubled in (False, True)]


@pytest.mark.parametrize(("removal", "troubled"), WAYS, ids=str)
async def test_a_kill_at_any_call_loses_and_doubles_nothing(removal: Removal, troubled: bool) -> None:
    """No letter lost, none receipted early, no copy uncounted: at every call, before it and after it."""
    town = town_with_two_letters(removal, troubled)
    journal, whole = await live(town)
    check_town(town, journal)
    assert {x.state for x in town.letters.rows.values()} == {State.ACKNOWLEDGED} and len(whole.names) > 40

    blown = 0
    for at in range(1, len(whole.names) + 1):
        for after in (False, True):
            town = town_with_two_letters(removal, troubled)
            journal, first = await live(town, at, after)
            assert first.blown, "the run is not the same twice"
            check_town(town, journal)
            blown += 1
    print(f"{removal}, {'troubled' if troubled else 'plain'}: {blown} kills at {len(whole.names)} calls")


async def test_a_second_copy_comes_only_from_a_kill_between_the_dot_and_its_commit() -> None:
    """Of all the kills of the plain way exactly three windows a letter are uncertain, and one of them doubles."""
    whole = (await live(town_with_two_letters(Removal.ON_RECEIPT, False)))[1].names
    uncertain, doubled = 0, 0
    for at in range(1, len(whole) + 1):
        for after in (False, True):
            town = town_with_two_letters(Removal.ON_RECEIPT, False)
            await live(town, at, after)
            uncertain += sum(x.uncertain for x in town.letters.rows.values())
            doubled += len(town.courier.sent) > len(IDS)
    # after the commit of dot_begun (undelivered in truth); after the 250; before its commit
    assert (uncertain, doubled) == (3 * len(IDS), 2 * len(IDS))


async def test_a_second_kill_in_recovery_changes_nothing() -> None:
    """Start is recovery, however often it is begun: killed after the 250, then at every call of the next life."""
    whole = (await live(town_with_two_letters(Removal.ON_RECEIPT, False)))[1].names
    at_dot, at, first_ended = whole.index("deliver") + 1, 0, False
    while not first_ended:
        at += 1
        town = town_with_two_letters(Removal.ON_RECEIPT, False)
        journal: list[tuple[Any, ...]] = []
        with pytest.raises(Killed):
            await settle(through(town.world, Fuse(journal, at_dot, after=True)), town.clock)
        second = Fuse(journal, at, after=True)
        with suppress(Killed):
            await restarted(town, second)
        first_ended = not second.blown
        await restarted(town, Fuse(journal))
        check_town(town, journal)
    assert at > 40


# --- the oracle sees what it is there for ---


async def every_kill(monkey: Callable[[Town], None]) -> None:
    """AssertionError as soon as one kill of the troubled way breaks a promise, with the town as `monkey` left it."""
    town = town_with_two_letters(Removal.ON_RECEIPT, True)
    monkey(town)
    journal, whole = await live(town)
    check_town(town, journal)
    for at in range(1, len(whole.names) + 1):
        town = town_with_two_letters(Removal.ON_RECEIPT, True)
        monkey(town)
        journal, _ = await live(town, at, after=True)
        check_town(town, journal)


async def test_a_dot_that_is_not_committed_is_found() -> None:
    """A ledger that forgets dot_begun counts no uncertain end: the copy gives it away."""

    def forgetful(town: Town) -> None:
        keep = town.letters.move

        async def move(letter: Letter, event: Event) -> Letter:
            after = await keep(letter, event)
            if isinstance(event, DotBegun):
                town.letters.rows[letter.id] = letter
            return after

        town.letters.move = move  # type: ignore[method-assign]

    with pytest.raises(AssertionError, match="copies, 0 uncertain ends"):
        await every_kill(forgetful)


async def test_silence_taken_for_success_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter that nobody kept is acknowledged: both ends show it."""

    def hopeful(found: Report, *rest: Any) -> Any:
        return judge(ACCEPTED if found.stage is Stage.DOT else found, *rest)

    monkeypatch.setattr(forward, "judge", hopeful)
    with pytest.raises(AssertionError):
        await every_kill(lambda town: None)


async def test_a_receipt_before_its_commit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal knows the order, even when both came about."""

    commit = forward._commit

    async def hasty(letter: Letter, event: Event, world: World, report: Report | None = None) -> None:
        if isinstance(event, Confirmed):
            inbox = await world.inboxes.of(await world.mailboxes.get(letter.mailbox))
            early = Receipt(event.confirmation, letter.upstream_id, event.transmission_id, world.clock.now(), 1)
            with suppress(InboxError):
                await inbox.acknowledge(early, False)
        await commit(letter, event, world, report)

    monkeypatch.setattr(forward, "_commit", hasty)
    with pytest.raises(AssertionError, match="a receipt before its commit"):
        await every_kill(lambda town: None)

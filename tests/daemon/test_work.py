"""Seats: what is due is taken in hand once, bounded, and no mailbox keeps the others waiting."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from nemboks.daemon.work import MOST, Work
from nemboks.domain.letter import Letter, Stale, State
from tests.domain.samples import letter

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Queue:
    """Due letters, oldest first, and a step that waits until it is let go."""

    def __init__(self, *rows: Letter) -> None:
        self.rows, self.taken, self.go = list(rows), [], asyncio.Event()
        self.work: Work[Letter] = Work("test", self.due, self.step, seats=4)

    async def due(self, limit: int, without: Collection[int]) -> Sequence[Letter]:
        return [x for x in self.rows if x.mailbox not in without][:limit]

    async def until(self, number: int, group: asyncio.TaskGroup) -> None:
        """Fills the seats until so many were taken."""
        while len(self.taken) < number:
            await self.work.fill(group)
            await asyncio.sleep(0)

    async def step(self, row: Letter) -> None:
        self.taken.append((row.mailbox, row.id))
        await self.go.wait()
        self.rows.remove(row)


def _letters(mailbox: int, number: int) -> list[Letter]:
    return [replace(letter(State.WAITING), id=mailbox * 1000 + n, mailbox=mailbox) for n in range(number)]


async def test_one_mailbox_takes_half_of_the_seats_however_much_it_has() -> None:
    """A thousand letters of one company leave two seats of four to the others, who come behind it."""
    queue = Queue(*_letters(1, 1000), *_letters(2, 1), *_letters(3, 1))
    async with asyncio.TaskGroup() as group:
        started = await queue.work.fill(group)
        await asyncio.sleep(0)
        queue.go.set()

    assert started == 4
    assert queue.taken == [(1, 1000), (1, 1001), (2, 2000), (3, 3000)]


async def test_what_is_in_hand_is_not_taken_again() -> None:
    """A row stays due while its step runs; a second look starts nothing."""
    queue = Queue(*_letters(1, 1))
    async with asyncio.TaskGroup() as group:
        first, second = await queue.work.fill(group), await queue.work.fill(group)
        queue.go.set()

    assert (first, second, len(queue.taken), queue.work.in_hand) == (1, 0, 1, {})


async def test_a_stale_step_ends_quietly_and_any_other_error_ends_the_process() -> None:
    """Another was quicker: no harm. A fault of ours: the loop dies, loudly, and the seat is free all the same."""
    for error, ends in ((Stale("another"), False), (ZeroDivisionError("ours"), True)):
        queue = Queue(*_letters(1, 1))

        async def step(_: Letter, error: Exception = error) -> None:
            raise error

        queue.work.step = step
        ended = False
        try:
            async with asyncio.TaskGroup() as group:
                await queue.work.fill(group)
        except* ZeroDivisionError:
            ended = True
        assert (ended, queue.work.in_hand) == (ends, {})


async def test_after_each_step_whoever_may_have_work_is_told() -> None:
    """`done` is called once a step, also after one that failed."""
    told: list[bool] = []
    queue = Queue(*_letters(1, 2))
    queue.work.done = lambda: told.append(True)
    queue.go.set()
    async with asyncio.TaskGroup() as group:
        await queue.work.fill(group)
    await asyncio.sleep(0)

    assert len(told) == 2


async def test_rows_that_may_not_go_now_hide_nobody_behind_them() -> None:
    """Letters that a holiday leads to a dead server are the oldest, and more than are read at once: others go."""
    queue = Queue(*_letters(1, 300), *_letters(2, 1))
    queue.work.enter = lambda row: ExitStack() if row.mailbox != 1 else None
    queue.go.set()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await queue.work.fill(group)

    assert queue.taken == [(2, 2000)]


async def test_thousands_of_rows_that_may_not_go_end_the_look_all_the_same() -> None:
    """What waits in memory is bounded, and nobody asks the store without end."""
    queue = Queue(*_letters(1, 5000))
    queue.work.enter = lambda row: None
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for _ in range(3):
            queue.work.look()
            assert await queue.work.fill(group) == 0

    assert len(queue.work._waiting) <= 4 * MOST


async def test_a_row_that_was_read_while_its_step_ran_is_not_taken_as_it_stood() -> None:
    """The step has moved it on meanwhile; what is due of it then is looked at anew."""
    queue = Queue(*_letters(1, 1))
    due = queue.work.due

    async def slow(limit: int, without: Collection[int]) -> Sequence[Letter]:
        rows = await due(limit, without)
        queue.go.set()
        while queue.work.in_hand:  # the step ends between the look and its answer
            await asyncio.sleep(0)
        return rows

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        assert await queue.work.fill(group) == 1
        queue.work.due = slow
        queue.work.look()
        assert await queue.work.fill(group) == 0

    assert queue.taken == [(1, 1000)]


async def test_what_has_come_to_be_due_before_the_others_goes_before_them() -> None:
    """Rows were read ahead; one that the store brings later, and that was due before them, is not behind them."""
    queue = Queue(*(replace(_letters(box, 1)[0], due_at=NOW + timedelta(seconds=box)) for box in (1, 2, 3)))
    queue.work.seats = 1
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await queue.work.fill(group)
        await asyncio.sleep(0)
        queue.rows.append(replace(_letters(4, 1)[0], due_at=NOW))
        queue.rows.sort(key=lambda row: (row.due_at or NOW, row.id))
        queue.work.look()
        queue.go.set()
        await queue.until(4, group)

    assert [box for box, _ in queue.taken] == [1, 4, 2, 3]


async def test_a_row_that_we_made_due_ourselves_is_not_read() -> None:
    """It goes in its turn among those that were read, and the store is not asked for it."""
    queue = Queue(*(replace(one, due_at=NOW) for one in _letters(1, 3)))
    queue.work.seats = 2
    asked: list[int] = []
    due = queue.work.due

    async def counted(limit: int, without: Collection[int]) -> Sequence[Letter]:
        asked.append(limit)
        return await due(limit, without)

    queue.work.due = counted
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await queue.work.fill(group)
        made = replace(_letters(2, 1)[0], due_at=NOW - timedelta(seconds=9))
        queue.rows.append(made)
        before = len(asked)
        queue.work.offer(made)
        assert await queue.work.fill(group) == 1
        assert len(asked) == before
        queue.go.set()


async def test_an_older_letter_of_a_mailbox_that_has_its_share_goes_first() -> None:
    """Fetched late, it is made due while others of its mailbox have the seats: those that were read do not pass it."""
    queue = Queue(*(replace(one, due_at=NOW + timedelta(seconds=one.id)) for one in _letters(1, 3)))
    queue.work.seats = 2  # so that one mailbox has one
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await queue.work.fill(group)
        queue.work.look()
        await queue.work.fill(group)  # asked without the mailbox, which has its share
        late = replace(_letters(1, 1)[0], id=9, due_at=NOW - timedelta(days=1))
        queue.rows.insert(0, late)
        queue.work.offer(late)
        queue.go.set()
        await queue.until(4, group)

    assert [id_ for _, id_ in queue.taken] == [1000, 9, 1001, 1002]


async def test_an_older_letter_that_was_told_of_while_its_mailbox_had_its_share_goes_first() -> None:
    """A look while the mailbox had no seat left did not read it: its next letter waits for that all the same."""
    queue = Queue(*(replace(one, due_at=NOW + timedelta(seconds=one.id)) for one in _letters(1, 4)))
    queue.work.seats = 2  # so that one mailbox has one
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await queue.work.fill(group)
        queue.rows.insert(0, replace(_letters(1, 1)[0], id=9, due_at=NOW - timedelta(days=1)))
        for _ in range(2):  # the second look brings no news of what the first left out
            queue.work.look()
            await queue.work.fill(group)
        queue.go.set()
        await queue.until(5, group)

    assert [id_ for _, id_ in queue.taken] == [1000, 9, 1001, 1002, 1003]


async def test_what_is_due_behind_all_that_was_read_of_its_mailbox_is_read() -> None:
    """There may be others of it in between that we did not see."""
    queue = Queue(*(replace(one, due_at=NOW + timedelta(seconds=one.id)) for one in _letters(1, 3)))
    queue.work.seats = 2
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await queue.work.fill(group)
        queue.work.look()
        await queue.work.fill(group)
        between, late = (
            replace(_letters(1, 1)[0], id=id_, due_at=NOW + timedelta(seconds=1_002 + seconds))
            for id_, seconds in ((8, 5), (9, 9))
        )
        queue.rows += [between, late]
        queue.work.offer(late)
        queue.go.set()
        await queue.until(5, group)

    assert [id_ for _, id_ in queue.taken] == [1000, 1001, 1002, 8, 9]


async def test_a_row_whose_step_put_it_back_is_the_next_one() -> None:
    """The server had no seat left when it came: it waits at its place, and those behind it do not pass it."""
    queue = Queue(*(replace(_letters(box, 1)[0], due_at=NOW + timedelta(seconds=box)) for box in (1, 2, 3)))
    queue.work.seats = 1
    step, turned_away = queue.work.step, [1]

    async def passed(row: Letter) -> None:
        if row.mailbox in turned_away:
            turned_away.remove(row.mailbox)
            queue.work.put_back(row)
        else:
            await step(row)

    queue.work.step = passed
    queue.go.set()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await queue.until(3, group)

    assert [box for box, _ in queue.taken] == [1, 2, 3]


async def test_new_rows_do_not_pass_what_was_not_read_yet() -> None:
    """The store has more than was read ahead; what is made due meanwhile comes after all of it."""
    queue = Queue(*(replace(_letters(box, 1)[0], due_at=NOW + timedelta(seconds=box)) for box in range(1, 30)))
    queue.work.seats = 1
    queue.go.set()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await queue.work.fill(group)
        new = replace(_letters(99, 1)[0], due_at=NOW + timedelta(seconds=99))
        queue.rows.append(new)
        queue.work.offer(new)
        await queue.until(30, group)

    assert [box for box, _ in queue.taken] == [*range(1, 30), 99]


async def test_a_server_is_not_refused_because_a_row_was_on_its_way_there_a_moment_ago() -> None:
    """Its company has another server since, one that is down; the letters of the others go on."""
    leads_to, full = {1: "A", 2: "A"}, {"A"}
    queue = Queue(*_letters(1, 1), *_letters(2, 3))
    queue.work = Work(
        "test", queue.due, queue.step, seats=8,
        enter=lambda row: None if leads_to[row.mailbox] in full else ExitStack(),
        where=lambda row: leads_to[row.mailbox],
    )  # fmt: skip
    async with asyncio.TaskGroup() as group:
        before = await queue.work.fill(group)
        leads_to[1], full = "B", {"B"}
        queue.work.look()
        after = await queue.work.fill(group)
        await asyncio.sleep(0)
        queue.go.set()

    assert (before, after) == (0, 3)
    assert {mailbox for mailbox, _ in queue.taken} == {2}

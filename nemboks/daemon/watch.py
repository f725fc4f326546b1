"""Mailboxes that can tell of new post themselves (IMAP IDLE). The poll stays beneath as the safety net."""

import asyncio
from collections.abc import Callable
from functools import partial

from nemboks.domain.mailbox import Mailbox
from nemboks.domain.verdict import backoff
from nemboks.journey.world import World
from nemboks.logs import log

WATCHED = 200  # connections kept open for news; mailboxes beyond that are polled only
ROUND_SECONDS = 10.0  # how soon a mailbox that was added beside us is watched


class Watch:
    """One task per watched mailbox; `news` are the mailboxes that have told of some and were not looked into since."""

    def __init__(self, world: World, news: set[int]) -> None:
        self._world, self.news = world, news
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._main: asyncio.Task[None] | None = None

    def start(self, group: asyncio.TaskGroup, wake: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        """Watch until `stop`; `wake` is called on news, `failed` when the store cannot be read."""
        self._main = group.create_task(self._watch(group, wake, failed), name="watch")

    def stop(self) -> None:
        for task in (self._main, *self._tasks.values()):
            if task is not None:
                task.cancel()

    async def _watch(
        self, group: asyncio.TaskGroup, wake: Callable[[], None], failed: Callable[[Exception], None]
    ) -> None:
        try:
            while True:
                await self._round(group, wake)
                await self._world.clock.sleep(ROUND_SECONDS)
        except Exception as error:
            log().exception("daemon_failed")
            failed(error)

    async def _round(self, group: asyncio.TaskGroup, wake: Callable[[], None]) -> None:
        free = WATCHED - len(self._tasks)
        if not free:
            return
        for mailbox in await self._world.mailboxes.listening(self._world.clock.now(), tuple(self._tasks), free):
            task = group.create_task(self._listen(mailbox, wake), name=f"watch {mailbox.id}")
            self._tasks[mailbox.id] = task
            task.add_done_callback(partial(self._forget, mailbox.id))

    def _forget(self, mailbox: int, _: asyncio.Task[None]) -> None:
        self._tasks.pop(mailbox, None)

    async def _listen(self, mailbox: Mailbox, wake: Callable[[], None]) -> None:
        """Until it fails, whatever the reason: the poll goes on beneath, and a later round begins anew."""
        try:
            inbox = await self._world.inboxes.of(mailbox)
            while True:
                await inbox.news()
                self.news.add(mailbox.id)
                wake()
        except Exception as error:
            log().warning("mailbox_watch_failed", mailbox=mailbox.cvr, words=f"{type(error).__name__}: {error}")
            await self._world.clock.sleep(backoff(3, self._world.pace, self._world.clock.chance()))

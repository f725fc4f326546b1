"""Mailboxes that can tell of new post themselves (IMAP IDLE). The poll stays beneath as the safety net."""

import asyncio
from collections.abc import Callable
from functools import partial

from nemboks.domain.mailbox import Face, Mailbox
from nemboks.domain.verdict import backoff
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import InboxError

WATCHED = 200  # connections kept open for news; mailboxes beyond that are polled only
ROUND_SECONDS = 10.0  # how soon a mailbox that was added beside us is watched


class Watch:
    """One task per watched mailbox; what they heard is asked for with `news`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._news: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._main: asyncio.Task[None] | None = None

    def news(self) -> set[int]:
        """The mailboxes that have told of news since the last call."""
        heard, self._news = self._news, set()
        return heard

    def start(self, group: asyncio.TaskGroup, wake: Callable[[], None]) -> None:
        """Watch until `stop`; `wake` is called on news."""
        self._main = group.create_task(self._rounds(group, wake), name="watch")

    def stop(self) -> None:
        for task in (self._main, *self._tasks.values()):
            if task is not None:
                task.cancel()

    async def _rounds(self, group: asyncio.TaskGroup, wake: Callable[[], None]) -> None:
        while True:
            for mailbox in await self._world.mailboxes.all():
                if mailbox.face is Face.IMAP and mailbox.id not in self._tasks and len(self._tasks) < WATCHED:
                    task = group.create_task(self._listen(mailbox, wake), name=f"watch {mailbox.id}")
                    self._tasks[mailbox.id] = task
                    task.add_done_callback(partial(self._forget, mailbox.id))
            await self._world.clock.sleep(ROUND_SECONDS)

    def _forget(self, mailbox: int, _: asyncio.Task[None]) -> None:
        self._tasks.pop(mailbox, None)

    async def _listen(self, mailbox: Mailbox, wake: Callable[[], None]) -> None:
        """Until the mailbox is parked or fails: then a later round begins anew."""
        try:
            inbox = await self._world.inboxes.of(mailbox)
            while True:
                await inbox.news()
                self._news.add(mailbox.id)
                wake()
        except InboxError as e:
            log().warning("mailbox_watch_failed", mailbox=mailbox.cvr, words=str(e))
            await self._world.clock.sleep(backoff(3, self._world.pace, self._world.clock.chance()))

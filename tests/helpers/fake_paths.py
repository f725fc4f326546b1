"""The Notifier and Listener ports in memory: what was tried, what was taken, and who takes nothing now."""

from collections.abc import Sequence

from nemboks.ports import Message, NotTold, Told


class FakeNotifier:
    """Takes everything, but on the paths that are `refusing`."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.tried: list[str] = []
        self.refusing: set[str] = set()

    async def tell(self, message: Message) -> str:
        self.tried.append(message.notice.path)
        if message.notice.path in self.refusing:
            raise NotTold("not today")
        self.taken.append(message)
        return "thanks"

    async def close(self) -> None:
        pass


class FakeListener:
    """Hears everything, unless it is `deaf`."""

    def __init__(self) -> None:
        self.heard: list[Told] = []
        self.deaf = False

    async def listen(self, events: Sequence[Told]) -> str:
        if self.deaf:
            raise NotTold("not today")
        self.heard += events
        return "thanks"

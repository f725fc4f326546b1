"""The return box and the landing check in memory, under the contract suite of the real ones (test_boxes.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nemboks.domain.mailbox import Mailbox
from nemboks.ports import InboxError, Landed, ReturnedMail


@dataclass
class FakeBox:
    """The ReturnBox port over a dictionary."""

    mails: dict[str, bytes] = field(default_factory=dict)
    flagged: list[str] = field(default_factory=list)
    error: InboxError | None = None
    settle_error: InboxError | None = None

    def put(self, raw: bytes) -> None:
        self.mails[f"1.{len(self.mails) + len(self.flagged) + 1}"] = raw

    async def waiting(self, limit: int) -> Sequence[ReturnedMail]:
        if self.error:
            raise self.error
        return [ReturnedMail(key, raw) for key, raw in self.mails.items() if key not in self.flagged][:limit]

    async def settle(self, key: str, understood: bool) -> None:
        if self.settle_error:
            raise self.settle_error
        if understood:
            self.mails.pop(key, None)
        else:
            self.flagged.append(key)

    async def close(self) -> None:
        pass


@dataclass
class FakeLandings:
    """The Landings port: what a test says is there, by Message-ID."""

    lies: dict[str, Landed] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    error: InboxError | None = None

    async def look(self, mailbox: Mailbox, message_id: str) -> Landed | None:
        self.looked.append(message_id)
        if self.error:
            raise self.error
        return self.lies.get(message_id)

    async def close(self) -> None:
        pass

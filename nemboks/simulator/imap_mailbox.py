"""IMAP mailboxes whose messages lie in files, and which tell the inboxes what clients do to the letters in them.

Built on pymap's in-memory backend (pinned below 0.37: some of its internals are used here and nowhere else).
Promises: an expunge is stamped at the moment the message leaves the mailbox, before its client can read the tagged OK;
a letter is known to the inboxes before a client can see it.
"""

import functools
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.bytes import WriteStream
from pymap.concurrent import Event
from pymap.flags import FlagOp
from pymap.interfaces.message import CachedMessage
from pymap.mime import MessageBody, MessageContent, MessageHeader
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Deleted, Flag
from pymap.selected import SelectedMailbox

from nemboks.simulator.faults import Switchboard
from nemboks.simulator.http_server import file_pieces
from nemboks.simulator.imap_wire import Wire
from nemboks.simulator.inboxes import Inboxes, Letter, Uid

IDLE_CUT_SECONDS = 0.2
MAX_HEADER = 1 << 20

current_wire: ContextVar[Wire | None] = ContextVar("current_wire", default=None)


class FileContent(MessageContent):
    """A message's bytes in a file; parsed only when a client asks for more than size and bytes."""

    __slots__ = ("_path", "_size", "on_read")

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self.on_read: Callable[[], None] = _nothing

    @property  # type: ignore[misc]
    def header(self) -> MessageHeader:
        """The header, parsed without reading the body."""
        return _parse_header(self._path)

    @property  # type: ignore[misc]
    def body(self) -> MessageBody:
        """The parsed body; costs memory, so real clients' way to fetch (the whole message) does without."""
        return _parse(self._path).body

    @property  # type: ignore[misc]
    def lines(self) -> int:
        """How many lines the message has."""
        return _parse(self._path).lines

    def write(self, writer: WriteStream) -> None:
        """Nothing; the message is written in pieces."""
        self.on_read()
        for piece in file_pieces(self._path, self._size):
            writer.write(piece)

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        self.on_read()
        return _read(self._path)


class Inbox(MailboxData):
    """One company's INBOX."""

    def __init__(self, template: MailboxData, inboxes: Inboxes, faults: Switchboard, folder: Path) -> None:
        super().__init__(template._content_cache, template._thread_cache)
        self._inboxes = inboxes
        self._faults = faults
        self._folder = folder
        self._letters: dict[int, Letter] = {}

    async def deliver(self, content: FileContent, announce: Callable[[Uid], Letter]) -> Letter:
        """The letter that `announce` makes of the message's key; both appear in the same instant."""
        async with self.messages_lock.write_lock():
            message = self._put(content, datetime.now(UTC), frozenset())
            letter = announce(Uid(self.uid_validity, message.uid))
            self._adopt(message.uid, content, letter)
            return letter

    def rebuilt(self) -> "Inbox":
        """The same messages under a new UIDVALIDITY, numbered from 1, as after a repair of the server's index."""
        fresh = Inbox(self, self._inboxes, self._faults, self._folder)
        fresh._uid_validity, fresh._max_uid = self.uid_validity + 1, 0
        for old_uid, old in self._messages.items():
            assert isinstance(old._content, FileContent)
            message = fresh._put(old._content, old.internal_date, old.permanent_flags)
            if letter := self._letters.get(old_uid):
                letter.uids += (Uid(fresh.uid_validity, message.uid),)
                fresh._adopt(message.uid, old._content, letter)
                self._inboxes.note(letter, "renumbered", uid=letter.uid)
        return fresh

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        """The message that a client's APPEND brought; it is no letter."""
        async with self.messages_lock.write_lock():
            path = self._folder / f"append-{self.uid_validity}-{self._max_uid + 1}.eml"
            path.write_bytes(append_msg.literal)
            content = FileContent(path, len(append_msg.literal))
            return self._put(content, append_msg.when or datetime.now(UTC), append_msg.flag_set, recent=recent)

    async def delete(self, uids: Iterable[int]) -> None:
        """Nothing; the messages are gone and stamped so."""
        present = [uid for uid in uids if uid in self._messages]
        await super().delete(uids)
        self._expunged(uid for uid in present if uid not in self._messages)

    async def move(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        """The new UID in the other mailbox; for this one a move is an expunge (RFC 6851)."""
        moved = await super().move(uid, destination, recent=recent)
        if moved is not None:
            self._expunged([uid])
        return moved

    async def update(self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp) -> Message:
        """The message with its new flags."""
        message = await super().update(uid, cached_msg, flag_set, mode)
        letter = self._letters.get(uid)
        if letter is not None and Deleted in flag_set and Deleted in message.permanent_flags:
            self._inboxes.note(letter, "marked-deleted")
        return message

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        """The client's view, brought up to date; with `wait_on` (IDLE) as soon as there is something to tell."""
        if wait_on is not None:
            wire = current_wire.get()
            if wire is not None and self._faults.hit("imap-idle-cut"):
                wire.drop_soon(IDLE_CUT_SECONDS)
            if selected.mod_sequence is not None and selected.mod_sequence < self._mod_sequences.highest:
                # Something came between the client's last command and IDLE; pymap would wait for the next event.
                wait_on = None
        return await super().update_selected(selected, wait_on=wait_on)

    def _put(self, content: FileContent, when: datetime, flags: Iterable[Flag], *, recent: bool = True) -> Message:
        self._max_uid += 1
        message = Message(
            self._max_uid,
            when,
            flags,
            email_id=ObjectId.random_email_id(),
            thread_id=ObjectId.random_thread_id(),
            recent=recent,
            content=content,
        )
        self._messages[message.uid] = message
        self._mod_sequences.update([message.uid])
        self._updated.set()
        return message

    def _adopt(self, uid: int, content: FileContent, letter: Letter) -> None:
        self._letters[uid] = letter
        content.on_read = functools.partial(self._fetched, letter)

    def _fetched(self, letter: Letter) -> None:
        wire = current_wire.get()
        if wire is not None and wire.last_read != letter.id:  # once per connection and turn, not per piece
            wire.last_read = letter.id
            self._inboxes.note(letter, "fetched")
            self._inboxes.calls.count(letter.cvr, "fetch")
        if wire is not None and self._faults.hit("imap-fetch-cut"):
            wire.cut_next()

    def _expunged(self, uids: Iterable[int]) -> None:
        for uid in uids:
            if letter := self._letters.pop(uid, None):
                self._inboxes.expunged(letter)


class Mailboxes(MailboxSet):
    """All mailboxes of one company; only INBOX gets letters."""

    def __init__(self, inboxes: Inboxes, faults: Switchboard, folder: Path) -> None:
        super().__init__()
        self.inbox = self._inbox = Inbox(self._inbox, inboxes, faults, folder)

    def rebuild(self) -> None:
        """Nothing; INBOX has a new UIDVALIDITY. Connections that have it open must be gone."""
        self.inbox = self._inbox = self.inbox.rebuilt()

    async def rename_mailbox(self, before: str, after: str) -> None:
        """Nothing. INBOX stays where it is: renaming it would move letters out of sight (RFC 9051 6.3.6)."""
        if before.upper() == "INBOX":
            raise KeyError(before)
        await super().rename_mailbox(before, after)


@functools.lru_cache(maxsize=1)  # a client that fetches in parts asks for the same file many times running
def _read(path: Path) -> bytes:
    return path.read_bytes()


@functools.lru_cache(maxsize=1)
def _parse(path: Path) -> MessageContent:
    return MessageContent.parse(path.read_bytes())


@functools.lru_cache(maxsize=1)
def _parse_header(path: Path) -> MessageHeader:
    with path.open("rb") as file:
        block = bytearray()
        while (line := file.readline(MAX_HEADER)) and len(block) < MAX_HEADER:
            block += line
            if line in (b"\r\n", b"\n"):
                break
    return MessageContent.parse(bytes(block)).header


def _nothing(*_: Any) -> None:
    pass

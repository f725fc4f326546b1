"""Letters on their way into the simulator: bytes go to a file and through a reader, and become a letter at the end.

Promises: a letter that is refused leaves no file; the event loop gets a turn at least once a megabyte; between the
check that a UUID is new and its letter there is no wait, so two posts of one letter cannot both succeed. Nothing is
left with a company that can be sent nothing.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from nemboks.simulator.companies import Companies
from nemboks.simulator.inboxes import Inboxes, Letter, Stored
from nemboks.simulator.memo_facts import MemoFacts, MemoReader, MemoRefusedError
from nemboks.simulator.standing import NoPostError

# The order on file sizes allows 99.5 MB; twice that leaves room for whoever counts decoded files.
MAX_BYTES = 200_000_000
TURN_BYTES = 1 << 20


class TooBigError(Exception):
    """More bytes came than the simulator takes."""


class Deposit:
    """A file being written, with its digest; used as a context, it removes the file unless `keep` was called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("xb")
        self._digest = hashlib.sha256()
        self._size = 0
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if not self._kept:
            self.path.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Nothing. Raises TooBigError past the limit."""
        self._size += len(piece)
        if self._size > MAX_BYTES:
            raise TooBigError(f"more than {MAX_BYTES} bytes")
        self._digest.update(piece)
        self._file.write(piece)

    def flush(self) -> Stored:
        """What was written so far, handed to the operating system; the file goes again unless `keep` follows."""
        self._file.flush()
        return Stored(self.path, self._size, self._digest.hexdigest())

    def keep(self) -> Stored:
        """The finished file."""
        stored = self.flush()
        self._kept = True
        return stored


class Postbox:
    """The way in for MeMo letters, whoever sends them."""

    def __init__(self, companies: Companies, inboxes: Inboxes, folder: Path) -> None:
        self._companies = companies
        self._inboxes = inboxes
        self._folder = folder
        self._count = 0

    def new_path(self, suffix: str) -> Path:
        """A path in the letters' folder that was never used before."""
        self._count += 1
        return self._folder / f"{self._count:05}{suffix}"

    async def post(
        self, letters: AsyncIterator[AsyncIterator[bytes]], source: str, expected: str | None
    ) -> list[Letter]:
        """The posted letters: all of them or none.

        Raises MemoRefusedError for a bad letter, another UUID than expected, or one posted before; TooBigError;
        NoPostError for a recipient that can be sent nothing.
        """
        read: list[tuple[MemoFacts, Deposit]] = []
        with contextlib.ExitStack() as deposits:
            async for pieces in letters:
                deposit = deposits.enter_context(Deposit(self.new_path(".xml")))
                read.append((await _read(pieces, deposit), deposit))
            self._check_uuids([facts.message_uuid for facts, _ in read], expected)
            for facts, _ in read:
                self.check_recipient(facts.recipient_id)
            return [self._inboxes.post_memo(facts, deposit.keep(), source) for facts, deposit in read]

    def check_recipient(self, cvr: str) -> None:
        """Nothing; the recipient can be sent post, or is no company of ours. Raises NoPostError."""
        company = self._companies.by_cvr(cvr)
        if company is not None and (reason := company.standing.no_post()):
            raise NoPostError(reason)

    def _check_uuids(self, uuids: list[str], expected: str | None) -> None:
        field = "messageHeader.messageUUID"
        if expected is not None and [expected.lower()] != [one.lower() for one in uuids]:
            text = "memo-message-uuid differs from the letter's messageUUID"
            raise MemoRefusedError([(field, "mismatch", text, expected)])
        for place, one in enumerate(uuids):
            if self._inboxes.known(one) or one.lower() in (other.lower() for other in uuids[:place]):
                raise MemoRefusedError([(field, "duplicate", "a letter with this UUID was posted before", one)])


async def single(pieces: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    """One letter, in the shape that `Postbox.post` takes."""
    yield pieces


async def with_turns(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, letting other tasks run about once a megabyte."""
    waited = 0
    for piece in pieces:
        yield piece
        waited += len(piece)
        if waited >= TURN_BYTES:
            waited = 0
            await asyncio.sleep(0)


async def _read(pieces: AsyncIterator[bytes], deposit: Deposit) -> MemoFacts:
    reader = MemoReader()
    async for piece in pieces:
        deposit.write(piece)
        reader.feed(piece)
    return reader.close()

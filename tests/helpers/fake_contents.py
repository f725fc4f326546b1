"""The Contents port in memory. It passes the same contract suite as the sealed spool (tests/contracts)."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from nemboks.domain.headline import Sealed
from nemboks.ports import ContentsGone


class FakeContents:
    """The Contents port over a dictionary: file -> letter and bytes, in clear."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[int, bytes]] = {}
        self.digests: dict[str, str] = {}
        self._last = 0

    @asynccontextmanager
    async def seal(self, letter: int, once: bool = False) -> AsyncIterator["FakeSealing"]:
        self._last += 1
        yield FakeSealing(self, letter, f"{self._last:032x}")

    async def open(self, letter: int, sealed: Sealed) -> AsyncGenerator[bytes, None]:
        owner, contents = self.files.get(sealed.file, (0, b""))
        if owner != letter or sealed.key != f"key of {sealed.file}" or self.digests[sealed.file] != _digest(contents):
            raise ContentsGone("missing, altered or another letter's")
        for start in range(0, len(contents), 1000):
            yield contents[start : start + 1000]

    async def left(self, letter: int) -> Sequence[Sealed]:
        return ()

    async def destroy(self, sealed: Sealed) -> None:
        self.files.pop(sealed.file, None)


class FakeSealing:
    """What is written becomes a file only with `finish`."""

    def __init__(self, contents: FakeContents, letter: int, file: str) -> None:
        self._contents, self._letter, self._pieces = contents, letter, bytearray()
        self.sealed = Sealed(file, f"key of {file}")

    async def write(self, piece: bytes) -> None:
        self._pieces += piece

    async def finish(self, durable: bool) -> Sealed:
        self._contents.files[self.sealed.file] = (self._letter, bytes(self._pieces))
        self._contents.digests[self.sealed.file] = _digest(bytes(self._pieces))
        return self.sealed


def _digest(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()

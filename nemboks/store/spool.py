"""The Contents port: letters' contents as sealed files, from fetch to receipt and nowhere else (D2).

Promises: every sealing has its own random name and its own fresh data key, so no key ever meets a nonce twice; the
data key lies only in the letter's row, wrapped for this letter and this file. A file that was cut, swapped, altered or
lengthened is refused, at the latest with its last chunk: no reader may act on the whole before the iterator has ended.
Fatal here: a failed fsync, as in the ledger.
Never: contents in clear on the disk, a name that is not ours, a followed symbolic link.
"""

import asyncio
import os
import re
import secrets
import stat
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nemboks.domain.headline import Sealed
from nemboks.ports import ContentsGone
from nemboks.store.ballast import Ballast
from nemboks.store.disk import our_words, sync_directory
from nemboks.store.errors import Altered, StoreBroken, StoreError
from nemboks.store.line import never
from nemboks.store.sealed_file import CHUNK, PART, PartFile, chunks, opened
from nemboks.store.vault import Vault

T = TypeVar("T")
_NAME: Final = re.compile(r"[0-9a-f]{32}")
TOGETHER: Final = 4  # chunks of a large letter that a thread is asked for at a time
SMALL: Final = TOGETHER * (CHUNK + 1024)  # octets of a sealed file of so many chunks, and less


class Spool:
    """The sealed contents under one directory, for one process (the daemon) at a time."""

    def __init__(self, directory: Path, vault: Vault, threaded: bool = True) -> None:
        """`threaded`: files are read and written off the loop; else inline, for a deterministic simulation."""
        if not directory.exists():
            with our_words(directory):
                directory.mkdir(mode=0o700)
            sync_directory(directory.parent)  # else a power cut may take the directory with all that was synced in it
        sync_directory(directory)  # names that a killed process gave: from now on a row may rest on them
        if stat.S_IMODE(directory.stat().st_mode) & 0o077:
            raise StoreError(f"spool {directory} is open to others; run: chmod 700 {directory}")
        self.directory, self.vault, self.threaded = directory, vault, threaded
        self.ours: set[str] = set()  # sealed by this process and not yet seen in a row: `sweep` spares them
        self.once = 0  # letters on their way that may come only once
        # Beside the ledger's if they share a disk: then one file is both.
        own_disk = directory.stat().st_dev != directory.parent.stat().st_dev
        self.ballast = Ballast(directory if own_disk else directory.parent)
        self._sync = _DirectorySync(self)

    def seal(self, letter: int, once: bool = False) -> "SpoolSealing":
        """A new sealing, used with `async with`. `once`: the letter may come only once, so there must be room first."""
        return SpoolSealing(self, letter, once)

    async def open(self, letter: int, sealed: Sealed) -> AsyncGenerator[bytes, None]:
        """The letter's bytes, a chunk at a time. ContentsGone; KeyMissing if the master key is not here."""
        path = self._path(sealed.file)
        # A small file was written a moment ago and comes from memory: a thread would cost more than the read.
        off_loop, most = (_here, 1) if _size(path) <= SMALL else (self.off_loop, TOGETHER)
        file = await off_loop(opened, path)
        try:
            try:
                aead = AESGCM(self.vault.unwrap(sealed.key, _purpose(letter, sealed.file)))
            except Altered as error:
                raise ContentsGone(f"letter {letter}: {error}") from error
            clear = chunks(file, aead, letter)
            while some := await off_loop(_some, clear, most):
                for chunk in some:
                    yield chunk
        finally:
            file.close()

    async def left(self, letter: int) -> Sequence[Sealed]:
        """None: one daemon works on a spool of files, and the row names what it fetched."""
        return ()

    async def destroy(self, sealed: Sealed) -> None:
        """Removes the file; one that is missing is fine."""
        path = self._path(sealed.file)
        off_loop = _here if _size(path) <= SMALL else self.off_loop  # to free a large one takes a while
        await off_loop(path.unlink, True)
        self.ours.discard(sealed.file)

    async def sweep(self, known: set[str]) -> int:
        """How many files were removed: those that neither a row (`known`) nor a sealing of this process names."""
        self.ours -= known
        return await self.off_loop(_sweep, self.directory, known | self.ours)

    async def durable(self) -> None:
        """Returns when every rename before this call is on the disk."""
        await self._sync.wait()

    async def off_loop(self, fn: Callable[..., T], *args: Any) -> T:
        """What `fn` brings, from a thread if this spool may use threads."""
        return await asyncio.to_thread(fn, *args) if self.threaded else fn(*args)

    def hurry(self) -> None:
        """From now on nothing is waited for; a disk never is."""

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):  # from a row that was tampered with: never a path elsewhere
            raise ContentsGone("the row names no file of ours")
        return self.directory / name


class SpoolSealing:
    """A letter being sealed. Left before it is whole, nothing of it stays."""

    near = SMALL  # octets that are written without a thread
    together = TOGETHER

    def __init__(self, spool: Spool, letter: int, once: bool = False) -> None:
        self._spool, self._once = spool, once
        self._name = secrets.token_hex(16)
        self._buffer = bytearray()
        self._size = 0  # octets that came
        self._busy: asyncio.Future[None] | None = None
        self._finished = False
        key = AESGCM.generate_key(256)
        self._sealed = Sealed(self._name, spool.vault.wrap(key, _purpose(letter, self._name)))
        relief = spool.ballast.drop if once else never
        self._file = PartFile(spool.directory, self._name, AESGCM(key), letter, relief)

    async def __aenter__(self) -> Self:
        if self._once:
            self._spool.once += 1
            try:
                await self._spool.off_loop(self._spool.ballast.room_for_a_letter, self._spool.once - 1)
            except BaseException:
                self._spool.once -= 1
                raise
        self._spool.ours |= {self._name, self._name + PART}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._finished:
                await _to_its_end(self._leave(kind is asyncio.CancelledError))
        finally:
            if self._once:
                self._spool.once -= 1
            if not self._finished:
                self._spool.ours.discard(self._name)  # without a row, the next sweep takes it
            self._spool.ours.discard(self._name + PART)

    async def _leave(self, cancelled: bool) -> None:
        """Nothing stays of what is not whole. It goes where it was written: the loop waits for no disk or server."""
        if self._busy and not self._busy.done():  # we were cancelled, its thread was not
            await asyncio.wait([self._busy])
            self._busy.exception()  # seen: the cancel is what ends this sealing
        if not (cancelled and self._file.whole):  # a stop that comes when all is written keeps the only copy there is
            await self._spool.off_loop(self._file.discard)

    @property
    def sealed(self) -> Sealed:
        """Where the contents will lie; until `finish` there is nothing to open."""
        return self._sealed

    async def write(self, piece: bytes) -> None:
        """Takes the next piece; whole chunks go to the file at once. StoreFull, StoreBroken."""
        self._buffer += piece
        self._size += len(piece)
        least = 1 if self._size <= self.near else self.together
        # What may be the last chunk waits for `finish`: it carries the final flag.
        while (whole := min((len(self._buffer) - 1) // CHUNK, self.together)) >= least:
            taken = bytes(memoryview(self._buffer)[: whole * CHUNK])
            del self._buffer[: whole * CHUNK]
            await self._step(self._file.extend, taken)

    async def finish(self, durable: bool) -> Sealed:
        """The sealed contents; with `durable`, file and directory are on the disk. StoreFull, StoreBroken."""
        if durable:
            await self._do(self._file.complete, bytes(self._buffer), True)
            await self._spool.durable()
        else:
            await self._step(self._file.complete, bytes(self._buffer), False)
        self._finished = True
        return self._sealed

    async def _step(self, fn: Callable[..., None], *args: Any) -> None:
        """A step that waits for no disk. Of a small file that may be fetched again it costs less than a thread."""
        if self._size <= self.near and not self._once:
            fn(*args)
        else:
            await self._do(fn, *args)

    async def _do(self, fn: Callable[..., None], *args: Any) -> None:
        """A step on the file that a cancel cannot leave half done behind our back."""
        self._busy = asyncio.ensure_future(self._spool.off_loop(fn, *args))
        await asyncio.shield(self._busy)


class _DirectorySync:
    """One fsync of the directory for all who finish while another runs: on a slow disk it is most of the cost."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._arrived = self._covered = 0
        self._lock = asyncio.Lock()
        self._broken: StoreBroken | None = None

    async def wait(self) -> None:
        self._arrived += 1
        mine = self._arrived
        async with self._lock:
            if self._broken:  # never sync again after a failure: the kernel may call lost pages clean (USENIX ATC 2020)
                raise self._broken
            if self._covered >= mine:
                return
            until = self._arrived
            try:
                await self._spool.off_loop(sync_directory, self._spool.directory)
            except StoreBroken as error:
                self._broken = error
                raise
            self._covered = until


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Returns when it is done, however often we are cancelled meanwhile; a cancel comes out afterwards."""
    task, cancelled = asyncio.ensure_future(work), None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled:
        raise cancelled


async def _here(fn: Callable[..., T], *args: Any) -> T:
    return fn(*args)


def _some(clear: Iterator[bytes], most: int) -> list[bytes]:
    return list(islice(clear, most))


def _size(path: Path) -> int:
    """Octets; 0 if there is no such file."""
    try:
        return path.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _purpose(letter: int, file: str) -> str:
    return f"letter:{letter}:{file}"


def _sweep(directory: Path, spared: set[str]) -> int:
    removed = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            ours = _NAME.fullmatch(entry.name.removesuffix(PART)) and entry.is_file(follow_symlinks=False)
            if ours and entry.name not in spared:
                (directory / entry.name).unlink(missing_ok=True)
                removed += 1
    return removed

"""The Contents port in the database, for several machines: the spool's sealed files, a row for each chunk.

Promises: the format, the names and the keys are those of spool.py, and so is what is refused. Every chunk is durable
when it is written, but for the last one of contents that need not be: that one is when the row of the ledger that
names it is, for the server's log keeps their order. Nothing here waits for the ledger's lock, nor holds it.
Never: more than two chunks of a letter in memory, a key in the database that the master key does not wrap.

Another worker's sealing has no row yet either, so `sweep` spares what was written within a day. Of a letter that may
come only once each sealing has its key beside it: where two workers fetch it at once, the row names but one of them.
"""

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from io import RawIOBase
from pathlib import Path
from typing import IO, Any, Final, TypeVar, cast

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nemboks.domain.headline import Sealed
from nemboks.ports import ContentsGone
from nemboks.store.errors import Altered, StoreAway, StoreBusy, StoreFull
from nemboks.store.postgres import NOW, Driver, Place
from nemboks.store.sealed_file import MAGIC, PartFile, _bound, chunks
from nemboks.store.spool import Spool, SpoolSealing, _purpose
from nemboks.store.vault import Vault

T = TypeVar("T")
SPARED: Final = timedelta(days=1)
LEFT: Final = timedelta(days=30)  # so long a letter that vanished may yet turn up here
LETTERS, DOCUMENTS = "letters", "documents"  # shelves
WAIT: Final = 1.0  # seconds before the server is tried again
_PUT: Final = (
    "INSERT INTO contents (file, number, shelf, chunk, letter, key, at) "  # noqa: S608  ours
    f"VALUES (%s, %s, %s, %s, %s, %s, {NOW}) "
    "ON CONFLICT (file, number) DO UPDATE SET chunk = excluded.chunk"
)
_GET: Final = "SELECT chunk FROM contents WHERE file = %s AND number = %s"
_DESTROY: Final = "DELETE FROM contents WHERE file = %s"
_LEFT: Final = "SELECT file, key FROM contents WHERE letter = %s AND shelf = %s ORDER BY at DESC"
_AGO: Final = NOW.replace("clock_timestamp()", "(clock_timestamp() - %s)")
_OLD: Final = (
    f"SELECT file FROM contents WHERE shelf = %s GROUP BY file HAVING max(at) <= {_AGO} "  # noqa: S608  ours
    "AND NOT EXISTS (SELECT 1 FROM letters WHERE letters.id = max(contents.letter) AND (state IN ('FOUND', 'HELD') "
    f"OR contents_file = contents.file OR state = 'VANISHED' AND max(contents.at) > {_AGO}))"
)


class ServerSpool(Spool):
    """The sealed contents on one shelf of the database, for any number of processes."""

    def __init__(
        self, place: Place, vault: Vault, shelf: str = LETTERS, threaded: bool = True, spared: timedelta = SPARED
    ) -> None:
        self.directory, self.vault, self.threaded, self.ours = Path(shelf), vault, threaded, set()
        self._shelf, self._spared, self._rows = shelf, spared, _Rows(place, patient=threaded)
        self._executor, self._hurried = ThreadPoolExecutor(1, "store-contents"), asyncio.Event()
        weakref.finalize(self, self._rows.close)  # a command does not say when it is done

    def seal(self, letter: int, once: bool = False) -> SpoolSealing:
        """A new sealing, used with `async with`. `once`: the letter may come only once, so it waits for room."""
        return _Sealing(self, letter, once)

    async def open(self, letter: int, sealed: Sealed) -> AsyncGenerator[bytes, None]:
        """The letter's bytes, a chunk at a time. ContentsGone; KeyMissing if the master key is not here."""
        try:
            aead = AESGCM(self.vault.unwrap(sealed.key, _purpose(letter, sealed.file)))
        except Altered as error:
            raise ContentsGone(f"letter {letter}: {error}") from error
        clear = chunks(cast(IO[bytes], _Reading(self._rows, sealed.file)), aead, letter)
        while (chunk := await self.off_loop(next, clear, None)) is not None:
            yield chunk

    async def left(self, letter: int) -> Sequence[Sealed]:
        """What fetches of the letter sealed that upstream may not repeat, whole or not, the newest first."""
        return await self.off_loop(self._rows.left, letter, self._shelf)

    async def destroy(self, sealed: Sealed) -> None:
        """Removes the rows; if there are none, that is fine."""
        await self.off_loop(self._rows.destroy, sealed.file)
        self.ours.discard(sealed.file)

    async def sweep(self, known: set[str]) -> int:
        """How many files were removed: old ones that neither a row (`known`) nor a sealing of this process names."""
        self.ours -= known
        old = await self.off_loop(self._rows.old, self._shelf, self._spared)
        gone = [name for name in old if name not in known and name not in self.ours]
        for name in gone:
            await self.off_loop(self._rows.destroy, name)
        return len(gone)

    async def durable(self) -> None:
        """Returns at once: every row was, or goes with the ledger's."""

    async def off_loop(self, fn: Callable[..., T], *args: Any) -> T:
        """What `fn` brings, from the thread of our connection if this spool may use threads."""
        if not self.threaded:
            return fn(*args)
        return await asyncio.get_running_loop().run_in_executor(self._executor, fn, *args)

    @property
    def hurried(self) -> bool:
        """Whether nobody has time to wait for the server."""
        return not self._rows.patient

    async def rest(self) -> None:
        """Returns after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                await self._hurried.wait()

    def part(self, name: str, aead: AESGCM, letter: int, key: str | None) -> "_Part":
        """The sealed file, to be written. `key`: lies beside it, wrapped, so that `left` finds it."""
        return _Part(self._rows, self._shelf, name, aead, letter, key)

    def hurry(self) -> None:
        """From now on a server that is away or full is an error at once: nobody has time to wait for it."""
        self._rows.hurry()
        self._hurried.set()

    async def close(self) -> None:
        """Ends the connection; nothing waits for the server any more."""
        self.hurry()
        await self.off_loop(self._rows.close)
        self._executor.shutdown(wait=False)


class _Sealing(SpoolSealing):
    """A letter being sealed. How much room a server has nobody can ask before: what is full is waited for."""

    near, together = -1, 1  # a server is always far; a chunk that waits for room is asked for again by itself

    def __init__(self, spool: ServerSpool, letter: int, once: bool) -> None:
        super().__init__(spool, letter)
        self._server, self._waits = spool, once
        self._file = spool.part(self._name, self._file._aead, letter, self._sealed.key if once else None)

    async def _do(self, fn: Callable[..., None], *args: Any) -> None:
        """As the spool's. Whoever waits for room leaves the thread to others: some of what they do makes room."""
        while True:
            try:
                await super()._do(fn, *args)
                return
            except (StoreFull, StoreBusy):
                if not self._waits or self._server.hurried:
                    raise
            await self._server.rest()


class _Part(PartFile):
    """A sealed file while it is written: a row for each chunk, the head before the first."""

    def __init__(self, rows: "_Rows", shelf: str, name: str, aead: AESGCM, letter: int, key: str | None) -> None:
        super().__init__(Path(shelf), name, aead, letter)
        self._rows, self._shelf, self._name, self._key, self._tried = rows, shelf, name, key, False

    def append(self, chunk: bytes | memoryview, final: bool) -> None:
        self._put(chunk, final, durable=True)

    def complete(self, last: bytes, durable: bool) -> None:
        self._put(last, True, durable)
        self.whole = True

    def discard(self) -> None:
        if self._tried:  # what may be there, told or not
            with suppress(StoreAway, StoreBusy, StoreFull):  # the sweep takes what stays
                self._rows.destroy(self._name)

    def _put(self, chunk: bytes | memoryview, final: bool, durable: bool) -> None:
        """May be asked again for the same chunk after a failure: its bytes are the same."""
        nonce, aad = _bound(self._prefix, self._letter, self._number, final)
        head = b"" if self._number else MAGIC + self._prefix
        whose = (self._letter, self._key) if self._key and head else (None, None)
        row = (self._name, self._number, self._shelf, head + self._aead.encrypt(nonce, chunk, aad), *whose)
        self._tried = True
        self._rows.put(row, durable)
        self._number += 1


class _Reading(RawIOBase):
    """A sealed file while it is read, as a file that gives as many bytes as are asked for."""

    def __init__(self, rows: "_Rows", name: str) -> None:
        self._rows, self._name, self._number, self._kept = rows, name, 0, b""

    def read(self, size: int = -1) -> bytes:
        while len(self._kept) < size and (more := self._rows.get(self._name, self._number)):
            self._kept += more
            self._number += 1
        if not self._number:
            raise ContentsGone(f"{self._name}: there is no such file")
        got, self._kept = self._kept[:size], self._kept[size:]
        return got


class _Rows:
    """The rows, over one connection that is made when it is needed, and again when it is lost."""

    def __init__(self, place: Place, patient: bool) -> None:
        self._place, self.patient = place, patient
        self._driver: Driver | None = None
        self._hurried = threading.Event()

    def put(self, row: tuple[Any, ...], durable: bool) -> None:
        """Returns when the row is there. StoreFull, StoreAway. May be done twice: the bytes are the same."""
        self._do(lambda driver: driver.execute(_PUT, row) if durable else _lazily(driver, _PUT, row))

    def get(self, name: str, number: int) -> bytes:
        """The row's bytes, b"" where there is none."""
        row = self._do(lambda driver: driver.execute(_GET, (name, number), binary=True).fetchone())
        return row[0] if row else b""

    def destroy(self, name: str) -> None:
        self._do(lambda driver: _lazily(driver, _DESTROY, (name,)))

    def left(self, letter: int, shelf: str) -> list[Sealed]:
        """What has its key beside it, the newest first."""
        return [Sealed(*row) for row in self._do(lambda driver: driver.execute(_LEFT, (letter, shelf)).fetchall())]

    def old(self, shelf: str, spared: timedelta) -> list[str]:
        """The names of files to which nothing was added for so long, but for those that a letter may yet need."""
        values = (shelf, spared, LEFT)
        return [name for (name,) in self._do(lambda driver: driver.execute(_OLD, values).fetchall())]

    def hurry(self) -> None:
        self.patient = False
        self._hurried.set()

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()

    def _do(self, step: Callable[[Driver], T]) -> T:
        while True:
            try:
                if self._driver is None or self._driver.closed:
                    self._driver = self._place.bare()
                return step(self._driver)
            except psycopg.Error as error:
                self.close()  # whatever was open in it
                trouble = self._place.told(error)
                if not (isinstance(trouble, StoreAway) and self.patient):
                    raise trouble from error
            self._hurried.wait(WAIT)


def _lazily(driver: Driver, statement: str, values: tuple[Any, ...]) -> None:
    """Does it without waiting for the disk."""
    with driver.transaction():
        driver.execute("SET LOCAL synchronous_commit = off")
        driver.execute(statement, values)

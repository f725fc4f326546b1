"""One sealed file: its format, its writing and its reading. Plain calls, for a thread.

A header (magic, nonce prefix) and chunks of 256 kB, each AES-256-GCM with its tag. The nonce is the prefix, the
chunk's number and the final flag (the STREAM construction, Hoang et al. 2015); the letter's id is bound to each chunk.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nemboks.ports import ContentsGone
from nemboks.store.disk import FULL, our_words
from nemboks.store.errors import StoreError
from nemboks.store.line import never

MAGIC: Final = b"NBXS\x01"
PREFIX_BYTES: Final = 7
TAG_BYTES: Final = 16
CHUNK: Final = 256 * 1024  # AES-GCM runs at full speed from 64 kB up; memory per letter stays at a few of these
PART: Final = ".part"


class PartFile:
    """The file while it is written: `<name>.part`, renamed when it is whole."""

    def __init__(
        self, directory: Path, name: str, aead: AESGCM, letter: int, relief: Callable[[], bool] = never
    ) -> None:
        """`relief`: makes some room on a full disk; whether it could."""
        self._relief = relief
        self._part, self._whole = directory / (name + PART), directory / name
        self._aead, self._letter, self._number = aead, letter, 0
        self._prefix = secrets.token_bytes(PREFIX_BYTES)
        self._file: IO[bytes] | None = None
        self.whole = False  # it has its name and its end

    def extend(self, octets: bytes) -> None:
        """Appends whole chunks, none of them the last."""
        whole = memoryview(octets)
        for start in range(0, len(octets), CHUNK):
            self.append(whole[start : start + CHUNK], False)

    def append(self, chunk: bytes | memoryview, final: bool) -> None:
        with our_words(self._part):
            if self._file is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb", buffering=0)
                self._write(MAGIC + self._prefix)
            nonce, aad = _bound(self._prefix, self._letter, self._number, final)
            self._write(self._aead.encrypt(nonce, chunk, aad))
        self._number += 1

    def _write(self, octets: bytes) -> None:
        assert self._file is not None
        rest = memoryview(octets)
        while rest:
            try:
                rest = rest[self._file.write(rest) :]
            except OSError as error:
                if error.errno not in FULL or not self._relief():
                    raise

    def complete(self, rest: bytes, durable: bool) -> None:
        """Appends what is left, its last chunk as the file's, and gives the file its name."""
        before = max(0, len(rest) - 1) // CHUNK * CHUNK
        self.extend(rest[:before])
        self.append(rest[before:], True)
        assert self._file is not None
        with our_words(self._part):
            if durable:
                os.fsync(self._file.fileno())
            self._file.close()
            self._part.rename(self._whole)
        self.whole = True

    def discard(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        self._part.unlink(missing_ok=True)
        self._whole.unlink(missing_ok=True)


def opened(path: Path) -> IO[bytes]:
    """The sealed file, open. ContentsGone if it is not there; StoreError if we may not or cannot open it."""
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.EIO):
            raise ContentsGone(f"{path.name}: {error.strerror}") from error
        raise StoreError(f"{path} cannot be read: {error.strerror}. Check its rights and the limit of files") from error


def chunks(file: IO[bytes], aead: AESGCM, letter: int) -> Iterator[bytes]:
    """The chunks in clear; ContentsGone as soon as one does not fit.

    Reads one ahead: the chunk before the file's end must be the one that was sealed with the final flag.
    """
    try:
        head = file.read(len(MAGIC) + PREFIX_BYTES)
        if not head.startswith(MAGIC):
            raise ContentsGone(f"letter {letter}: not a sealed file")
        number, sealed, final = 0, file.read(CHUNK + TAG_BYTES), False
        while not final:
            following = file.read(CHUNK + TAG_BYTES)
            final = not following
            nonce, aad = _bound(head[len(MAGIC) :], letter, number, final)
            yield aead.decrypt(nonce, sealed, aad)
            number, sealed = number + 1, following
    except (InvalidTag, ValueError, OSError) as error:
        raise ContentsGone(f"letter {letter}: the sealed file was cut or altered") from error


def _bound(prefix: bytes, letter: int, number: int, final: bool) -> tuple[bytes, bytes]:
    """Nonce and associated data of a chunk: neither another letter, nor another place, nor another end will fit."""
    place = number.to_bytes(4, "big") + bytes([final])
    return prefix + place, MAGIC + letter.to_bytes(8, "big") + place

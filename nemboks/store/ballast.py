"""Room on a disk that is given up when the disk is full, for what must be written all the same.

That is the end of an attempt whose mail a server may have, and the rest of a letter that Digital Post may not give
twice (RELIABILITY 4a, disk full). What is no must waits until somebody has made room.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from nemboks.store.disk import our_words
from nemboks.store.errors import StoreFull

OCTETS: Final = 16 * 2**20
PLENTY: Final = 4  # times as much is free when it is taken
PIECE: Final = 2**20  # octets given up at a time
LETTER: Final = 192 * 2**20  # octets free for each letter that may come only once: more than the largest one takes
_NAME: Final = "ballast"


class Ballast:
    """A file in the directory that has its blocks (posix_fallocate(3)) and holds nothing."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._file = directory, directory / _NAME
        self._wanted = False

    def hold(self) -> None:
        """Takes the room if there is plenty; else `again` does."""
        self._wanted = True
        self.again()

    def again(self) -> None:
        """Takes the room that was given up, as soon as there is plenty."""
        if not self._wanted or _size(self._file) >= OCTETS:
            return
        with suppress(OSError):
            if self._free() >= PLENTY * OCTETS:
                handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
                try:
                    os.posix_fallocate(handle, 0, OCTETS)
                finally:
                    os.close(handle)

    def drop(self) -> bool:
        """Whether there is a little more room now. It goes piece by piece, for others take what is free."""
        left = _size(self._file)
        try:
            os.truncate(self._file, max(0, left - PIECE))
        except OSError:
            return False
        return left > 0

    def room_for_a_letter(self, others: int) -> None:
        """Returns if the largest letter fits beside so many others that are on their way, and a ballast. StoreFull."""
        self.hold()
        wanted = LETTER * (1 + others)
        with our_words(self._file):
            free = self._free()
        if free < wanted:
            words = f"{free // 2**20} MB are free, {wanted // 2**20} must be to fetch letters"
            raise StoreFull(f"{self._directory}: the disk is nearly full ({words}); make room")

    def _free(self) -> int:
        facts = os.statvfs(self._directory)
        return facts.f_bavail * facts.f_frsize


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat(follow_symlinks=False).st_size
    return 0

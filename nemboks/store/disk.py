"""What the disk may do to us, in our words, and the sync of a directory."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nemboks.store.errors import StoreBroken, StoreError, StoreFull

FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def sync_directory(directory: Path) -> None:
    """Returns when the directory's names are on the disk. StoreBroken if that failed."""
    with our_words(directory):
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def our_words(path: Path) -> Iterator[None]:
    """Translates the system's errors about a file that we write."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StoreFull(f"{path.parent}: the disk is full; make room") from error
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise StoreError(f"{path}: too many open files; raise the limit (LimitNOFILE)") from error
        raise StoreBroken(f"{path}: {error.strerror}. Stop and check the disk") from error

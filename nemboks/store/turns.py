"""Whose turn it is at the file, within this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Reads and commits, one at a time and in the order in which they came.

    In DELETE mode a commit locks readers out, and SQLite's own waiting is a poll: a busy writer's commits follow each
    other so closely that a reader was seen to wait 1.4 s, and on a slow disk it would give up.
    """

    def __init__(self) -> None:
        self._line, self._file = threading.Lock(), threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Inside, the file is the caller's. Who waits stands alone in the line, so nobody is overtaken twice."""
        with self._line:
            self._file.acquire()
        try:
            yield
        finally:
            self._file.release()

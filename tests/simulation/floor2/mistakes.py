"""Mistakes that a run must find."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def planted(mistake: str | None) -> Iterator[None]:
    """The program with the mistake, until the block ends."""
    yield

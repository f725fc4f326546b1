"""A file that a command hands out: new, for its owner only, and whole or not there."""

import os
from pathlib import Path

import click

from nemboks.desk.errors import RefusedByRule
from nemboks.desk.words import Words


def write_new(path: Path, data: bytes) -> None:
    """Writes a file that was not there. RefusedByRule if it was; BadParameter where none can be."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise RefusedByRule(
            Words(f"{path} findes allerede; vælg en anden fil", f"{path} is there already; choose another file")
        ) from None
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint="--out") from None
    with os.fdopen(handle, "wb") as file:
        try:
            file.write(data)
            file.flush()
        except BaseException:
            path.unlink()
            raise

"""`nemboks audit`: prove that history is whole, export it, and show the head that is worth keeping elsewhere."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from nemboks.cli.errors import FAILED
from nemboks.cli.letters import CvrType, Since
from nemboks.cli.output import Call, Group, acting, line, when
from nemboks.desk import audit as desk
from nemboks.desk.access import Asking
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.words import Item, Words
from nemboks.domain.chain import Head, head_from
from nemboks.domain.mailbox import Cvr

if TYPE_CHECKING:
    from nemboks.store.store import Store


class HeadType(click.ParamType[Head]):
    """A head on the command line."""

    name = "number:hash"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        try:
            return value if isinstance(value, Head) else head_from(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class HeadsType(click.ParamType[list[Head]]):
    """A file of heads, one a line, or stdin for `-`; blank lines do not count."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Head]:
        if isinstance(value, list):
            return value
        try:
            with click.open_file(value, encoding="utf-8", errors="replace") as file:
                heads = [_head(number, text) for number, text in enumerate(file, 1) if text.strip()]
        except OSError as error:
            self.fail(f"{value}: {error.strerror}", param, ctx)
        except ValueError as error:
            self.fail(f"{value}, {error}", param, ctx)
        if not heads:  # to verify against nothing would look like a proof
            self.fail(f"{value} holds no head", param, ctx)
        return heads


def _head(number: int, text: str) -> Head:
    try:
        return head_from(text)
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from None


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks audit verify --head 184223:9f86d081884c7d65…
  nemboks audit export --cvr 13748136 --out history.jsonl""",
)
def audit() -> None:
    """Is the history whole? Verify it; export it; show its head."""


@audit.command(
    epilog="""\b
Examples:
  nemboks audit verify --head 184223:9f86d081884c7d65…
  journalctl -u nemboks -o cat | grep audit_head |
      grep -oE '[0-9]+:[0-9a-f]{64}' | nemboks audit verify --heads -"""
)
@click.option("--head", "heads", type=HeadType(), multiple=True, help="A head that was kept elsewhere; repeatable.")
@click.option("--heads", "file", type=HeadsType(), help="File of such, one a line.")
@acting
def verify(call: Call, asking: Asking, heads: tuple[Head, ...], file: list[Head] | None) -> None:
    """Walk along the whole chain of history; ends with 1 unless it is whole.

    Three things can be wrong: a row was altered or taken out; the tail was cut off; all was rewritten. The last two
    show only against a head that was kept elsewhere: the daemon writes one to its log every day. What was done to rows
    that are younger than the last such head cannot be seen.
    """
    found = call.with_store(lambda store: desk.audit_verify(store, asking, [*heads, *(file or [])], call.lang))
    call.answer("audit", found, lambda: line(found["verdict_text"]), ok=found["whole"])
    if not found["whole"]:
        sys.exit(FAILED)


@audit.command(
    epilog="""\b
Example:
  nemboks audit head >> /mnt/elsewhere/heads.txt"""
)
@acting
def head(call: Call, asking: Asking) -> None:
    """The last row as NUMBER:HASH. Kept elsewhere, it vouches for every row up to this one."""
    found = call.with_store(lambda store: desk.audit_head(store, asking))
    if not call.as_json:
        call.say(Words(f"Rækken er fra {when(found['at'])}", f"The row is of {when(found['at'], call.lang)}"))
    call.answer("audit", found, lambda: line(found["head"]))


@audit.command(
    epilog="""\b
Examples:
  nemboks audit export --cvr 13748136 --since 2026-11-01 --out history.jsonl
  nemboks audit export | jq -c '.detail |= fromjson'"""
)
@click.option("--cvr", type=CvrType(), help="Only rows of this mailbox.")
@click.option("--since", type=Since(), help="Only rows written since: 2026-11-21, 6h, 2d …")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file, for its owner only.")
@acting
def export(call: Call, asking: Asking, cvr: Cvr | None, since: datetime | None, out: Path | None) -> None:
    """The rows of history as JSON lines, on stdout or to a file that is not there yet.

    A row's hash is SHA-256 of the JSON list [number, hash of the row before, at, letter_id, mailbox_id, event,
    from_state, to_state, fence, detail] without blanks and in ASCII; before row 1 stand 64 zeros.
    """
    if out is None:
        if call.as_json:
            raise click.UsageError("the export is JSON lines already; --json goes with --out")
        call.with_store(lambda store: _write(store, asking, cvr, since, sys.stdout))
        return
    with _new(out) as file:
        rows = call.with_store(lambda store: _write(store, asking, cvr, since, file))
    told = call.word(f"{rows} rækker skrevet til {out}", f"{rows} rows written to {out}")
    call.answer("audit", {"rows": rows, "out": str(out)}, lambda: line(told))


async def _write(store: "Store", asking: Asking, cvr: Cvr | None, since: datetime | None, file: TextIO) -> int:
    rows = 0
    async for item in desk.audit_export(store, asking, cvr, since):
        file.write(_json(item))
        rows += 1
    return rows


def _json(item: Item) -> str:
    """One line; in ASCII, which steers no terminal and can carry what is no UTF-8. `repr`: of bytes, never ours."""
    return json.dumps(item, default=repr, separators=(",", ":")) + "\n"


@contextmanager
def _new(path: Path) -> Iterator[TextIO]:
    """A file that was not there, readable by its owner only; gone again if it does not become whole."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise RefusedByRule(
            Words(f"{path} findes allerede; vælg en anden fil", f"{path} is there already; choose another file")
        ) from None
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint="--out") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise

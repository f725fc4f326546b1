"""`nemboks mail`: look at the mails of a letter before or after they are sent.

The files hold the letter in clear: they are made readable for their owner only, in a directory that the person named.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from nemboks.cli.output import Call, Group, acting, line
from nemboks.content.texts import size_words
from nemboks.desk.access import Asking
from nemboks.desk.words import Item, Words

if TYPE_CHECKING:  # composing brings libraries that a help text does not wait for
    from nemboks.desk.preview import Previewed
    from nemboks.store.store import Store

IN_CLEAR = Words(
    "Filerne indeholder brevet i klartekst. Slet dem, når de er set.",
    "The files hold the letter in clear. Delete them when they were seen.",
)


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks mail preview 17 --out /tmp/brev17
  nemboks mail preview brev.xml --out /tmp/brev""",
)
def mail() -> None:
    """Look at a letter's mails, as .eml and .html."""


@mail.command(
    epilog="""\b
Examples:
  nemboks mail preview 17 --out /tmp/brev17
  nemboks mail preview brev.xml --out /tmp/brev --lang en"""
)
@click.argument("letter", metavar="LETTER|FILE.xml")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Directory for the files; made."
)
@acting
def preview(call: Call, asking: Asking, letter: str, out: Path) -> None:
    """Write each mail of a letter as .eml, and its HTML as .html. Nothing is sent.

    LETTER is a number from `nemboks letter list`; its contents are opened with the master key. FILE.xml is a MeMo,
    shown as a made-up company would get it; it needs no settings.
    """
    if letter.isdecimal():
        items = call.with_store(lambda store: _of_letter(call, asking, store, int(letter), out))
    else:
        items = asyncio.run(_of_file(call, Path(letter), _read(Path(letter)), out))
    call.say(IN_CLEAR)
    call.answer("mails", {"items": items}, lambda: _show(call, items))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}", param_hint="LETTER|FILE.xml") from None


async def _of_letter(call: Call, asking: Asking, store: "Store", letter_id: int, out: Path) -> list[Item]:
    from nemboks.desk import preview as desk
    from nemboks.wiring import open_spool

    spool = open_spool(call.settings())
    return await _write(await desk.letter(store, asking, spool, letter_id), f"letter-{letter_id}", out)


async def _of_file(call: Call, file: Path, raw: bytes, out: Path) -> list[Item]:
    from nemboks.clock import RealClock
    from nemboks.desk import preview as desk
    from nemboks.domain.headline import Style

    at = RealClock().now().replace(microsecond=0)
    return await _write(await desk.memo(raw, at, Style(language=call.lang.value)), file.stem, out)


async def _write(letter: "Previewed", name: str, out: Path) -> list[Item]:
    items = []
    for part in range(1, letter.copy.count + 1):
        stem = name if letter.copy.count == 1 else f"{name}.{part}"
        mail_file, html_file = out / f"{stem}.eml", out / f"{stem}.html"
        with _private(mail_file) as file:
            size = 0
            async for piece in letter.mail(part):
                size += file.write(piece)
        html = letter.html(part)
        if html is not None:
            with _private(html_file) as file:
                file.write(html.encode())
        shown = str(html_file) if html is not None else None
        items.append({"part": part, "mail": str(mail_file), "size": size, "html": shown})
    return items


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """The file, open for writing, readable by its owner only; gone again if it does not become whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # one that was there before
        try:
            yield file
        except BaseException:
            path.unlink()
            raise


def _show(call: Call, items: list[Item]) -> None:
    for item in items:
        line(f"{item['mail']}  ({size_words(item['size'], call.lang.value)})")
        if item["html"]:
            line(item["html"])

"""`nemboks run` and `nemboks drain`: the daemon, for as long as it is wanted or for one pass."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nemboks.cli.errors import ATTENTION, FAILED
from nemboks.cli.output import Call, operator, options

if TYPE_CHECKING:
    from nemboks.daemon.run import Daemon
    from nemboks.desk.words import Item
    from nemboks.settings import Settings
    from nemboks.store.store import Store
    from nemboks.wiring import Services

ROLES = ("worker", "all")  # `all` is every role that there is
_FILES = 4096  # that we may open: a connection to each of a thousand mailboxes, and all else


@click.command(
    epilog="""\b
Examples:
  nemboks run --config /etc/nemboks/nemboks.toml
  NEMBOKS_CONFIG=nemboks.toml nemboks run 2> nemboks.log
  nemboks run --role worker"""
)
@click.option("--role", type=click.Choice(ROLES), help="What this machine does, where several share a ledger.")
@options
def run(call: Call, role: str | None) -> None:
    """Forward letters until SIGTERM or Ctrl-C.

    Writes its log as JSON lines to stderr. A stop waits for the replies to letters that are already sent. With --role
    it shares the work with the other machines on a ledger on PostgreSQL; all of them are started with it, or none.
    """
    settings = call.settings()
    _prepare()
    if asyncio.run(_serve(settings, role)):
        sys.exit(FAILED)


@click.command(
    epilog="""\b
Examples:
  nemboks drain --config nemboks.toml
  nemboks drain --json | jq .undelivered"""
)
@click.option("--bench", type=click.Path(dir_okay=False, path_type=Path), help="A benchmark's contract as settings.")
@options
def drain(call: Call, bench: Path | None) -> None:
    """Look into every mailbox once, take its letters as far as they can go now, exit.

    Exits with 5 when something is held, late or refused afterwards, with 75 when a daemon runs on the same store.
    """
    if bench is not None:
        from nemboks.cli.bench import bench_settings

        settings = bench_settings(bench)
    else:
        settings = call.settings()
    _prepare()
    after = asyncio.run(_drain(settings))
    ok = after["state"] == "ok"

    def text() -> None:
        from nemboks.cli.status import show

        show(call, after)

    call.answer("drain", after, text, ok)
    if not ok:
        sys.exit(ATTENTION)


def _prepare() -> None:
    """What a process of many connections needs before it begins: its log, and more files than a plain one may open."""
    import resource

    from nemboks import logs

    logs.configure()
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if resource.RLIM_INFINITY != allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _serve(settings: "Settings", role: str | None) -> bool:
    """Serve until told to stop; whether it ended because something failed."""
    from nemboks.daemon.notify import Systemd
    from nemboks.logs import log
    from nemboks.wiring import services

    if role is not None and not settings.store.shared:
        from nemboks.settings import SettingsError

        raise SettingsError("--role is for a ledger that machines share: set store.url, or run without it")
    shared = role is not None
    async with services(settings, shared, before=_settle if shared else None) as ready:
        daemon = _daemon(ready, settings, role)
        try:
            await daemon.run(Systemd())
        except Exception:  # told as a line of the log: that is where its reader looks
            log().exception("daemon_failed")
            return True
        return daemon.failed


async def _settle(store: "Store") -> None:
    """Returns when the engine's tables are those that we know. StoreInUse, StoreTooNew.

    Before we work: of two workers that start at once, with an upgrade to make, each would keep the other from it.
    """
    from nemboks.workers.nudges import SCHEMA, schema

    await store.settle(SCHEMA, *schema())


def _daemon(ready: "Services", settings: "Settings", role: str | None) -> "Daemon":
    """All the work of a ledger, or one of several workers'. The engine that these need is imported for them alone."""
    if role is None:
        from nemboks.daemon.run import Daemon

        return Daemon(ready)
    from nemboks.wiring.server import facts
    from nemboks.workers.worker import Worker

    return Worker(ready, facts(settings))


async def _drain(settings: "Settings") -> "Item":
    from nemboks.daemon.run import Daemon
    from nemboks.desk.access import Asking
    from nemboks.desk.status import status
    from nemboks.wiring import services

    async with services(settings) as ready:
        await Daemon(ready).drain()
        return await status(ready.store, Asking(operator()), ready.world.clock.now(), daemon=False)

"""Settings -> ready services, by hand, in one place.

Most commands want the store alone, so what the daemon needs besides is imported when it is built.
"""

import asyncio
import os
from asyncio import sslproto
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nemboks.clock import RealClock
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox
from nemboks.ports import Clock, Refused
from nemboks.settings import Settings, SettingsError
from nemboks.store.errors import Altered
from nemboks.store.mailboxes import Declared
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from nemboks.store.vault import Vault
from nemboks.wiring import server

if TYPE_CHECKING:
    from nemboks.intake.inboxes import MailboxInboxes
    from nemboks.intake.registry import RestRegistry
    from nemboks.intake.rest_calls import RestAccess
    from nemboks.journey.reconcile import Reconciling
    from nemboks.journey.world import World


TLS_BUFFER = 64 * 1024  # octets that asyncio keeps for each TLS connection; it would take 256 kB


@dataclass(frozen=True)
class Services:
    """What the daemon and the CLI work with."""

    settings: Settings
    store: Store
    world: "World"
    spool: Spool

    @property
    def sole(self) -> bool:
        """Whether no other process serves this ledger: then every open attempt is over when we start."""
        return self.store.sole

    def hurry(self) -> None:
        """From now on no read of the ledger waits for a database server that is away."""
        self.store.hurry()

    def hurry_spool(self) -> None:
        """From now on no contents wait for it either: a letter that comes only once must be sealed before."""
        self.spool.hurry()

    async def check(self) -> None:
        """Reads the whole ledger for damage. Commits wait meanwhile. StoreDamaged."""
        await self.store.check()

    async def sweep_spool(self) -> int:
        """How many files without a row were removed from the spool."""
        return await self.spool.sweep(await self.store.letters.spool_files())

    async def bring_back(self, put_back: float | None = None) -> int:
        """How many rows were due later than any wait reaches, and are due now: the clock had run ahead.

        Seen by so many seconds, whatever was due by the clock of before is: nothing waits for that time to come again.
        """
        longest = self.world.pace.longest
        latest = self.world.clock.now() + timedelta(seconds=min(longest, put_back or longest))
        return await self.store.bring_back(latest)


def open_store(
    settings: Settings, vault: Vault | None = None, threaded: bool = False, new: bool | None = None
) -> Store:
    """The store alone, as the CLI wants it beside a running daemon. Errors say what to do.

    `new`: one is made where there is none. Else only the demo's: a ledger that is not where the settings say holds
    pauses, holds and confirmations that an empty one in its place would not know.
    """
    vault = vault or Vault.load(settings.master_key_file)
    if new is None:
        new = settings.environment == "demo"
    if not new and not has_ledger(settings):
        where = "in the database of store.url" if settings.store.shared else str(settings.database)
        raise SettingsError(
            f"there is no ledger {where}: is that the right place, and mounted? `nemboks init` makes one"
        )
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    home, clock = server.home(settings) if settings.store.shared else (settings.database, RealClock())
    return Store.open(home, vault, clock, threaded=threaded, pace=settings.pace)


def open_spool(settings: Settings, vault: Vault | None = None, threaded: bool = False) -> Spool:
    """Where letters lie sealed, as the CLI wants it."""
    vault = vault or Vault.load(settings.master_key_file)
    if settings.store.shared:
        return server.spool(settings, vault, threaded)
    return Spool(settings.spool, vault, threaded)


def open_documents(settings: Settings) -> Spool:
    """Where the documents of estates lie sealed, as the CLI wants it; no sweep ever goes there."""
    vault = Vault.load(settings.master_key_file)
    if settings.store.shared:
        return server.documents(settings, vault)
    return Spool(settings.documents, vault, threaded=False)


def has_ledger(settings: Settings) -> bool:
    """Whether there is a ledger. SettingsError, StoreError."""
    return server.has_ledger(settings) if settings.store.shared else settings.database.exists()


def survives_failover(settings: Settings) -> bool:
    """Whether what is committed outlives the machine of the store's server; a file has none. StoreError."""
    return not settings.store.shared or server.survives_failover(settings)


@asynccontextmanager
async def services(
    settings: Settings, shared: bool = False, before: Callable[[Store], Awaitable[None]] | None = None
) -> AsyncIterator[Services]:
    """Everything that a daemon needs, with the store's daemon lock held; closed again in reverse.

    `shared`: the daemon is one of several workers on a server's ledger. `before`: what it does there before it has the
    lock. StoreInUse.
    """
    from nemboks.journey.world import World
    from nemboks.wiring.mail import MESSAGE_ID, MailRoom
    from nemboks.wiring.safety import reconciling

    _check_user(settings)
    sslproto.SSLProtocol.max_size = TLS_BUFFER  # hundreds of connections are kept; OpenSSL's own grow with it
    vault = Vault.load(settings.master_key_file)
    store = open_store(settings, vault, threaded=True)
    try:
        if before is not None:
            await before(store)
        store.lock_daemon(shared)
        await store.check()  # before anything is sent or receipted on the word of a damaged ledger (RELIABILITY D02)
        await declare(store, settings)
        clock = store.clock
        async with AsyncExitStack() as stack:
            spool = open_spool(settings, vault, threaded=True)
            if settings.store.shared:
                stack.push_async_callback(server.close, spool)
            access = _rest(settings, clock)
            room, inboxes = MailRoom(settings, store, clock), _inboxes(settings, store, clock, access)
            stack.push_async_callback(inboxes.close)
            courier = room.courier()
            stack.push_async_callback(courier.close)
            world = World(
                store.letters, store.mailboxes, spool, inboxes, courier, clock, settings.pace,
                Address(settings.sender.address), store.deliveries, await room.returning(vault, stack),
                await room.landings(stack), room.signer, room.telling(courier), asyncio.to_thread,
                room.checking(stack), vault.derive(MESSAGE_ID), store, store.announcements, room.announcers(courier),
                store.codes, store.audit.anchor,
            )  # fmt: skip
            world = replace(
                world,
                as_it_came=store.letters.as_it_came,
                registry=_registry(settings, clock, access, stack),
                reconciling=reconciling(settings, store, inboxes, clock),
            )
            yield Services(settings, store, world, spool)
    finally:
        await store.close()


@asynccontextmanager
async def reconciler(settings: Settings) -> AsyncIterator[tuple[Store, "Reconciling"]]:
    """The store beside a running daemon, and what compares it with the real mailboxes."""
    from nemboks.wiring.safety import reconciling

    store = open_store(settings)
    clock = store.clock
    inboxes = _inboxes(settings, store, clock, _rest(settings, clock))
    try:
        yield store, reconciling(settings, store, inboxes, clock)
    finally:
        await inboxes.close()
        await store.close()


def _inboxes(settings: Settings, store: Store, clock: Clock, access: "RestAccess") -> "MailboxInboxes":
    from nemboks.intake.imap import ImapAccess
    from nemboks.intake.inboxes import MailboxInboxes
    from nemboks.wiring.safety import fuse

    up = settings.upstream
    imap = ImapAccess(up.imap_host, up.imap_port, up.imap_ca_file)
    credentials = partial(_credentials, store)
    return MailboxInboxes(access, imap, credentials, settings.pace, clock, fuse(settings, store))


def _registry(settings: Settings, clock: Clock, access: "RestAccess", stack: AsyncExitStack) -> "RestRegistry | None":
    """The register, asked in our own name; None where we have no login of our own."""
    from nemboks.intake.registry import RestRegistry

    own = settings.upstream.own_login()
    if own is None:
        return None
    our_cvr, system_id, api_token = own
    registry = RestRegistry(access, system_id, api_token, our_cvr, settings.pace, clock)
    stack.push_async_callback(registry.close)
    return registry


def _rest(settings: Settings, clock: Clock) -> "RestAccess":
    from nemboks.intake.rest_calls import RestAccess
    from nemboks.rate import Rate

    up = settings.upstream
    # Without REST mailboxes nobody reads the certificate; with one, the error names the setting that is missing.
    certificate = up.client_cert_file or Path("upstream.client_cert_file (not set)")
    key = up.client_key_file or Path("upstream.client_key_file (not set)")
    rate = Rate(settings.rates.upstream, clock)
    return RestAccess(up.rest_url, up.rest_ca_file, certificate, key, up.delete_after_receipt, rate)


async def _credentials(store: Store, mailbox: Mailbox) -> Mapping[str, str]:
    """The mailbox's credentials. Refused when they were altered: that is one mailbox's trouble, and parks it alone."""
    try:
        return await store.mailboxes.credentials(mailbox)
    except Altered as error:
        raise Refused(f"{error}; give this mailbox its credentials again", mailbox=True) from error


def _check_user(settings: Settings) -> None:
    """Raises SettingsError for root in another user's directory: what it seals there that user cannot read."""
    here = not settings.store.shared and settings.state_dir.exists()
    if here and os.geteuid() == 0 and (owner := settings.state_dir.stat().st_uid) != 0:
        raise SettingsError(
            f"{settings.state_dir} belongs to user {owner}, who could not read the letters that root puts there: "
            "run this as that user"
        )


async def declare(store: Store, settings: Settings) -> None:
    """Make the store's declared mailboxes equal to the settings file's."""
    await store.mailboxes.declare([
        Declared(
            Cvr(box.cvr), box.name, Face(box.inbox), Address(box.address), box.server, box.credentials(),
            box.others(), box.fallback_decides, box.options(),
        )
        for box in settings.mailboxes
    ])  # fmt: skip

"""A ledger and a spool on a PostgreSQL server. What only these need is imported when the settings ask for it."""

from typing import TYPE_CHECKING

from nemboks.clock import RealClock
from nemboks.settings import Settings, SettingsError
from nemboks.store.spool import Spool
from nemboks.store.vault import Vault

if TYPE_CHECKING:
    from nemboks.store.postgres import Place
    from nemboks.store.postgres_line import PostgresHome
    from nemboks.store.server_clock import ServerClock


def home(settings: Settings) -> "tuple[PostgresHome, ServerClock]":
    """The server as the ledger's home, and the clock that it sets. SettingsError without psycopg; StoreError."""
    place(settings)  # the missing package is told first
    from nemboks.store.postgres_line import PostgresHome
    from nemboks.store.server_clock import ServerClock

    clock = ServerClock(RealClock())
    return PostgresHome(settings.store.address(), clock), clock


def spool(settings: Settings, vault: Vault, threaded: bool) -> Spool:
    """Where letters lie sealed."""
    at = place(settings)
    from nemboks.store.server_spool import ServerSpool

    return ServerSpool(at, vault, threaded=threaded)


def documents(settings: Settings, vault: Vault) -> Spool:
    """Where estates' documents lie sealed."""
    at = place(settings)
    from nemboks.store.server_spool import DOCUMENTS, ServerSpool

    return ServerSpool(at, vault, DOCUMENTS, threaded=False)


async def close(spool: Spool) -> None:
    """Returns when nothing of the spool waits for the server any more."""
    from nemboks.store.server_spool import ServerSpool

    if isinstance(spool, ServerSpool):
        await spool.close()


def survives_failover(settings: Settings) -> bool:
    """Whether a commit waits for a standby. StoreError for a server that cannot be asked."""
    return place(settings).survives_failover()


def has_ledger(settings: Settings) -> bool:
    """Whether the database has a ledger's tables. StoreError for a server that cannot be asked."""
    return place(settings).has_ledger()


def facts(settings: Settings) -> dict[str, str]:
    """What libpq is told of the database, by name; the password among it. SettingsError, StoreError."""
    return place(settings).facts


def place(settings: Settings) -> "Place":
    """The database. SettingsError, StoreError."""
    try:
        from nemboks.store.postgres import Place
    except ImportError as error:
        words = "store.url needs PostgreSQL's driver: install nemboks[postgres] (requirements-postgres.lock)"
        raise SettingsError(words) from error
    return Place(settings.store.address())

"""Brings a database to this program's schema. A newer database is refused untouched (RELIABILITY D04)."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from nemboks.store.errors import StoreTooNew
from nemboks.store.vault import Vault

HEAD: Final = "0015"  # the newest revision under versions/
_MADE: Final = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    "postgresql": "SELECT to_regclass('alembic_version')",
}


def version(tx: Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    if tx.exec_driver_sql(_MADE[tx.dialect.name]).scalar() is None:
        return None
    revision: str | None = tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def upgrade(tx: Connection, vault: Vault) -> None:
    """Runs what is missing, inside the caller's transaction. StoreTooNew for a revision that we do not know.

    `vault`: for revisions that seal what lay in clear.
    """
    from alembic import command  # here: most starts find nothing to do, and Alembic takes 0.2 s to import
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": tx, "vault": vault})
    config.set_main_option("script_location", str(Path(__file__).parent))
    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    at = version(tx)
    if at is not None and at not in revisions:
        raise StoreTooNew(
            f"the database is at schema {at}, this program knows up to {HEAD}. "
            "Install the newer Nemboks again, or restore a backup from before its upgrade"
        )
    command.upgrade(config, "head")

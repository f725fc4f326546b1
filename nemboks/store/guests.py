"""Another program's tables in a schema of their own beside ours: made and upgraded as ours are.

Promises: one process at a time does it, under the ledger's own lock; a schema is there whole or not at all; one that is
there is upgraded only while no other daemon works, step by step, and never if a newer Nemboks has been here.
Never: reads what its tables say.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection

from nemboks.store.errors import StoreTooNew


def settle(
    tx: Connection, schema: str, whole: str, steps: Sequence[tuple[str, str]], alone: AbstractContextManager[None]
) -> None:
    """Returns when the schema is at the last of the steps. StoreTooNew, StoreInUse.

    `whole`: the SQL of a schema that is at the last step. `steps`: names in order, each with the SQL that leads to it.
    `alone`: inside, no other daemon works.
    """
    driver: Any = tx.connection.driver_connection
    names = [name for name, _ in steps]
    if driver.execute("SELECT to_regclass(%s)", (f"{schema}.settled",)).fetchone()[0] is None:
        driver.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.settled (step text NOT NULL)")
        _run(driver, schema, whole)
        driver.execute(f"INSERT INTO {schema}.settled VALUES (%s)", (names[-1],))  # noqa: S608  a name of ours
        return
    (at,) = driver.execute(f"SELECT step FROM {schema}.settled").fetchone()  # noqa: S608
    if at not in names:
        raise StoreTooNew(f"{schema} is at {at}, this program knows up to {names[-1]}. Install the newer Nemboks again")
    missing = steps[names.index(at) + 1 :]
    if missing:
        with alone:
            for name, sql in missing:
                _run(driver, schema, sql)
                driver.execute(f"UPDATE {schema}.settled SET step = %s", (name,))  # noqa: S608


def _run(driver: Any, schema: str, sql: str) -> None:
    """As if the schema were the only one; the transaction may have more to do in ours."""
    driver.execute(f"SET LOCAL search_path TO {schema}")
    driver.execute(sql)
    driver.execute("SET LOCAL search_path TO DEFAULT")

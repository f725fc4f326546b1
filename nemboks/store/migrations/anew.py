"""Helps revisions to make a table anew, which SQLite needs for most changes of one."""

from alembic import op


def set_aside(table: str, name: str) -> None:
    """Returns when the table has the other name. On PostgreSQL its key's index, too, gives its name free."""
    op.rename_table(table, name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_{name}")

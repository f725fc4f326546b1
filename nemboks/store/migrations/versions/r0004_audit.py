"""History becomes a chain that is only ever added to; the heads that were told to the log.

SQLite can only make the table anew. The hashes come from the program's own recipe, which may never change.
"""

import sqlalchemy as sa
from alembic import op

from nemboks.domain.chain import FIELDS, GENESIS, hash_of
from nemboks.store.migrations.anew import set_aside

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.String(27)
SLICE = 1_000  # rows in memory at a time
NAMES = ", ".join(FIELDS)
OLD = f"SELECT id, {NAMES} FROM events_0003 ORDER BY id"  # noqa: S608  all of it stands in the program
NEW = sa.insert(sa.table("events", *(sa.column(name) for name in ("id", "hash", *FIELDS))))


def upgrade() -> None:
    """Keeps every row. There is no way down: a ledger is restored from a backup, never unmade."""
    _events()
    _only_added_to()
    op.create_table(
        "anchors",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("where", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_anchors"),
    )


def _events() -> None:
    op.drop_index("ix_events_letter_id", "events")
    op.drop_index("ix_events_mailbox_id", "events")
    set_aside("events", "events_0003")
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("letter_id", sa.Integer),
        sa.Column("mailbox_id", sa.Integer),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("from_state", sa.String(32)),
        sa.Column("to_state", sa.String(32)),
        sa.Column("fence", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="fk_events_mailbox_id"),
    )
    _chain()
    op.drop_table("events_0003")
    op.create_index("ix_events_letter_id", "events", ["letter_id"])
    op.create_index("ix_events_mailbox_id", "events", ["mailbox_id"])


def _chain() -> None:
    """Copies the rows in order, each with its hash."""
    bind, before = op.get_bind(), GENESIS
    for some in bind.exec_driver_sql(OLD).partitions(SLICE):
        rows = []
        for number, *values in some:
            before = hash_of(number, before, values)
            rows.append({"id": number, "hash": before, **dict(zip(FIELDS, values, strict=True))})
        bind.execute(NEW, rows)


def _only_added_to() -> None:
    """The order is guarded too: INSERT OR REPLACE takes a row away without waking the trigger on DELETE."""
    if op.get_bind().dialect.name == "postgresql":
        _only_added_to_on_a_server()
        return
    told = "SELECT RAISE(ABORT, 'history is only ever added to')"
    op.execute(f"CREATE TRIGGER events_never_changed BEFORE UPDATE ON events BEGIN {told}; END")
    op.execute(f"CREATE TRIGGER events_never_removed BEFORE DELETE ON events BEGIN {told}; END")
    out_of_order = "NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM events)"
    op.execute(f"CREATE TRIGGER events_in_order BEFORE INSERT ON events WHEN {out_of_order} BEGIN {told}; END")


def _only_added_to_on_a_server() -> None:
    """The same in PostgreSQL's words; TRUNCATE wakes no trigger on rows."""
    refuse = "BEGIN RAISE EXCEPTION 'history is only ever added to'; END"
    in_order = "IF NEW.id IS DISTINCT FROM (SELECT coalesce(max(id), 0) + 1 FROM events) THEN "
    check = f"BEGIN {in_order} RAISE EXCEPTION 'history is only ever added to'; END IF; RETURN NEW; END"
    op.execute(f"CREATE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {refuse} $$")
    op.execute(f"CREATE FUNCTION events_follow() RETURNS trigger LANGUAGE plpgsql AS $$ {check} $$")
    for name, when, function in (
        ("events_never_changed", "BEFORE UPDATE ON events FOR EACH ROW", "events_refuse"),
        ("events_never_removed", "BEFORE DELETE ON events FOR EACH ROW", "events_refuse"),
        ("events_never_emptied", "BEFORE TRUNCATE ON events FOR EACH STATEMENT", "events_refuse"),
        ("events_in_order", "BEFORE INSERT ON events FOR EACH ROW", "events_follow"),
    ):
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}()")

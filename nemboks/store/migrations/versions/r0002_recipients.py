"""Parts, further recipients, recipient domains, incidents and notices, cursors of webhooks.

Attempts get the delivery into their key, and events may belong to no mailbox: SQLite can only make both tables anew.
"""

import sqlalchemy as sa
from alembic import op

from nemboks.store.migrations.anew import set_aside

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.String(27)


def upgrade() -> None:
    """Keeps every row. There is no way down: a ledger is restored from a backup, never unmade."""
    _columns()
    _attempts()
    _events()
    _deliveries()
    _people()


def _columns() -> None:
    op.add_column("mailboxes", sa.Column("options", sa.Text, nullable=False, server_default="{}"))
    op.add_column("mailboxes", sa.Column("destination", sa.Text, nullable=False, server_default=""))
    op.execute(
        "UPDATE mailboxes SET destination = (SELECT server FROM routes WHERE mailbox_id = mailboxes.id "
        "ORDER BY version DESC LIMIT 1)"
    )
    op.add_column("routes", sa.Column("others", sa.Text, nullable=False, server_default="[]"))
    op.add_column("routes", sa.Column("fallback_decides", sa.Boolean, nullable=False, server_default="0"))
    op.add_column("letters", sa.Column("composed_file", sa.String(64)))
    op.add_column("letters", sa.Column("composed_key", sa.Text))
    op.add_column("letters", sa.Column("proofs", sa.Text, nullable=False, server_default="[]"))
    op.add_column("letters", sa.Column("bounced", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_routes_address", "routes", ["address"])
    op.create_index("ix_letters_bounced", "letters", ["bounced"])
    op.create_index("ix_letters_composed_file", "letters", ["composed_file"])


def _attempts() -> None:
    set_aside("attempts", "attempts_0001")
    op.create_table(
        "attempts",
        sa.Column("letter_id", sa.Integer, nullable=False),
        sa.Column("delivery_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("route_version", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("deadline_at", TIME, nullable=False),
        sa.Column("dot_begun_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("report", sa.Text),
        sa.PrimaryKeyConstraint("letter_id", "delivery_id", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name="fk_attempts_letter_id"),
    )
    kept = "letter_id, number, route_version, address, server, started_at, deadline_at, dot_begun_at, ended_at, outcome"
    _copy("attempts", f"{kept}, report", "delivery_id, part", "0, 1")


def _events() -> None:
    op.drop_index("ix_events_letter_id", "events")
    op.drop_index("ix_events_mailbox_id", "events")
    set_aside("events", "events_0001")
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
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="fk_events_mailbox_id"),
    )
    _copy("events", "id, at, letter_id, mailbox_id, event, from_state, to_state, fence, detail")
    op.create_index("ix_events_letter_id", "events", ["letter_id"])
    op.create_index("ix_events_mailbox_id", "events", ["mailbox_id"])


def _copy(table: str, kept: str, new: str = "", values: str = "") -> None:
    """Fills the table from its old form, which goes."""
    into, source = (f"{kept}, {new}", f"{kept}, {values}") if new else (kept, kept)
    op.execute(f"INSERT INTO {table} ({into}) SELECT {source} FROM {table}_0001")  # noqa: S608  all of it stands here
    op.drop_table(f"{table}_0001")


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("letter_id", sa.Integer, nullable=False),
        sa.Column("mailbox_id", sa.Integer, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("uncertain", sa.Integer, nullable=False),
        sa.Column("deadline_at", TIME),
        sa.Column("dot_begun_at", TIME),
        sa.Column("copy", sa.Text),
        sa.Column("composed_file", sa.String(64)),
        sa.Column("composed_key", sa.Text),
        sa.Column("proofs", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint(
            "letter_id", "role", "address", "server", name="uq_deliveries_letter_id_role_address_server"
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name="fk_deliveries_letter_id"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="fk_deliveries_mailbox_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_composed_file", "deliveries", ["composed_file"])
    op.create_index("ix_deliveries_state_due_at", "deliveries", ["state", "due_at"])
    op.create_table(
        "domains",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("mx", sa.Text, nullable=False),
        sa.Column("sts_id", sa.Text, nullable=False),
        sa.Column("sts_policy", sa.Text, nullable=False),
        sa.Column("sts_until", TIME),
        sa.PrimaryKeyConstraint("name", name="pk_domains"),
    )


def _people() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("paths", sa.Text, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("mailboxes", sa.Text, nullable=False),
        sa.Column("letters", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("told_at", TIME),
        sa.Column("quiet_since", TIME),
        sa.Column("closed_at", TIME),
        sa.Column("notices", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_closed_at", "incidents", ["closed_at"])
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("incident", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("mailboxes", sa.Text, nullable=False),
        sa.Column("letters", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("sent_at", TIME),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("incident", "kind", "path", "number", name="uq_notices_incident_kind_path_number"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_notices_incident"),
    )
    op.create_index("ix_notices_due_at", "notices", ["due_at"])
    op.create_table(
        "cursors",
        sa.Column("webhook", sa.Text, nullable=False),
        sa.Column("event", sa.Integer, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("webhook", name="pk_cursors"),
    )

"""The first schema: mailboxes, routes, letters, attempts, events.

Types are spelt out: a revision says what was true when it was written, whatever schema.py becomes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.String(27)


def upgrade() -> None:
    """Makes all tables. There is no way down: a ledger is restored from a backup, never unmade."""
    _mailboxes()
    _letters()
    _events()


def _mailboxes() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("cvr", sa.String(8), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("face", sa.String(32), nullable=False),
        sa.Column("credentials", sa.LargeBinary, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("listed_at", TIME),
        sa.Column("paused_at", TIME),
        sa.Column("paused_by", sa.Text, nullable=False),
        sa.Column("parked_until", TIME),
        sa.Column("trouble", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("declared", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mailboxes"),
        sa.UniqueConstraint("cvr", name="uq_mailboxes_cvr"),
    )
    op.create_index("ix_mailboxes_due_at", "mailboxes", ["due_at"])
    op.create_table(
        "routes",
        sa.Column("mailbox_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("vouched_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("mailbox_id", "version", name="pk_routes"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="fk_routes_mailbox_id"),
    )


def _letters() -> None:
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("mailbox_id", sa.Integer, nullable=False),
        sa.Column("upstream_id", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("available_at", TIME, nullable=False),
        sa.Column("not_before", TIME),
        sa.Column("due_at", TIME),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("uncertain", sa.Integer, nullable=False),
        sa.Column("deadline_at", TIME),
        sa.Column("dot_begun_at", TIME),
        sa.Column("headline", sa.Text),
        sa.Column("sha256", sa.String(64)),
        sa.Column("contents_file", sa.String(64)),
        sa.Column("contents_key", sa.Text),
        sa.Column("copy", sa.Text),
        sa.Column("confirmation", sa.Text),
        sa.Column("transmission_id", sa.Text),
        sa.Column("receipt_begun_at", TIME),
        sa.Column("acknowledged_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_letters"),
        sa.UniqueConstraint("mailbox_id", "upstream_id", name="uq_letters_mailbox_id_upstream_id"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="fk_letters_mailbox_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_letters_state_due_at", "letters", ["state", "due_at"])
    op.create_index("ix_letters_mailbox_id_sha256", "letters", ["mailbox_id", "sha256"])
    op.create_index("ix_letters_contents_file", "letters", ["contents_file"])


def _events() -> None:
    op.create_table(
        "attempts",
        sa.Column("letter_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("route_version", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("deadline_at", TIME, nullable=False),
        sa.Column("dot_begun_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("report", sa.Text),
        sa.PrimaryKeyConstraint("letter_id", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name="fk_attempts_letter_id"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("letter_id", sa.Integer),
        sa.Column("mailbox_id", sa.Integer, nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("from_state", sa.String(32)),
        sa.Column("to_state", sa.String(32)),
        sa.Column("fence", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="fk_events_mailbox_id"),
    )
    op.create_index("ix_events_letter_id", "events", ["letter_id"])
    op.create_index("ix_events_mailbox_id", "events", ["mailbox_id"])

"""People and their acts: accounts, grants, changes of address, estates, announcements; custody of a mailbox."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.String(27)
WORD = sa.String(32)


def upgrade() -> None:
    """Keeps every row; what mailboxes and letters gain has a default that changes nothing for them."""
    _people()
    _acts()
    _estates()
    _mailboxes()


def _columns(table: str, *columns: sa.Column[Any]) -> None:
    for column in columns:
        op.add_column(table, column)


def _people() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("second_contact", sa.Text),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("paid_until", TIME),
        sa.Column("cancelled_at", TIME),
        sa.Column("ends_at", TIME),
        sa.Column("digest", sa.Boolean, nullable=False),
        sa.Column("email_probation_until", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("account", sa.Integer, sa.ForeignKey("accounts.id", name="fk_people_account")),
        sa.Column("email", sa.Text),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("name", name="uq_people_name"),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("person", sa.Integer, sa.ForeignKey("people.id", name="fk_grants_person"), nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Integer, sa.ForeignKey("mailboxes.id", name="fk_grants_mailbox")),
        sa.Column("account", sa.Integer, sa.ForeignKey("accounts.id", name="fk_grants_account")),
        sa.Column("until", TIME),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
    )
    op.create_index("ix_grants_person", "grants", ["person"])
    op.create_index("ix_grants_mailbox", "grants", ["mailbox"])
    op.create_index("ix_grants_account", "grants", ["account"])


def _acts() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("subject", WORD, nullable=False),
        sa.Column("old", sa.Text, nullable=False),
        sa.Column("new", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("account", sa.Integer, sa.ForeignKey("accounts.id", name="fk_changes_account")),
        sa.Column("mailbox", sa.Integer, sa.ForeignKey("mailboxes.id", name="fk_changes_mailbox")),
        sa.Column("old_server", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("contact", sa.Text),
        sa.Column("proven_at", TIME),
        sa.Column("old_confirmed_at", TIME),
        sa.Column("contact_confirmed_at", TIME),
        sa.Column("effect_at", TIME),
        sa.Column("done_at", TIME),
        sa.Column("cancelled_at", TIME),
        sa.Column("cancelled_by", sa.Text, nullable=False),
        sa.Column("rolled_back_at", TIME),
        sa.Column("rolled_back_by", sa.Text, nullable=False),
        sa.Column("reminders", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_account", "changes", ["account"])
    op.create_index("ix_changes_mailbox", "changes", ["mailbox"])
    op.create_index("ix_changes_effect_at", "changes", ["effect_at"])
    op.create_index("ix_changes_done_at", "changes", ["done_at"])
    op.create_table(
        "codes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("subject", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("used_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_codes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_codes_purpose_subject", "codes", ["purpose", "subject"])
    op.create_table(
        "announcements",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("mailbox", sa.Integer, sa.ForeignKey("mailboxes.id", name="fk_announcements_mailbox")),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("sent_at", TIME),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
        sa.UniqueConstraint("key", name="uq_announcements_key"),
    )
    op.create_index("ix_announcements_due_at", "announcements", ["due_at"])


def _estates() -> None:
    op.create_table(
        "estates",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("mailbox", sa.Integer, sa.ForeignKey("mailboxes.id", name="fk_estates_mailbox"), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("court", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("decree_date", sa.String(10), nullable=False),
        sa.Column("kurator", sa.Text, nullable=False),
        sa.Column("firm", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("effective_at", TIME, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("evidence_at_risk", sa.Boolean, nullable=False),
        sa.Column("proven_at", TIME),
        sa.Column("effect_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_estates"),
    )
    op.create_index("ix_estates_mailbox", "estates", ["mailbox"])
    op.create_index("ix_estates_state", "estates", ["state"])
    op.create_table(
        "estate_documents",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("estate", sa.Integer, sa.ForeignKey("estates.id", name="fk_estate_documents_estate"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_estate_documents"),
    )
    op.create_index("ix_estate_documents_estate", "estate_documents", ["estate"])
    op.create_table(
        "estate_checks",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("estate", sa.Integer, sa.ForeignKey("estates.id", name="fk_estate_checks_estate"), nullable=False),
        sa.Column("item", WORD, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_estate_checks"),
    )
    op.create_index("ix_estate_checks_estate", "estate_checks", ["estate"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("estate", sa.Integer, sa.ForeignKey("estates.id", name="fk_approvals_estate"), nullable=False),
        sa.Column("person", sa.Integer, sa.ForeignKey("people.id", name="fk_approvals_person"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_estate", "approvals", ["estate"])


def _mailboxes() -> None:
    _columns(
        "mailboxes",
        # Not named as foreign keys: SQLite cannot add such a column without making the table anew.
        sa.Column("account", sa.Integer),
        sa.Column("reference", sa.Text, nullable=False, server_default=""),
        sa.Column("consent", WORD, nullable=False, server_default="given"),
        sa.Column("life", WORD, nullable=False, server_default="unknown"),
        sa.Column("looked_up_at", TIME),
        sa.Column("curator", sa.Boolean, nullable=False, server_default="0"),
        sa.Column("custody", sa.Text, nullable=False, server_default="{}"),
        sa.Column("frozen_at", TIME),
        sa.Column("boundary_at", TIME),
        sa.Column("serves_until", TIME),
        sa.Column("receipts_held", sa.Boolean, nullable=False, server_default="0"),
    )
    op.create_index("ix_mailboxes_account", "mailboxes", ["account"])
    _columns(
        "routes",
        sa.Column("rules", sa.Text, nullable=False, server_default="[]"),
        sa.Column("holiday", sa.Text),
        sa.Column("unrouted", sa.Text, nullable=False, server_default=""),
    )
    _columns(
        "letters",
        sa.Column("route_version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("rule", sa.Text, nullable=False, server_default=""),
        sa.Column("released_at", TIME),
    )

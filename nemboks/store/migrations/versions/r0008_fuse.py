"""What was let through to leave Digital Post, and when each mailbox is reconciled next."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.String(27)


def upgrade() -> None:
    """Keeps every row; adds two tables."""
    op.create_table(
        "permits",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("mailbox_id", sa.Integer, nullable=False),
        sa.Column("letter_id", sa.Integer, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("covered", sa.Boolean, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="fk_permits_mailbox_id"),
        sa.PrimaryKeyConstraint("id", name="pk_permits"),
    )
    op.create_index("ix_permits_letter_id", "permits", ["letter_id"])
    op.create_index("ix_permits_mailbox_id_settled_at", "permits", ["mailbox_id", "settled", "at"])
    op.create_index("ix_permits_settled_at", "permits", ["settled", "at"])
    op.create_table(
        "reconciliations",
        sa.Column("mailbox_id", sa.Integer, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name="fk_reconciliations_mailbox_id"),
        sa.PrimaryKeyConstraint("mailbox_id", name="pk_reconciliations"),
    )
    op.create_index("ix_reconciliations_due_at", "reconciliations", ["due_at"])

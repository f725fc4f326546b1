"""Wishes for another route that wait for somebody's word, and holidays that end by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.String(27)
WORD = sa.String(32)


def upgrade() -> None:
    """Keeps every row; adds a table."""
    op.create_table(
        "wishes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("mailbox", sa.Integer, sa.ForeignKey("mailboxes.id", name="fk_wishes_mailbox"), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("done_at", TIME),
        sa.Column("ended", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wishes"),
    )
    op.create_index("ix_wishes_mailbox", "wishes", ["mailbox"])
    op.create_index("ix_wishes_done_at", "wishes", ["done_at"])

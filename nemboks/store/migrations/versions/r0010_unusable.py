"""Entries of a mailbox's listing that name no letter which could be asked for: how many, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keeps every row; adds two columns."""
    op.add_column("mailboxes", sa.Column("unusable", sa.Integer, nullable=False, server_default="0"))
    op.add_column("mailboxes", sa.Column("unusable_since", sa.String(27)))

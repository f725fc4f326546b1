"""Whose the sealed contents are that upstream may not give twice, and their key: the letter's row may name others."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keeps every row; adds two columns, on PostgreSQL alone: a file's ledger has one daemon."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.add_column("contents", sa.Column("letter", sa.Integer))
    op.add_column("contents", sa.Column("key", sa.Text))
    op.create_index("ix_contents_letter", "contents", ["letter"], postgresql_where=sa.text("letter IS NOT NULL"))

"""Whom an estate lets in, and what the company had chosen before it, to be given back."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keeps every row; adds two columns that may be empty."""
    # Not named as a foreign key: SQLite cannot add such a column without making the table anew.
    op.add_column("estates", sa.Column("person", sa.Integer))
    op.add_column("estates", sa.Column("former", sa.Text))

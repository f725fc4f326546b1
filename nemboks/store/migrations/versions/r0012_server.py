"""What a ledger on a PostgreSQL server has besides: sealed contents, and how each writer's last commit is known."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keeps every row; adds two tables, on PostgreSQL alone."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "writers",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("mark", sa.Integer, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_writers"),
    )
    op.create_table(
        "contents",
        sa.Column("file", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("shelf", sa.String(32), nullable=False),
        sa.Column("chunk", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("file", "number", name="pk_contents"),
    )
    op.execute("ALTER TABLE contents ALTER COLUMN chunk SET STORAGE EXTERNAL")  # what is sealed does not compress

"""The latest look at every address and its server; what a domain's exchangers were before they changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.String(27)


def upgrade() -> None:
    """Keeps every row. There is no way down: a ledger is restored from a backup, never unmade."""
    op.create_table(
        "checks",
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("since", TIME),
        sa.PrimaryKeyConstraint("address", "server", name="pk_checks"),
    )
    op.add_column("domains", sa.Column("mx_before", sa.Text, nullable=False, server_default="[]"))
    op.add_column("domains", sa.Column("mx_changed_at", TIME))

"""What an address has of a letter in several mails that goes to another one now (decision 0035)."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keeps every row; adds a column."""
    op.add_column("letters", sa.Column("elsewhere", sa.Text, nullable=False, server_default="[]"))

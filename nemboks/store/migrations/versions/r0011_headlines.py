"""CPR numbers in what the ledger has of letters' words are masked; what still may be sent is sealed beside them.

In the upgrade's transaction: a ledger holds all of them in clear, or none.
"""

from dataclasses import replace

import sqlalchemy as sa
from alembic import context, op

from nemboks.domain.headline import Headline
from nemboks.store.columns import Value
from nemboks.store.headlines import kept

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SLICE = 500  # rows in memory at a time
LETTERS = sa.table(
    "letters", sa.column("id", sa.Integer), sa.column("headline", Value(Headline)), sa.column("contents_file")
)
NEXT = (
    sa.select(LETTERS)
    .where(LETTERS.c.id > sa.bindparam("after"), LETTERS.c.headline.is_not(None))
    .order_by(LETTERS.c.id)
    .limit(SLICE)
)
WRITE = sa.update(LETTERS).where(LETTERS.c.id == sa.bindparam("b_id")).values(headline=sa.bindparam("new"))


def upgrade() -> None:
    """Keeps every row, and writes over those with a CPR number."""
    tx, vault, after = op.get_bind(), context.config.attributes["vault"], 0
    if tx.dialect.name == "sqlite":  # what was there in clear is written over, not only unlinked
        tx.exec_driver_sql("PRAGMA secure_delete=ON")
    while rows := tx.execute(NEXT, {"after": after}).all():
        for id_, headline, contents in rows:
            new = kept(headline, id_, vault)
            if new is not headline:
                tx.execute(WRITE, {"b_id": id_, "new": new if contents else replace(new, sealed="")})
        after = rows[-1].id

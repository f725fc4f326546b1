"""The tables of the delete fuse and of the daily reconciliation; the ledger of letters stands in schema.py."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table

from nemboks.store.columns import UtcTime
from nemboks.store.schema import metadata

permits = Table(  # what was let through to leave Digital Post: one row for each letter, kept for two days
    "permits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox_id", ForeignKey("mailboxes.id"), nullable=False),
    Column("letter_id", Integer, nullable=False, index=True),  # no foreign key: what is missing is what we look for
    Column("at", UtcTime, nullable=False),  # the first time
    Column("times", Integer, nullable=False),
    Column("covered", Boolean, nullable=False),  # by a confirmation of every part, when it was let through
    Column("settled", Boolean, nullable=False),  # a person has reset the fuse since: it counts no more
    Index(None, "mailbox_id", "settled", "at"),
    Index(None, "settled", "at"),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("mailbox_id", ForeignKey("mailboxes.id"), primary_key=True, autoincrement=False),
    Column("due_at", UtcTime, nullable=False, index=True),  # of the next one
)

"""The tables that only a ledger on a PostgreSQL server has; all others stand in schema.py."""

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

from nemboks.store.columns import UtcTime
from nemboks.store.schema import metadata

server_metadata = MetaData(naming_convention=metadata.naming_convention)

writers = Table(  # one row for each daemon that writes: the number of its latest transaction, for postgres_line.py
    "writers",
    server_metadata,
    Column("name", String(32), primary_key=True),
    Column("mark", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)

contents = Table(  # sealed files in pieces, in order; for server_spool.py
    "contents",
    server_metadata,
    Column("file", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("shelf", String(32), nullable=False),  # letters and estates' documents are kept apart, as directories are
    Column("chunk", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("letter", Integer),  # with the first piece of what upstream may not give twice: whose it is,
    Column("key", Text),  # and its key, which the master key wraps
    Index(None, "letter", postgresql_where=text("letter IS NOT NULL")),
)

leases = Table(  # which worker a due row belongs to until then, by the server's time; for leases.py
    "leases",
    server_metadata,
    Column("kind", String(16), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("holder", String(32), nullable=False, index=True),
    Column("until", UtcTime, nullable=False),
)

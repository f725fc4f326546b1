"""Alembic's own entry: runs the revisions on the connection that `upgrade` hands in, inside its transaction."""

from alembic import context

from nemboks.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
)
context.run_migrations()

"""Alembic's environment: the caller hands over an open connection in its own transaction."""

from alembic import context

from twin.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

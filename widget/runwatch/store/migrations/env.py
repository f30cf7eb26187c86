"""Read by Alembic: runs the migrations on the connection that `upgrade` hands over."""

from alembic import context

from runwatch.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()

"""Where Alembic enters.  It is always `store.schema` that calls, with a connection whose transaction holds a lock."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from store.sql import Instant


def write_type(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """A revision must not change when `Instant` does: it names the plain column type."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=write_type,
    compare_type=True,
    compare_server_default=False,  # the two databases spell the same default differently
    transactional_ddl=True,  # on SQLite too: schema.py begins the transaction itself
)
with context.begin_transaction():
    context.run_migrations()

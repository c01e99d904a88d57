"""What alembic runs: the steps of one service, on the connection it is handed."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from pileus.kit.db import types

OUR_TYPES = {id(getattr(types, name)): name for name in ("Moment", "BigId", "LongText")}


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types by their names, so that a migration reads like the tables."""
    name = OUR_TYPES.get(id(item)) if kind == "type" else None
    if name is None:
        return False
    autogen.imports.add(f"from pileus.kit.db.types import {name}")
    return name


config = context.config
context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    render_item=render_item,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()

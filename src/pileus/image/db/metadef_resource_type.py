"""Types of resources that namespaces are meant for. One that was ever named stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from pileus.image.db.metadef_tables import resource_type
from pileus.image.model.metadef import ResourceType
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

_LIST = select(resource_type).order_by(resource_type.c.name)


def list_resource_types(tx: Transaction) -> Sequence[ResourceType]:
    """Return all types, by name."""
    return [ResourceType(**row._mapping) for row in tx.all(_LIST)]  # noqa: SLF001


def ensure(tx: Transaction, names: Collection[str], now: datetime) -> bool:
    """Make sure that types exist, whoever else adds the same at the same time; tell whether any is new."""
    known = tx.all(select(resource_type.c.name).where(resource_type.c.name.in_(sorted(names)))) if names else ()
    unknown = sorted(set(names) - {row.name for row in known})
    rows = [{"name": name, "created_at": now, "updated_at": now} for name in unknown]
    return sum(insert_if_absent(tx, resource_type, row) for row in rows) > 0

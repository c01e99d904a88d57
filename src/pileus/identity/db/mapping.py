"""Mappings of what identity providers assert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from pileus.identity.db.extension_tables import mapping
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.federation import AttributeMapping
from pileus.kit.db import Row, Transaction

_BY_ID = select(mapping).where(mapping.c.id == bindparam("which"))
_ALL = select(mapping).order_by(mapping.c.id)


def get(tx: Transaction, mapping_id: str) -> AttributeMapping:
    """Return a mapping. Raises ResourceNotFound."""
    found = find(tx, mapping_id)
    if found is None:
        raise ResourceNotFound(kind="mapping", id=mapping_id)
    return found


def find(tx: Transaction, mapping_id: str) -> AttributeMapping | None:
    """Return a mapping, or None."""
    row = tx.first(_BY_ID, {"which": mapping_id})
    return None if row is None else _mapping(row)


def list_mappings(tx: Transaction) -> Sequence[AttributeMapping]:
    """Return mappings by id."""
    return [_mapping(row) for row in tx.all(_ALL)]


def add(tx: Transaction, new: AttributeMapping) -> None:
    """Write a new mapping."""
    tx.execute(mapping.insert(), {"id": new.id, **_values(new)})


def update(tx: Transaction, changed: AttributeMapping) -> None:
    """Write a mapping's new values."""
    tx.execute(mapping.update().where(mapping.c.id == changed.id).values(**_values(changed)))


def delete(tx: Transaction, mapping_id: str) -> None:
    """Remove a mapping. Raises ResourceNotFound."""
    if not tx.changed(mapping.delete().where(mapping.c.id == mapping_id)):
        raise ResourceNotFound(kind="mapping", id=mapping_id)


def _values(new: AttributeMapping) -> dict[str, Any]:
    return {"rules": msgspec.json.encode(new.rules).decode(), "schema_version": new.schema_version}


def _mapping(row: Row) -> AttributeMapping:
    rules = msgspec.json.decode(row.rules, type=list[dict[str, Any]])
    return AttributeMapping(id=row.id, rules=rules, schema_version=row.schema_version)

"""Service providers: other clouds that take our word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pileus.identity.db.extension_tables import service_provider
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.federation import ServiceProvider
from pileus.kit.db import Row, Transaction

_BY_ID = select(service_provider).where(service_provider.c.id == bindparam("which"))
_ALL = select(service_provider).order_by(service_provider.c.id)
_ENABLED = _ALL.where(service_provider.c.is_enabled)


def get(tx: Transaction, sp_id: str) -> ServiceProvider:
    """Return a service provider. Raises ResourceNotFound."""
    found = find(tx, sp_id)
    if found is None:
        raise ResourceNotFound(kind="Service Provider", id=sp_id)
    return found


def find(tx: Transaction, sp_id: str) -> ServiceProvider | None:
    """Return a service provider, or None."""
    row = tx.first(_BY_ID, {"which": sp_id})
    return None if row is None else _provider(row)


def get_locked(tx: Transaction, sp_id: str) -> ServiceProvider:
    """Return a service provider that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(service_provider.c.id, sp_id)
    return get(tx, sp_id)


def list_providers(
    tx: Transaction, *, sp_id: str | None = None, is_enabled: bool | None = None
) -> Sequence[ServiceProvider]:
    """Return service providers by id; each filter narrows."""
    statement = _ALL
    for column, wanted in ((service_provider.c.id, sp_id), (service_provider.c.is_enabled, is_enabled)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_provider(row) for row in tx.all(statement)]


def list_enabled(tx: Transaction) -> Sequence[ServiceProvider]:
    """Return the service providers that every token names."""
    return [_provider(row) for row in tx.all(_ENABLED)]


def add(tx: Transaction, new: ServiceProvider) -> None:
    """Write a new service provider."""
    tx.execute(service_provider.insert(), {"id": new.id, **_values(new)})


def update(tx: Transaction, changed: ServiceProvider) -> None:
    """Write a service provider's new values."""
    tx.execute(service_provider.update().where(service_provider.c.id == changed.id).values(**_values(changed)))


def delete(tx: Transaction, sp_id: str) -> None:
    """Remove a service provider. Raises ResourceNotFound."""
    if not tx.changed(service_provider.delete().where(service_provider.c.id == sp_id)):
        raise ResourceNotFound(kind="Service Provider", id=sp_id)


def _values(new: ServiceProvider) -> dict[str, Any]:
    return {
        "is_enabled": new.is_enabled,
        "description": new.description,
        "auth_url": new.auth_url,
        "sp_url": new.sp_url,
        "relay_state_prefix": new.relay_state_prefix,
    }


def _provider(row: Row) -> ServiceProvider:
    return ServiceProvider(
        id=row.id,
        auth_url=row.auth_url,
        sp_url=row.sp_url,
        is_enabled=row.is_enabled,
        description=row.description,
        relay_state_prefix=row.relay_state_prefix,
    )

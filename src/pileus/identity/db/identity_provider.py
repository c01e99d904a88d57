"""Identity providers, what they call themselves, and their protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pileus.identity.db.extension_tables import federation_protocol, identity_provider, idp_remote_id
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.extension_errors import FederatedProtocolNotFound
from pileus.identity.model.federation import FederatedProtocol, IdentityProvider
from pileus.kit.db import Row, Transaction

_BY_ID = select(identity_provider).where(identity_provider.c.id == bindparam("which"))
_REMOTE_IDS = select(idp_remote_id).order_by(idp_remote_id.c.remote_id)
_PROTOCOL = select(federation_protocol).where(
    federation_protocol.c.idp_id == bindparam("idp"), federation_protocol.c.id == bindparam("which")
)

# --- identity providers ---------------------------------------------------------------------------


def get(tx: Transaction, idp_id: str) -> IdentityProvider:
    """Return an identity provider. Raises ResourceNotFound."""
    found = find(tx, idp_id)
    if found is None:
        raise ResourceNotFound(kind="Identity Provider", id=idp_id)
    return found


def find(tx: Transaction, idp_id: str) -> IdentityProvider | None:
    """Return an identity provider, or None."""
    row = tx.first(_BY_ID, {"which": idp_id})
    return None if row is None else _provider(row, _remote_ids(tx, idp_id))


def get_locked(tx: Transaction, idp_id: str) -> IdentityProvider:
    """Return an identity provider that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(identity_provider.c.id, idp_id)
    return get(tx, idp_id)


def list_providers(
    tx: Transaction, *, idp_id: str | None = None, is_enabled: bool | None = None
) -> Sequence[IdentityProvider]:
    """Return identity providers by id; each filter narrows."""
    statement = select(identity_provider).order_by(identity_provider.c.id)
    for column, wanted in ((identity_provider.c.id, idp_id), (identity_provider.c.is_enabled, is_enabled)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    remote_ids = _remote_ids(tx, idp_id)
    return [_provider(row, remote_ids) for row in tx.all(statement)]


def find_taken(tx: Transaction, wanted: IdentityProvider) -> str | None:
    """Return one of an identity provider's remote ids that another one has, or None."""
    row = tx.first(
        select(idp_remote_id.c.remote_id).where(
            idp_remote_id.c.remote_id.in_(wanted.remote_ids), idp_remote_id.c.idp_id != wanted.id
        )
    )
    return None if row is None else str(row.remote_id)


def add(tx: Transaction, new: IdentityProvider) -> None:
    """Write a new identity provider."""
    tx.execute(identity_provider.insert(), {"id": new.id, "domain_id": new.domain_id, **_values(new)})
    _set_remote_ids(tx, new)


def update(tx: Transaction, changed: IdentityProvider) -> None:
    """Write an identity provider's new values."""
    tx.execute(identity_provider.update().where(identity_provider.c.id == changed.id).values(**_values(changed)))
    _set_remote_ids(tx, changed)


def delete(tx: Transaction, idp_id: str) -> None:
    """Remove an identity provider; its protocols go too."""
    tx.execute(identity_provider.delete().where(identity_provider.c.id == idp_id))


def _remote_ids(tx: Transaction, idp_id: str | None) -> Mapping[str, Sequence[str]]:
    statement = _REMOTE_IDS if idp_id is None else _REMOTE_IDS.where(idp_remote_id.c.idp_id == idp_id)
    found: dict[str, list[str]] = {}
    for row in tx.all(statement):
        found.setdefault(row.idp_id, []).append(row.remote_id)
    return found


def _set_remote_ids(tx: Transaction, provider: IdentityProvider) -> None:
    tx.execute(idp_remote_id.delete().where(idp_remote_id.c.idp_id == provider.id))
    for remote_id in provider.remote_ids:
        tx.execute(idp_remote_id.insert(), {"idp_id": provider.id, "remote_id": remote_id})


def _values(new: IdentityProvider) -> dict[str, Any]:
    return {
        "is_enabled": new.is_enabled,
        "description": new.description,
        "authorization_ttl": new.authorization_ttl,
    }


def _provider(row: Row, remote_ids: Mapping[str, Sequence[str]]) -> IdentityProvider:
    return IdentityProvider(
        id=row.id,
        domain_id=row.domain_id,
        is_enabled=row.is_enabled,
        description=row.description,
        authorization_ttl=row.authorization_ttl,
        remote_ids=tuple(remote_ids.get(row.id, ())),
    )


# --- protocols ------------------------------------------------------------------------------------


def get_protocol(tx: Transaction, idp_id: str, protocol_id: str) -> FederatedProtocol:
    """Return a protocol of an identity provider. Raises FederatedProtocolNotFound."""
    found = find_protocol(tx, idp_id, protocol_id)
    if found is None:
        raise FederatedProtocolNotFound(idp_id=idp_id, protocol_id=protocol_id)
    return found


def find_protocol(tx: Transaction, idp_id: str, protocol_id: str) -> FederatedProtocol | None:
    """Return a protocol of an identity provider, or None."""
    row = tx.first(_PROTOCOL, {"idp": idp_id, "which": protocol_id})
    return None if row is None else _protocol(row)


def list_protocols(tx: Transaction, idp_id: str) -> Sequence[FederatedProtocol]:
    """Return the protocols of an identity provider by id."""
    statement = select(federation_protocol).where(federation_protocol.c.idp_id == idp_id)
    return [_protocol(row) for row in tx.all(statement.order_by(federation_protocol.c.id))]


def add_protocol(tx: Transaction, new: FederatedProtocol) -> None:
    """Write a new protocol."""
    values = {"mapping_id": new.mapping_id, "remote_id_attribute": new.remote_id_attribute}
    tx.execute(federation_protocol.insert(), {"idp_id": new.idp_id, "id": new.id, **values})


def update_protocol(tx: Transaction, changed: FederatedProtocol) -> None:
    """Write a protocol's new values."""
    which = (federation_protocol.c.idp_id == changed.idp_id, federation_protocol.c.id == changed.id)
    values = {"mapping_id": changed.mapping_id, "remote_id_attribute": changed.remote_id_attribute}
    tx.execute(federation_protocol.update().where(*which).values(**values))


def delete_protocol(tx: Transaction, idp_id: str, protocol_id: str) -> None:
    """Remove a protocol. Raises FederatedProtocolNotFound."""
    which = (federation_protocol.c.idp_id == idp_id, federation_protocol.c.id == protocol_id)
    if not tx.changed(federation_protocol.delete().where(*which)):
        raise FederatedProtocolNotFound(idp_id=idp_id, protocol_id=protocol_id)


def _protocol(row: Row) -> FederatedProtocol:
    return FederatedProtocol(
        id=row.id, idp_id=row.idp_id, mapping_id=row.mapping_id, remote_id_attribute=row.remote_id_attribute
    )

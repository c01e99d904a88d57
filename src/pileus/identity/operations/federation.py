"""Changing federation's records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pileus.identity.db import domain, identity_provider, mapping, service_provider
from pileus.identity.model.extension_errors import MappingInvalid, PatternInvalid, RemoteIdTaken
from pileus.identity.model.federation import AttributeMapping, FederatedProtocol, IdentityProvider, ServiceProvider
from pileus.identity.model.resource import Domain
from pileus.identity.operations import domain as domains
from pileus.identity.operations.change import Changes, require_free
from pileus.kit.db import Transaction

# --- identity providers ---------------------------------------------------------------------------


def create_provider(tx: Transaction, new: IdentityProvider, *, has_own_domain: bool) -> IdentityProvider:
    """Add an identity provider; with `has_own_domain` its domain is made for it. Raises Duplicate, ResourceNotFound."""
    require_free("identity_provider", new.id, identity_provider.find(tx, new.id))
    if has_own_domain:
        text = f"Users of identity provider {new.id}"
        domains.create(tx, Domain(id=new.domain_id, name=new.domain_id, description=text))
    domain.get(tx, new.domain_id)
    _require_remote_ids(tx, new)
    identity_provider.add(tx, new)
    return identity_provider.get(tx, new.id)


def update_provider(tx: Transaction, idp_id: str, changes: Changes) -> IdentityProvider:
    """Change an identity provider. Raises ResourceNotFound, RemoteIdTaken."""
    new = replace(identity_provider.get_locked(tx, idp_id), **changes)
    _require_remote_ids(tx, new)
    identity_provider.update(tx, new)
    return identity_provider.get(tx, idp_id)


def delete_provider(tx: Transaction, idp_id: str) -> None:
    """Remove an identity provider and its protocols; its domain stays. Raises ResourceNotFound."""
    identity_provider.get(tx, idp_id)
    identity_provider.delete(tx, idp_id)


def _require_remote_ids(tx: Transaction, wanted: IdentityProvider) -> None:
    taken = identity_provider.find_taken(tx, wanted)
    if taken is not None:
        raise RemoteIdTaken(remote_id=taken)


# --- protocols ------------------------------------------------------------------------------------


def create_protocol(tx: Transaction, new: FederatedProtocol) -> FederatedProtocol:
    """Add a protocol to an identity provider. Raises MappingInvalid, ResourceNotFound, Duplicate."""
    _require_mapping(tx, new.mapping_id)
    identity_provider.get(tx, new.idp_id)
    require_free("federation_protocol", new.id, identity_provider.find_protocol(tx, new.idp_id, new.id))
    identity_provider.add_protocol(tx, new)
    return new


def update_protocol(tx: Transaction, idp_id: str, protocol_id: str, changes: Changes) -> FederatedProtocol:
    """Change a protocol. Raises MappingInvalid, FederatedProtocolNotFound."""
    _require_mapping(tx, changes["mapping_id"])
    new = replace(identity_provider.get_protocol(tx, idp_id, protocol_id), **changes)
    identity_provider.update_protocol(tx, new)
    return new


def _require_mapping(tx: Transaction, mapping_id: str) -> None:
    if mapping.find(tx, mapping_id) is None:
        raise MappingInvalid(id=mapping_id)


# --- mappings -------------------------------------------------------------------------------------


def create_mapping(tx: Transaction, new: AttributeMapping) -> AttributeMapping:
    """Add a mapping. Raises Duplicate, PatternInvalid."""
    _require_patterns(new.rules)
    require_free("mapping", new.id, mapping.find(tx, new.id))
    mapping.add(tx, new)
    return new


def update_mapping(tx: Transaction, new: AttributeMapping) -> AttributeMapping:
    """Replace a mapping's rules. Raises ResourceNotFound, PatternInvalid."""
    _require_patterns(new.rules)
    mapping.get(tx, new.id)
    mapping.update(tx, new)
    return new


def _require_patterns(rules: Iterable[dict[str, Any]]) -> None:
    """Refuse what would otherwise fail at every login."""
    for requirement in (each for rule in rules for each in rule["remote"] if each.get("regex")):
        for pattern in (each for value in requirement.values() if isinstance(value, list) for each in value):
            try:
                re.compile(pattern)
            except re.error as error:
                raise PatternInvalid(pattern=pattern, reason=error) from None


# --- service providers ----------------------------------------------------------------------------


def create_service_provider(tx: Transaction, new: ServiceProvider) -> ServiceProvider:
    """Add a service provider. Raises Duplicate."""
    require_free("service_provider", new.id, service_provider.find(tx, new.id))
    service_provider.add(tx, new)
    return new


def update_service_provider(tx: Transaction, sp_id: str, changes: Changes) -> ServiceProvider:
    """Change a service provider. Raises ResourceNotFound."""
    new = replace(service_provider.get_locked(tx, sp_id), **changes)
    service_provider.update(tx, new)
    return new

"""Keeping policies, and saying what they are for."""

from __future__ import annotations

from pileus.identity.db import catalog, policy
from pileus.identity.model.catalog_errors import EndpointWithoutPolicy
from pileus.identity.model.policy import Place, Policy, places_of
from pileus.identity.operations.change import Changes, changed
from pileus.kit.db import Transaction


def create(tx: Transaction, new: Policy) -> Policy:
    """Add a policy."""
    policy.add(tx, new)
    return new


def update(tx: Transaction, policy_id: str, changes: Changes) -> Policy:
    """Change a policy. Raises ResourceNotFound, Fixed."""
    new: Policy = changed(policy.get_locked(tx, policy_id), changes)
    policy.update(tx, new)
    return new


def delete(tx: Transaction, policy_id: str) -> None:
    """Remove a policy and what it was for. Raises ResourceNotFound."""
    policy.get(tx, policy_id)
    policy.delete(tx, policy_id)


def associate(tx: Transaction, policy_id: str, place: Place) -> None:
    """Make a policy the one for a place. Raises ResourceNotFound."""
    require_parts(tx, policy_id, place)
    policy.associate(tx, policy_id, place)


def dissociate(tx: Transaction, policy_id: str, place: Place) -> None:
    """Let a policy no longer be for a place. Raises ResourceNotFound."""
    require_parts(tx, policy_id, place)
    policy.dissociate(tx, policy_id, place)


def require_parts(tx: Transaction, policy_id: str, place: Place) -> None:
    """Make sure that a policy exists, and the place too. Raises ResourceNotFound."""
    policy.get(tx, policy_id)
    if place.endpoint_id is not None:
        catalog.get_endpoint(tx, place.endpoint_id)
    if place.service_id is not None:
        catalog.get_service(tx, place.service_id)
    if place.region_id is not None:
        catalog.get_region(tx, place.region_id)


def get_effective(tx: Transaction, endpoint_id: str) -> Policy:
    """Return the policy for an endpoint: its own, else that of the nearest region with its service, else the service's.

    Raises ResourceNotFound, EndpointWithoutPolicy.
    """
    endpoint = catalog.get_endpoint(tx, endpoint_id)
    regions = {region.id: region for region in catalog.list_regions(tx)}
    found = policy.find_associated(tx, places_of(endpoint, regions))
    if found is None:
        raise EndpointWithoutPolicy(endpoint_id=endpoint_id)
    return policy.get(tx, found)

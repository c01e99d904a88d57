"""Making, changing and removing resource providers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pileus.kit.db import Transaction
from pileus.placement.db import allocation as allocations
from pileus.placement.db import provider as providers
from pileus.placement.model.errors import (
    ParentInvalid,
    ProviderChanged,
    ProviderExists,
    ProviderInUse,
    ProviderInvalid,
    ProviderIsParent,
    ProviderToDeleteNotFound,
)
from pileus.placement.model.provider import Provider, list_below


def create(tx: Transaction, *, uuid: str, name: str, parent_uuid: str | None, now: datetime) -> Provider:
    """Make a provider, on its own or under a parent. Raises ProviderInvalid, ProviderExists."""
    root_uuid = uuid if parent_uuid is None else _root_of_parent(tx, uuid, name, parent_uuid)
    _require_free(tx, uuid, name)
    return providers.add(tx, uuid=uuid, name=name, root_uuid=root_uuid, parent_uuid=parent_uuid, now=now)


def update(
    tx: Transaction,
    uuid: str,
    *,
    name: str,
    parent_uuid: str | None,
    keeps_parent: bool,
    may_leave_parent: bool,
    now: datetime,
) -> Provider:
    """Rename a provider, and hang it under a parent; one that has a parent stays there unless it may leave.

    Raises ProviderNotFound, ProviderExists, ParentInvalid, ProviderChanged.
    """
    provider = providers.get(tx, uuid)
    if not keeps_parent and parent_uuid != provider.parent_uuid:
        if provider.parent_uuid is not None and not may_leave_parent:
            verb = "un-parenting" if parent_uuid is None else "re-parenting"
            raise ParentInvalid(provider=provider.uuid, cause=f"{verb} a provider is not currently allowed.")
        _move(tx, provider, parent_uuid, now)
    if name != provider.name:
        owner = providers.find_uuid_of_name(tx, name)
        if owner not in (None, uuid):
            raise ProviderExists(duplicate=f"name: {name}")
    providers.rename(tx, provider, name, now)
    return providers.get(tx, uuid)


def delete(tx: Transaction, uuid: str, *, now: datetime) -> None:
    """Remove a provider. Raises ProviderToDeleteNotFound, ProviderIsParent, ProviderInUse."""
    provider = providers.find_locked(tx, uuid)
    if provider is None:
        raise ProviderToDeleteNotFound(provider=uuid)
    if providers.has_children(tx, uuid):
        raise ProviderIsParent(provider=uuid)
    if allocations.is_provider_in_use(tx, provider):
        raise ProviderInUse(provider=uuid)
    providers.remove(tx, provider, now)


def _root_of_parent(tx: Transaction, uuid: str, name: str, parent_uuid: str) -> str:
    if parent_uuid == uuid:
        cause = (
            "parent provider UUID cannot be same as UUID. "
            "Please set parent provider UUID to None if there is no parent."
        )
        raise ProviderInvalid(name=name, provider=uuid, cause=cause)
    # Locked, so that it does not move to another tree before its new child is there.
    parent = providers.find_locked(tx, parent_uuid)
    if parent is None:
        raise ProviderInvalid(name=name, provider=uuid, cause="parent provider UUID does not exist.")
    return parent.root_uuid


def _require_free(tx: Transaction, uuid: str, name: str) -> None:
    duplicates = []
    if providers.find_uuid_of_name(tx, name) is not None:
        duplicates.append(f"name: {name}")
    if providers.find_locked(tx, uuid) is not None:
        duplicates.append(f"uuid: {uuid}")
    if duplicates:
        raise ProviderExists(duplicate=", ".join(duplicates))


def _move(tx: Transaction, provider: Provider, parent_uuid: str | None, now: datetime) -> None:
    tree, parent = _lock_both_trees(tx, provider, parent_uuid)
    below = list_below(tree.values(), provider.uuid)
    if parent is not None and (parent.uuid == provider.uuid or parent in below):
        cause = "creating loop in the provider tree is not allowed."
        raise ParentInvalid(provider=provider.uuid, cause=cause)
    root_uuid = provider.uuid if parent is None else parent.root_uuid
    providers.move(tx, provider, below, parent_uuid=parent_uuid, root_uuid=root_uuid, now=now)


def _lock_both_trees(
    tx: Transaction, provider: Provider, parent_uuid: str | None
) -> tuple[Mapping[str, Provider], Provider | None]:
    """Return all providers of the two trees and the new parent among them; they stay as they are meanwhile.

    Two moves at a time, each under the other's descendant, would make a ring.
    """
    roots = {provider.root_uuid}
    if parent_uuid is not None:
        parents = providers.list_many(tx, [parent_uuid])
        if not parents:
            raise ParentInvalid(provider=provider.uuid, cause="parent provider UUID does not exist.")
        roots.add(parents[0].root_uuid)
    tree = providers.lock_trees(tx, roots)
    # Whoever made a child there while the locks were waited for is not among what that statement found.
    while {one.uuid for one in providers.list_trees(tx, roots)} != tree.keys():
        tree = providers.lock_trees(tx, roots)
    now = tree.get(provider.uuid)
    has_moved = now is None or (now.root_uuid, now.parent_uuid) != (provider.root_uuid, provider.parent_uuid)
    if has_moved or (parent_uuid is not None and parent_uuid not in tree):
        raise ProviderChanged(provider=provider.uuid)
    return tree, None if parent_uuid is None else tree[parent_uuid]

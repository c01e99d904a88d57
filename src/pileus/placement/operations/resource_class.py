"""Making, renaming and removing resource classes."""

from __future__ import annotations

from datetime import datetime

from pileus.kit.db import Transaction
from pileus.placement.db import change as changes
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.model.errors import (
    ResourceClassExists,
    ResourceClassInUse,
    ResourceClassIsStandard,
    ResourceClassNameTaken,
    ResourceClassNotFound,
)


def create(tx: Transaction, name: str, *, now: datetime) -> None:
    """Make a custom class. Raises ResourceClassExists."""
    if not ensure(tx, name, now=now):
        raise ResourceClassExists(name=name)


def ensure(tx: Transaction, name: str, *, now: datetime) -> bool:
    """Make a custom class unless it exists; return whether it is new."""
    if resource_classes.exists(tx, name):
        return False
    resource_classes.add(tx, name, now)
    return True


def rename(tx: Transaction, name: str, new_name: str, *, now: datetime) -> None:
    """Give a custom class another name.

    Raises ResourceClassNotFound, ResourceClassIsStandard, ResourceClassNameTaken.
    """
    _lock_custom(tx, name, "update")
    if new_name != name and resource_classes.exists(tx, new_name):
        raise ResourceClassNameTaken(name=new_name)
    # Locked, so that nobody counts on the old name meanwhile what is used.
    owners = providers.lock_with_class(tx, name).values()
    resource_classes.rename(tx, name, new_name)
    changes.add(tx, [provider.id for provider in owners], now)


def delete(tx: Transaction, name: str) -> None:
    """Remove a custom class. Raises ResourceClassNotFound, ResourceClassIsStandard, ResourceClassInUse."""
    _lock_custom(tx, name, "delete")
    if inventories.is_class_in_use(tx, name):
        raise ResourceClassInUse(name=name)
    resource_classes.remove(tx, name)


def _lock_custom(tx: Transaction, name: str, verb: str) -> None:
    if resource_classes.is_standard(name):
        raise ResourceClassIsStandard(verb=verb, name=name)
    if not resource_classes.lock(tx, name):
        raise ResourceClassNotFound(name=name)

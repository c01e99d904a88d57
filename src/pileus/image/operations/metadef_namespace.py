"""What can be done to a namespace of metadata definitions."""

from __future__ import annotations

from dataclasses import replace

from pileus.image.db import metadef_namespace as namespaces
from pileus.image.db import metadef_part as parts
from pileus.image.db import metadef_resource_type as resource_types
from pileus.image.model.metadef import Definition, Namespace, require_deletable
from pileus.kit.db import Transaction


def create(tx: Transaction, definition: Definition) -> None:
    """Add a namespace with all that it holds. Raises NamespaceExists, PartExists."""
    namespace = definition.namespace
    namespace = replace(namespace, id=namespaces.insert(tx, namespace))
    resource_types.ensure(tx, [each.name for each in definition.associations], namespace.created_at)
    parts.insert(tx, parts.ASSOCIATION, namespace, definition.associations)
    parts.insert(tx, parts.PROPERTY, namespace, definition.properties)
    parts.insert(tx, parts.OBJECT, namespace, definition.objects)
    parts.insert(tx, parts.TAG, namespace, definition.tags)


def update(tx: Transaction, name: str, new: Namespace) -> Namespace:
    """Give a namespace other values, its name among them. Raises NamespaceNotFound, NamespaceExists."""
    old = namespaces.get_locked(tx, name)
    changed = replace(new, id=old.id, created_at=old.created_at)
    namespaces.update(tx, changed)
    return changed


def delete(tx: Transaction, name: str) -> None:
    """Remove a namespace and all that it holds. Raises NamespaceNotFound, NamespaceProtected."""
    namespace = namespaces.get_locked(tx, name)
    require_deletable(namespace)
    namespaces.delete(tx, namespace)

"""What can be done to the properties, objects, tags and resource types of a namespace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pileus.image.db import metadef_namespace as namespaces
from pileus.image.db import metadef_part as parts
from pileus.image.db import metadef_resource_type as resource_types
from pileus.image.db.metadef_part import Kind, P
from pileus.image.model.metadef import Association, Tag, require_deletable, require_part_deletable
from pileus.kit.db import Transaction


def add(tx: Transaction, kind: Kind[P], namespace: str, part: P) -> None:
    """Let a namespace hold one thing more. Raises NamespaceNotFound, PartExists."""
    parts.insert(tx, kind, namespaces.get_locked(tx, namespace), [part])


def associate(tx: Transaction, namespace: str, association: Association) -> None:
    """Mean a namespace for one more type of resources, a new one perhaps. Raises NamespaceNotFound, PartExists."""
    locked = namespaces.get_locked(tx, namespace)
    resource_types.ensure(tx, [association.name], association.created_at)
    parts.insert(tx, parts.ASSOCIATION, locked, [association])


def add_tags(tx: Transaction, namespace: str, tags: Sequence[Tag], *, keeps_others: bool) -> None:
    """Give a namespace these tags, instead of those that it has or beside them.

    Raises NamespaceNotFound, PartExists.
    """
    locked = namespaces.get_locked(tx, namespace)
    if tags and not keeps_others:  # without any there is nothing to replace them with
        parts.delete_all(tx, parts.TAG, locked)
    parts.insert(tx, parts.TAG, locked, tags)


def change(tx: Transaction, kind: Kind[P], namespace: str, name: str, new: P) -> P:
    """Give one thing other values, its name among them. Raises NamespaceNotFound, PartNotFound, PartExists."""
    locked = namespaces.get_locked(tx, namespace)
    old = parts.get(tx, kind, locked, name)
    changed = replace(new, created_at=old.created_at)
    parts.update(tx, kind, locked, name, changed)
    return changed


def remove(tx: Transaction, kind: Kind[P], namespace: str, name: str) -> P:
    """Take one thing out of a namespace and return it. Raises NamespaceNotFound, PartNotFound, PartProtected."""
    locked = namespaces.get_locked(tx, namespace)
    gone = parts.get(tx, kind, locked, name)
    require_part_deletable(locked, kind.word, name)
    parts.delete(tx, kind, locked, name)
    return gone


def remove_all(tx: Transaction, kind: Kind[P], namespace: str) -> None:
    """Take everything of a kind out of a namespace. Raises NamespaceNotFound, NamespaceProtected."""
    locked = namespaces.get_locked(tx, namespace)
    require_deletable(locked)
    parts.delete_all(tx, kind, locked)

"""Namespaces of metadata definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, or_, select
from sqlalchemy.exc import IntegrityError

from pileus.image.db import metadef_page as pages
from pileus.image.db import metadef_tables as tables
from pileus.image.model.metadef import PUBLIC, Namespace
from pileus.image.model.metadef_errors import NamespaceExists, NamespaceNotFound
from pileus.image.model.metadef_query import NamespaceFilter, Page
from pileus.image.model.query import Viewer
from pileus.kit.db import Row, Transaction

_t = tables.namespace
_COLUMNS = tuple(each.name for each in fields(Namespace) if each.name != "id")
_GET = select(_t).where(_t.c.namespace == bindparam("which"))
_LOCK = _GET.with_for_update()
_UPDATE = _t.update().where(_t.c.id == bindparam("of_id"))
_DELETE = _t.delete().where(_t.c.id == bindparam("of_id"))


def find(tx: Transaction, name: str) -> Namespace | None:
    """Return a namespace, or None."""
    row = tx.first(_GET, {"which": name})
    return None if row is None else _namespace(row)


def find_locked(tx: Transaction, name: str) -> Namespace | None:
    """Return a namespace, or None; nobody else changes it, or what it holds, until the transaction ends."""
    row = tx.first(_LOCK, {"which": name})
    return None if row is None else _namespace(row)


def get_locked(tx: Transaction, name: str) -> Namespace:
    """Return a namespace and lock it. Raises NamespaceNotFound."""
    namespace = find_locked(tx, name)
    if namespace is None:
        raise NamespaceNotFound(namespace=name)
    return namespace


def list_all(tx: Transaction) -> Sequence[Namespace]:
    """Return every namespace, by name."""
    return [_namespace(row) for row in tx.all(select(_t).order_by(_t.c.namespace))]


def list_namespaces(tx: Transaction, viewer: Viewer, wanted: NamespaceFilter, page: Page) -> Sequence[Namespace]:
    """Return one page of those that the viewer may see. Raises NamespaceNotFound for a marker that he may not."""
    seen = select(_t) if viewer.is_admin else select(_t).where(_is_seen(viewer))
    order = _order(page.sort_key)
    after = None
    if page.marker is not None:
        after = pages.keys(tx, seen.where(_t.c.namespace == page.marker), order)
        if after is None:
            raise NamespaceNotFound(namespace=page.marker)
    return [_namespace(row) for row in tx.all(pages.apply(_narrowed(seen, wanted), page, order, after))]


def insert(tx: Transaction, namespace: Namespace) -> int:
    """Add a namespace and return its id. Raises NamespaceExists."""
    try:
        key = tx.execute(_t.insert(), _values(namespace)).inserted_primary_key
    except IntegrityError:
        raise NamespaceExists(namespace=namespace.namespace) from None
    assert key is not None
    return int(key[0])


def update(tx: Transaction, new: Namespace) -> None:
    """Write a namespace's new values. Raises NamespaceExists."""
    try:
        tx.execute(_UPDATE, {"of_id": new.id, **_values(new)})
    except IntegrityError:
        raise NamespaceExists(namespace=new.namespace) from None


def delete(tx: Transaction, namespace: Namespace) -> None:
    """Remove a namespace and all that it holds."""
    tx.execute(_DELETE, {"of_id": namespace.id})


def delete_all(tx: Transaction) -> int:
    """Remove every namespace and all that they hold; return how many there were."""
    return tx.changed(_t.delete())


def _is_seen(viewer: Viewer) -> ColumnElement[bool]:
    is_public = _t.c.visibility == PUBLIC
    return is_public if viewer.project_id is None else or_(is_public, _t.c.owner == viewer.project_id)


def _narrowed(statement: Select[Any], wanted: NamespaceFilter) -> Select[Any]:
    if wanted.visibility is not None:
        statement = statement.where(_t.c.visibility == wanted.visibility)
    if wanted.resource_types is not None:
        association = tables.association.c
        is_meant = exists().where(association.namespace_id == _t.c.id, association.name.in_(wanted.resource_types))
        statement = statement.where(is_meant)
    return statement


def _order(sort_key: str) -> list[ColumnElement[Any]]:
    names = dict.fromkeys((sort_key, "created_at", "id"))
    return [pages.sortable(_t.c[name], is_nullable=bool(_t.c[name].nullable)) for name in names]


def _namespace(row: Row) -> Namespace:
    return Namespace(**row._mapping)  # noqa: SLF001


def _values(namespace: Namespace) -> dict[str, Any]:
    return {name: getattr(namespace, name) for name in _COLUMNS}

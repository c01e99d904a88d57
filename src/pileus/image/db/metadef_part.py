"""What namespaces of metadata definitions hold: one table for each kind of it, all of the same shape."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Table, select

from pileus.image.db import metadef_page as pages
from pileus.image.db import metadef_tables as tables
from pileus.image.model.metadef import Association, Definition, Namespace, Object, Part, Property, Tag
from pileus.image.model.metadef_errors import PartExists, PartNotFound
from pileus.image.model.metadef_query import Page
from pileus.kit.db import Row, Transaction

P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Kind(Generic[P]):
    """Where things of one kind are kept, and how."""

    word: str  # what a refusal calls it
    table: Table
    read: Callable[[Row], P]
    values: Callable[[P], dict[str, Any]]  # the columns that only this kind has


def _read_association(row: Row) -> Association:
    return Association(
        name=row.name,
        prefix=row.prefix,
        properties_target=row.properties_target,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _read_property(row: Row) -> Property:
    document = msgspec.json.decode(row.document)
    return Property(name=row.name, document=document, created_at=row.created_at, updated_at=row.updated_at)


def _read_object(row: Row) -> Object:
    return Object(
        name=row.name,
        description=row.description,
        required=tuple(msgspec.json.decode(row.required)),
        properties=msgspec.json.decode(row.properties),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _read_tag(row: Row) -> Tag:
    return Tag(name=row.name, created_at=row.created_at, updated_at=row.updated_at)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


ASSOCIATION: Kind[Association] = Kind(
    "resource type association",
    tables.association,
    _read_association,
    lambda part: {"prefix": part.prefix, "properties_target": part.properties_target},
)
PROPERTY: Kind[Property] = Kind(
    "property", tables.property_, _read_property, lambda part: {"document": _json(part.document)}
)
OBJECT: Kind[Object] = Kind(
    "object",
    tables.object_,
    _read_object,
    lambda part: {
        "description": part.description,
        "required": _json(part.required),
        "properties": _json(part.properties),
    },
)
TAG: Kind[Tag] = Kind("tag", tables.tag, _read_tag, lambda _part: {})


def find(tx: Transaction, kind: Kind[P], namespace: Namespace, name: str) -> P | None:
    """Return one thing, or None."""
    row = tx.first(select(kind.table).where(*_is(kind, namespace, name)))
    return None if row is None else kind.read(row)


def get(tx: Transaction, kind: Kind[P], namespace: Namespace, name: str) -> P:
    """Return one thing. Raises PartNotFound."""
    part = find(tx, kind, namespace, name)
    if part is None:
        raise PartNotFound(kind=kind.word, name=name, namespace=namespace.namespace)
    return part


def list_parts(tx: Transaction, kind: Kind[P], namespace: Namespace, page: Page) -> list[P]:
    """Return one page of what a namespace holds of a kind. Raises PartNotFound for a marker that it does not hold."""
    of_namespace = select(kind.table).where(kind.table.c.namespace_id == namespace.id)
    order: list[ColumnElement[Any]] = [
        kind.table.c[name] for name in dict.fromkeys((page.sort_key, "created_at", "name"))
    ]
    after = None
    if page.marker is not None:
        after = pages.keys(tx, of_namespace.where(kind.table.c.name == page.marker), order)
        if after is None:
            raise PartNotFound(kind=kind.word, name=page.marker, namespace=namespace.namespace)
    return [kind.read(row) for row in tx.all(pages.apply(of_namespace, page, order, after))]


def list_by_namespace(tx: Transaction, kind: Kind[P], namespaces: Collection[Namespace]) -> dict[int, list[P]]:
    """Return what several namespaces hold of a kind, each by name; the keys are the namespaces' ids."""
    found: dict[int, list[P]] = {namespace.id: [] for namespace in namespaces}
    if found:
        c = kind.table.c
        for row in tx.all(select(kind.table).where(c.namespace_id.in_(list(found))).order_by(c.namespace_id, c.name)):
            found[row.namespace_id].append(kind.read(row))
    return found


def with_parts(tx: Transaction, namespaces: Collection[Namespace]) -> list[Definition]:
    """Return namespaces with all that they hold: a statement for each kind, however many namespaces there are."""
    associations = list_by_namespace(tx, ASSOCIATION, namespaces)
    properties = list_by_namespace(tx, PROPERTY, namespaces)
    objects = list_by_namespace(tx, OBJECT, namespaces)
    tags = list_by_namespace(tx, TAG, namespaces)
    return [
        Definition(
            namespace=each,
            associations=tuple(associations[each.id]),
            properties=tuple(properties[each.id]),
            objects=tuple(objects[each.id]),
            tags=tuple(tags[each.id]),
        )
        for each in namespaces
    ]


def insert(tx: Transaction, kind: Kind[P], namespace: Namespace, parts: Sequence[P]) -> None:
    """Let a namespace, which must be locked, hold more. Raises PartExists."""
    if not parts:
        return
    names = [part.name for part in parts]
    taken = _held(tx, kind, namespace, names)
    for name in names:
        if name in taken:
            raise PartExists(kind=kind.word, name=name, namespace=namespace.namespace)
        taken.add(name)
    tx.execute(kind.table.insert(), [_row(kind, namespace, part) for part in parts])


def update(tx: Transaction, kind: Kind[P], namespace: Namespace, name: str, new: P) -> None:
    """Write new values of what was called `name`; the namespace must be locked. Raises PartExists."""
    if new.name != name and _held(tx, kind, namespace, [new.name]):
        raise PartExists(kind=kind.word, name=new.name, namespace=namespace.namespace)
    values = {"name": new.name, **kind.values(new), "updated_at": new.updated_at}
    tx.execute(kind.table.update().where(*_is(kind, namespace, name)).values(values))


def delete(tx: Transaction, kind: Kind[P], namespace: Namespace, name: str) -> None:
    """Take one thing out of a namespace."""
    tx.execute(kind.table.delete().where(*_is(kind, namespace, name)))


def delete_all(tx: Transaction, kind: Kind[P], namespace: Namespace) -> None:
    """Take everything of a kind out of a namespace."""
    tx.execute(kind.table.delete().where(kind.table.c.namespace_id == namespace.id))


def _row(kind: Kind[P], namespace: Namespace, part: P) -> dict[str, Any]:
    moments = {"created_at": part.created_at, "updated_at": part.updated_at}
    return {"namespace_id": namespace.id, "name": part.name, **kind.values(part), **moments}


def _is(kind: Kind[P], namespace: Namespace, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return kind.table.c.namespace_id == namespace.id, kind.table.c.name == name


def _held(tx: Transaction, kind: Kind[P], namespace: Namespace, names: Sequence[str]) -> set[str]:
    c = kind.table.c
    return {row.name for row in tx.all(select(c.name).where(c.namespace_id == namespace.id, c.name.in_(names)))}

"""Images in the database: one row each, with properties, tags and locations in rows of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select, union_all
from sqlalchemy import and_ as both
from sqlalchemy.exc import IntegrityError

from pileus.image.db import tables
from pileus.image.model import status
from pileus.image.model.errors import ImageChanged, ImageExists, ImageNotFound
from pileus.image.model.image import Image, Location
from pileus.kit.db import Row, Transaction

_t = tables.image
_COLUMNS = tuple(column.name for column in _t.c if column.name != "deleted_at")
_membership = tables.image_member


def selection() -> Select[Any]:
    """Return the select of images that are not deleted, each with the membership of the project `:viewer`."""
    is_viewers = both(_membership.c.image_id == _t.c.id, _membership.c.member_id == bindparam("viewer"))
    return (
        select(*(_t.c[name] for name in _COLUMNS), _membership.c.member_id)
        .select_from(_t.outerjoin(_membership, is_viewers))
        .where(_t.c.deleted_at.is_(None))
    )


def _part(table: Any, kind: str, name: ColumnElement[Any], value: ColumnElement[Any]) -> Select[Any]:
    """Return a part's rows in the shape that all parts share."""
    return select(
        table.c.image_id, literal_column(f"'{kind}'").label("kind"), name.label("name"), value.label("value")
    ).where(table.c.image_id.in_(bindparam("ids", expanding=True)))


_NOTHING: ColumnElement[Any] = literal_column("''")
_GET = selection().where(_t.c.id == bindparam("id"))
_PARTS = union_all(
    _part(tables.image_property, "property", tables.image_property.c.name, tables.image_property.c.value),
    _part(tables.image_tag, "tag", tables.image_tag.c.value, _NOTHING),
    _part(tables.image_location, "location", tables.image_location.c.store, tables.image_location.c.object_key),
)
_INSERT = _t.insert()
_UPDATE_IF = _t.update().where(
    _t.c.id == bindparam("of_id"), _t.c.status == bindparam("of_status"), _t.c.deleted_at.is_(None)
)
_DELETE_PARTS = tuple(
    table.delete().where(table.c.image_id == bindparam("id"))
    for table in (tables.image_property, tables.image_tag, tables.image_member, tables.image_location)
)
_DELETE_PROPERTY = tables.image_property.delete().where(
    tables.image_property.c.image_id == bindparam("id"), tables.image_property.c.name == bindparam("which")
)
_DELETE_TAG = tables.image_tag.delete().where(
    tables.image_tag.c.image_id == bindparam("id"), tables.image_tag.c.value == bindparam("which")
)
_LOCK = _t.update().where(_t.c.id == bindparam("of_id"), _t.c.deleted_at.is_(None)).values(updated_at=bindparam("now"))


def find(tx: Transaction, image_id: str, viewer: str | None = None) -> Image | None:
    """Return an image, or None; `viewer` is the project whose membership it shall show."""
    row = tx.first(_GET, {"id": image_id, "viewer": viewer})
    return None if row is None else with_parts(tx, [row])[0]


def get(tx: Transaction, image_id: str, viewer: str | None = None) -> Image:
    """Return an image. Raises ImageNotFound."""
    image = find(tx, image_id, viewer)
    if image is None:
        raise ImageNotFound(image_id=image_id)
    return image


def with_parts(tx: Transaction, rows: Sequence[Row]) -> list[Image]:
    """Return images from rows of `selection()`, in their order."""
    if not rows:
        return []
    parts: dict[str, dict[str, list[tuple[str, str]]]] = {row.id: {} for row in rows}
    for part in tx.all(_PARTS, {"ids": list(parts)}):
        parts[part.image_id].setdefault(part.kind, []).append((part.name, part.value))
    return [_image(row, parts[row.id]) for row in rows]


def _image(row: Row, parts: dict[str, list[tuple[str, str]]]) -> Image:
    return Image(
        **row._mapping,  # noqa: SLF001 (SQLAlchemy's public name for it)
        properties=dict(sorted(parts.get("property", ()))),
        tags=frozenset(name for name, _ in parts.get("tag", ())),
        locations=tuple(Location(store, key) for store, key in sorted(parts.get("location", ()))),
    )


def insert(tx: Transaction, image: Image) -> None:
    """Add an image. Raises ImageExists."""
    try:
        tx.execute(_INSERT, _values(image))
    except IntegrityError:
        raise ImageExists(image_id=image.id) from None
    _insert_properties(tx, image.id, image.properties.items())
    for tag in sorted(image.tags):
        insert_tag(tx, image.id, tag)


def update(tx: Transaction, old: Image, new: Image) -> None:
    """Write what differs between two states of an image, so that changes of others to the rest of it stay.

    Raises ImageChanged if its status is no longer the old one's.
    """
    was, values = _values(old), _values(new)
    changed = {name: value for name, value in values.items() if value != was[name]}
    update_if(tx, old.id, old.status, changed | {"updated_at": new.updated_at})
    if dict(new.properties) != dict(old.properties):
        kept = new.properties.items() & old.properties.items()
        for name in old.properties.keys() - dict(kept).keys():
            tx.execute(_DELETE_PROPERTY, {"id": new.id, "which": name})
        _insert_properties(tx, new.id, new.properties.items() - kept)
    for tag in sorted(old.tags - new.tags):
        delete_tag(tx, new.id, tag)
    for tag in sorted(new.tags - old.tags):
        insert_tag(tx, new.id, tag)


def update_if(tx: Transaction, image_id: str, seen_status: str, values: dict[str, Any]) -> None:
    """Write columns of an image that still has the status that was seen. Raises ImageChanged."""
    if not tx.changed(_UPDATE_IF.values(values), {"of_id": image_id, "of_status": seen_status}):
        raise ImageChanged(image_id=image_id)


def delete(tx: Transaction, image: Image, now: datetime) -> None:
    """Leave of an image only a row that says that its id was used. Raises ImageChanged."""
    for statement in _DELETE_PARTS:
        tx.execute(statement, {"id": image.id})
    update_if(tx, image.id, image.status, {"status": status.DELETED, "deleted_at": now, "updated_at": now})


def insert_location(tx: Transaction, image_id: str, location: Location) -> None:
    """Say where an image's bytes lie."""
    tx.execute(
        tables.image_location.insert(),
        {"image_id": image_id, "store": location.store, "object_key": location.key},
    )


def insert_tag(tx: Transaction, image_id: str, tag: str) -> None:
    """Add a tag that is not there yet."""
    tx.execute(tables.image_tag.insert(), {"image_id": image_id, "value": tag})


def delete_tag(tx: Transaction, image_id: str, tag: str) -> bool:
    """Take a tag away; tell whether it was there."""
    return bool(tx.changed(_DELETE_TAG, {"id": image_id, "which": tag}))


def lock(tx: Transaction, image_id: str, now: datetime) -> bool:
    """Let nobody else change an image until the transaction ends, and date the change; tell whether it exists."""
    return bool(tx.changed(_LOCK, {"of_id": image_id, "now": now}))


def get_locked(tx: Transaction, image_id: str, now: datetime) -> Image:
    """Lock an image, then read what others have written. Raises ImageNotFound."""
    lock(tx, image_id, now)
    return get(tx, image_id)


def _insert_properties(tx: Transaction, image_id: str, properties: Iterable[tuple[str, str]]) -> None:
    rows = [{"image_id": image_id, "name": name, "value": value} for name, value in sorted(properties)]
    if rows:
        tx.execute(tables.image_property.insert(), rows)


def _values(image: Image) -> dict[str, Any]:
    return {name: getattr(image, name) for name in _COLUMNS}

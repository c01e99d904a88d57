"""Images in the database: one row each, with properties, tags and locations in rows of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select, union_all
from sqlalchemy import and_ as both
from sqlalchemy.exc import IntegrityError

from pileus.image.db import tables
from pileus.image.model.errors import ImageChanged, ImageExists, ImageNotFound
from pileus.image.model.image import PROVEN, Image, Location
from pileus.image.model.status import PENDING_DELETE
from pileus.kit.db import Transaction

_t = tables.image
# The very strings that the members are named by: Python looks through all of them for one that is merely equal.
_COLUMNS = tuple(sys.intern(str(column.name)) for column in _t.c if not column.name.endswith("_key"))
_SORTED_AS: dict[str, Any] = {"name": "", "size": 0, "disk_format": "", "container_format": ""}  # if they are not set
_VALUE_KEY_LENGTH = 64
_membership = tables.image_member
_location = tables.image_location
_SELECTED = (*_COLUMNS, "member_id")
_ID = _SELECTED.index("id")


def selection() -> Select[Any]:
    """Return the select of images, each with the membership of the project `:viewer`."""
    is_viewers = both(_membership.c.image_id == _t.c.id, _membership.c.member_id == bindparam("viewer"))
    return select(*(_t.c[name] for name in _COLUMNS), _membership.c.member_id).select_from(
        _t.outerjoin(_membership, is_viewers)
    )


def sorting(name: str) -> ColumnElement[Any]:
    """Return the column by which images are put into the order of an attribute.

    What is not set counts as empty or 0 there: databases disagree where NULL belongs.
    """
    return _t.c[f"{name}_key"] if name in _SORTED_AS else _t.c[name]


def sorted_as(name: str, value: Any) -> Any:
    """Return what `sorting(name)` holds for a value of the attribute."""
    return _SORTED_AS[name] if value is None and name in _SORTED_AS else value


def value_key(value: str) -> str:
    """Return what properties of this value are found by, in an index that holds no long texts."""
    return value[:_VALUE_KEY_LENGTH]


def is_whole(value: str) -> bool:
    """Tell whether only this value has its `value_key`."""
    return len(value) < _VALUE_KEY_LENGTH


_NOTHING: ColumnElement[Any] = literal_column("''")
_ZERO: ColumnElement[Any] = literal_column("0")
_AS_NAMED = ("name", "value", "number", "status", "metadata")


def _part(table: Any, kind: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return a part's rows in the shape that all parts share."""
    padded = (*columns, *(_NOTHING, _NOTHING, _ZERO, _NOTHING, _NOTHING)[len(columns) :])
    named = [column.label(name) for column, name in zip(padded, _AS_NAMED, strict=True)]
    return select(table.c.image_id, literal_column(f"'{kind}'").label("kind"), *named).where(
        table.c.image_id.in_(bindparam("ids", expanding=True))
    )


_SELECTION = selection()
_GET = _SELECTION.where(_t.c.id == bindparam("id"), _t.c.status != PENDING_DELETE)
_GET_PENDING = _SELECTION.where(_t.c.id == bindparam("id"), _t.c.status == PENDING_DELETE)
_OF_IDS = _SELECTION.where(_t.c.id.in_(bindparam("ids", expanding=True)), _t.c.status != PENDING_DELETE)
_PARTS = union_all(
    _part(tables.image_property, "property", tables.image_property.c.name, tables.image_property.c.value),
    _part(tables.image_tag, "tag", tables.image_tag.c.value),
    _part(
        _location,
        "location",
        _location.c.store,
        _location.c.object_key,
        _location.c.number,
        _location.c.status,
        _location.c.metadata,
    ),
)
_INSERT = _t.insert()
_IS_SEEN = both(_t.c.id == bindparam("of_id"), _t.c.status == bindparam("of_status"))
_UPDATE_IF = _t.update().where(_IS_SEEN)
_DELETE_IF = _t.delete().where(_IS_SEEN)
_IS_DELETED = select(tables.deleted_image.c.id).where(tables.deleted_image.c.id == bindparam("id"))
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
_LAST_LOCATION = select(func.max(_location.c.number)).where(_location.c.image_id == bindparam("id"))
_IS_LOCATION = both(
    _location.c.image_id == bindparam("of_image"),
    _location.c.store == bindparam("of_store"),
    _location.c.object_key == bindparam("of_key"),
)
_UPDATE_LOCATION = _location.update().where(_IS_LOCATION)
_DELETE_LOCATION = _location.delete().where(_IS_LOCATION)
_DELETE_UNPROVEN = _location.delete().where(_location.c.image_id == bindparam("id"), _location.c.status != PROVEN)
_DELETE_LOCATIONS = _location.delete().where(_location.c.image_id == bindparam("id"))
_LOCK = _t.update().where(_t.c.id == bindparam("of_id")).values(updated_at=bindparam("now"))


def find(tx: Transaction, image_id: str, viewer: str | None = None) -> Image | None:
    """Return an image, or None; `viewer` is the project whose membership it shall show."""
    row = tx.first(_GET, {"id": image_id, "viewer": viewer})
    return None if row is None else _with_parts(tx, [row])[0]


def find_pending(tx: Transaction, image_id: str) -> Image | None:
    """Return an image that is deleted and kept, which to all others is not there; or None."""
    row = tx.first(_GET_PENDING, {"id": image_id, "viewer": None})
    return None if row is None else _with_parts(tx, [row])[0]


def get(tx: Transaction, image_id: str, viewer: str | None = None) -> Image:
    """Return an image. Raises ImageNotFound."""
    image = find(tx, image_id, viewer)
    if image is None:
        raise ImageNotFound(image_id=image_id)
    return image


def list_of(tx: Transaction, image_ids: Sequence[str], viewer: str | None = None) -> list[Image]:
    """Return images in the order of their ids; one that is gone is left out."""
    if not image_ids:
        return []
    rows = {row[_ID]: row for row in tx.tuples(_OF_IDS, {"ids": image_ids, "viewer": viewer})}
    return _with_parts(tx, [rows[image_id] for image_id in image_ids if image_id in rows])


def of_page(page: Select[Any], order: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Return the select of the images whose `id`s a page has, in an order of columns of images."""
    chosen = page.subquery("page")
    return _SELECTION.join(chosen, chosen.c.id == _t.c.id).order_by(*order)


def list_page(tx: Transaction, page: Select[Any], values: Mapping[str, Any]) -> list[Image]:
    """Return the images that a select `of_page` yields."""
    rows = tx.tuples(page, values)
    return _with_parts(tx, rows) if rows else []


def _with_parts(tx: Transaction, rows: Sequence[Sequence[Any]]) -> list[Image]:
    parts: dict[str, _Parts] = {row[_ID]: _Parts() for row in rows}
    for image_id, kind, name, value, number, location_status, metadata in tx.tuples(_PARTS, {"ids": list(parts)}):
        of_image = parts[image_id]
        if kind == "property":
            of_image.properties[name] = value
        elif kind == "tag":
            of_image.tags.append(name)
        else:
            of_image.locations[number] = Location(name, value, _metadata(metadata), location_status)
    return [_image(row, parts[row[_ID]]) for row in rows]


def _metadata(text: str) -> dict[str, Any]:
    return {} if text == "{}" else json.loads(text)  # as nearly all are


@dataclass(slots=True)
class _Parts:
    """What an image has in rows of their own."""

    properties: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    locations: dict[int, Location] = field(default_factory=dict)


def _image(row: Sequence[Any], parts: _Parts) -> Image:
    locations = [location for _, location in sorted(parts.locations.items())]
    return Image(
        **dict(zip(_SELECTED, row, strict=True)),
        properties=parts.properties,
        tags=frozenset(parts.tags),
        locations=tuple(location for location in locations if location.status == PROVEN),
        unproven=tuple(location for location in locations if location.status != PROVEN),
    )


def insert(tx: Transaction, image: Image) -> None:
    """Add an image. Raises ImageExists, also for the id of one that was deleted."""
    try:
        tx.execute(_INSERT, _with_keys(_values(image)))
    except IntegrityError:
        raise ImageExists(image_id=image.id) from None
    # Only now: whoever deletes the image of this id at the same time has committed, or else the insert has failed.
    if tx.first(_IS_DELETED, {"id": image.id}) is not None:
        raise ImageExists(image_id=image.id)
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


def update_if(tx: Transaction, image_id: str, seen_status: str, values: Mapping[str, Any]) -> None:
    """Write columns of an image that still has the status that was seen. Raises ImageChanged."""
    if not tx.changed(_UPDATE_IF.values(_with_keys(values)), {"of_id": image_id, "of_status": seen_status}):
        raise ImageChanged(image_id=image_id)


def delete(tx: Transaction, image: Image, now: datetime) -> None:
    """Leave nothing of an image but its id, which is never given again. Raises ImageChanged."""
    for statement in _DELETE_PARTS:
        tx.execute(statement, {"id": image.id})
    if not tx.changed(_DELETE_IF, {"of_id": image.id, "of_status": image.status}):
        raise ImageChanged(image_id=image.id)
    tx.execute(tables.deleted_image.insert(), {"id": image.id, "deleted_at": now})


def insert_location(tx: Transaction, image_id: str, location: Location) -> None:
    """Say where an image's bytes lie, after the places that are known. The image is locked.

    A place that was refused before is forgotten, now that the image has its bytes.
    """
    if location.status == PROVEN:
        tx.execute(_DELETE_UNPROVEN, {"id": image_id})
    last = tx.tuples(_LAST_LOCATION, {"id": image_id})[0][0]
    _insert_locations(tx, image_id, [location], 0 if last is None else last + 1)


def update_location(tx: Transaction, image_id: str, location: Location) -> None:
    """Write what is said of a place where an image's bytes lie."""
    values = {"status": location.status, "metadata": json.dumps(dict(location.metadata))}
    tx.execute(_UPDATE_LOCATION.values(values), _named(image_id, location))


def delete_location(tx: Transaction, image_id: str, location: Location) -> bool:
    """Forget where an image's bytes lie, who may still be there; tell whether it was known."""
    return bool(tx.changed(_DELETE_LOCATION, _named(image_id, location)))


def replace_locations(tx: Transaction, image_id: str, locations: Sequence[Location]) -> None:
    """Say that an image's bytes lie just here, in this order. The image is locked."""
    tx.execute(_DELETE_LOCATIONS, {"id": image_id})
    _insert_locations(tx, image_id, locations, 0)


def _insert_locations(tx: Transaction, image_id: str, locations: Sequence[Location], first: int) -> None:
    rows = [
        {
            "image_id": image_id,
            "number": number,
            "store": location.store,
            "object_key": location.key,
            "status": location.status,
            "metadata": json.dumps(dict(location.metadata)),
        }
        for number, location in enumerate(locations, first)
    ]
    if rows:
        tx.execute(_location.insert(), rows)


def _named(image_id: str, location: Location) -> dict[str, Any]:
    return {"of_image": image_id, "of_store": location.store, "of_key": location.key}


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
    rows = [
        {"image_id": image_id, "name": name, "value": value, "value_key": value_key(value)}
        for name, value in sorted(properties)
    ]
    if rows:
        tx.execute(tables.image_property.insert(), rows)


def _values(image: Image) -> dict[str, Any]:
    return {name: getattr(image, name) for name in _COLUMNS}


def _with_keys(values: Mapping[str, Any]) -> dict[str, Any]:
    keys = {f"{name}_key": sorted_as(name, values[name]) for name in _SORTED_AS if name in values}
    return {**values, **keys}

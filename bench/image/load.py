"""Writes a world into either side's tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData

from bench.fill import Rows, filling, insert_rows
from bench.image.world import Image, World
from pileus.image.db import tables as ours
from pileus.image.service import MIGRATIONS
from pileus.kit.db import Database


def load_pileus(url: str, world: World) -> None:
    """Make Pileus' tables in an empty database, and fill them."""
    database = Database(url)
    MIGRATIONS.sync(database)
    database.close()
    with filling(url) as connection:
        rows: Rows = ({**_columns(each), **_keys(each)} for each in world.images)
        insert_rows(connection, ours.image, rows)
        rows = (
            {"image_id": each.id, "name": name, "value": value, "value_key": value}
            for each in world.images
            for name, value in each.properties.items()
        )
        insert_rows(connection, ours.image_property, rows)
        rows = ({"image_id": each.id, "value": tag} for each in world.images for tag in each.tags)
        insert_rows(connection, ours.image_tag, rows)
        rows = (
            {
                "image_id": each.id,
                "number": 0,
                "store": "local",
                "object_key": each.id,
                "status": "active",
                "metadata": "{}",
            }
            for each in _with_bytes(world)
        )
        insert_rows(connection, ours.image_location, rows)


def load_original(url: str, world: World) -> None:
    """Fill the original's tables."""
    reflected = MetaData()
    with filling(url) as connection:
        reflected.reflect(connection)
        theirs = reflected.tables
        insert_rows(connection, theirs["images"], ({**_columns(each), "deleted": False} for each in world.images))
        rows: Rows = (
            {"name": name, "value": value, **_part(each)}
            for each in world.images
            for name, value in each.properties.items()
        )
        insert_rows(connection, theirs["image_properties"], rows)
        rows = ({"value": tag, **_part(each)} for each in world.images for tag in each.tags)
        insert_rows(connection, theirs["image_tags"], rows)
        rows = (
            {"value": f"file:///nowhere/{each.id}", "meta_data": '{"store": "fs"}', "status": "active", **_part(each)}
            for each in _with_bytes(world)
        )
        insert_rows(connection, theirs["image_locations"], rows)


def _columns(image: Image) -> dict[str, Any]:
    has_bytes = image.status == "active"
    return {
        "id": image.id,
        "name": image.name,
        "owner": image.owner,
        "visibility": image.visibility,
        "status": image.status,
        "disk_format": image.disk_format,
        "container_format": "bare",
        "min_disk": 0,
        "min_ram": 0,
        "protected": False,
        "os_hidden": False,
        "size": image.size if has_bytes else None,
        "virtual_size": image.size if has_bytes else None,
        "checksum": image.id.replace("-", "") if has_bytes else None,
        "os_hash_algo": "sha512" if has_bytes else None,
        "os_hash_value": image.id.replace("-", "") * 4 if has_bytes else None,
        "created_at": image.created_at,
        "updated_at": image.created_at,
    }


def _keys(image: Image) -> dict[str, Any]:
    """Return what Pileus sorts by."""
    return {
        "name_key": image.name,
        "size_key": image.size if image.status == "active" else 0,
        "disk_format_key": image.disk_format,
        "container_format_key": "bare",
    }


def _part(image: Image) -> dict[str, Any]:
    return {"image_id": image.id, "created_at": image.created_at, "updated_at": image.created_at, "deleted": False}


def _with_bytes(world: World) -> list[Image]:
    return [each for each in world.images if each.status == "active"]

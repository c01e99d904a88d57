"""Writes a world into either side's tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select

from bench.fill import Rows, filling, insert_rows
from bench.placement.world import Provider, World
from pileus.kit.db import Database
from pileus.placement.db import tables as ours
from pileus.placement.service import MIGRATIONS


def load_pileus(url: str, world: World) -> None:
    """Make Pileus' tables in an empty database, and fill them."""
    database = Database(url)
    MIGRATIONS.sync(database)
    database.close()
    with filling(url) as connection:
        _fill_pileus(connection, world)


def load_original(url: str, world: World) -> None:
    """Fill the original's tables, which it has made and put its resource classes and traits into."""
    theirs = MetaData()
    with filling(url) as connection:
        theirs.reflect(connection)
        _fill_original(connection, theirs.tables, world)


def _fill_pileus(connection: Connection, world: World) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    uuids = {provider.id: provider.uuid for provider in world.providers}
    classes, traits = world.custom_names()
    insert_rows(connection, ours.resource_class, ({"name": name, "created_at": now} for name in sorted(classes)))
    insert_rows(connection, ours.trait, ({"name": name, "created_at": now} for name in sorted(traits)))
    rows: Rows = (
        {
            **_identity(each),
            "root_uuid": uuids[each.root],
            "parent_uuid": each.parent and uuids[each.parent],
            "created_at": now,
            "updated_at": now,
        }
        for each in world.providers
    )
    insert_rows(connection, ours.resource_provider, rows)
    rows = (
        {"provider_id": each.id, "resource_class": name, **stock.columns(), "used": 0, "updated_at": now}
        for each in world.providers
        for name, stock in each.stocks.items()
    )
    insert_rows(connection, ours.inventory, rows)
    rows = ({"provider_id": each.id, "trait": name} for each in world.providers for name in each.traits)
    insert_rows(connection, ours.resource_provider_trait, rows)
    rows = ({"provider_id": each.id, "aggregate_uuid": world.aggregate} for each in world.providers)
    insert_rows(connection, ours.resource_provider_aggregate, rows)


def _fill_original(connection: Connection, theirs: Mapping[str, Table], world: World) -> None:
    classes, traits = world.custom_names()
    insert_rows(connection, theirs["resource_classes"], ({"name": name} for name in sorted(classes)))
    insert_rows(connection, theirs["traits"], ({"name": name} for name in sorted(traits)))
    class_ids = _ids(connection, theirs["resource_classes"])
    trait_ids = _ids(connection, theirs["traits"])
    rows: Rows = (
        {**_identity(each), "root_provider_id": each.root, "parent_provider_id": each.parent}
        for each in world.providers
    )
    insert_rows(connection, theirs["resource_providers"], rows)
    rows = (
        {"resource_provider_id": each.id, "resource_class_id": class_ids[name], **stock.columns()}
        for each in world.providers
        for name, stock in each.stocks.items()
    )
    insert_rows(connection, theirs["inventories"], rows)
    rows = (
        {"resource_provider_id": each.id, "trait_id": trait_ids[name]}
        for each in world.providers
        for name in each.traits
    )
    insert_rows(connection, theirs["resource_provider_traits"], rows)
    insert_rows(connection, theirs["placement_aggregates"], [{"id": 1, "uuid": world.aggregate}])
    rows = ({"resource_provider_id": each.id, "aggregate_id": 1} for each in world.providers)
    insert_rows(connection, theirs["resource_provider_aggregates"], rows)


def _identity(provider: Provider) -> dict[str, Any]:
    return {"id": provider.id, "uuid": provider.uuid, "name": provider.name, "generation": 0}


def _ids(connection: Connection, table: Table) -> dict[str, int]:
    return {row.name: row.id for row in connection.execute(select(table.c.name, table.c.id))}

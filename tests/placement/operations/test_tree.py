from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from pileus.placement.db.tables import resource_provider as p

if TYPE_CHECKING:
    from pileus.kit.db import Database
    from tests.placement.conftest import Client


def put(client: Client, uuid: str, name: str, parent: str | None) -> int:
    return client("PUT", f"/resource_providers/{uuid}", {"name": name, "parent_provider_uuid": parent}).status


def test_a_moved_provider_takes_its_descendants_along(client: Client) -> None:
    root, moved = client.provider("root"), client.provider("moved")
    below = client("POST", "/resource_providers", {"name": "below", "parent_provider_uuid": moved}).decoded()["uuid"]
    assert put(client, moved, "moved", root) == 200
    shown = client("GET", f"/resource_providers/{below}").decoded()
    assert (shown["root_provider_uuid"], shown["parent_provider_uuid"]) == (root, moved)


def test_a_provider_does_not_go_below_itself(client: Client) -> None:
    top = client.provider("top")
    below = client("POST", "/resource_providers", {"name": "below", "parent_provider_uuid": top}).decoded()["uuid"]
    assert put(client, top, "top", below) == 400
    assert put(client, top, "top", top) == 400


def test_a_child_keeps_its_parent(client: Client) -> None:
    first, second = client.provider("first"), client.provider("second")
    child = client("POST", "/resource_providers", {"name": "child", "parent_provider_uuid": first}).decoded()["uuid"]
    assert put(client, child, "child", second) == 400
    assert put(client, child, "child", None) == 400
    assert put(client, child, "renamed", first) == 200


def test_a_parent_is_not_deleted(client: Client) -> None:
    parent = client.provider("parent")
    client("POST", "/resource_providers", {"name": "child", "parent_provider_uuid": parent})
    reply = client("DELETE", f"/resource_providers/{parent}")
    assert reply.decoded()["errors"][0]["code"] == "placement.resource_provider.cannot_delete_parent"


@pytest.mark.databases("postgresql", "mariadb")  # on SQLite there is one writer at a time
def test_a_child_that_is_made_while_its_parent_waits_to_move_goes_along(client: Client, database: Database) -> None:
    parent, goal = client.provider("parent"), client.provider("goal")
    with ThreadPoolExecutor(1) as pool:
        with database.engine.connect() as maker, maker.begin():
            maker.execute(select(p).where(p.c.uuid == parent).with_for_update())
            moving = pool.submit(put, client, parent, "parent", goal)
            time.sleep(0.3)  # until the move waits for the parent's row
            row = {"uuid": str(uuid4()), "name": "child", "generation": 0, "root_uuid": parent, "parent_uuid": parent}
            maker.execute(insert(p).values(**row, created_at=datetime(2026, 1, 1), updated_at=datetime(2026, 1, 1)))
        assert moving.result(timeout=30) == 200
    shown = client("GET", f"/resource_providers?in_tree={goal}").decoded()["resource_providers"]
    assert {one["name"] for one in shown} == {"parent", "goal", "child"}

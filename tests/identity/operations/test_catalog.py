from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pileus.identity.model.assignment import Assignment, TargetKind
from pileus.identity.model.catalog_errors import RegionCircular
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.operations import assignment, catalog, project

if TYPE_CHECKING:
    from pileus.kit.db import Transaction
    from tests.identity.world import World

A_MOMENT_S = 0.3


def test_two_who_move_regions_at_once_do_not_make_a_circle(world: World) -> None:
    for name in ("a", "b"):
        world.made("/v3/regions", {"region": {"id": name}})
    is_moved, may_end = threading.Event(), threading.Event()

    def slowly(tx: Transaction) -> None:
        catalog.update_region(tx, "a", {"parent_region_id": "b"})
        is_moved.set()
        may_end.wait(A_MOMENT_S)  # in which the other one comes

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(world.database.write, slowly)
        assert is_moved.wait(10)
        second = pool.submit(world.database.write, catalog.update_region, "b", {"parent_region_id": "a"})
        first.result()
        with pytest.raises(RegionCircular):
            second.result()


def test_two_who_change_a_service_at_once_both_have_their_way(world: World) -> None:
    which = world.made("/v3/services", {"service": {"type": "t", "name": "before"}})["id"]
    is_renamed, may_end = threading.Event(), threading.Event()

    def slowly(tx: Transaction) -> None:
        catalog.update_service(tx, which, {"name": "after"})
        is_renamed.set()
        may_end.wait(A_MOMENT_S)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(world.database.write, slowly)
        assert is_renamed.wait(10)
        second = pool.submit(world.database.write, catalog.update_service, which, {"type": "u"})
        first.result()
        second.result()
    service = world("GET", f"/v3/services/{which}").decoded()["service"]
    assert (service["name"], service["type"]) == ("after", "u")


def test_a_role_given_on_a_project_that_is_being_removed_goes_with_it(world: World) -> None:
    home, owner, role = (
        world.made("/v3/projects", {"project": {"name": "p"}})["id"],
        world.user("u"),
        world.role("member"),
    )
    is_removed, may_end = threading.Event(), threading.Event()

    def slowly(tx: Transaction) -> None:
        project.delete(tx, home)
        is_removed.set()
        may_end.wait(A_MOMENT_S)

    new = Assignment(user_id=owner, target_kind=TargetKind.PROJECT, target_id=home, role_id=role)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(world.database.write, slowly)
        assert is_removed.wait(10)
        second = pool.submit(world.database.write, assignment.grant, new)
        first.result()
        with pytest.raises(ResourceNotFound):
            second.result()

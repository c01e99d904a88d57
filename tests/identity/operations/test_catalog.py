from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pileus.identity.model.catalog_errors import RegionCircular
from pileus.identity.operations import catalog

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

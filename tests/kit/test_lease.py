from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pileus.kit.db import Database
from pileus.kit.db.types import new_metadata
from pileus.kit.lease import Leases, lease_table
from tests.kit.clock import HeldClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METADATA = new_metadata()
LEASE = lease_table(METADATA)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def owner(database_url: str, clock: HeldClock) -> Iterator[Callable[[str], Leases]]:
    database = Database(database_url)
    with database.engine.begin() as connection:
        METADATA.create_all(connection)
    yield lambda name: Leases(database, LEASE, name, clock)
    database.close()


def test_a_lease_is_one_owners_until_it_ends(owner: Callable[[str], Leases], clock: HeldClock) -> None:
    one, two = owner("one"), owner("two")
    assert one.take("loop", 60)
    assert not two.take("loop", 60)
    assert two.take("other", 60)
    clock.sleep(59)
    assert not two.take("loop", 60)
    clock.sleep(2)
    assert two.take("loop", 60)
    assert not one.take("loop", 60)


def test_a_lease_that_is_renewed_does_not_end(owner: Callable[[str], Leases], clock: HeldClock) -> None:
    one, two = owner("one"), owner("two")
    for _ in range(5):
        assert one.take("loop", 60)
        clock.sleep(50)
        assert not two.take("loop", 60)


def test_a_copy_that_comes_back_has_its_own_at_once(owner: Callable[[str], Leases]) -> None:
    assert owner("one").take("loop", 60)
    assert owner("one").take("loop", 60)


def test_of_many_that_ask_at_once_for_a_new_lease_one_gets_it(owner: Callable[[str], Leases]) -> None:
    for number in range(5):
        together = threading.Barrier(8)

        def ask(name: str, lease: str = f"loop {number}", together: threading.Barrier = together) -> bool:
            together.wait()
            return owner(name).take(lease, 60)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(ask, [str(name) for name in range(8)])) == 1

"""The fleet in memory is what the database says, whatever changed and whoever changed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pileus.compute.db import aggregate as aggregates
from pileus.compute.db import host as hosts
from pileus.compute.db import server as servers
from pileus.compute.db import service as services
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.model.server import TaskState, VmState
from pileus.compute.scheduler.fleet import Fleet
from pileus.compute.scheduler.hosts import Coded
from tests.compute.cloud import RESOURCES, Cloud
from tests.kit.clock import START

if TYPE_CHECKING:
    from pileus.compute.model.aggregate import Aggregate
    from pileus.compute.scheduler.ask import HostView
    from pileus.kit.db import Database, Transaction

DOWN_AFTER_S = 60.0


def views(fleet: Fleet, database: Database, now: datetime = START) -> dict[str, HostView]:
    known = fleet.current(database, now, DOWN_AFTER_S)
    return {view.host: view for view in (known.view(index) for index in range(len(known)))}


def beat(database: Database, *names: str, now: datetime = START, memory_mb: int = 16384) -> None:
    for name in names:
        database.write(hosts.upsert, name, replace(RESOURCES, memory_mb=memory_mb), now)


def aggregate(database: Database, name: str, metadata: dict[str, str], *members: str) -> None:
    def write(tx: Transaction) -> None:
        aggregates.add(tx, name, metadata, START)
        made = aggregates.find_by_name(tx, name)
        assert made is not None
        for member in members:
            aggregates.add_host(tx, made, member)

    database.write(write)


def set_service(database: Database, host: str, **values: object) -> None:
    database.write(lambda tx: services.update(tx, services.get_on(tx, host, COMPUTE_BINARY), START, **values))


@pytest.fixture
def fleet(database: Database) -> Fleet:
    """A fleet that has seen two hosts."""
    made = Fleet()
    beat(database, "h2", "h1")
    assert list(views(made, database)) == ["h1", "h2"]
    return made


def test_a_new_host_and_one_that_went_are_noticed(database: Database, fleet: Fleet) -> None:
    beat(database, "h0")
    assert list(views(fleet, database)) == ["h0", "h1", "h2"]

    def forget(tx: Transaction) -> None:
        hosts.delete(tx, "h1")
        services.delete(tx, services.get_on(tx, "h1", COMPUTE_BINARY))

    database.write(forget)
    assert list(views(fleet, database)) == ["h0", "h2"]


def test_what_a_host_has_and_whether_it_is_enabled_are_as_they_were_written_last(
    database: Database, fleet: Fleet
) -> None:
    beat(database, "h1", memory_mb=32768)
    set_service(database, "h2", is_disabled=True, disabled_reason="new disk")
    database.write(hosts.count_failed_build, "h2")
    found = views(fleet, database)
    assert found["h1"].total["MEMORY_MB"] == 32768
    assert (found["h2"].is_enabled, found["h2"].disabled_reason, found["h2"].failed_builds) == (False, "new disk", 1)
    database.write(hosts.forget_failed_builds, "h2")
    assert views(fleet, database) == views(Fleet(), database)


def test_aggregates_say_what_they_say_now(database: Database, fleet: Fleet) -> None:
    aggregate(database, "ssds", {"ssd": "true", "availability_zone": "east"}, "h1")
    found = views(fleet, database)
    assert (found["h1"].aggregates, found["h1"].zone) == (({"availability_zone": "east", "ssd": "true"},), "east")
    assert (found["h2"].aggregates, found["h2"].zone) == ((), "nova")
    database.write(lambda tx: aggregates.change_metadata(tx, aggregates.get(tx, 1), {"availability_zone": None}))
    assert views(fleet, database)["h1"].zone == "nova"
    database.write(lambda tx: aggregates.remove_host(tx, aggregates.get(tx, 1), "h1"))
    assert views(fleet, database)["h1"].aggregates == ()


def test_a_host_that_comes_into_an_aggregate_while_that_changes_is_as_the_aggregate_is_then(
    database: Database, fleet: Fleet
) -> None:
    aggregate(database, "ssds", {"ssd": "no"})

    def read(tx: Transaction) -> Aggregate:
        found = aggregates.find_by_name(tx, "ssds")
        assert found is not None
        return found

    before = database.write(read)  # by somebody whose own change comes after that of another
    database.write(lambda tx: aggregates.add_host(tx, before, "h1"))
    assert views(fleet, database)["h1"].aggregates == ({"ssd": "no"},)
    database.write(aggregates.change_metadata, before, {"ssd": "true"})
    assert views(fleet, database)["h1"].aggregates == ({"ssd": "true"},)
    database.write(aggregates.delete, before)
    assert views(fleet, database)["h1"].aggregates == ()


def test_a_host_is_down_when_it_was_silent_for_too_long_and_up_as_soon_as_it_is_heard_again(
    database: Database, fleet: Fleet
) -> None:
    later = START + timedelta(seconds=DOWN_AFTER_S + 1)
    assert not any(view.is_up for view in views(fleet, database, later).values())
    beat(database, "h1", now=later)
    assert [view.is_up for view in views(fleet, database, later).values()] == [True, False]


def test_a_host_that_is_said_to_be_down_is_down_though_it_is_heard(database: Database, fleet: Fleet) -> None:
    set_service(database, "h1", is_forced_down=True)
    beat(database, "h1")
    assert not views(fleet, database)["h1"].is_up
    set_service(database, "h1", is_forced_down=False)
    assert views(fleet, database)["h1"].is_up


def test_servers_are_counted_where_they_are_and_busy_ones_as_such(cloud: Cloud) -> None:
    beat(cloud.database, "h1", "h2")
    fleet = Fleet()

    def loads() -> dict[str, tuple[int, int]]:
        return {name: (view.servers, view.io_ops) for name, view in views(fleet, cloud.database).items()}

    one, two = cloud.active_server("one", host="h1"), cloud.active_server("two", host="h1")
    assert loads() == {"h1": (2, 0), "h2": (0, 0)}
    set_state = cloud.database.write
    set_state(lambda tx: servers.set_state(tx, one, host="h2", task_state=TaskState.REBUILDING, now=START))
    assert loads() == {"h1": (1, 0), "h2": (1, 1)}
    set_state(lambda tx: servers.set_state(tx, one, task_state=None, vm_state=VmState.STOPPED, now=START))
    set_state(lambda tx: servers.mark_deleted(tx, two, START))
    assert loads() == {"h1": (0, 0), "h2": (1, 0)}
    assert views(fleet, cloud.database) == views(Fleet(), cloud.database)


def fleet_before_a_late_change(cloud: Cloud, how_late: timedelta) -> Fleet:
    """Return a fleet that has seen the server of h1, which then goes, by a change that was so long on its way."""
    beat(cloud.database, "h1")
    server_id = cloud.active_server("one", host="h1")
    fleet = Fleet()
    assert views(fleet, cloud.database)["h1"].servers == 1
    cloud.database.write(lambda tx: servers.set_state(tx, server_id, host=None, now=START - how_late))
    return fleet


def test_a_change_that_was_seen_too_late_is_counted_at_the_next_recount(cloud: Cloud) -> None:
    fleet = fleet_before_a_late_change(cloud, timedelta(hours=1))
    assert views(fleet, cloud.database)["h1"].servers == 1
    assert views(fleet, cloud.database, START + timedelta(minutes=5))["h1"].servers == 0


def test_a_change_that_waited_for_others_is_counted_soon(cloud: Cloud) -> None:
    fleet = fleet_before_a_late_change(cloud, timedelta(seconds=30))
    assert views(fleet, cloud.database, START + timedelta(seconds=1))["h1"].servers == 1
    assert views(fleet, cloud.database, START + timedelta(seconds=15))["h1"].servers == 0


def test_what_a_host_was_is_not_remembered_for_ever() -> None:
    column = Coded.of(["a", "b"])
    for number in range(100):
        column = column.with_values(np.array([1], dtype=np.intp), [f"reason {number}"])
        assert [column.values[code] for code in column.codes] == ["a", f"reason {number}"]
    assert len(column.values) <= 2


def test_what_hosts_measure_is_followed(database: Database, fleet: Fleet) -> None:
    def measure(host: str, **metrics: float) -> dict[str, dict[str, float]]:
        database.write(hosts.upsert, host, replace(RESOURCES, metrics=metrics), START)
        return {name: dict(view.metrics) for name, view in views(fleet, database).items()}

    assert measure("h1", cpu=0.5) == {"h1": {"cpu": 0.5}, "h2": {}}
    assert measure("h2", cpu=0.1, disk=1.0) == {"h1": {"cpu": 0.5}, "h2": {"cpu": 0.1, "disk": 1.0}}
    assert measure("h2") == {"h1": {"cpu": 0.5}, "h2": {}}
    assert views(fleet, database) == views(Fleet(), database)

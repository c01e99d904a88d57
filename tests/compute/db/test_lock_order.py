"""Of a host everybody locks its service first, then the generation, then its hypervisor."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from pileus.compute.db import aggregate, host, service
from pileus.compute.messages import Heartbeat
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.operations import service as operation
from tests.compute.cloud import RESOURCES, Cloud

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.kit.db import Transaction

ORDER = ["service", "fleet", "hypervisor"]
NOW = datetime(2026, 1, 1)
LATER = NOW + timedelta(seconds=10)


def beats(tx: Transaction) -> None:
    """Of one host there is nothing new; one has measured something; one is new."""
    measured = replace(RESOURCES, metrics={"cpu.percent": 0.5})
    said = (("a", RESOURCES), ("b", measured), ("c", RESOURCES))
    host.note_alive(tx, [(Heartbeat(host=name, resources=one, guests=()), LATER) for name, one in said])


def grow(tx: Transaction) -> None:
    host.upsert(tx, "a", replace(RESOURCES, memory_mb=1), LATER)


def disable(tx: Transaction) -> None:
    service.update(tx, service.get_on(tx, "a", COMPUTE_BINARY), LATER, is_disabled=True)


def forget(tx: Transaction) -> None:
    operation._delete(tx, service.get_on(tx, "a", COMPUTE_BINARY).number)


def put_into_a_zone(tx: Transaction) -> None:
    made = aggregate.find_by_name(tx, "rack")
    assert made is not None
    aggregate.change_metadata(tx, made, {"availability_zone": "z"})


@pytest.mark.parametrize("change", [beats, grow, disable, forget, put_into_a_zone])
def test_nobody_locks_rows_of_a_host_in_another_order(cloud: Cloud, change: Callable[[Transaction], None]) -> None:
    def prepare(tx: Transaction) -> None:
        for name in ("a", "b"):
            host.upsert(tx, name, RESOURCES, NOW)
        aggregate.add(tx, "rack", {}, NOW)
        made = aggregate.find_by_name(tx, "rack")
        assert made is not None
        aggregate.add_host(tx, made, "a")

    cloud.database.write(prepare)
    locked: list[str] = []

    @event.listens_for(cloud.database.engine, "after_cursor_execute")
    def note(_connection: object, cursor: Any, statement: str, *_: object) -> None:
        found = re.match(r"(?:UPDATE|DELETE FROM|INSERT INTO) (\w+)", statement)
        if found and cursor.rowcount and found[1] in ORDER and found[1] not in locked:
            locked.append(found[1])

    cloud.database.write(change)
    assert len(locked) > 1
    assert locked == [name for name in ORDER if name in locked]

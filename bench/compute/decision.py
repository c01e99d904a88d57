"""The row about decisions: what the scheduler does once placement has answered.

The hosts are rows of a real database (SQLite, in a directory that is removed), and placement's answer names all of
them, and every tenth answer one less. A decision brings the fleet up to date, finds the candidates in it, filters,
weighs and takes the best five. It is told in processor time; before each, one host has one failed build more.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from bench.report import Figure, Row, at_most
from pileus.clients.placement import Room
from pileus.compute.db import fleet as fleet_rows
from pileus.compute.db import host as host_rows
from pileus.compute.db.tables import HYPERVISOR, SERVICE
from pileus.compute.messages import Resources
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.scheduler.ask import Ask
from pileus.compute.scheduler.catalog import Scheduler, new_scheduler
from pileus.compute.scheduler.hosts import Hosts
from pileus.compute.scheduler.room import with_room
from pileus.compute.service import MIGRATIONS
from pileus.compute.settings import Settings
from pileus.kit import ids
from pileus.kit.db import Database, Transaction

LIMITS_MS = {10_000: 10, 100_000: 40}  # hosts → what a decision may take
TIMES = 30
NOW = datetime(2026, 1, 1)
RESOURCES = Resources(
    vcpus=64, memory_mb=262_144, disk_gb=2_000, hypervisor_type="QEMU", hypervisor_version=7_002_022,
    hypervisor_hostname="", cpu_info={"arch": "x86_64", "topology": {"cores": 32}}, traits=("HW_CPU_X86_AVX2",),
)  # fmt: skip


def rows() -> list[Row]:
    """Decide over many hosts, and over very many."""
    return [at_most(f"a decision over {count:,} hosts", *_measured(count), limit) for count, limit in LIMITS_MS.items()]


def _measured(count: int) -> tuple[Figure, None]:
    with tempfile.TemporaryDirectory() as path:
        database = Database(f"sqlite:///{path}/compute.sqlite")
        try:
            return Figure(_laps_ms(database, count), "ms"), None
        finally:
            database.close()


def _laps_ms(database: Database, count: int) -> list[float]:
    MIGRATIONS.sync(database)
    database.write(_fill, count)
    settings = Settings()
    scheduler = new_scheduler(settings)
    ask = Ask(server_id="s", project_id="p", resources={"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1})
    room = _room(scheduler.fleet.current(database, NOW, settings.service_down_time_s).names.providers)
    laps = []
    for lap in range(TIMES):
        _change(database)
        answer = _without(room, int(lap % 10 == 9))
        began = time.process_time()
        known = scheduler.fleet.current(database, NOW, settings.service_down_time_s)
        _decide(scheduler, ask, with_room(known, answer, {}))
        laps.append((time.process_time() - began) * 1000)
    return laps


def _decide(scheduler: Scheduler, ask: Ask, hosts: Hosts) -> None:
    choice = scheduler.choose(ask, hosts)
    assert len(choice.best(5)) == 5
    choice.summary()


def _room(providers: Sequence[str]) -> Room:
    """Return what placement says of hosts that are used more or less, in an order of its own."""
    numbers = np.arange(len(providers))
    capacity = {"VCPU": 1024, "MEMORY_MB": 392_448, "DISK_GB": 2_000}
    used = {"VCPU": numbers * 7 % 512, "MEMORY_MB": numbers * 512 % 262_144, "DISK_GB": numbers % 1_000}
    return Room(providers[::-1], {name: np.full(len(providers), most) for name, most in capacity.items()}, used)


def _without(room: Room, count: int) -> Room:
    """Return what placement says when the first so many are full, in strings of its own as an answer has."""
    providers = [provider[:1] + provider[1:] for provider in room.providers[count:]]
    capacity, used = ({name: column[count:] for name, column in part.items()} for part in (room.capacity, room.used))
    return Room(list(dict.fromkeys(providers)), capacity, used)


def _fill(tx: Transaction, count: int) -> None:
    """Write hosts, of which one in a hundred is disabled, as they would be after their first heartbeats."""
    host_rows.upsert(tx, _name(0), RESOURCES, NOW)
    generation, _ = fleet_rows.generation(tx)
    row = dict(tx.execute(HYPERVISOR.select()).mappings().one())
    numbers = range(1, count)
    tx.execute(
        SERVICE.insert(),
        [
            {
                "uuid": ids.new_uuid(), "host": _name(number), "binary": COMPUTE_BINARY, "created_at": NOW,
                "is_disabled": number % 100 == 0, "is_forced_down": False, "last_seen_at": NOW,
            }
            for number in numbers
        ],
    )  # fmt: skip
    del row["number"]
    hypervisors = [
        {
            **row, "uuid": ids.new_uuid(), "host": _name(number), "hostname": _name(number), "generation": generation,
            "address": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
        }
        for number in numbers
    ]  # fmt: skip
    tx.execute(HYPERVISOR.insert(), hypervisors)


def _change(database: Database) -> None:
    """Let a host have one failed build more, which the next decision must know."""
    database.write(host_rows.count_failed_build, _name(1))


def _name(number: int) -> str:
    return f"host-{number:06}"

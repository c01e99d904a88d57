"""What Pileus' index of very many providers takes: memory, and time at a start."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import process
from bench.alone import READY_S
from bench.client import Refused, TooLate, wait_until
from bench.placement.client import fetch
from bench.placement.rows import flat_path
from bench.placement.sides import Pileus
from bench.placement.world import World
from bench.report import Figure, Row, at_most

STARTS = 3
REST_S = 2
MEMORY_AIM_MB, TIME_AIM_S = 300, 5


@dataclass(slots=True)
class Starts:
    """What some starts took until the first search was answered, and the memory a little later."""

    seconds: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    pss_mb: list[float] = field(default_factory=list)


def measure(folder: Path, port: int, world: World) -> list[Row]:
    """Start Pileus some times without providers and with all of them; return the rows."""
    nobody = World(world.seed)
    empty, full = Pileus(folder / "empty", port), Pileus(folder / "full", port)
    empty.prepare(nobody)
    full.prepare(world)
    without, those = Starts(), Starts()
    for _ in range(STARTS):
        _start(empty, nobody, without)
        _start(full, world, those)
    what, until = f"{len(world.providers):,} providers", "from the start to the first search"
    return [
        at_most(f"memory of {what}: RSS", _growth(without.rss_mb, those.rss_mb), None, MEMORY_AIM_MB),
        at_most(f"memory of {what}: PSS", _growth(without.pss_mb, those.pss_mb), None, MEMORY_AIM_MB),
        Row(f"{until}, no providers", Figure(without.seconds, "s", 2)),
        at_most(f"{until}, {what}", Figure(those.seconds, "s", 2), None, TIME_AIM_S),
        Row(f"{until}, no providers: processor", Figure(without.cpu_s, "s", 2)),
        Row(f"{until}, {what}: processor", Figure(those.cpu_s, "s", 2)),
    ]


def _growth(before: Sequence[float], after: Sequence[float]) -> Figure:
    return Figure([those - without for without, those in zip(before, after, strict=True)], "MB", 0)


def _start(side: Pileus, world: World, starts: Starts) -> None:
    path = flat_path(world, 1)

    def has_found() -> bool:
        try:
            found = fetch(side.port, path)["allocation_requests"]
        except (OSError, Refused, TooLate):
            return False
        return len(found) == min(len(world.providers), 1)

    began = time.perf_counter()
    try:
        side.start()
        wait_until("Pileus finds nothing", has_found, timeout_s=READY_S)
        starts.seconds.append(time.perf_counter() - began)
        starts.cpu_s.append(process.footprint(side.pids()).cpu_s)
        time.sleep(REST_S)
        taken = process.footprint(side.pids())
        starts.rss_mb.append(taken.rss_mib * 2**20 / 1e6)
        starts.pss_mb.append(taken.pss_mib * 2**20 / 1e6)
    finally:
        side.stop()

"""A world as it was at a moment, to begin again from: what leads there need not be done each time."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.compute.world import World

_MACHINE = ("guests", "aside")  # what a hypervisor has


class Kept:
    """A world's databases, machines, messages and time. Its processes are not kept: they start anew."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._databases = {name: _copied(world.file_of(name)) for name in world.databases}
        self._machines = deepcopy({name: _machine(host) for name, host in world.hosts.items()})
        self._rest = deepcopy((world.clock.time, world.settings, world.images, world.bus.waiting))

    def go_back(self) -> None:
        """Let the world be as it was."""
        world = self._world
        for name, kept in self._databases.items():
            with closing(sqlite3.connect(world.file_of(name))) as file:
                kept.backup(file)
        world.clock.time, world.settings, world.images, world.bus.waiting = deepcopy(self._rest)
        for name in set(world.hosts) - set(self._machines):
            world.hosts.pop(name).vanish()
        for name, (is_there, broken, *guests) in deepcopy(self._machines).items():
            host = world.hosts[name]
            shutil.rmtree(world.path / name)
            host.broken = broken
            for what, value in zip(_MACHINE, guests, strict=True):
                setattr(host.driver, what, value)
            host.start_agent()
            if not is_there:
                host.vanish()
        world.start_placement()
        world.start()

    def close(self) -> None:
        for kept in self._databases.values():
            kept.close()


def _copied(file: str) -> sqlite3.Connection:
    kept = sqlite3.connect(":memory:")
    with closing(sqlite3.connect(file)) as live:
        live.backup(kept)
    return kept


def _machine(host: Any) -> tuple[Any, ...]:
    return (host.is_there, host.broken, *(getattr(host.driver, what) for what in _MACHINE))

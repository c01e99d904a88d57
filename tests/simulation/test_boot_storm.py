"""Two hundred hosts, one clock, one seed, and a bus that loses, doubles, delays and reorders what it is given.

Users boot and delete, agents and the control plane die and come back. After each step nothing may be wrong, and at the
end, when everybody is well again, everything adds up. A seed that fails is a recipe: run it again.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from pileus.compute.db import server as servers
from pileus.compute.loops import allocation
from pileus.compute.messages import address_of
from pileus.compute.settings import QuotaSettings, Settings
from tests.compute.world import DiedError, Host, StillBus, World

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

HOSTS = 200
STEPS = 70
BOOTS_PER_STEP = 3
HEARTBEAT_S = 20.0
LOST, DOUBLED, LATE = 0.08, 0.08, 0.2
LATEST_S = 25.0
SETTINGS = Settings(quota=QuotaSettings(instances=-1, cores=-1, ram_mb=-1))

_TOO_FULL = text(
    "SELECT i.provider_id, i.resource_class FROM inventory i WHERE (i.total - i.reserved) * i.allocation_ratio < "
    "(SELECT coalesce(sum(a.used), 0) FROM allocation a WHERE a.provider_id = i.provider_id "
    "AND a.resource_class = i.resource_class)"
)


class StormyBus(StillBus):
    """Every message has a fate."""

    def __init__(self, world: World, chance: random.Random) -> None:
        super().__init__()
        self._world, self._chance = world, chance
        self.is_calm = False
        self._due: list[tuple[datetime, str, bytes]] = []

    def tell(self, address: str, message: object) -> None:
        fate = 1.0 if self.is_calm else self._chance.random()
        copies = 0 if fate < LOST else 2 if fate < LOST + DOUBLED else 1
        for _ in range(copies):
            is_late = not self.is_calm and self._chance.random() < LATE
            delay_s = self._chance.uniform(0, LATEST_S) if is_late else 0.0
            due = self._world.clock.now() + timedelta(seconds=delay_s)
            self._due.append((due, address, self.codec.encode(message)))

    def deliver(self) -> int:
        """Hand out what is due, in any order, but not what comes of it."""
        now = self._world.clock.now()
        due = [(address, data) for at, address, data in self._due if at <= now]
        self._due = [one for one in self._due if one[0] > now]
        self._chance.shuffle(due)
        count = len(due)
        while due:
            address, data = due.pop()
            handler = self.handlers.get(address)
            try:
                if handler is not None:
                    handler(self.codec.decode(data))
            except DiedError:
                self._world_of_the_dead(address)
        return count

    def _world_of_the_dead(self, address: str) -> None:
        """Whoever died over a message is back at once, and the message is lost."""
        if address == "compute":
            self._world.start()
        else:
            self._world.hosts[address.removeprefix("agent.")].start_agent()


class Storm:
    """What happens, step by step."""

    def __init__(self, path: Path, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (it shall be repeatable)
        self.world = World(path, SETTINGS)
        self.bus = StormyBus(self.world, self.chance)
        self.bus.is_calm = True
        self.world.bus = self.bus
        self.world.start()
        for number in range(HOSTS):
            name = f"h{number}"
            self.world.hosts[name] = Host(self.world, name, disk_gb=self.chance.randint(1, 2), memory_mb=4096)
        self.world.beat()
        self.bus.is_calm = False
        self.last_beat = self.world.clock.now()
        self.seen: Counter[str] = Counter()

    def step(self) -> None:
        world, chance = self.world, self.chance
        world.clock.sleep(chance.uniform(0.5, 3))
        self._survive(self._ask)
        self._kill()
        if (world.clock.now() - self.last_beat).total_seconds() >= HEARTBEAT_S:
            self.last_beat = world.clock.now()
            self._beat()
            self._survive(world.guest_loop.run)
            self._survive(lambda: allocation.release_orphans(world.database, world.store, world.placement))
        self._survive(world.run)
        self.bus.deliver()
        self.require_sound()

    def _ask(self) -> None:
        world, chance = self.world, self.chance
        for _ in range(chance.randint(0, 2 * BOOTS_PER_STEP)):
            world.boot()
            self.seen["boots"] += 1
        for row in chance.sample(self._rows(), k=min(chance.randint(0, 4), len(self._rows()))):
            if world.delete(row.id) == 204:
                self.seen["deletes"] += 1

    def _kill(self) -> None:
        """Let somebody die at one of the next things that he does, or vanish for a while."""
        world, chance = self.world, self.chance
        if chance.random() < 0.3:
            world.effects.deadly = len(world.effects.seen) + chance.randint(0, 30)
        for host in chance.sample(list(world.hosts.values()), k=2):
            host.effects.deadly = len(host.effects.seen) + chance.randint(0, 2)
        for host in chance.sample(list(world.hosts.values()), k=1):
            host.vanish() if chance.random() < 0.5 else host.start_agent()

    def _beat(self) -> None:
        for host in self.world.hosts.values():
            if address_of(host.name) in self.bus.handlers:
                try:
                    host.beat()
                except DiedError:
                    self.seen["agents died"] += 1
                    host.start_agent()

    def _survive(self, act: Any) -> None:
        try:
            act()
        except DiedError:
            self.seen["control planes died"] += 1
            self.world.start()

    def _rows(self) -> list[Any]:
        with self.world.database.read() as tx:
            return list(servers.list_in_states(tx))

    def require_sound(self) -> None:
        """Nothing that must never be, is."""
        with self.world._databases["placement"].read() as tx:
            assert tx.all(_TOO_FULL) == []
        for row in self._rows():
            if row.vm_state == "active":
                assert row.host is not None
                if row.task_state is None:
                    assert row.id in self.world.hosts[row.host].guests, row

    def calm_down(self) -> None:
        """The storm is over: everybody is there, and nothing is lost any more."""
        world = self.world
        self.bus.is_calm = True
        world.start()
        for host in world.hosts.values():
            host.start_agent()
        for _ in range(6):
            world.clock.sleep(HEARTBEAT_S)
            world.repair()


@pytest.mark.parametrize("seed", [20261120])
def test_after_a_storm_everything_adds_up(tmp_path: Path, seed: int) -> None:
    storm = Storm(tmp_path, seed)
    try:
        for _ in range(STEPS):
            storm.step()
        storm.calm_down()
        storm.require_sound()
        storm.world.check()
        ended = Counter(storm.world.ended())
        assert set(ended) == {"done", "undone"}
        assert ended["done"] > 200
        assert ended["undone"] > 5
        assert storm.seen["control planes died"] > 3
    finally:
        storm.world.close()

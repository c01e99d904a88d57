"""A storm: users ask for everything, processes die and come back, hosts lose their network, messages their way."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pileus.compute.db import server as servers
from pileus.compute.loops import overdue, stuck
from pileus.compute.messages import CONTROL, address_of
from pileus.compute.model.power import PowerState
from pileus.compute.settings import QuotaSettings, Settings
from pileus.compute.workflows import WORKFLOWS
from pileus.compute.workflows.unclaimed_image import KIND as UNCLAIMED
from pileus.compute.workflows.unclaimed_image import PATIENCE
from pileus.kit.workflow import Runner
from tests.compute.effects import DiedError, Effects, FragileBus, FragileDatabase
from tests.compute.host import Host
from tests.compute.template import open_database
from tests.compute.world import SILENT_S, World
from tests.simulation.bus import StormyBus
from tests.simulation.invariants import Invariants, require_all_adds_up
from tests.simulation.trace import Trace, seeded_ids
from tests.simulation.users import Users

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pileus.compute.model.server import Server

HEARTBEAT_S = 20.0
LOOPS_S = 60.0
BOOTS_PER_STEP = 3
ASKS_PER_STEP = 8
IMPATIENT = 0.2  # of those whose server is busy
QUIET_ROUNDS = 60
SETTINGS = Settings(
    quota=QuotaSettings(instances=-1, cores=-1, ram_mb=-1), reclaim_deleted_after_s=90.0, resize_confirm_after_s=150.0
)


class Worker:
    """A further process that runs workflows, with a name and leases of its own."""

    def __init__(self, world: World, owner: str) -> None:
        self._world, self._owner, self.effects = world, owner, Effects()
        self.database: FragileDatabase = open_database(FragileDatabase, world.path, "compute")
        self.database.effects = self.effects
        self.start()

    def start(self) -> None:
        """A new process, as after a restart."""
        self.effects.deadly = None
        bus = FragileBus(self._world.bus, self.effects)
        means = replace(self._world.means, database=self.database, bus=bus)
        store, clock = self._world.store, self._world.clock
        self.runner = Runner(self.database, store, WORKFLOWS, means, owner=self._owner, clock=clock)
        self.runner.resume()
        self.is_there = True


class Storm:
    """What happens, step by step; all of it follows from the seed."""

    def __init__(self, path: Path, seed: int, hosts: int) -> None:
        self.seed, self.trace = seed, Trace()
        self.chance = random.Random(seed)  # noqa: S311 (it shall be repeatable)
        self.world = World(path, SETTINGS)
        self.bus = StormyBus(self.world.clock, self.chance, self.trace, self._bury)
        self.world.bus = self.bus
        self.world.start()
        self.second = Worker(self.world, "second")
        for number in range(hosts):
            name = f"h{number}"
            size = self.chance.choice((2, 4, 24, 44))
            self.world.hosts[name] = Host(self.world, name, disk_gb=size, memory_mb=6144)
        self.world.beat()
        self.users = Users(self.world, self.chance, self.trace)
        self.invariants = Invariants(self.world)
        self.bus.is_calm = False
        self._beaten = self._looped = self.world.clock.monotonic()
        self._back_at: dict[str, float] = {}  # hosts without network, until when

    def close(self) -> None:
        self.second.database.close()
        self.world.close()

    # --- a step ---

    def step(self) -> None:
        """Let some time pass, and something happen in it; raises AssertionError if an invariant is broken."""
        self.world.clock.sleep(self.chance.uniform(1, 6))
        self._survive(self._ask)
        self._kill()
        self._come_back()
        if self._is_time("_beaten", HEARTBEAT_S):
            self._beat()
            self._survive(self.world.guest_loop.run)
        if self._is_time("_looped", LOOPS_S):
            self._loop()
        self._work()
        self.bus.deliver()
        self.invariants.require()

    def _is_time(self, mark: str, every_s: float) -> bool:
        is_due = self.world.clock.monotonic() - getattr(self, mark) >= every_s
        if is_due:
            setattr(self, mark, self.world.clock.monotonic())
        return is_due

    def _ask(self) -> None:
        for _ in range(self.chance.randint(0, 2 * BOOTS_PER_STEP)):
            self.users.boot()
        rows = self.rows()
        likely = [row for row in rows if row.task_state is None or self.chance.random() < IMPATIENT]
        for row in self.chance.sample(likely, k=min(self.chance.randint(0, 2 * ASKS_PER_STEP), len(likely))):
            self.users.ask(row)
        for row in rows:
            is_silent = (row.host or "") in self._back_at
            if is_silent and self.chance.random() < 0.2:
                self.users.evacuate(row)

    def _kill(self) -> None:
        """Let somebody die at one of the next things that he does, or lose his network, or a guest its power."""
        chance, world = self.chance, self.world
        if chance.random() < 0.3:
            world.effects.deadly = len(world.effects.seen) + chance.randint(0, 40)
        if chance.random() < 0.3:
            self.second.effects.deadly = len(self.second.effects.seen) + chance.randint(0, 20)
        hosts = list(world.hosts.values())
        for host in chance.sample(hosts, k=max(2, len(hosts) // 50)):
            host.effects.deadly = len(host.effects.seen) + chance.randint(0, 3)
        if chance.random() < 0.3:
            host = chance.choice([one for one in hosts if one.guests] or hosts)
            host.vanish()
            self._back_at[host.name] = world.clock.monotonic() + chance.choice((10.0, 3 * SILENT_S))
            self._note("vanished", host.name)
        host = chance.choice(hosts)
        for server_id in sorted(host.guests)[:1]:
            if host.driver.power_state(server_id) == PowerState.RUNNING:
                host.driver.set_power_state(server_id, chance.choice((PowerState.SHUTDOWN, PowerState.CRASHED)))
                self._note("guest crashed", server_id)

    def _come_back(self) -> None:
        now = self.world.clock.monotonic()
        for name in [name for name, until in self._back_at.items() if until <= now]:
            self._restart(name)
        if not self.second.is_there and self.chance.random() < 0.05:
            self.second.start()
            self._note("second worker is back", "")

    def _restart(self, name: str) -> None:
        self._back_at.pop(name, None)
        self.world.hosts[name].start_agent()
        self._note("agent is back", name)

    def _beat(self) -> None:
        for host in self.world.hosts.values():
            if host.is_there:
                try:
                    host.beat()
                except DiedError as died:
                    self._bury(address_of(host.name), str(died))

    def _loop(self) -> None:
        world = self.world
        self._survive(world.allocation_loop.run)
        self._survive(lambda: stuck.end_stuck(world.database, world.store, world.clock))
        self._survive(lambda: overdue.do_overdue(world.backend))

    def _work(self) -> None:
        for act in self.chance.sample((self.world.run, self._work_of_the_second), k=2):
            self._survive(act)

    def _work_of_the_second(self) -> None:
        if not self.second.is_there:
            return
        try:
            self.second.runner.run_due()
        except DiedError as died:
            self.second.is_there = False
            self._note("second worker died", str(died))

    # --- deaths ---

    def _survive(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except DiedError as died:
            self._bury(CONTROL, str(died))

    def _bury(self, address: str, where: str) -> None:
        """Whoever died is back at once; what he was at is lost."""
        if address == CONTROL:
            self._note("control plane died", where)
            self.world.start()
        else:
            name = address.removeprefix(address_of(""))
            self._note("agent died", f"{name} {where}")
            self._restart(name)

    def _note(self, kind: str, detail: str) -> None:
        self.trace.add(self.world.clock.now(), kind, detail)

    def rows(self) -> list[Server]:
        with self.world.database.read() as tx:
            return list(servers.list_in_states(tx))

    # --- the end ---

    def run(self, steps: int, on_step: Callable[[], None] = lambda: None, about: str = "") -> None:
        """Let the storm last so many steps, and then everything add up. What goes wrong says how to see it again.

        `about`, such as a server's id, chooses what is told of what happened; otherwise it is the last of it.
        """
        try:
            for _ in range(steps):
                self.step()
                on_step()
            self.calm_down()
            self.invariants.require()
            require_all_adds_up(self.world)
        except Exception as error:
            again = f"make soak ARGS='--seed {self.seed} --hosts {len(self.world.hosts)} --steps {steps}'"
            error.add_note(f"{self.trace.tell(about)}\nThe same again: {again}")
            raise

    def calm_down(self) -> None:
        """The storm is over: everybody is there, nothing is lost any more, and what is under way comes to its end."""
        self._note("calm", "")
        self.bus.is_calm = True
        self.world.start()
        self.second.start()
        for name in self.world.hosts:
            self._restart(name)
        rounds = 0
        for _ in range(QUIET_ROUNDS):
            self._quiet_round()
            rounds = 0 if self.world.unfinished() or self.invariants.strays() else rounds + 1
            if rounds == 2:  # the loops have seen what there is, and left it so
                return
        raise AssertionError(f"still under way: {self.world.unfinished()}, {self.invariants.strays()}")

    def _quiet_round(self) -> None:
        only_unclaimed = {kind for kind, _, _ in self.world.unfinished()} == {UNCLAIMED}
        self.world.clock.sleep(PATIENCE.total_seconds() if only_unclaimed else LOOPS_S)
        self._beat()
        self.bus.deliver()
        self.world.guest_loop.run()
        self._looped = self.world.clock.monotonic()
        self._loop()
        while self.world.run() + self.second.runner.run_due() + self.bus.deliver():
            pass


@contextmanager
def storm(path: Path, seed: int, hosts: int) -> Iterator[Storm]:
    """A storm that comes of this seed alone."""
    with seeded_ids(seed):
        made = Storm(path, seed, hosts)
        try:
            yield made
        finally:
            made.close()

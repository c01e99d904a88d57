"""Placement against a model of it: any writes, one after the other or at once, and what can be read afterwards."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.placement.service import new_backend, new_service
from tests.placement.conftest import Client, Tokens
from tests.placement.properties import search as s
from tests.placement.properties.world import Holder, Host, World, capacity_of
from tests.placement.properties.write import (
    CLASSES,
    HOLDERS,
    HOSTS,
    NAMES,
    NEWEST,
    PROJECTS,
    Dice,
    Write,
    any_write,
    claim_one,
    give_stock,
    inventory,
    make_class,
    make_host,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.kit.http.message import Reply

EXAMPLES = {"sqlite": 20, "postgresql": 3, "mariadb": 3}
STEPS = 22
WRITES, WRITERS = 5, 4
seeds = st.integers(0, 2**32 - 1)


class Asking:
    """Placement's API, spoken to about the world; `others` are processes with the same database and an index each."""

    def __init__(self, *others: Client) -> None:
        self._others = itertools.cycle(others)

    @property
    def client(self) -> Client:
        """Who is asked next: they take turns, so that what one has written another one reads."""
        return next(self._others)

    def get(self, path: str) -> Any:
        reply = self.client("GET", path, version=NEWEST)
        assert reply.status == 200, (path, reply.body)
        return reply.decoded()

    def send(self, write: Write) -> Reply:
        token = "service" if write.path == "/reshaper" else "admin"
        return self.client(write.method, write.path, write.body, version=write.version, token=token)

    def world(self) -> World:
        """Read everything there is, and see on the way that what is counted is the sum of what is held."""
        classes = {one["name"] for one in self.get("/resource_classes")["resource_classes"]}
        world = World(classes=frozenset(name for name in classes if name.startswith("CUSTOM_")))
        world.holders = {uuid: holder for uuid in HOLDERS if (holder := self._holder(uuid))}
        listed = self.get("/resource_providers")["resource_providers"]
        world.hosts = {one["uuid"]: self._host(one) for one in listed}
        assert all(one["root_provider_uuid"] == world.root_of(one["uuid"]) for one in listed)
        self._require_sums(world)
        return world

    def _host(self, shown: dict[str, Any]) -> Host:
        path = f"/resource_providers/{shown['uuid']}"
        stock, traits, aggregates = (self.get(f"{path}/{what}") for what in ("inventories", "traits", "aggregates"))
        generations = {one["resource_provider_generation"] for one in (stock, traits, aggregates)}
        assert generations == {shown["generation"]}
        return Host(
            shown["name"],
            shown["parent_provider_uuid"],
            shown["generation"],
            stock["inventories"],
            frozenset(traits["traits"]),
            frozenset(aggregates["aggregates"]),
        )

    def _holder(self, uuid: str) -> Holder | None:
        shown = self.get(f"/allocations/{uuid}")
        if not shown["allocations"]:
            assert shown == {"allocations": {}}
            return None
        held = {host: one["resources"] for host, one in shown["allocations"].items()}
        owner = (shown["project_id"], shown["user_id"], shown["consumer_type"])
        return Holder(*owner, held, shown["consumer_generation"])

    def _require_sums(self, world: World) -> None:
        used = world.used()
        for uuid, host in world.hosts.items():
            counted = self.get(f"/resource_providers/{uuid}/usages")["usages"]
            assert counted == {name: used[uuid, name] for name in host.stock}
            held = self.get(f"/resource_providers/{uuid}/allocations")["allocations"]
            assert {who: one["resources"] for who, one in held.items()} == {
                who: holder.held[uuid] for who, holder in world.holders.items() if uuid in holder.held
            }
        assert all(name in world.hosts[uuid].stock for uuid, name in used), "held of what is not there"
        for project_id in PROJECTS:
            total: Counter[str] = Counter()
            for holder in world.holders.values():
                for resources in holder.held.values() if holder.project_id == project_id else ():
                    total.update(resources)
            shown = self.get(f"/usages?project_id={project_id}&consumer_type=all")["usages"]["all"]
            assert Counter({name: amount for name, amount in shown.items() if name != "consumer_count"}) == total


class Placement(RuleBasedStateMachine):
    """One life of a placement, from empty to empty."""

    def __init__(self, asking: Asking, pool: ThreadPoolExecutor) -> None:
        super().__init__()
        self.asking = asking
        self.pool = pool
        self.world = World()
        self.throws = 0

    @initialize(seed=seeds)
    def settle(self, seed: int) -> None:
        """Begin with a tree of two and a host on its own, that have something."""
        self._do(make_class("CUSTOM_ONE"))
        dice = self._dice(seed)
        for uuid, name, parent in zip(HOSTS, NAMES, (None, HOSTS[0], None), strict=False):
            self._do(make_host(uuid, name, parent))
            self._do(give_stock(uuid, 0, {one: inventory(dice, is_open=True) for one in CLASSES[:3]}))

    @rule(several=st.lists(seeds, min_size=1, max_size=WRITES))
    def write(self, several: list[int]) -> None:
        """Write some things one after the other, and be told each time what the model says."""
        for seed in several:
            self._do(any_write(self._dice(seed), self.world))

    @rule(several=st.lists(seeds, min_size=2, max_size=WRITERS))
    def write_at_once(self, several: list[int]) -> None:
        """Write from several threads: it must be as if they had come one after the other, in some order."""
        self._do_at_once([any_write(self._dice(seed), self.world) for seed in several])

    @rule(several=st.lists(seeds, min_size=WRITERS, max_size=WRITERS))
    def claim_at_once(self, several: list[int]) -> None:
        """Let several holders want the same few hosts."""
        self._do_at_once([claim_one(self._dice(seed), self.world) for seed in several])

    @rule(search=s.searches())
    def look_for_candidates(self, search: s.Search) -> None:
        """Find every way there is, each once, and with a limit so many of them."""
        expected = s.answers(self.world, search)
        event(f"{'some' if expected else 'no'} candidates of {len(search.groups)} groups")
        shown = self.asking.get(f"/allocation_candidates?{search.query()}")
        found = [_answer(one) for one in shown["allocation_requests"]]
        assert len(set(found)) == len(found)
        assert set(found) == expected
        self._require_summaries(shown)
        if expected:
            limit = max(1, len(expected) - 1)
            some = self.asking.get(f"/allocation_candidates?{search.query()}&limit={limit}")["allocation_requests"]
            assert len(some) == limit
            assert {_answer(one) for one in some} <= expected

    @rule(group=s.groups(""))
    def list_providers(self, group: s.Group) -> None:
        """Find the hosts that have it all."""
        shown = self.asking.get(f"/resource_providers?{urlencode(group.words())}")["resource_providers"]
        assert {one["uuid"] for one in shown} == s.providers(self.world, group)

    @invariant()
    def reads_equal_the_model(self) -> None:
        assert self.asking.world() == self.world

    def teardown(self) -> None:
        """Everything that was made can be taken away again, in the right order; after a failure too."""
        self.world = self.asking.world()
        for uuid in list(self.world.holders):
            self._do(Write("release", (uuid,), "DELETE", f"/allocations/{uuid}"))
        while self.world.hosts:
            parents = {host.parent for host in self.world.hosts.values()}
            for uuid in self.world.hosts.keys() - parents:
                self._do(Write("remove", (uuid,), "DELETE", f"/resource_providers/{uuid}"))
        for name in self.world.classes:
            self._do(Write("remove_class", (name,), "DELETE", f"/resource_classes/{name}"))
        assert self.asking.world() == World()

    def _dice(self, seed: int) -> Dice:
        self.throws += 1  # for hypothesis likes to give the same few numbers
        return Dice(f"{seed} {self.throws}")

    def _do(self, write: Write) -> None:
        status, after = write.applied_to(self.world)
        reply = self.asking.send(write)
        assert reply.status == status, (write, reply.body)
        event(f"{write.verb} → {status}")
        self.world = after

    def _do_at_once(self, several: list[Write]) -> None:
        replies = list(self.pool.map(self.asking.send, several))
        note(f"{[reply.status for reply in replies]}")
        after = self.asking.world()
        orders = itertools.permutations(zip(several, replies, strict=True))
        assert any(self._after(order) == after for order in orders), (several, replies, self.world, after)
        event(f"{sum(reply.status < 300 for reply in replies)} of {len(several)} at once did something")
        self.world = after

    def _after(self, order: tuple[tuple[Write, Reply], ...]) -> World | None:
        """Return the world after writes in an order in which they could have been answered like this."""
        world = self.world
        for write, reply in order:
            if _was_disturbed(reply):
                continue
            status, world = write.applied_to(world)
            if status != reply.status:
                return None
        return world

    def _require_summaries(self, shown: dict[str, Any]) -> None:
        taken = {uuid for one in shown["allocation_requests"] for uuid in one["allocations"]}
        roots = {self.world.root_of(uuid) for uuid in taken}
        used = self.world.used()
        assert shown["provider_summaries"] == {
            uuid: {
                "resources": {
                    name: {"capacity": capacity_of(fields), "used": used[uuid, name]}
                    for name, fields in self.world.hosts[uuid].stock.items()
                },
                "traits": sorted(self.world.hosts[uuid].traits),
                "parent_provider_uuid": self.world.hosts[uuid].parent,
                "root_provider_uuid": self.world.root_of(uuid),
            }
            for uuid in self.world.hosts
            if self.world.root_of(uuid) in roots
        }


def _was_disturbed(reply: Reply) -> bool:
    """Tell whether a write was turned away only because another came between; it changed nothing."""
    return reply.status == 409 and "Another thread" in reply.decoded()["errors"][0]["detail"]


def _answer(shown: dict[str, Any]) -> s.Answer:
    amounts = frozenset(
        (uuid, name, amount) for uuid, one in shown["allocations"].items() for name, amount in one["resources"].items()
    )
    return amounts, frozenset((suffix, tuple(uuids)) for suffix, uuids in shown["mappings"].items())


@pytest.fixture
def asking(client: Client, database_url: str) -> Iterator[Asking]:
    other = Database(database_url)
    yield Asking(client, Client(App(new_service(new_backend(other, SystemClock()), Tokens()))))
    other.close()


def test_placement_does_what_its_model_does(asking: Asking, database_kind: str) -> None:
    chosen = settings(
        max_examples=EXAMPLES[database_kind],
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    with ThreadPoolExecutor(WRITERS) as pool:

        class Bound(Placement):
            def __init__(self) -> None:
                super().__init__(asking, pool)

        run_state_machine_as_test(Bound, settings=chosen)

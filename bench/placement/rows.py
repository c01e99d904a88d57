"""The rows of the table: what is asked, how often, and what the aim is."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from bench.measure import CAP_S, Requests, capped, latencies, per_second, rates
from bench.placement import client
from bench.placement.same import Different, require_same, require_same_candidates, require_some_candidates
from bench.placement.sides import Side
from bench.placement.world import AVX2, GPU, NUMA_TRAIT, Provider, World
from bench.report import Figure, Row, at_least, at_most, times_better

HOPELESS_S = 60  # for what the original is known never to answer
PROJECT, USER = "b" * 32, "c" * 32
TURNS = 2
SECONDS = 3.0


def flat_path(world: World, limit: int = 0) -> str:
    """Return the search for a host among hosts without children."""
    path = "/allocation_candidates?resources=VCPU:1,DISK_GB:10,MEMORY_MB:256"
    return f"{path}&member_of={world.aggregate}&required={AVX2}" + (f"&limit={limit}" if limit else "")


def candidates(sides: Sequence[Side], world: World) -> list[Row]:
    """Search a host of many: with a small limit, and all of them."""
    count = len(world.providers)
    whole, limited = flat_path(world), flat_path(world, 10)
    require_same_candidates(sides, whole, count)
    require_some_candidates(sides, limited, 10)
    one = latencies(sides, client.repeated(limited), 20, ours_more=10)
    many = _rates(sides, client.repeated(limited), 1)
    what = f"candidates, {count:,} providers, limit=10"
    return [at_most(f"{what}: one client", *_pair(one), 10), at_least(f"{what}: 16 clients", *_pair(many), 300)]


def all_candidates(sides: Sequence[Side], world: World) -> list[Row]:
    """Search without a limit, which answers every host."""
    count, whole = len(world.providers), flat_path(world)
    require_same_candidates(sides, whole, count)
    figures = latencies(sides, client.repeated(whole), 4, ours_more=5)
    return [at_most(f"candidates, {count:,} providers, no limit", *_pair(figures), 120)]


def reads(sides: Sequence[Side], world: World) -> list[Row]:
    """Look at one provider after the other."""
    rows = []
    for noun in ("inventories", "usages"):
        for provider in world.providers[::999]:
            require_same(sides, f"/resource_providers/{provider.uuid}/{noun}")
        requests = _Reads(world, noun)
        one = latencies(sides, requests, 150)
        many = _rates(sides, requests, TURNS)
        rows += _one_and_many(f"a provider's {noun}", one, many)
    return rows


def writes(sides: Sequence[Side], world: World) -> list[Row]:
    """Allocate for ever new consumers; then compare what is used with what was granted."""
    rounds, warm = 100, 1
    one = latencies(sides, _Writes(world, 1), rounds)
    many = rates(sides, _Writes(world, 2), SECONDS, TURNS)
    for side, laps in zip(sides, many, strict=True):
        count = sum(lap.answers for lap in laps)
        used = client.fetch(side.port, f"/usages?project_id={PROJECT}")["usages"]["INSTANCE"]["VCPU"]
        if used != warm + rounds + count:
            raise Different(f"{warm + rounds + count} allocations were granted, and {used} are there")
    return _one_and_many("allocations", one, [per_second(laps) for laps in many])


def wide(sides: Sequence[Side], _world: World) -> list[Row]:
    """Search groups of one unit among the single-unit children of one host."""
    require_same_candidates(sides, _groups(4, "none", limit=0), 8 * 7 * 6 * 5)
    rows = []
    for count, policy, aim, cap_s in ((6, "none", 10, CAP_S), (6, "isolate", 10, CAP_S), (8, "none", 20, HOPELESS_S)):
        path = _groups(count, policy, limit=1000)
        require_some_candidates(sides[:1], path, 1000)
        ours = latencies(sides[:1], client.repeated(path), 30)
        theirs = [capped(side, client.get(path), cap_s) for side in sides[1:]]
        what = f"candidates, 8 GPUs of one host, {count} groups, {policy}, limit=1000"
        rows.append(at_most(what, ours[0], theirs[0] if theirs else None, aim))
    return rows


def nested(sides: Sequence[Side], world: World) -> list[Row]:
    """Search processors and an FPGA of one NUMA node."""
    trees = len(world.providers) // 7
    path = (
        "/allocation_candidates?resources=DISK_GB:10&required=COMPUTE_VOLUME_MULTI_ATTACH"
        f"&resources_COMPUTE=VCPU:1,MEMORY_MB:256&required_COMPUTE={NUMA_TRAIT}&resources_FPGA=FPGA:1"
        "&group_policy=none&same_subtree=_COMPUTE,_FPGA"
    )
    require_same_candidates(sides, path, 2 * trees)
    rows = []
    for limit in (10, 1000):
        limited = f"{path}&limit={limit}"
        require_some_candidates(sides, limited, limit)
        figures = latencies(sides, client.repeated(limited), 5, ours_more=10)
        what = f"candidates, {trees:,} trees of 7, same_subtree, limit={limit}"
        rows.append(times_better(what, *_pair(figures), 50))
    return rows


def large(sides: Sequence[Side], world: World) -> list[Row]:
    """Search a host of very many; the original is not asked."""
    path = flat_path(world, 1000)
    require_some_candidates(sides, path, 1000)
    figures = latencies(sides, client.repeated(path), 30)
    return [at_most(f"candidates, {len(world.providers):,} providers, limit=1000", figures[0], "not attempted", 30)]


def _one_and_many(what: str, one: Sequence[Figure], many: Sequence[Figure]) -> list[Row]:
    """Return the rows of what one client and sixteen did; a third side is Pileus on MariaDB."""
    rows = [
        times_better(f"{what}: one client", *_pair(one), 10),
        times_better(f"{what}: 16 clients", *_pair(many), 10, is_more_better=True),
    ]
    if len(one) > 2:
        rows.append(Row(f"{what}: one client, both on MariaDB", one[2], one[1]))
        rows.append(Row(f"{what}: 16 clients, both on MariaDB", many[2], many[1], is_more_better=True))
    return rows


def _rates(sides: Sequence[Side], requests: Requests[Side], turns: int) -> list[Figure]:
    return [per_second(laps) for laps in rates(sides, requests, SECONDS, turns)]


def _pair(figures: Sequence[Figure]) -> tuple[Figure, Figure | None]:
    return figures[0], figures[1] if len(figures) > 1 else None


def _groups(count: int, policy: str, *, limit: int) -> str:
    wanted = "&".join(f"resources{number}={GPU}:1" for number in range(1, count + 1))
    return f"/allocation_candidates?{wanted}&group_policy={policy}" + (f"&limit={limit}" if limit else "")


class _Reads:
    """One provider after the other, in an order that looks random."""

    def __init__(self, world: World, noun: str) -> None:
        self._requests = [client.get(f"/resource_providers/{each.uuid}/{noun}") for each in world.providers]
        random.Random(0).shuffle(self._requests)

    def __call__(self, _side: object) -> Iterator[bytes]:
        return itertools.cycle(self._requests)


class _Writes:
    """Ever new consumers on providers that look random."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._seed = world, seed

    def __call__(self, _side: object) -> Iterator[bytes]:
        seeded = World(self._seed)
        while True:
            provider = seeded.random.choice(self._world.providers)
            yield client.put(f"/allocations/{seeded.new_uuid()}", _allocation(provider))


def _allocation(provider: Provider) -> dict[str, object]:
    return {
        "allocations": {provider.uuid: {"resources": {"VCPU": 1, "MEMORY_MB": 256, "DISK_GB": 10}}},
        "project_id": PROJECT,
        "user_id": USER,
        "consumer_generation": None,
        "consumer_type": "INSTANCE",
    }

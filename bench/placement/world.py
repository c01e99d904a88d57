"""The providers that are searched, the same on both sides: made from a seed, so the same in every run."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import os_traits

AVX2 = "HW_CPU_X86_AVX2"
GPU = "CUSTOM_BENCH_GPU"
NUMA_TRAIT = "CUSTOM_BENCH_NUMA"
GPUS = 8  # of the wide host


@dataclass(frozen=True, slots=True)
class Stock:
    """An inventory."""

    total: int
    reserved: int = 0
    min_unit: int = 1
    max_unit: int = 0  # 0: the total
    step_size: int = 1
    allocation_ratio: float = 1.0

    def columns(self) -> dict[str, float]:
        """Return it as both sides' tables have it."""
        names = ("total", "reserved", "min_unit", "step_size", "allocation_ratio")
        return {name: getattr(self, name) for name in names} | {"max_unit": self.max_unit or self.total}


@dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider; `root` and `parent` are ids."""

    id: int
    uuid: str
    root: int
    parent: int | None
    stocks: Mapping[str, Stock]
    traits: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"bench-{self.id}"


@dataclass(slots=True)
class World:
    """Providers, all of them in one aggregate."""

    seed: int
    providers: list[Provider] = field(default_factory=list)
    random: random.Random = field(init=False)
    aggregate: str = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.aggregate = self.new_uuid()

    def new_uuid(self) -> str:
        """Return the next of the seed's uuids."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def add(self, parent: Provider | None, stocks: Mapping[str, Stock], traits: Iterable[str] = ()) -> Provider:
        """Add a provider; return it."""
        number = len(self.providers) + 1
        root = parent.root if parent else number
        provider = Provider(number, self.new_uuid(), root, parent.id if parent else None, stocks, tuple(traits))
        self.providers.append(provider)
        return provider

    def custom_names(self) -> tuple[set[str], set[str]]:
        """Return the resource classes and the traits that no catalogue has."""
        classes = {name for provider in self.providers for name in provider.stocks}
        traits = {name for provider in self.providers for name in provider.traits}
        return {name for name in classes if _is_custom(name)}, {name for name in traits if _is_custom(name)}


def flat(count: int, traits: int) -> World:
    """Return hosts without children, each with three inventories and so many traits, of which AVX2 is one."""
    world = World(seed=count)
    others = sorted(name for name in os_traits.get_traits("HW_CPU_X86_") if name != AVX2)
    for _ in range(count):
        stocks = {
            "VCPU": Stock(world.random.choice((32, 64, 128)), allocation_ratio=4.0),
            "MEMORY_MB": Stock(world.random.choice((131072, 262144, 524288)), reserved=512),
            "DISK_GB": Stock(world.random.choice((2000, 4000, 8000))),
        }
        world.add(None, stocks, (AVX2, *world.random.sample(others, traits - 1)))
    return world


def wide() -> World:
    """Return one host with eight GPUs, each a child that has one unit."""
    world = World(seed=GPUS)
    host = world.add(None, {"VCPU": Stock(64), "MEMORY_MB": Stock(262144), "DISK_GB": Stock(2000)})
    for _ in range(GPUS):
        world.add(host, {GPU: Stock(1)})
    return world


def nested(count: int) -> World:
    """Return trees of seven, shaped as in the original's own nested performance job.

    A host has the disk; its two NUMA nodes have processors and memory, and two devices each. Only the second node has
    the trait that is asked for, and both of its devices are FPGAs.
    """
    world = World(seed=count)
    memory = Stock(2048, min_unit=256, max_unit=1024)
    for _ in range(count):
        host = world.add(None, {"DISK_GB": Stock(20480)}, ["COMPUTE_VOLUME_MULTI_ATTACH"])
        node = world.add(host, {"VCPU": Stock(4, reserved=2), "MEMORY_MB": memory}, ["HW_NUMA_ROOT"])
        world.add(node, {"FPGA": Stock(1)})
        world.add(node, {"VGPU": Stock(8)})
        node = world.add(host, {"VCPU": Stock(4), "MEMORY_MB": memory}, ["HW_NUMA_ROOT", NUMA_TRAIT])
        world.add(node, {"FPGA": Stock(1)})
        world.add(node, {"FPGA": Stock(1)})
    return world


def _is_custom(name: str) -> bool:
    return name.startswith("CUSTOM_")

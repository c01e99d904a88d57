"""Writes as data: what is sent, and what it means to the `World`.

They are made by dice and not by strategies of hypothesis: what is likely to succeed depends on the world, and which of
several writers at once was first depends on nobody, while hypothesis wants every choice to depend on its own alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from tests.placement.properties.world import Claim, Held, Refused, Stock, World

T = TypeVar("T")

HOSTS = tuple(f"{number}0000000-0000-4000-8000-00000000000{number}" for number in range(1, 6))
HOLDERS = tuple(f"c0000000-0000-4000-8000-00000000000{number}" for number in range(1, 5))
AGGREGATES = tuple(f"a0000000-0000-4000-8000-00000000000{number}" for number in range(1, 3))
NAMES = ("red", "green", "blue", "grey", "pink", "gold")
TRAITS = ("HW_CPU_X86_VMX", "STORAGE_DISK_SSD", "COMPUTE_NODE")
CLASSES = ("VCPU", "DISK_GB", "CUSTOM_ONE", "CUSTOM_TWO")
CUSTOM = CLASSES[2:]
PROJECTS, USERS, KINDS = ("p1", "p2"), ("u1", "u2"), ("INSTANCE", "MIGRATION")
NEWEST = "1.39"


@dataclass(frozen=True)
class Write:
    """One request that changes something, if it is let."""

    verb: str  # the method of `World` that says what comes of it
    arguments: tuple[Any, ...]
    method: str
    path: str
    body: Any = None
    version: str = NEWEST

    def applied_to(self, world: World) -> tuple[int, World]:
        """Return the status that it must have in a world, and the world after it."""
        after = world.copy()
        try:
            return getattr(after, self.verb)(*self.arguments), after
        except Refused as refused:
            return refused.status, world


class Dice:
    """Chooses, the same way for the same seed."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)  # noqa: S311

    def one_of(self, options: Collection[T]) -> T:
        return self._random.choice(list(options))

    def some_of(self, options: Collection[T], least: int = 0, most: int | None = None) -> list[T]:
        count = self._random.randint(least, len(options) if most is None else min(most, len(options)))
        return self._random.sample(list(options), count)

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def is_usual(self) -> bool:
        """Tell, seven times of eight, that nothing odd shall happen."""
        return self._random.random() < 7 / 8

    # --- with a world in mind ---

    def host(self, world: World) -> str:
        """Return a host, most often one that is there."""
        return self.one_of(sorted(world.hosts) if world.hosts and self.is_usual() else HOSTS)

    def generation(self, world: World, uuid: str) -> int:
        """Return a host's generation, most often the right one."""
        right = world.hosts[uuid].generation if uuid in world.hosts else 0
        return right if self.is_usual() else self.one_of([0, right + 1])


def any_write(dice: Dice, world: World) -> Write:
    """Make any write, most often one that may succeed in a world."""
    return dice.one_of(VERBS)(dice, world)


def inventory(dice: Dice, *, is_open: bool = False) -> dict[str, Any]:
    """Make an inventory, most fields left out; unless `is_open` sometimes more is reserved than there is."""
    total = dice.number(4, 12)
    choices = {
        "reserved": [0, 1, 2, 3] if is_open else [0, 1, 2, 3, 4, total, total + 1],
        "min_unit": [1, 2, 3],
        "max_unit": range(2, 10),
        "step_size": [1, 1, 2, 3],
        "allocation_ratio": [0.5, 1.0, 1.5, 4.0],
    }
    return {"total": total} | {name: dice.one_of(choices[name]) for name in dice.some_of(choices, most=3)}


def inventories(dice: Dice) -> Stock:
    return {name: inventory(dice) for name in dice.some_of(CLASSES, most=3)}


# --- resource providers ---


def create(dice: Dice, world: World) -> Write:
    uuid, name = dice.one_of(HOSTS), dice.one_of(NAMES)
    parent = dice.one_of([None, dice.host(world)])
    return make_host(uuid, name, parent)


def make_host(uuid: str, name: str, parent: str | None) -> Write:
    body = {"uuid": uuid, "name": name, "parent_provider_uuid": parent}
    return Write("create", (uuid, name, parent), "POST", "/resource_providers", body)


def update(dice: Dice, world: World) -> Write:
    uuid, name = dice.host(world), dice.one_of(NAMES)
    parent = dice.one_of([None, dice.host(world)])
    body = {"name": name, "parent_provider_uuid": parent}
    return Write("update", (uuid, name, parent), "PUT", f"/resource_providers/{uuid}", body)


def remove(dice: Dice, world: World) -> Write:
    uuid = dice.one_of(HOSTS)
    return Write("remove", (uuid,), "DELETE", f"/resource_providers/{uuid}")


def set_traits(dice: Dice, world: World) -> Write:
    uuid, traits = dice.host(world), frozenset(dice.some_of(TRAITS))
    generation = dice.generation(world, uuid)
    body = {"resource_provider_generation": generation, "traits": sorted(traits)}
    return Write("set_traits", (uuid, generation, traits), "PUT", f"/resource_providers/{uuid}/traits", body)


def clear_traits(dice: Dice, world: World) -> Write:
    uuid = dice.host(world)
    return Write("clear_traits", (uuid,), "DELETE", f"/resource_providers/{uuid}/traits")


def set_aggregates(dice: Dice, world: World) -> Write:
    uuid, chosen = dice.host(world), frozenset(dice.some_of(AGGREGATES))
    generation = dice.generation(world, uuid)
    body = {"resource_provider_generation": generation, "aggregates": sorted(chosen)}
    return Write("set_aggregates", (uuid, generation, chosen), "PUT", f"/resource_providers/{uuid}/aggregates", body)


# --- inventories ---


def set_stock(dice: Dice, world: World) -> Write:
    uuid = dice.host(world)
    return give_stock(uuid, dice.generation(world, uuid), inventories(dice))


def give_stock(uuid: str, generation: int, stock: Stock) -> Write:
    body = {"resource_provider_generation": generation, "inventories": stock}
    return Write("set_stock", (uuid, generation, stock), "PUT", f"/resource_providers/{uuid}/inventories", body)


def add_stock(dice: Dice, world: World) -> Write:
    uuid, name, fields = dice.host(world), dice.one_of(CLASSES), inventory(dice)
    generation = dice.generation(world, uuid)
    body = {"resource_provider_generation": generation, "resource_class": name, **fields}
    path = f"/resource_providers/{uuid}/inventories"
    return Write("add_stock", (uuid, generation, name, fields), "POST", path, body)


def change_stock(dice: Dice, world: World) -> Write:
    uuid, fields = dice.host(world), inventory(dice)
    present = list(world.hosts[uuid].stock) if uuid in world.hosts else []
    name = dice.one_of(present if present and dice.is_usual() else CLASSES)
    generation = dice.generation(world, uuid)
    body = {"resource_provider_generation": generation, **fields}
    path = f"/resource_providers/{uuid}/inventories/{name}"
    return Write("change_stock", (uuid, generation, name, fields), "PUT", path, body)


def remove_stock(dice: Dice, world: World) -> Write:
    uuid, name = dice.host(world), dice.one_of([None, *CLASSES])
    path = f"/resource_providers/{uuid}/inventories" + (f"/{name}" if name else "")
    return Write("remove_stock", (uuid, name), "DELETE", path)


# --- allocations ---


def claim_of(dice: Dice, world: World, uuid: str) -> Claim:
    """Make what a holder shall hold: mostly of what there is, so that much of it fits."""
    stocked = {host: sorted(one.stock) for host, one in world.hosts.items() if one.stock}
    held: Held = {}
    for _ in range(dice.one_of([1, 1, 2, 2, 0])):
        host = dice.one_of(sorted(stocked) if stocked and dice.is_usual() else HOSTS)
        names = dice.some_of(stocked.get(host, CLASSES), 1, 2)
        held[host] = {name: dice.number(1, 5) for name in names}
    right = world.holders[uuid].generation if uuid in world.holders else None
    generation = right if dice.is_usual() else dice.one_of([None, 0, (right or 0) + 1])
    return Claim(held, generation, dice.one_of(PROJECTS), dice.one_of(USERS), dice.one_of(KINDS))


def _body(claim: Claim) -> dict[str, Any]:
    return {
        "allocations": {host: {"resources": resources} for host, resources in claim.held.items()},
        "consumer_generation": claim.generation,
        "consumer_type": claim.kind,
        "project_id": claim.project_id,
        "user_id": claim.user_id,
    }


def claim_one(dice: Dice, world: World) -> Write:
    uuid = dice.one_of(HOLDERS)
    claim = claim_of(dice, world, uuid)
    return Write("claim", ({uuid: claim},), "PUT", f"/allocations/{uuid}", _body(claim))


def claim_many(dice: Dice, world: World) -> Write:
    wanted = {uuid: claim_of(dice, world, uuid) for uuid in dice.some_of(HOLDERS, 1, 3)}
    body = {uuid: _body(claim) for uuid, claim in wanted.items()}
    return Write("claim", (wanted,), "POST", "/allocations", body)


def release(dice: Dice, world: World) -> Write:
    uuid = dice.one_of(HOLDERS)
    return Write("release", (uuid,), "DELETE", f"/allocations/{uuid}")


def reshape(dice: Dice, world: World) -> Write:
    """Move a host's stock to another one, with what is held of it; or anything."""
    if len(world.hosts) > 1 and dice.is_usual():
        source, target = dice.some_of(sorted(world.hosts), 2, 2)
        after: dict[str, Stock] = {source: {}, target: world.hosts[target].stock | world.hosts[source].stock}
        wanted = {
            uuid: Claim(_moved(one.held, source, target), one.generation, one.project_id, one.user_id, one.kind)
            for uuid, one in world.holders.items()
            if source in one.held
        }
    else:
        after = {dice.host(world): inventories(dice)}
        wanted = {uuid: claim_of(dice, world, uuid) for uuid in dice.some_of(HOLDERS, most=2)}
    shapes = {uuid: (dice.generation(world, uuid), stock) for uuid, stock in after.items()}
    body = {
        "inventories": {
            uuid: {"resource_provider_generation": generation, "inventories": stock}
            for uuid, (generation, stock) in shapes.items()
        },
        "allocations": {uuid: _body(claim) for uuid, claim in wanted.items()},
    }
    return Write("reshape", (shapes, wanted), "POST", "/reshaper", body)


def _moved(held: Held, source: str, target: str) -> Held:
    moved = {host: dict(resources) for host, resources in held.items() if host != source}
    at_target = moved.setdefault(target, {})
    for name, amount in held[source].items():
        at_target[name] = at_target.get(name, 0) + amount
    return moved


# --- resource classes ---


def create_class(dice: Dice, world: World) -> Write:
    return make_class(dice.one_of(CUSTOM))


def make_class(name: str) -> Write:
    return Write("create_class", (name,), "POST", "/resource_classes", {"name": name})


def rename_class(dice: Dice, world: World) -> Write:
    name, new_name = dice.one_of(CUSTOM), dice.one_of(CUSTOM)
    return Write("rename_class", (name, new_name), "PUT", f"/resource_classes/{name}", {"name": new_name}, "1.6")


def remove_class(dice: Dice, world: World) -> Write:
    name = dice.one_of(CUSTOM)
    return Write("remove_class", (name,), "DELETE", f"/resource_classes/{name}")


VERBS: tuple[Callable[[Dice, World], Write], ...] = (
    create, update, update, remove, set_traits, clear_traits, set_aggregates,
    set_stock, add_stock, add_stock, change_stock, change_stock, remove_stock,
    claim_one, claim_one, claim_one, claim_one, claim_many, claim_many, claim_many, release, reshape, reshape,
    create_class, create_class, rename_class, remove_class,
)  # fmt: skip

"""Placement as a plain program would keep it: dictionaries, and a function for each write that it may be asked for."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MAX_INT = 2**31 - 1
DEFAULTS = {"reserved": 0, "min_unit": 1, "max_unit": MAX_INT, "step_size": 1, "allocation_ratio": 1.0}

Stock = dict[str, dict[str, Any]]  # resource class → the fields of its inventory
Held = dict[str, dict[str, int]]  # host → resource class → amount


class Refused(Exception):
    """A write that changes nothing; the status says what kind of refusal."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class Host:
    """A resource provider."""

    name: str
    parent: str | None = None
    generation: int = 0
    stock: Stock = field(default_factory=dict)
    traits: frozenset[str] = frozenset()
    aggregates: frozenset[str] = frozenset()


@dataclass
class Holder:
    """A consumer; one without allocations does not exist."""

    project_id: str
    user_id: str
    kind: str
    held: Held
    generation: int = 1


@dataclass(frozen=True)
class Claim:
    """What a holder shall hold from now on."""

    held: Held
    generation: int | None
    project_id: str
    user_id: str
    kind: str


def capacity_of(fields: dict[str, Any]) -> int:
    return int((fields["total"] - fields["reserved"]) * fields["allocation_ratio"])


def may_give(fields: dict[str, Any], amount: int) -> bool:
    """Tell whether an inventory is given out in such an amount, room or not."""
    return bool(fields["min_unit"] <= amount <= fields["max_unit"] and amount % fields["step_size"] == 0)


@dataclass
class World:
    """All that placement knows."""

    hosts: dict[str, Host] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()  # the custom ones

    def copy(self) -> World:
        return copy.deepcopy(self)

    # --- what follows from it ---

    def used(self, but: frozenset[str] = frozenset()) -> Counter[tuple[str, str]]:
        """Sum up who holds what, without some holders: (host, resource class) → amount."""
        total: Counter[tuple[str, str]] = Counter()
        for uuid, holder in self.holders.items():
            for host, resources in holder.held.items() if uuid not in but else ():
                for name, amount in resources.items():
                    total[host, name] += amount
        return total

    def root_of(self, uuid: str) -> str:
        parent = self.hosts[uuid].parent
        return uuid if parent is None else self.root_of(parent)

    def tree_of(self, root: str) -> list[str]:
        return [uuid for uuid in self.hosts if self.root_of(uuid) == root]

    def knows_class(self, name: str) -> bool:
        return not name.startswith("CUSTOM_") or name in self.classes

    # --- hosts ---

    def create(self, uuid: str, name: str, parent: str | None) -> int:
        if parent is not None and (parent == uuid or parent not in self.hosts):
            raise Refused(400)
        if uuid in self.hosts or any(host.name == name for host in self.hosts.values()):
            raise Refused(409)
        self.hosts[uuid] = Host(name, parent)
        return 200

    def update(self, uuid: str, name: str, parent: str | None) -> int:
        host = self._host(uuid)
        if parent is not None and (parent not in self.hosts or uuid in self._line(parent)):
            raise Refused(400)
        if any(other.name == name for which, other in self.hosts.items() if which != uuid):
            raise Refused(409)
        host.name, host.parent = name, parent
        return 200

    def remove(self, uuid: str) -> int:
        self._host(uuid)
        if any(host.parent == uuid for host in self.hosts.values()) or any(key[0] == uuid for key in self.used()):
            raise Refused(409)
        del self.hosts[uuid]
        return 204

    def set_traits(self, uuid: str, generation: int, traits: frozenset[str]) -> int:
        host = self._host(uuid, generation)
        host.generation += host.traits != traits
        host.traits = traits
        return 200

    def clear_traits(self, uuid: str) -> int:
        self.set_traits(uuid, self._host(uuid).generation, frozenset())
        return 204

    def set_aggregates(self, uuid: str, generation: int, aggregates: frozenset[str]) -> int:
        host = self._host(uuid, generation)
        host.generation += 1
        host.aggregates = aggregates
        return 200

    # --- inventories ---

    def set_stock(self, uuid: str, generation: int, stock: Stock) -> int:
        host = self._host(uuid, generation)
        self._require_sane(stock)
        self._require_unused(uuid, host.stock.keys() - stock.keys())
        host.stock = {name: DEFAULTS | fields for name, fields in stock.items()}
        host.generation += 1
        return 200

    def add_stock(self, uuid: str, generation: int, name: str, fields: dict[str, Any]) -> int:
        host = self._host(uuid, generation)
        self._require_sane({name: fields})
        if name in host.stock:
            raise Refused(409)
        host.stock[name] = DEFAULTS | fields
        host.generation += 1
        return 201

    def change_stock(self, uuid: str, generation: int, name: str, fields: dict[str, Any]) -> int:
        host = self._host(uuid, generation)
        if name not in host.stock or fields.get("reserved", 0) > fields["total"]:
            raise Refused(400)
        host.stock[name] = DEFAULTS | fields
        host.generation += 1
        return 200

    def remove_stock(self, uuid: str, name: str | None) -> int:
        host = self._host(uuid)
        if name is not None and name not in host.stock:
            raise Refused(404)
        gone = set(host.stock) if name is None else {name}
        self._require_unused(uuid, gone)
        host.stock = {name: fields for name, fields in host.stock.items() if name not in gone}
        host.generation += 1
        return 204

    # --- allocations ---

    def claim(self, claims: dict[str, Claim]) -> int:
        if not all(self.knows_class(name) for claim in claims.values() for _, name, _ in _amounts(claim.held)):
            raise Refused(400)
        for uuid, claim in claims.items():
            holder = self.holders.get(uuid)
            if claim.generation != (holder.generation if holder else None):
                raise Refused(409)
        if any(host not in self.hosts for claim in claims.values() for host in claim.held):
            raise Refused(400)
        self._require_fit(claims)
        for uuid, claim in claims.items():
            holder = self.holders.pop(uuid, None)
            if claim.held:
                generation = holder.generation + 1 if holder else 1
                self.holders[uuid] = Holder(claim.project_id, claim.user_id, claim.kind, claim.held, generation)
        for host in {host for claim in claims.values() for host in claim.held}:
            self.hosts[host].generation += 1
        return 204

    def release(self, uuid: str) -> int:
        if self.holders.pop(uuid, None) is None:
            raise Refused(404)
        return 204

    def reshape(self, shapes: dict[str, tuple[int, Stock]], claims: dict[str, Claim]) -> int:
        if any(uuid not in self.hosts for uuid in shapes):
            raise Refused(400)
        if any(self.hosts[uuid].generation != generation for uuid, (generation, _) in shapes.items()):
            raise Refused(409)
        for uuid, (_, stock) in shapes.items():
            self._require_sane(stock)
            self.hosts[uuid].stock |= {name: DEFAULTS | fields for name, fields in stock.items()}
            self.hosts[uuid].generation += 1
        self.claim(claims)
        for uuid, (_, stock) in shapes.items():
            self.set_stock(uuid, self.hosts[uuid].generation, stock)
        return 204

    # --- resource classes ---

    def create_class(self, name: str) -> int:
        if name in self.classes:
            raise Refused(409)
        self.classes |= {name}
        return 201

    def rename_class(self, name: str, new_name: str) -> int:
        if name not in self.classes:
            raise Refused(404)
        if new_name in self.classes - {name}:
            raise Refused(409)
        self.classes = self.classes - {name} | {new_name}
        for host in self.hosts.values():
            host.stock = {new_name if one == name else one: fields for one, fields in host.stock.items()}
        for holder in self.holders.values():
            for host_uuid, resources in holder.held.items():
                renamed = {new_name if one == name else one: amount for one, amount in resources.items()}
                holder.held[host_uuid] = renamed
        return 200

    def remove_class(self, name: str) -> int:
        if name not in self.classes:
            raise Refused(404)
        if any(name in host.stock for host in self.hosts.values()):
            raise Refused(409)
        self.classes -= {name}
        return 204

    # --- what must hold ---

    def _host(self, uuid: str, generation: int | None = None) -> Host:
        if uuid not in self.hosts:
            raise Refused(404)
        if generation is not None and self.hosts[uuid].generation != generation:
            raise Refused(409)
        return self.hosts[uuid]

    def _line(self, uuid: str) -> list[str]:
        parent = self.hosts[uuid].parent
        return [uuid] if parent is None else [uuid, *self._line(parent)]

    def _require_sane(self, stock: Stock) -> None:
        for name, fields in stock.items():
            if not self.knows_class(name) or fields.get("reserved", 0) > fields["total"]:
                raise Refused(400)

    def _require_unused(self, uuid: str, names: set[str]) -> None:
        used = self.used()
        if any(used[uuid, name] for name in names):
            raise Refused(409)

    def _require_fit(self, claims: dict[str, Claim]) -> None:
        others, now = self.used(but=frozenset(claims)), self.used()
        wanted: Counter[tuple[str, str]] = Counter()
        for claim in claims.values():
            for host, name, amount in _amounts(claim.held):
                fields = self.hosts[host].stock.get(name)
                if fields is None or not may_give(fields, amount):
                    raise Refused(409)
                wanted[host, name] += amount
        for (host, name), amount in wanted.items():
            returned = now[host, name] - others[host, name]
            if amount > returned and others[host, name] + amount > capacity_of(self.hosts[host].stock[name]):
                raise Refused(409)


def _amounts(held: Held) -> list[tuple[str, str, int]]:
    return [(host, name, amount) for host, resources in held.items() for name, amount in resources.items()]

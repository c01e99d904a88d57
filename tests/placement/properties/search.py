"""Searches as data, and their answers by trying everything."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.placement.properties.world import World, capacity_of, may_give
from tests.placement.properties.write import AGGREGATES, CLASSES, HOSTS, TRAITS

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

Amounts = frozenset[tuple[str, str, int]]  # (host, resource class, amount)
Mappings = frozenset[tuple[str, tuple[str, ...]]]  # (suffix, hosts)
Answer = tuple[Amounts, Mappings]
_Share = dict[str, str]  # resource class → host


@dataclass(frozen=True)
class Group:
    """What is wanted together; with a suffix, of one host."""

    suffix: str
    resources: dict[str, int]
    required: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    member_of: frozenset[str] = frozenset()  # any of these
    outside: str | None = None  # an aggregate that will not do
    in_tree: str | None = None

    def words(self) -> list[tuple[str, str]]:
        """Return the query's names and values."""
        resources = ",".join(f"{name}:{amount}" for name, amount in self.resources.items())
        words = [(f"resources{self.suffix}", resources)]
        words += [(f"required{self.suffix}", name) for name in sorted(self.required)]
        words += [(f"required{self.suffix}", f"!{name}") for name in sorted(self.forbidden)]
        if self.member_of:
            words.append((f"member_of{self.suffix}", f"in:{','.join(sorted(self.member_of))}"))
        if self.outside:
            words.append((f"member_of{self.suffix}", f"!{self.outside}"))
        if self.in_tree:
            words.append((f"in_tree{self.suffix}", self.in_tree))
        return words


@dataclass(frozen=True)
class Search:
    """One request for candidates."""

    groups: tuple[Group, ...]
    is_isolating: bool = False

    def query(self) -> str:
        words = [word for group in self.groups for word in group.words()]
        return urlencode([*words, ("group_policy", "isolate" if self.is_isolating else "none")])


@st.composite
def groups(draw: DrawFn, suffix: str) -> Group:
    seldom = st.sampled_from([False, False, False, True])
    traits, aggregates = st.frozensets(st.sampled_from(TRAITS), max_size=1), st.frozensets(st.sampled_from(AGGREGATES))
    required = draw(traits) if draw(seldom) else frozenset()
    return Group(
        suffix,
        draw(st.dictionaries(st.sampled_from(CLASSES[:2]), st.integers(1, 5), min_size=1, max_size=2)),
        required,
        draw(traits) - required,
        draw(aggregates) if draw(seldom) else frozenset(),
        AGGREGATES[0] if draw(seldom) else None,
        draw(st.sampled_from(HOSTS)) if draw(seldom) else None,
    )


@st.composite
def searches(draw: DrawFn) -> Search:
    suffixes = draw(st.sampled_from([("",), ("",), ("_A",), ("", "_A"), ("_A", "_B"), ("", "_A", "_B")]))
    return Search(tuple(draw(groups(suffix)) for suffix in suffixes), draw(st.booleans()))


def answers(world: World, search: Search) -> set[Answer]:
    """Return every way to serve a search."""
    found: set[Answer] = set()
    for root in {world.root_of(uuid) for uuid in world.hosts}:
        tree = world.tree_of(root)
        ways = [list(_ways(world, root, tree, group)) for group in search.groups]
        found.update(
            _answer(search, shares) for shares in itertools.product(*ways) if _is_possible(world, search, shares)
        )
    return found


def providers(world: World, group: Group) -> set[str]:
    """Return the hosts that a list of providers for a group without a suffix must show."""
    return {
        uuid
        for uuid in world.hosts
        if all(_can_give(world, uuid, name, amount) for name, amount in group.resources.items())
        and group.required <= world.hosts[uuid].traits
        and not group.forbidden & world.hosts[uuid].traits
        and (not group.member_of or group.member_of & world.hosts[uuid].aggregates)
        and group.outside not in world.hosts[uuid].aggregates
        and _is_in_tree(world, world.root_of(uuid), group)
    }


def _ways(world: World, root: str, tree: list[str], group: Group) -> Iterator[_Share]:
    if not _is_in_tree(world, root, group):
        return
    welcome = [uuid for uuid in tree if _is_welcome(world, root, uuid, group)]
    options = [[uuid for uuid in welcome if _can_give(world, uuid, *want)] for want in group.resources.items()]
    for givers in itertools.product(*options):
        traits = frozenset[str]().union(*(world.hosts[uuid].traits for uuid in givers))
        if group.required <= traits and not (group.suffix and len(set(givers)) > 1):
            yield dict(zip(group.resources, givers, strict=True))


def _is_in_tree(world: World, root: str, group: Group) -> bool:
    return group.in_tree is None or (group.in_tree in world.hosts and world.root_of(group.in_tree) == root)


def _is_welcome(world: World, root: str, uuid: str, group: Group) -> bool:
    """Tell whether a host may be in a group; of one without a suffix the root's memberships are the whole tree's."""
    own = world.hosts[uuid].aggregates
    all_of_it = own if group.suffix else own | world.hosts[root].aggregates
    is_member = not group.member_of or bool(group.member_of & all_of_it)
    return is_member and group.outside not in all_of_it and not group.forbidden & world.hosts[uuid].traits


def _can_give(world: World, uuid: str, name: str, amount: int) -> bool:
    fields = world.hosts[uuid].stock.get(name)
    return fields is not None and may_give(fields, amount) and world.used()[uuid, name] + amount <= capacity_of(fields)


def _taken(search: Search, shares: tuple[_Share, ...]) -> Counter[tuple[str, str]]:
    taken: Counter[tuple[str, str]] = Counter()
    for group, share in zip(search.groups, shares, strict=True):
        for name, uuid in share.items():
            taken[uuid, name] += group.resources[name]
    return taken


def _is_possible(world: World, search: Search, shares: tuple[_Share, ...]) -> bool:
    alone = [next(iter(share.values())) for group, share in zip(search.groups, shares, strict=True) if group.suffix]
    if search.is_isolating and len(set(alone)) < len(alone):
        return False
    used = world.used()
    for (uuid, name), amount in _taken(search, shares).items():
        fields = world.hosts[uuid].stock[name]
        if amount > fields["max_unit"] or used[uuid, name] + amount > capacity_of(fields):
            return False
    return True


def _answer(search: Search, shares: tuple[_Share, ...]) -> Answer:
    amounts = frozenset((uuid, name, amount) for (uuid, name), amount in _taken(search, shares).items())
    served = zip(search.groups, shares, strict=True)
    return amounts, frozenset((group.suffix, tuple(sorted(set(share.values())))) for group, share in served)

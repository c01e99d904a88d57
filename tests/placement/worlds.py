"""Small worlds of providers, by hand and by chance, and the plainest search there is: every choice, tried."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pileus.placement.index.page import Page
from pileus.placement.index.snapshot import Snapshot
from pileus.placement.model.candidate import Candidate, list_parts
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.request_group import AggregateWish, CandidateRequest, RequestGroup, TraitWish
from pileus.placement.model.state import SHARES, ProviderState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CLASSES = ("VCPU", "VF")
TRAITS = ("T1", "T2")
AGGREGATES = ("agg1", "agg2")


def state(
    uuid: str,
    *,
    root: str | None = None,
    parent: str | None = None,
    traits: Iterable[str] = (),
    aggregates: Iterable[str] = (),
    used: dict[str, int] | None = None,
    stock: dict[str, Inventory] | None = None,
    **totals: int,
) -> ProviderState:
    """Return a provider with inventories that are given out one by one."""
    inventories = {name: Inventory(resource_class=name, total=total) for name, total in totals.items()}
    return ProviderState(
        id=1,
        uuid=uuid,
        name=uuid,
        root_uuid=root or uuid,
        parent_uuid=parent or root,
        inventories=inventories | (stock or {}),
        used=used or {},
        traits=frozenset(traits),
        aggregates=frozenset(aggregates),
    )


def snapshot(states: Iterable[ProviderState], *, page_size: int = 3) -> Snapshot:
    """Return providers, parents before children, in pages that are small, so that there are several."""
    pages: list[Page] = []
    home: dict[str, Page] = {}
    for one in states:
        if one.is_root and (not pages or len(pages[-1].states) >= page_size):
            pages.append(Page())
        page = pages[-1] if one.is_root else home[one.root_uuid]
        page.put(one)
        home[one.uuid] = page
    return Snapshot(tuple(pages))


# --- by chance ---

amounts = st.integers(1, 3)
inventories = st.builds(
    Inventory,
    resource_class=st.just(""),
    total=st.integers(1, 4),
    reserved=st.integers(0, 1),
    min_unit=st.integers(1, 2),
    max_unit=st.integers(2, 4),
    step_size=st.integers(1, 2),
    allocation_ratio=st.sampled_from([0.5, 1.0, 1.5]),
)


@st.composite
def worlds(draw: st.DrawFn) -> list[ProviderState]:
    """Draw a few trees of a few providers, some of which share."""
    states: list[ProviderState] = []
    for root in range(draw(st.integers(1, 4))):
        kin: list[str] = []
        for number in range(draw(st.integers(1, 3))):
            stock = {name: one for name in CLASSES if (one := draw(st.none() | inventories)) is not None}
            kin.append(f"{root}-{number}")
            states.append(
                ProviderState(
                    id=len(states) + 1,
                    uuid=kin[-1],
                    name=kin[-1],
                    root_uuid=kin[0],
                    parent_uuid=draw(st.sampled_from(kin[:-1])) if number else None,
                    inventories=stock,
                    used={name: draw(st.integers(0, 2)) for name in stock},
                    traits=frozenset(draw(st.sets(st.sampled_from([*TRAITS, SHARES]), max_size=2))),
                    aggregates=frozenset(draw(st.sets(st.sampled_from(AGGREGATES), max_size=2))),
                )
            )
    return states


def _wishes(kind: Any, names: Sequence[str]) -> st.SearchStrategy[Any]:
    any_of = st.sets(st.sampled_from(names), min_size=1).map(frozenset)
    return st.builds(
        kind,
        st.lists(any_of, max_size=1).map(tuple),
        st.sets(st.sampled_from(names), max_size=1).map(frozenset),
    )


@st.composite
def requests(draw: st.DrawFn) -> CandidateRequest:
    """Draw a search with up to three groups."""
    suffixes = draw(st.sampled_from([[""], ["1"], ["", "1"], ["1", "2"], ["", "1", "2"], ["1", "2", "3"]]))
    named = frozenset(suffix for suffix in suffixes if suffix)
    subtrees = draw(st.sampled_from([(), (named,)])) if len(named) > 1 else ()
    groups = []
    for suffix in suffixes:
        least = 0 if subtrees and suffix else 1
        resources = draw(st.dictionaries(st.sampled_from(CLASSES), amounts, min_size=least, max_size=2))
        groups.append(
            RequestGroup(
                suffix=suffix,
                resources=resources,
                traits=draw(st.just(TraitWish()) | _wishes(TraitWish, TRAITS)),
                aggregates=draw(st.just(AggregateWish()) | _wishes(AggregateWish, AGGREGATES)),
                in_tree=draw(st.sampled_from([None, None, None, "0-0", "1-1", "9-9"])),
            )
        )
    return CandidateRequest(
        groups=groups,
        isolates_groups=draw(st.booleans()),
        root_traits=draw(st.just(TraitWish()) | _wishes(TraitWish, TRAITS)),
        subtrees=subtrees,
        spreads_over_trees=bool(subtrees) or draw(st.sampled_from([True, True, False])),
    )


# --- the plainest search ---


def every_candidate(states: Sequence[ProviderState], request: CandidateRequest) -> list[Candidate]:
    """Return the candidates of a world, each once, by trying every choice of providers for all that is wanted."""
    by_uuid = {one.uuid: one for one in states}
    found: dict[object, Candidate] = {}
    for root in states:
        wish = request.root_traits
        is_allowed = wish.is_satisfied_by(root.traits) and not wish.is_broken_by(root.traits)
        if root.is_root and is_allowed:
            for candidate in _of_tree(by_uuid, root, request):
                found.setdefault(identity(candidate), candidate)
    return list(found.values())


def identity(candidate: Candidate) -> object:
    """Return what makes a candidate the same as another."""
    amounts = frozenset((uuid, *one) for uuid, given in candidate.allocations.items() for one in given.items())
    return amounts, frozenset((suffix, tuple(uuids)) for suffix, uuids in candidate.mappings.items())


def _of_tree(by_uuid: dict[str, ProviderState], root: ProviderState, request: CandidateRequest) -> Iterator[Candidate]:
    tree = [one for one in by_uuid.values() if one.root_uuid == root.uuid]
    memberships = frozenset[str]().union(*(one.aggregates for one in tree))
    sharing = [
        one
        for one in by_uuid.values()
        if SHARES in one.traits and one.root_uuid != root.uuid and not one.aggregates.isdisjoint(memberships)
    ]
    parts = [(part.group, part.resources) for part in list_parts(request)]
    options = [
        [
            one
            for one in [*tree, *sharing]
            if one.is_welcome(group, by_uuid[one.root_uuid])
            and one.can_give_all(part)
            and (
                group.in_tree is None
                or (group.in_tree in by_uuid and by_uuid[group.in_tree].root_uuid == one.root_uuid)
            )
        ]
        for group, part in parts
    ]
    for chosen in itertools.product(*options):
        if _is_allowed(by_uuid, request, list(zip(parts, chosen, strict=True))):
            yield _candidate(parts, chosen)


def _is_allowed(
    by_uuid: dict[str, ProviderState],
    request: CandidateRequest,
    choices: list[tuple[tuple[RequestGroup, Any], ProviderState]],
) -> bool:
    alone = [one.uuid for (group, _), one in choices if group.suffix]
    if request.isolates_groups and len(set(alone)) < len(alone):
        return False
    if not request.spreads_over_trees:
        uuids = {one.uuid for (_, part), one in choices if part}
        if len({by_uuid[uuid].root_uuid for uuid in uuids}) < len(uuids):
            return False
    taken: Counter[tuple[str, str]] = Counter()
    for (_, part), one in choices:
        for name, amount in part.items():
            taken[one.uuid, name] += amount
    if any(amount > by_uuid[uuid].most(name) for (uuid, name), amount in taken.items()):
        return False
    for group in request.groups:
        givers = [one for (other, _), one in choices if other is group]
        if not group.traits.is_satisfied_by(frozenset[str]().union(*(one.traits for one in givers))):
            return False
    return all(
        _is_close(by_uuid, {one.uuid for (g, _), one in choices if g.suffix in some}) for some in request.subtrees
    )


def _is_close(by_uuid: dict[str, ProviderState], uuids: set[str]) -> bool:
    return any(all(_is_at_or_below(by_uuid, uuid, head) for uuid in uuids) for head in uuids)


def _is_at_or_below(by_uuid: dict[str, ProviderState], uuid: str | None, head: str) -> bool:
    while uuid is not None and uuid != head:
        uuid = by_uuid[uuid].parent_uuid
    return uuid == head


def _candidate(parts: list[tuple[RequestGroup, Any]], chosen: tuple[ProviderState, ...]) -> Candidate:
    allocations: dict[str, dict[str, int]] = {}
    mappings: dict[str, set[str]] = {}
    for (group, part), one in zip(parts, chosen, strict=True):
        mappings.setdefault(group.suffix, set()).add(one.uuid)
        for name, amount in part.items():
            given = allocations.setdefault(one.uuid, {})
            given[name] = given.get(name, 0) + amount
    return Candidate(allocations, {suffix: sorted(uuids) for suffix, uuids in mappings.items()})

"""Loading what a search for candidates looks at: only trees that may have room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import bindparam, or_, select

from pileus.kit.db import Transaction
from pileus.placement.db import aggregate as aggregates
from pileus.placement.db import allocation as allocations
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers
from pileus.placement.db import trait as traits
from pileus.placement.db.tables import inventory as i
from pileus.placement.db.tables import resource_provider as p
from pileus.placement.db.tables import resource_provider_aggregate as pa
from pileus.placement.db.tables import resource_provider_trait as pt
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.request_group import CandidateRequest
from pileus.placement.model.snapshot import SHARES, ProviderState, Snapshot

T = TypeVar("T")
MANY = 5000  # parameters of one statement; databases allow 32,766 and up

_MEMBER = pa.alias("member")
_SHARED = (
    select(pt.c.provider_id, p.c.root_uuid)
    .join(pa, pa.c.provider_id == pt.c.provider_id)
    .join(_MEMBER, _MEMBER.c.aggregate_uuid == pa.c.aggregate_uuid)
    .join(p, p.c.id == _MEMBER.c.provider_id)
    .where(pt.c.trait == SHARES, pt.c.provider_id.in_(bindparam("which", expanding=True)))
    .distinct()
)
_ROOTS = select(p.c.root_uuid).where(p.c.id.in_(bindparam("which", expanding=True))).distinct()


def load(tx: Transaction, request: CandidateRequest) -> Snapshot:
    """Return every tree that may serve a request, whole, with the providers that share with it."""
    least = request.least_amounts()
    rows = tx.all(
        select(i.c.provider_id, i.c.resource_class, p.c.root_uuid)
        .join(p, p.c.id == i.c.provider_id)
        .where(or_(*(inventories.has_left(name, amount) for name, amount in least.items())))
    )
    able: defaultdict[str, set[int]] = defaultdict(set)
    roots: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        able[row.resource_class].add(row.provider_id)
        roots[row.resource_class].add(row.root_uuid)
    anchors = _anchors(tx, set().union(*able.values()))
    for name, givers in able.items():
        for giver in givers & anchors.keys():
            roots[name] |= anchors[giver]
    wanted = set.intersection(*(roots[name] for name in least)) if least else set()
    if not wanted:
        return Snapshot(())
    return Snapshot(_load_states(tx, wanted | _roots_of(tx, anchors)))


def _anchors(tx: Transaction, provider_ids: Collection[int]) -> Mapping[int, set[str]]:
    """Return those of the providers that share, each with the roots of the trees that it shares with."""
    anchors: defaultdict[int, set[str]] = defaultdict(set)
    for some in _chunks(sorted(provider_ids)):
        for row in tx.all(_SHARED, {"which": some}):
            anchors[row.provider_id].add(row.root_uuid)
    return anchors


def _roots_of(tx: Transaction, provider_ids: Collection[int]) -> set[str]:
    return {row.root_uuid for row in tx.all(_ROOTS, {"which": list(provider_ids)})} if provider_ids else set()


def _load_states(tx: Transaction, root_uuids: Collection[str]) -> Iterator[ProviderState]:
    for some_roots in _chunks(sorted(root_uuids)):
        found = providers.list_trees(tx, some_roots)
        for some in _chunks(found):
            which = [one.id for one in some]
            stock: defaultdict[int, dict[str, Inventory]] = defaultdict(dict)
            for provider_id, stocked in inventories.list_of_many(tx, which):
                stock[provider_id][stocked.resource_class] = stocked
            used: defaultdict[int, dict[str, int]] = defaultdict(dict)
            for (provider_id, name), amount in allocations.used_of_many(tx, which).items():
                used[provider_id][name] = amount
            has = _grouped(traits.list_of_many(tx, which))
            member_of = _grouped(aggregates.list_of_many(tx, which))
            for one in some:
                yield ProviderState(
                    one, stock[one.id], used[one.id], frozenset(has[one.id]), frozenset(member_of[one.id])
                )


def _grouped(pairs: Sequence[tuple[int, str]]) -> Mapping[int, set[str]]:
    grouped: defaultdict[int, set[str]] = defaultdict(set)
    for provider_id, name in pairs:
        grouped[provider_id].add(name)
    return grouped


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), MANY):
        yield items[start : start + MANY]

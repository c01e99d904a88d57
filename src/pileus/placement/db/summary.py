"""How full everything is: sums over all inventories, which are the database's work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, case, func, select

from pileus.kit.db import Row, Transaction
from pileus.placement.db.resource_class import sort_key
from pileus.placement.db.tables import inventory as i
from pileus.placement.db.tables import resource_provider as p
from pileus.placement.db.tables import resource_provider_aggregate as pa
from pileus.placement.model.summary import Summary

_CAPACITY = (i.c.total - i.c.reserved) * i.c.allocation_ratio
_SHARE = case((_CAPACITY > 0, i.c.used / _CAPACITY), else_=1.0)  # of a capacity of nothing all is used
_child = p.alias("child")
_MEMBERS = (
    select(pa.c.aggregate_uuid, pa.c.provider_id)
    .union(
        select(pa.c.aggregate_uuid, _child.c.id)
        .join(p, p.c.id == pa.c.provider_id)
        .join(_child, and_(_child.c.root_uuid == p.c.uuid, _child.c.parent_uuid.is_not(None)))
    )
    .subquery()
)


def _summed(ranked: Select[Any], *groups: str) -> Select[Any]:
    """Return the sums over inventories by `groups`, and the name of the provider that comes first in each."""
    one = ranked.subquery().c
    sums = (
        select(
            *(one[name] for name in groups),
            func.count().label("providers"),
            func.sum(one.capacity).label("capacity"),
            func.sum(one.reserved).label("reserved"),
            func.sum(one.used).label("used"),
            func.sum(case((one.used < one.capacity, one.capacity - one.used), else_=0.0)).label("free"),
            func.max(one.share).label("fullest_share"),
            func.max(case((one.place == 1, one.provider_id))).label("fullest_id"),
        )
        .group_by(*(one[name] for name in groups))
        .subquery()
    )
    return select(sums, p.c.name.label("fullest")).join(p, p.c.id == sums.c.fullest_id)


def _ranked(*groups: Any) -> Select[Any]:
    """Return every inventory with its place among those of its group, the fullest first."""
    place = func.row_number().over(partition_by=groups, order_by=(_SHARE.desc(), i.c.provider_id))
    amounts = (i.c.provider_id, i.c.reserved, i.c.used, _CAPACITY.label("capacity"), _SHARE.label("share"))
    return select(*groups, *amounts, place.label("place"))


_BY_CLASS = _summed(_ranked(i.c.resource_class), "resource_class")
_BY_AGGREGATE = _summed(
    _ranked(_MEMBERS.c.aggregate_uuid, i.c.resource_class).join(_MEMBERS, _MEMBERS.c.provider_id == i.c.provider_id),
    "aggregate_uuid",
    "resource_class",
)


def by_class(tx: Transaction) -> Sequence[Summary]:
    """Return how full everything is: standard classes in their order, then custom ones by name."""
    return [_from_row(row) for row in _in_order(tx.all(_BY_CLASS))]


def by_aggregate(tx: Transaction) -> Mapping[str, Sequence[Summary]]:
    """Return how full aggregates are, by uuid. A root that is a member brings its whole tree."""
    found: defaultdict[str, list[Summary]] = defaultdict(list)
    for row in _in_order(tx.all(_BY_AGGREGATE)):
        found[row.aggregate_uuid].append(_from_row(row))
    return found


def _in_order(rows: Sequence[Row]) -> Sequence[Row]:
    return sorted(rows, key=lambda row: sort_key(row.resource_class))


def _from_row(row: Row) -> Summary:
    return Summary(
        resource_class=row.resource_class,
        providers=row.providers,
        capacity=float(row.capacity),
        reserved=int(row.reserved),
        used=int(row.used),
        free=float(row.free),
        fullest=row.fullest,
        fullest_share=float(row.fullest_share),
    )

"""Providers with all that hangs on them, as the index in memory holds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select

from pileus.kit.db import Transaction
from pileus.placement.db.tables import inventory as i
from pileus.placement.db.tables import resource_provider as p
from pileus.placement.db.tables import resource_provider_aggregate as pa
from pileus.placement.db.tables import resource_provider_trait as pt
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.state import ProviderState

_MANY = 5000  # providers of one statement
_Condition = Callable[[ColumnElement[int]], ColumnElement[bool]]  # on the column of a table that holds providers' ids

_STOCK = (
    i.c.provider_id, i.c.resource_class, i.c.total, i.c.reserved, i.c.min_unit, i.c.max_unit, i.c.step_size,
    i.c.allocation_ratio, i.c.used,
)  # fmt: skip
_PROVIDER = (p.c.id, p.c.uuid, p.c.name, p.c.root_uuid, p.c.parent_uuid)
_NOTHING: Mapping[str, Any] = {}
_NONE: frozenset[str] = frozenset()


class _Shared:
    """Values that many providers have alike, each kept once."""

    def __init__(self) -> None:
        self._inventories: dict[tuple[Any, ...], Inventory] = {}
        self._stocks: dict[tuple[tuple[Any, ...], ...], Mapping[str, Inventory]] = {}
        self._names: dict[str, frozenset[str]] = {}

    def stock(self, rows: Sequence[tuple[Any, ...]]) -> Mapping[str, Inventory]:
        """Return resource class → inventory of rows of (class, total, reserved, min, max, step, ratio)."""
        key = tuple(rows)
        if key not in self._stocks:
            self._stocks[key] = {row[0]: self._inventory(row) for row in rows}
        return self._stocks[key]

    def _inventory(self, row: tuple[Any, ...]) -> Inventory:
        if row not in self._inventories:
            name, total, reserved, min_unit, max_unit, step_size, ratio = row
            self._inventories[row] = Inventory(
                resource_class=name,
                total=total,
                reserved=reserved,
                min_unit=min_unit,
                max_unit=max_unit,
                step_size=step_size,
                allocation_ratio=ratio,
            )
        return self._inventories[row]

    def names(self, joined: str) -> frozenset[str]:
        """Return the names in a text that joins them by commas."""
        if joined not in self._names:
            self._names[joined] = frozenset(joined.split(","))
        return self._names[joined]


class _Statements:
    """What is read of providers, kept for one way to choose them."""

    def __init__(self, is_chosen: _Condition) -> None:
        self.providers = select(*_PROVIDER).where(is_chosen(p.c.id)).order_by(p.c.id)
        self.stocks = select(*_STOCK).where(is_chosen(i.c.provider_id)).order_by(i.c.resource_class)
        self.traits = _joined(pt, pt.c.trait, is_chosen)
        self.aggregates = _joined(pa, pa.c.aggregate_uuid, is_chosen)


def _joined(table: Table, name: ColumnElement[str], is_chosen: _Condition) -> Select[Any]:
    """Return the select of provider's id → names, joined by commas."""
    which = table.c.provider_id
    return select(which, func.aggregate_strings(name, ",")).where(is_chosen(which)).group_by(which)


_BETWEEN = _Statements(lambda column: column.between(bindparam("first"), bindparam("last")))
_AMONG = _Statements(lambda column: column.in_(bindparam("ids", expanding=True)))


def list_all(tx: Transaction) -> Sequence[ProviderState]:
    """Return all providers, oldest first."""
    shared = _Shared()
    last = tx.scalar(select(func.max(p.c.id))) or 0
    parts = [{"first": first, "last": first + _MANY - 1} for first in range(0, last + 1, _MANY)]
    return [state for part in parts for state in _list(tx, shared, _BETWEEN, part)]


def list_many(tx: Transaction, provider_ids: Iterable[int]) -> Sequence[ProviderState]:
    """Return those of some providers that exist, oldest first."""
    shared = _Shared()
    ids = sorted(provider_ids)
    parts = [{"ids": ids[start : start + _MANY]} for start in range(0, len(ids), _MANY)]
    return [state for part in parts for state in _list(tx, shared, _AMONG, part)]


def _list(
    tx: Transaction, shared: _Shared, statements: _Statements, part: Mapping[str, Any]
) -> Iterator[ProviderState]:
    stocks = _stocks(tx.tuples(statements.stocks, part))
    traits = _names(shared, tx.tuples(statements.traits, part))
    aggregates = _names(shared, tx.tuples(statements.aggregates, part))
    for which, uuid, name, root_uuid, parent_uuid in tx.tuples(statements.providers, part):
        stock, used = stocks.get(which, ((), _NOTHING))
        yield ProviderState(
            id=which,
            uuid=uuid,
            name=name,
            root_uuid=uuid if root_uuid == uuid else root_uuid,  # one text, not two alike
            parent_uuid=parent_uuid,
            inventories=shared.stock(stock) if stock else _NOTHING,
            used=used,
            traits=traits.get(which, _NONE),
            aggregates=aggregates.get(which, _NONE),
        )


def _stocks(rows: Iterable[tuple[Any, ...]]) -> Mapping[int, tuple[list[tuple[Any, ...]], dict[str, int]]]:
    """Return provider's id → rows of inventories without what is used, and what is used."""
    stocks: defaultdict[int, tuple[list[tuple[Any, ...]], dict[str, int]]] = defaultdict(lambda: ([], {}))
    for which, name, *values, used in rows:
        inventories, used_of = stocks[which]
        inventories.append((name, *values))
        if used:
            used_of[name] = used
    return stocks


def _names(shared: _Shared, rows: Iterable[tuple[Any, ...]]) -> Mapping[int, frozenset[str]]:
    """Return provider's id → names."""
    return {provider_id: shared.names(joined) for provider_id, joined in rows}

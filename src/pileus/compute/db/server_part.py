"""What servers have in rows of their own: metadata, tags, the group that they are in, and why they failed.

To build a statement takes longer than to run it, and a server is read in one way or the other by every request. So the
statements are built at import, and those for one server look for that one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, literal_column, select, union_all

from pileus.compute.db.batches import batches
from pileus.compute.db.tables import SERVER_FAULT, SERVER_GROUP_MEMBER, SERVER_METADATA, SERVER_TAG
from pileus.compute.model.server import Fault
from pileus.kit.db import Transaction

_F, _G, _M, _T = SERVER_FAULT.c, SERVER_GROUP_MEMBER.c, SERVER_METADATA.c, SERVER_TAG.c
_NOTHING: ColumnElement[Any] = literal_column("''")
_METADATA, _TAG, _GROUP = range(3)

Chosen = Callable[[ColumnElement[str]], ColumnElement[bool]]
"""Tells of a column with servers' ids which rows are wanted."""


@dataclass(slots=True)
class Parts:
    """What one server has."""

    metadata: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    group_id: str | None = None


def _parts(is_chosen: Chosen) -> Executable:
    """Return the select of all kinds of parts in one shape: the server, the kind, a name and a value."""
    kinds = (
        (_METADATA, _M.server_id, _M.key, _M.value),
        (_TAG, _T.server_id, _T.tag, _NOTHING),
        (_GROUP, _G.server_id, _G.group_id, _NOTHING),
    )
    return union_all(*(
        select(server_id, literal_column(str(kind)).label("kind"), name.label("name"), value.label("value"))
        .where(is_chosen(server_id))
        for kind, server_id, name, value in kinds
    ))  # fmt: skip


def _faults(is_chosen: Chosen) -> Executable:
    columns = (_F.server_id, _F.code, _F.message, _F.details, _F.created_at)
    return select(*columns).where(is_chosen(_F.server_id)).order_by(_F.number)


def _is_one(server_id: ColumnElement[str]) -> ColumnElement[bool]:
    return server_id == bindparam("which")


def _is_some(server_id: ColumnElement[str]) -> ColumnElement[bool]:
    return server_id.in_(bindparam("which", expanding=True))


_PARTS_OF_ONE, _PARTS_OF_SOME = _parts(_is_one), _parts(_is_some)
_FAULTS_OF_ONE, _FAULTS_OF_SOME = _faults(_is_one), _faults(_is_some)


def of_servers(tx: Transaction, server_ids: Sequence[str]) -> Mapping[str, Parts]:
    """Return what servers have beside their own rows, by their ids."""
    found = {server_id: Parts() for server_id in server_ids}
    for server_id, kind, name, value in _rows(tx, _PARTS_OF_ONE, _PARTS_OF_SOME, server_ids):
        parts = found[server_id]
        if kind == _METADATA:
            parts.metadata[name] = value
        elif kind == _TAG:
            parts.tags.append(name)
        else:
            parts.group_id = name
    return found


def faults_of(tx: Transaction, server_ids: Sequence[str]) -> Mapping[str, Fault]:
    """Return the last fault of those servers that had one, by the server's id."""
    return {
        server_id: Fault(code=code, message=message, details=details, created_at=created_at)
        for server_id, code, message, details, created_at in _rows(tx, _FAULTS_OF_ONE, _FAULTS_OF_SOME, server_ids)
    }


def _rows(
    tx: Transaction, of_one: Executable, of_some: Executable, server_ids: Sequence[str]
) -> Sequence[tuple[Any, ...]]:
    if len(server_ids) == 1:
        return tx.tuples(of_one, {"which": server_ids[0]})
    return [row for some in batches(server_ids) for row in tx.tuples(of_some, {"which": some})]

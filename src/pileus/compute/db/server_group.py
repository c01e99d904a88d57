"""Server groups and who is in them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Select, bindparam, func, select

from pileus.compute.db.batches import batches
from pileus.compute.db.tables import SERVER, SERVER_GROUP, SERVER_GROUP_MEMBER
from pileus.compute.model.error.server_group import ServerGroupNotFound
from pileus.compute.model.server_group import ServerGroup
from pileus.kit.db import Row, Transaction

_G, _M, _S = SERVER_GROUP.c, SERVER_GROUP_MEMBER.c, SERVER.c
_MEMBERS = (
    select(_M.group_id, _M.server_id)
    .join(SERVER, _S.id == _M.server_id)
    .where(_S.deleted_at.is_(None))
    .order_by(_S.number)
)
_PLACES = (
    select(_M.server_id, _S.host, _M.claimed_host)
    .join(SERVER, _S.id == _M.server_id)
    .where(_M.group_id == bindparam("which"), _S.deleted_at.is_(None))
)


def get(tx: Transaction, group_id: str) -> ServerGroup:
    """Return a group. Raises ServerGroupNotFound."""
    row = tx.first(select(SERVER_GROUP).where(_G.id == group_id))
    if row is None:
        raise ServerGroupNotFound(group_id=group_id)
    return _with_members(tx, [row])[0]


def list_page(tx: Transaction, *, project_id: str | None, limit: int, offset: int) -> Sequence[ServerGroup]:
    """Return a project's groups, or everybody's, oldest first."""
    query: Select[tuple[object, ...]] = select(SERVER_GROUP).order_by(_G.number).limit(limit).offset(offset)
    if project_id is not None:
        query = query.where(_G.project_id == project_id)
    return _with_members(tx, tx.all(query))


def members_by_host(tx: Transaction, group_id: str, *, without: str) -> Mapping[str, int]:
    """Return how many members each host has or awaits; `without`: the server that asks.

    A member under way counts on both of its hosts: it may yet stay where it is.
    """
    rows = [row for row in tx.all(_PLACES, {"which": group_id}) if row.server_id != without]
    return Counter(host for row in rows for host in {row.host, row.claimed_host} if host is not None)


def claim(tx: Transaction, server_id: str, host: str | None) -> None:
    """Have a member count as one of this host too, to which it is to go; None: of no other than it is on."""
    tx.execute(SERVER_GROUP_MEMBER.update().where(_M.server_id == server_id).values(claimed_host=host))


def lock(tx: Transaction, group_id: str) -> None:
    """Let nobody else claim a host for a member before the transaction ends."""
    tx.lock(_G.id, group_id)


def count(tx: Transaction, project_id: str) -> int:
    """Return how many groups a project has."""
    return int(tx.scalar(select(func.count()).where(_G.project_id == project_id)))


def count_members(tx: Transaction, group_id: str, user_id: str) -> int:
    """Return how many servers of a user are in a group."""
    query = select(func.count()).select_from(_MEMBERS.where(_M.group_id == group_id, _S.user_id == user_id).subquery())
    return int(tx.scalar(query))


def add(tx: Transaction, group: ServerGroup) -> None:
    """Write a new group, without members."""
    names = ("id", "project_id", "user_id", "name", "policy", "max_server_per_host", "created_at")
    tx.execute(SERVER_GROUP.insert(), {name: getattr(group, name) for name in names})


def add_member(tx: Transaction, group_id: str, server_id: str) -> None:
    """Put a new server into a group."""
    tx.execute(SERVER_GROUP_MEMBER.insert(), {"group_id": group_id, "server_id": server_id})


def delete(tx: Transaction, group_id: str) -> None:
    """Forget a group; its members are in none then."""
    tx.execute(SERVER_GROUP_MEMBER.delete().where(_M.group_id == group_id))
    tx.execute(SERVER_GROUP.delete().where(_G.id == group_id))


def _with_members(tx: Transaction, rows: Sequence[Row]) -> list[ServerGroup]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for some in batches([row.id for row in rows]):
        for row in tx.all(_MEMBERS.where(_M.group_id.in_(some))):
            members[row.group_id].append(row.server_id)
    return [_group(row, members[row.id]) for row in rows]


def _group(row: Row, members: Sequence[str]) -> ServerGroup:
    return ServerGroup(
        id=row.id,
        project_id=row.project_id,
        user_id=row.user_id,
        name=row.name,
        policy=row.policy,
        max_server_per_host=row.max_server_per_host,
        created_at=row.created_at,
        members=members,
    )

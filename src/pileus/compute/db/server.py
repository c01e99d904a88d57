"""Servers in the database: one by one, and what workflows change of them. Lists are in `db/server_list.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from pileus.compute.db import server_group as groups
from pileus.compute.db import server_part
from pileus.compute.db import tag as tag_rows
from pileus.compute.db.batches import batches
from pileus.compute.db.server_part import Parts
from pileus.compute.db.tables import SERVER, SERVER_FAULT, SERVER_METADATA
from pileus.compute.model.action_rule import ActionRule
from pileus.compute.model.block_device import BlockDevice
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.news import StateBefore
from pileus.compute.model.quota import Usage
from pileus.compute.model.server import Fault, ImageSnapshot, Server, VmState
from pileus.kit.db import Row, Transaction


class Unchanged(Enum):
    """The type of UNCHANGED."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
"""Leaves a column as it is, where None would empty it."""

_WITH_FAULT = (VmState.ERROR, VmState.DELETED)
_DOCUMENTS = ("hints", "block_devices", "old_block_devices", "personality", "trusted_certificates")
_KEPT = 1000
# Many servers have the same flavor and the same image, and neither changes once it is read.
_FLAVOR = lru_cache(_KEPT)(msgspec.json.Decoder(Flavor).decode)
_IMAGE = lru_cache(_KEPT)(msgspec.json.Decoder(ImageSnapshot).decode)
_BLOCK_DEVICES = lru_cache(_KEPT)(msgspec.json.Decoder(tuple[BlockDevice, ...]).decode)
_JSON = msgspec.json.decode
_DECODERS: tuple[tuple[str, Callable[[str], Any], Any], ...] = (
    ("flavor", _FLAVOR, None),
    ("old_flavor", _FLAVOR, None),
    ("image", _IMAGE, None),
    ("block_devices", _BLOCK_DEVICES, ()),
    ("old_block_devices", _BLOCK_DEVICES, ()),
    ("hints", _JSON, {}),
    ("personality", _JSON, {}),
    ("trusted_certificates", _JSON, None),
)
"""The columns that hold documents, and what an empty one means."""

_FOR_SQL = ("flavor_id", "vcpus", "memory_mb", "disk_gb", "image_id")
_COLUMNS = tuple(column for column in SERVER.columns if column.name not in _FOR_SQL)
# The very strings that the members are named by: Python looks through all of them for one that is merely equal.
_NAMES = tuple(sys.intern(str(column.name)) for column in _COLUMNS)
_S, _M = SERVER.c, SERVER_METADATA.c
SELECTION = select(*_COLUMNS)
"""The select of what `with_details` makes servers of."""

_GET = SELECTION.where(_S.id == bindparam("which"))
_NAMED = SELECTION.where(_S.name == bindparam("called")).order_by(_S.number.desc())
_BY_HOST = SELECTION.where(_S.host == bindparam("at"), _S.deleted_at.is_(None)).order_by(_S.number)
_HOSTS_IN_USE = select(_S.host).where(_S.host.is_not(None), _S.deleted_at.is_(None)).distinct()
_USAGE = select(
    func.count().label("servers"),
    func.coalesce(func.sum(_S.vcpus), 0).label("vcpus"),
    func.coalesce(func.sum(_S.memory_mb), 0).label("memory_mb"),
).where(_S.project_id == bindparam("project"), _S.deleted_at.is_(None))
_MARK_DELETED = (
    SERVER.update()
    .where(_S.id == bindparam("which"), _S.deleted_at.is_(None))
    .values(
        vm_state=VmState.DELETED, task_state=None, power_state=0, deleted_at=bindparam("now"),
        updated_at=bindparam("now"), terminated_at=func.coalesce(_S.terminated_at, bindparam("now")),
    )
)  # fmt: skip


# --- reading --------------------------------------------------------------------------------------


def get(tx: Transaction, server_id: str, *, may_be_deleted: bool = False) -> Server:
    """Return a server. Raises InstanceNotFound, also for a deleted one unless that is asked for."""
    row = tx.first(_GET, {"which": server_id})
    if row is None or (row.deleted_at is not None and not may_be_deleted):
        raise InstanceNotFound(server_id=server_id)
    return with_details(tx, [row])[0]


def list_named(tx: Transaction, name: str) -> Sequence[Server]:
    """Return the servers that have a name, newest first; the deleted ones only if there is no other."""
    rows = tx.all(_NAMED, {"called": name})
    return with_details(tx, [row for row in rows if row.deleted_at is None] or rows)


def list_by_host(tx: Transaction, host: str) -> Sequence[Server]:
    """Return the servers that are on a host, the deleted ones left out, oldest first."""
    return with_details(tx, tx.all(_BY_HOST, {"at": host}))


def hosts_of(tx: Transaction, server_ids: Sequence[str]) -> Sequence[str]:
    """Return the hosts that these servers are on, as far as there are such servers and they are on one."""
    query = select(_S.host).where(_S.id.in_(server_ids), _S.host.is_not(None), _S.deleted_at.is_(None))
    return [row.host for row in tx.all(query)]


def on_hosts(tx: Transaction, server_ids: Sequence[str]) -> set[str]:
    """Return which of these are servers that there are, and that are on a host."""
    query = select(_S.id).where(_S.host.is_not(None), _S.deleted_at.is_(None))
    return {row.id for some in batches(server_ids) for row in tx.all(query.where(_S.id.in_(some)))}


def list_in_states(
    tx: Transaction, *, vm_states: Sequence[str] = (), task_states: Sequence[str] = (), before: datetime | None = None
) -> Sequence[Server]:
    """Return servers in one of the states (an empty list: any) whose row is older than `before`, oldest first."""
    query = SELECTION.where(_S.deleted_at.is_(None)).order_by(_S.number)
    if vm_states:
        query = query.where(_S.vm_state.in_(vm_states))
    if task_states:
        query = query.where(_S.task_state.in_(task_states))
    if before is not None:
        query = query.where(func.coalesce(_S.updated_at, _S.created_at) < before)
    return with_details(tx, tx.all(query))


def usage(tx: Transaction, project_id: str, user_id: str | None = None) -> Usage:
    """Return what a project's servers take of its quota, or those of one user in it."""
    query = _USAGE if user_id is None else _USAGE.where(_S.user_id == user_id)
    row = tx.first(query, {"project": project_id})
    assert row is not None
    return Usage(instances=int(row.servers), cores=int(row.vcpus), ram_mb=int(row.memory_mb))


def with_details(tx: Transaction, rows: Sequence[Row]) -> list[Server]:
    """Return rows of SELECTION as servers, with what other tables say of them; a fault only of those that show one."""
    if not rows:
        return []
    parts = server_part.of_servers(tx, [row.id for row in rows])
    failed = [row.id for row in rows if row.vm_state in _WITH_FAULT]
    faults = server_part.faults_of(tx, failed) if failed else {}
    return [_server(row, parts[row.id], faults.get(row.id)) for row in rows]


# --- writing --------------------------------------------------------------------------------------


def add(tx: Transaction, server: Server) -> None:
    """Write a new server."""
    tx.execute(SERVER.insert(), _values(server))
    if server.metadata:
        set_metadata(tx, server.id, server.metadata)
    if server.tags:
        tag_rows.replace(tx, server.id, server.tags)
    if server.group_id is not None:
        groups.add_member(tx, server.group_id, server.id)


def hosts_in_use(tx: Transaction) -> set[str]:
    """Return the hosts that servers are on."""
    return {host for (host,) in tx.tuples(_HOSTS_IN_USE)}


def set_state(
    tx: Transaction,
    server_id: str,
    *,
    vm_state: str | Unchanged = UNCHANGED,
    task_state: str | Unchanged | None = UNCHANGED,
    power_state: int | Unchanged = UNCHANGED,
    host: str | Unchanged | None = UNCHANGED,
    node: str | Unchanged | None = UNCHANGED,
    launched_at: datetime | Unchanged | None = UNCHANGED,
    terminated_at: datetime | Unchanged | None = UNCHANGED,
    now: datetime,
    unless_task: Sequence[str] = (),
    only_since: datetime | None = None,
) -> bool:
    """Change parts of a server's state; tell whether there was such a server to change.

    A deleted server never changes, and neither does one whose task is in `unless_task`, or whose row was last written
    at another time than `only_since`.
    """
    given: dict[str, Any] = {
        "vm_state": vm_state, "task_state": task_state, "power_state": power_state, "host": host, "node": node,
        "launched_at": launched_at, "terminated_at": terminated_at,
    }  # fmt: skip
    values = {name: value for name, value in given.items() if value is not UNCHANGED}
    _note_state(tx, server_id)
    statement = SERVER.update().where(_S.id == server_id, _S.deleted_at.is_(None))
    if unless_task:
        statement = statement.where(or_(_S.task_state.is_(None), _S.task_state.not_in(unless_task)))
    if only_since is not None:
        statement = statement.where(func.coalesce(_S.updated_at, _S.created_at) == only_since)
    return bool(tx.changed(statement.values(updated_at=now, **values)))


def begin_task(tx: Transaction, server_id: str, rule: ActionRule, now: datetime) -> bool:
    """Set an action's task if the server's state allows it; of two at the same time only one is told yes."""
    _note_state(tx, server_id)
    statement = SERVER.update().where(
        _S.id == server_id, _S.deleted_at.is_(None), _S.vm_state.in_(rule.vm_states), _in_tasks(rule.task_states)
    )
    if rule.needs_launched:
        statement = statement.where(_S.launched_at.is_not(None))
    return bool(tx.changed(statement.values(task_state=rule.task_state, updated_at=now)))


def _in_tasks(task_states: Sequence[str | None]) -> ColumnElement[bool]:
    named = [task for task in task_states if task is not None]
    is_named = _S.task_state.in_(named)
    return or_(_S.task_state.is_(None), is_named) if None in task_states else and_(is_named)


def _note_state(tx: Transaction, server_id: str) -> None:
    """Note what a server is before it becomes something else, if anybody will be told."""
    if tx.notes is not None:
        row = tx.first(select(_S.vm_state, _S.task_state, _S.name).where(_S.id == server_id))
        if row is not None:
            tx.note(StateBefore(server_id, row.vm_state, row.task_state, row.name))


def lock(tx: Transaction, server_id: str) -> None:
    """Let nobody else change the server before the transaction ends."""
    tx.lock(_S.id, server_id)


def mark_deleted(tx: Transaction, server_id: str, now: datetime) -> bool:
    """Make a server a deleted one, whose row stays until it is purged; tell whether it was not one before."""
    _note_state(tx, server_id)
    return bool(tx.changed(_MARK_DELETED, {"which": server_id, "now": now}))


def add_fault(tx: Transaction, server_id: str, code: int, message: str, details: str, now: datetime) -> None:
    """Write why a server failed; the API shows the last one while the server is in ERROR."""
    row = {"server_id": server_id, "code": code, "message": message, "details": details, "created_at": now}
    tx.execute(SERVER_FAULT.insert(), row)


def update(tx: Transaction, server_id: str, now: datetime, **values: Any) -> None:
    """Set columns that the user may choose, such as the name."""
    _note_state(tx, server_id)
    tx.execute(SERVER.update().where(_S.id == server_id).values(updated_at=now, **values))


def change(tx: Transaction, server_id: str, now: datetime, **values: Any) -> None:
    """The same, for columns that are documents too, such as hints."""
    update(tx, server_id, now, **{name: _document(v) if name in _DOCUMENTS else v for name, v in values.items()})


def set_flavor(tx: Transaction, server_id: str, flavor: Flavor, old: Flavor | None, now: datetime) -> None:
    """Let a server have another size; `old` is what it had, while it can have that back."""
    text = None if old is None else msgspec.json.encode(old).decode()
    update(tx, server_id, now, old_flavor=text, **_flavor_values(flavor))


def set_image(tx: Transaction, server_id: str, image: ImageSnapshot, now: datetime) -> None:
    """Let a server be one that was made of this image."""
    update(tx, server_id, now, image_id=image.id, image=msgspec.json.encode(image).decode())


def set_metadata(tx: Transaction, server_id: str, metadata: Mapping[str, str]) -> None:
    """Put this in the place of all metadata of a server."""
    tx.execute(SERVER_METADATA.delete().where(_M.server_id == server_id))
    if metadata:
        rows = [{"server_id": server_id, "key": key, "value": value} for key, value in metadata.items()]
        tx.execute(SERVER_METADATA.insert(), rows)


def purge(tx: Transaction, before: datetime) -> int:
    """Forget servers that were deleted before a time, and everything about them; return how many."""
    return tx.changed(SERVER.delete().where(_S.deleted_at < before))


# --- rows -----------------------------------------------------------------------------------------


def _values(server: Server) -> dict[str, Any]:
    flavor, image = server.flavor, server.image
    columns = (
        "id", "project_id", "user_id", "name", "hostname", "vm_state", "task_state", "power_state", "host", "node",
        "availability_zone", "reservation_id", "launch_index", "key_name", "public_key", "user_data",
        "has_config_drive", "is_disk_config_auto", "access_ip_v4", "access_ip_v6", "root_device_name", "created_at",
        "updated_at", "launched_at", "terminated_at", "deleted_at", "description", "locked_by", "locked_reason",
        "requested_host", "requested_node", "is_host_forced", "encrypted_password",
    )  # fmt: skip
    values = {name: getattr(server, name) for name in columns}
    values |= {name: _document(getattr(server, name)) for name in _DOCUMENTS}
    values |= _flavor_values(flavor) | {"image_id": image.id if image else None}
    values["image"] = msgspec.json.encode(image).decode() if image else None
    return values


def _flavor_values(flavor: Flavor) -> dict[str, Any]:
    values = {"flavor_id": flavor.id, "vcpus": flavor.vcpus, "memory_mb": flavor.memory_mb, "disk_gb": flavor.disk_gb}
    return {**values, "flavor": msgspec.json.encode(flavor).decode()}


def _document(value: Any) -> str | None:
    return msgspec.json.encode(value).decode() if value else None


def _server(row: Row, parts: Parts, fault: Fault | None) -> Server:
    """Return a row of SELECTION as a server: a column is a member."""
    values = dict(zip(_NAMES, row, strict=True))
    for name, decode, otherwise in _DECODERS:
        text = values[name]
        values[name] = otherwise if text is None else decode(text)
    return Server(
        **values, metadata=parts.metadata, tags=tuple(sorted(parts.tags)), group_id=parts.group_id, fault=fault
    )

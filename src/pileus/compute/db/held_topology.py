"""Who has parts of a host's machine for itself: servers, and migrations for what a server had before it moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import bindparam, or_, select

from pileus.compute.db.tables import HELD_TOPOLOGY, HYPERVISOR, MIGRATION
from pileus.compute.model.guest_topology import GuestTopology
from pileus.kit.db import Transaction

_T = HELD_TOPOLOGY.c
_FIND = select(_T.topology).where(_T.holder == bindparam("which"))
_ON_HOST = select(_T.holder, _T.topology).where(_T.host == bindparam("at"))
_ALL = select(_T.host, _T.holder, _T.topology).where(_T.host.is_not(None))
_DELETE = HELD_TOPOLOGY.delete().where(_T.holder == bindparam("which"))


def find(tx: Transaction, holder: str) -> GuestTopology | None:
    """Return what a server or a migration holds."""
    text = tx.scalar(_FIND, {"which": holder})
    return None if text is None else _topology(text)


def on_host(tx: Transaction, host: str, *, without: str) -> Sequence[GuestTopology]:
    """Return what is held of a host, by others than `without`. Nobody else takes of it before the transaction ends."""
    tx.lock(HYPERVISOR.c.host, host)
    return [_topology(row.topology) for row in tx.all(_ON_HOST, {"at": host}) if row.holder != without]


def by_host(tx: Transaction, *, without: str) -> Mapping[str, Sequence[GuestTopology]]:
    """Return what is held of every host, by others than `without`."""
    found: defaultdict[str, list[GuestTopology]] = defaultdict(list)
    for row in tx.all(_ALL):
        if row.holder != without:
            found[row.host].append(_topology(row.topology))
    return found


def hold(tx: Transaction, holder: str, host: str, topology: GuestTopology) -> None:
    """Have a server hold this, and nothing that it held before."""
    release(tx, holder)
    text = msgspec.json.encode(topology).decode()
    tx.execute(HELD_TOPOLOGY.insert(), {"holder": holder, "host": host, "topology": text})


def release(tx: Transaction, holder: str) -> None:
    """Hold nothing any more; that it held nothing is no error."""
    tx.execute(_DELETE, {"which": holder})


def release_all(tx: Transaction, server_id: str) -> None:
    """Have neither a server nor any migration of it hold anything any more."""
    migrations = select(MIGRATION.c.uuid).where(MIGRATION.c.server_id == server_id)
    tx.execute(HELD_TOPOLOGY.delete().where(or_(_T.holder == server_id, _T.holder.in_(migrations))))


def set_apart(tx: Transaction, server_id: str, migration: str) -> None:
    """Have a migration hold what its server holds; if that is nothing, it is written down that it is nothing.

    Done a second time it changes nothing, whatever the server has come to hold.
    """
    if tx.first(_FIND, {"which": migration}) is not None:
        return
    if not tx.changed(HELD_TOPOLOGY.update().where(_T.holder == server_id).values(holder=migration)):
        tx.execute(HELD_TOPOLOGY.insert(), {"holder": migration})


def give_back(tx: Transaction, migration: str, server_id: str) -> None:
    """Have a server hold again what its migration holds, and nothing else. Done a second time it changes nothing."""
    if tx.first(_FIND, {"which": migration}) is None:
        return
    release(tx, server_id)
    of_migration = _T.holder == migration
    tx.execute(HELD_TOPOLOGY.update().where(of_migration, _T.topology.is_not(None)).values(holder=server_id))
    release(tx, migration)


def _topology(text: str) -> GuestTopology:
    return msgspec.json.decode(text, type=GuestTopology)

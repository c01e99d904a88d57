"""What the scheduler must know of all hosts, and what of it changed: a generation counts the changes.

A change takes the next generation as a lock that is held to the end of its transaction, so generations become visible
in order and nothing is missed. Servers are followed by the time of their last change.

Whoever writes of a host writes its service first, then takes the generation, then writes the hypervisor: two who took
these in different orders might wait for each other for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, or_, select

from pileus.compute.db.batches import batches
from pileus.compute.db.tables import AGGREGATE_HOST, FLEET, HYPERVISOR, SERVER, SERVICE
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.model.server import BUSY_TASKS, VmState
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

_A, _F, _H, _S = AGGREGATE_HOST.c, FLEET.c, HYPERVISOR.c, SERVER.c
_THE_ONE = 1

_GENERATION = select(_F.generation, _F.gone_generation)
_NEXT = FLEET.update().where(_F.number == _THE_ONE).values(generation=_F.generation + 1)
_FACTS = select(
    _H.host, _H.uuid, _H.hostname, _H.vcpus, _H.memory_mb, _H.local_gb, _H.hypervisor_type, _H.hypervisor_version,
    _H.cpu_info, _H.address, _H.topology, _H.metrics, _H.failed_builds, SERVICE.c.is_disabled,
    SERVICE.c.disabled_reason, SERVICE.c.is_forced_down, SERVICE.c.last_seen_at,
).join(SERVICE, (SERVICE.c.host == _H.host) & (SERVICE.c.binary == COMPUTE_BINARY))  # fmt: skip
_LAST_SEEN = select(SERVICE.c.host, SERVICE.c.last_seen_at).where(SERVICE.c.binary == COMPUTE_BINARY)
_ON_HOSTS = select(
    _S.number,
    case((_S.deleted_at.is_(None), _S.host)).label("host"),
    case((or_(_S.vm_state == VmState.BUILDING, _S.task_state.in_(BUSY_TASKS)), 1), else_=0).label("busy"),
    _S.updated_at,
)
_EVERY_ONE = _ON_HOSTS.where(_S.host.is_not(None), _S.deleted_at.is_(None))


# --- what changed ---------------------------------------------------------------------------------


def generation(tx: Transaction) -> tuple[int, int]:
    """Return how many changes there were, and how many when a host went last."""
    row = tx.first(_GENERATION)
    return (0, 0) if row is None else (row.generation, row.gone_generation)


def next_generation(tx: Transaction) -> int:
    """Begin a change of what the scheduler must know of hosts; the next one waits for the end of the transaction."""
    if not tx.changed(_NEXT):
        insert_if_absent(tx, FLEET, {"number": _THE_ONE, "generation": 0, "gone_generation": 0})
        tx.execute(_NEXT)
    return int(tx.scalar(_GENERATION))


def note_changed(tx: Transaction, hosts: Sequence[str]) -> None:
    """Write that hosts are not as they were."""
    if hosts:
        number = next_generation(tx)
        for some in batches(hosts):
            tx.execute(HYPERVISOR.update().where(_H.host.in_(some)).values(generation=number))


def note_aggregate(tx: Transaction, aggregate_number: int) -> None:
    """Write that the hosts of an aggregate are not as they were: those that are in it once this change has its turn."""
    number = next_generation(tx)
    members = select(_A.host).where(_A.aggregate_number == aggregate_number)
    tx.execute(HYPERVISOR.update().where(_H.host.in_(members)).values(generation=number))


def note_gone(tx: Transaction) -> None:
    """Write that a host is no more."""
    tx.execute(FLEET.update().values(gone_generation=next_generation(tx)))


# --- hosts ----------------------------------------------------------------------------------------


def list_facts(tx: Transaction, *, since: int | None = None) -> Sequence[Row]:
    """Return what is known of every host, or of those that changed since a generation."""
    return tx.all(_FACTS if since is None else _FACTS.where(_H.generation > since))


def last_seen(tx: Transaction, hosts: Sequence[str]) -> Sequence[tuple[Any, ...]]:
    """Return when hosts were heard of last."""
    return [row for some in batches(hosts) for row in tx.tuples(_LAST_SEEN.where(SERVICE.c.host.in_(some)))]


# --- servers --------------------------------------------------------------------------------------


def list_servers(tx: Transaction, *, since: datetime | None = None) -> Sequence[tuple[Any, ...]]:
    """Return number, host, whether it keeps its host busy, and the time of its last change, of servers on hosts.

    `since`: of all that changed then or later, also of those that are on no host any more.
    """
    return tx.tuples(_EVERY_ONE if since is None else _ON_HOSTS.where(_S.updated_at >= since))

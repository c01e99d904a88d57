"""Steps that all moves of a server share.

Who moves holds room twice: what the server had is held by the migration until nobody can want it back, and the server
holds what it gets.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pileus.compute.db import action, held_topology, server_migration
from pileus.compute.db import server as servers
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.news import PREPARED
from pileus.compute.model.server import Server, TaskState
from pileus.compute.model.server_migration import IN_PROGRESS, MigrationStatus
from pileus.compute.scheduler.ask import ask_of
from pileus.compute.workflows.affinity import leave_claim
from pileus.compute.workflows.claim import leave
from pileus.compute.workflows.claim import release as release_holder
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import load
from pileus.compute.workflows.place import claim_host
from pileus.compute.workflows.state import TAKEOVER, give_up
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, StepFailed


def migration_of(run: Run) -> str:
    """Return the uuid of the migration that a workflow is."""
    return str(run.arguments["migration"])


def hold(run: Run, means: Means) -> None:
    """Let the migration hold what the server has. Raises StepFailed."""
    server = load(run, means)
    if server.host != run.arguments["source"]:  # what was under way when this was asked for has moved it
        raise StepFailed("The server has left the host that it was to be moved from.")
    means.database.write(held_topology.set_apart, server.id, migration_of(run))
    means.placement.hand_over(
        server.id, migration_of(run), project_id=server.project_id, user_id=server.user_id
    )  # fmt: skip


def hand_back(run: Run, means: Means) -> None:
    """Let the server hold again what it had."""
    try:
        server = load(run, means)
    except InstanceNotFound:
        return
    means.database.write(held_topology.give_back, migration_of(run), server.id)
    means.placement.hand_over(
        migration_of(run), server.id, project_id=server.project_id, user_id=server.user_id
    )  # fmt: skip


def release(run: Run, means: Means) -> None:
    """Hold nothing any more of what the server had."""
    release_holder(means, migration_of(run))


def place(run: Run, means: Means, server: Server, *, may_stay: bool = False) -> dict[str, str]:
    """Choose where the server goes, and allocate there. Raises StepFailed."""
    excluded = frozenset() if may_stay or server.host is None else frozenset({server.host})
    ask = replace(
        ask_of(server, means.settings.pci.alias), only_host=run.arguments.get("host"), excluded_hosts=excluded
    )
    return claim_host(means, server, ask)


def give_back(run: Run, means: Means) -> None:
    """Hold nothing where the server was to go."""
    means.placement.release(run.subject)
    means.database.write(leave, run.subject)


def destination_of(run: Run) -> str:
    """Return the name of the host that was chosen."""
    return str(run.results["place"]["host"])


def note(tx: Transaction, run: Run, means: Means, status: MigrationStatus, task_state: TaskState) -> None:
    """Write down where the server goes."""
    now, dest = means.clock.now(), destination_of(run)
    values: dict[str, Any] = {"dest_host": dest, "dest_node": run.results["place"]["node"]}
    server_migration.update(tx, migration_of(run), now, only_from=IN_PROGRESS, status=status, **values)
    unless_task = tuple(task for task in TAKEOVER if task != task_state)
    servers.set_state(tx, run.subject, task_state=task_state, now=now, unless_task=unless_task)
    if "called" in run.arguments:
        action.note_phase(tx, run.subject, run.arguments["called"], PREPARED)


def arrived(tx: Transaction, run: Run, means: Means, status: MigrationStatus) -> None:
    """Write down that the server is where it goes."""
    now, dest = means.clock.now(), destination_of(run)
    server_migration.update(tx, migration_of(run), now, status=status)
    servers.set_state(tx, run.subject, host=dest, node=run.results["place"]["node"], now=now)
    leave_claim(tx, run.subject)


def call_off(
    tx: Transaction,
    run: Run,
    means: Means,
    called: str,
    status: MigrationStatus,
    *,
    unless_task: tuple[str, ...] = TAKEOVER,
) -> None:
    """Write down that the server stays where it is, and why."""
    server_migration.update(tx, migration_of(run), means.clock.now(), only_from=IN_PROGRESS, status=status)
    give_up(tx, run, means, called, unless_task=unless_task)

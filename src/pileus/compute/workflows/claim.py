"""What a server claims on a host beside its allocation: a place among its group, and parts of the machine."""

from __future__ import annotations

from pileus.compute.db import held_topology
from pileus.compute.model.guest_topology import fit
from pileus.compute.model.server import Server
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.workflows.affinity import claim_in_group, leave_claim
from pileus.compute.workflows.means import Means
from pileus.kit.db import Transaction


def claim(tx: Transaction, asking: Server, ask: Ask, host: HostView) -> bool:
    """Claim a host, and nothing that was claimed of others before; tell whether it will still do."""
    if not ask.is_forced and not claim_in_group(tx, asking, ask, host):
        return False
    if ask.wish is None:
        return True
    topology = fit(host.topology, held_topology.on_host(tx, host.host, without=asking.id), ask.wish)
    if topology is None:
        return False
    held_topology.hold(tx, asking.id, host.host, topology)
    return True


def leave(tx: Transaction, server_id: str) -> None:
    """Claim nothing any more."""
    leave_claim(tx, server_id)
    held_topology.release(tx, server_id)


def release(means: Means, holder: str) -> None:
    """Have a server, or a migration of one, hold nothing any more."""
    means.placement.release(holder)
    means.database.write(held_topology.release, holder)

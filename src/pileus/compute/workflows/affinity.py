"""Beside which servers one wants to be, and beside which not: its group, and the servers that its hints name."""

from __future__ import annotations

from dataclasses import replace

from pileus.compute.db import held_topology
from pileus.compute.db import server as servers
from pileus.compute.db import server_group as groups
from pileus.compute.model.error.server_group import ServerGroupNotFound
from pileus.compute.model.server import Server
from pileus.compute.model.server_group import ANTI_AFFINITY
from pileus.compute.scheduler.ask import Ask, GroupWish, HostView
from pileus.compute.scheduler.filter.affinity import server_group_affinity, server_group_anti_affinity
from pileus.kit.db import Transaction

GROUP_FILTERS = (server_group_affinity, server_group_anti_affinity)


def with_neighbours(tx: Transaction, asking: Server, ask: Ask) -> Ask:
    """Return the ask with where the others are now, and what they have there for themselves if that matters."""
    hints = asking.hints
    same = _hosts_of(tx, hints["same_host"]) if hints.get("same_host") else None
    different = _hosts_of(tx, hints["different_host"]) if hints.get("different_host") else frozenset()
    held = held_topology.by_host(tx, without=asking.id) if ask.wish else {}
    return replace(ask, same_hosts=same, different_hosts=different, group=_wish(tx, asking), held=held)


def _hosts_of(tx: Transaction, named: str | list[str]) -> frozenset[str]:
    server_ids = [named] if isinstance(named, str) else named
    return frozenset(servers.hosts_of(tx, server_ids))


def _wish(tx: Transaction, asking: Server) -> GroupWish | None:
    if asking.group_id is None:
        return None
    try:
        group = groups.get(tx, asking.group_id)
    except ServerGroupNotFound:  # deleted since, and its members are in none
        return None
    most = group.max_server_per_host if group.policy == ANTI_AFFINITY else None
    members = groups.members_by_host(tx, group.id, without=asking.id)
    return GroupWish(policy=group.policy, most_per_host=most or 1, members=members)


def claim_in_group(tx: Transaction, asking: Server, ask: Ask, host: HostView) -> bool:
    """Have the group count the server on a host, if its policy allows it still; of two at once the second waits."""
    if asking.group_id is None:
        return True
    groups.lock(tx, asking.group_id)
    current = replace(ask, group=_wish(tx, asking))
    if any(check(current, host) is not None for check in GROUP_FILTERS):
        return False
    groups.claim(tx, asking.id, host.host)
    return True


def leave_claim(tx: Transaction, server_id: str) -> None:
    """Have the group count the server on no host but the one that its row names, if it names one."""
    groups.claim(tx, server_id, None)

"""Making and deleting server groups."""

from __future__ import annotations

from pileus.compute.db import quota as quotas
from pileus.compute.db import server_group as rows
from pileus.compute.model.error.server_group import RulesRefused, ServerGroupLimitExceeded
from pileus.compute.model.news import NounNews
from pileus.compute.model.quota import UNLIMITED
from pileus.compute.model.server_group import ANTI_AFFINITY, ServerGroup
from pileus.compute.operations import quota
from pileus.compute.settings import QuotaSettings
from pileus.kit.db import Transaction


def create(tx: Transaction, settings: QuotaSettings, group: ServerGroup) -> None:
    """Write a new group. Raises RulesRefused, ServerGroupLimitExceeded."""
    if group.max_server_per_host is not None and group.policy != ANTI_AFFINITY:
        raise RulesRefused
    quotas.take_turn(tx, f"project:{group.project_id}")
    allowed = quota.limits(tx, settings, group.project_id)["server_groups"]
    if allowed != UNLIMITED and rows.count(tx, group.project_id) >= allowed:
        raise ServerGroupLimitExceeded
    rows.add(tx, group)
    tx.note(NounNews(noun=group, verb="create", more={"name": group.name, "policy": group.policy}))


def delete(tx: Transaction, group: ServerGroup) -> None:
    """Remove a group; its members stay, and are in none."""
    rows.delete(tx, group.id)
    tx.note(NounNews(noun=group, verb="delete"))

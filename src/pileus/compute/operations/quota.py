"""What projects may use."""

from __future__ import annotations

from collections.abc import Mapping

from pileus.compute.db import quota as rows
from pileus.compute.db import server as servers
from pileus.compute.model.errors import QuotaBelowUse
from pileus.compute.model.quota import UNLIMITED
from pileus.compute.settings import QuotaSettings
from pileus.kit.db import Transaction


def defaults(settings: QuotaSettings) -> dict[str, int]:
    """Return what a project gets that has no limits of its own, by the names that the API has for them."""
    return {
        "instances": settings.instances,
        "cores": settings.cores,
        "ram": settings.ram_mb,
        "key_pairs": settings.key_pairs,
        "metadata_items": settings.metadata_items,
        "injected_files": settings.injected_files,
        "injected_file_content_bytes": settings.injected_file_content_bytes,
        "injected_file_path_bytes": settings.injected_file_path_bytes,
        "server_groups": settings.server_groups,
        "server_group_members": settings.server_group_members,
    }


def limits(tx: Transaction, settings: QuotaSettings, project_id: str) -> dict[str, int]:
    """Return what a project may use."""
    return {**defaults(settings), **rows.own_limits(tx, project_id)}


def update(tx: Transaction, project_id: str, changes: Mapping[str, int], *, is_forced: bool) -> None:
    """Give a project limits of its own. Raises QuotaBelowUse, unless forced."""
    used = servers.usage(tx, project_id).as_resources()
    for resource, maximum in changes.items():
        if not is_forced and UNLIMITED != maximum < used.get(resource, 0):
            raise QuotaBelowUse(maximum=maximum, resource=resource, used=used[resource])
    rows.set_limits(tx, project_id, changes)


def reset(tx: Transaction, project_id: str) -> None:
    """Let a project have the defaults again."""
    rows.delete_limits(tx, project_id)

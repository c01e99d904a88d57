"""Quotas that the identity service keeps: unified limits in the words of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from pileus.compute.model.quota import UNLIMITED
from pileus.compute.settings import QuotaSettings

RESOURCES = {
    "servers": "instances",
    "class:VCPU": "cores",
    "class:MEMORY_MB": "ram_mb",
    "server_key_pairs": "key_pairs",
    "server_metadata_items": "metadata_items",
    "server_injected_files": "injected_files",
    "server_injected_file_content_bytes": "injected_file_content_bytes",
    "server_injected_file_path_bytes": "injected_file_path_bytes",
    "server_groups": "server_groups",
    "server_group_members": "server_group_members",
}
"""What identity calls a resource, and what our settings do."""


class Limits(Protocol):
    """The identity service's limits."""

    def of_project(self, project_id: str) -> Mapping[str, int]:
        """Return resource → limit for one project."""


class UnifiedQuotas:
    """Quotas of projects as identity says them."""

    def __init__(self, limits: Limits, settings: QuotaSettings) -> None:
        self._limits = limits
        self._settings = settings

    def of_project(self, project_id: str) -> QuotaSettings:
        """Return what a project may have: nothing of what must be limited and is not, and no end of the rest."""
        said = self._limits.of_project(project_id)
        required = self._settings.unified_required
        found = {
            ours: max(said.get(theirs, 0 if theirs in required else UNLIMITED), UNLIMITED)
            for theirs, ours in RESOURCES.items()
        }
        return msgspec.structs.replace(self._settings, **found)

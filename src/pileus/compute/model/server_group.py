"""Server groups: servers that shall share a host, or shall not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

AFFINITY = "affinity"
ANTI_AFFINITY = "anti-affinity"
SOFT_AFFINITY = "soft-affinity"
SOFT_ANTI_AFFINITY = "soft-anti-affinity"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerGroup:
    """A group: its policy holds for the hosts of its members."""

    id: str
    project_id: str
    user_id: str
    name: str
    policy: str
    created_at: datetime
    max_server_per_host: int | None = None  # of anti-affinity; None: one
    members: Sequence[str] = ()

    @property
    def policy_target(self) -> dict[str, str]:
        """What a policy rule may look at."""
        return {"project_id": self.project_id, "user_id": self.user_id}

"""Consumers: who uses resources, such as a server."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_OWNER = "00000000-0000-0000-0000-000000000000"
"""The project and user of consumers whose creator did not say (before microversion 1.8 nobody could)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a consumer is, and what it is."""

    project_id: str
    user_id: str
    type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """One consumer. It exists as long as it has allocations; its generation counts their changes."""

    id: int
    uuid: str
    project_id: str
    user_id: str
    generation: int
    type: str | None = None  # such as INSTANCE; None: its creator did not say

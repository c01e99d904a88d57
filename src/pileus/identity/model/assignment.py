"""Who has which role on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    """On what a role can be assigned, and to what a token can be scoped."""

    PROJECT = "project"
    DOMAIN = "domain"
    SYSTEM = "system"


SYSTEM_ID = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One role of one user on one target."""

    user_id: str
    role_id: str
    target_kind: TargetKind
    target_id: str


def close_over(role_ids: Iterable[str], implications: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the roles and all that they imply, directly or through others."""
    closed: set[str] = set()
    pending = list(role_ids)
    while pending:
        role_id = pending.pop()
        if role_id not in closed:
            closed.add(role_id)
            pending.extend(implications.get(role_id, ()))
    return closed

"""Who has which role on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class TargetKind(StrEnum):
    """On what a role can be assigned, and to what a token can be scoped."""

    PROJECT = "project"
    DOMAIN = "domain"
    SYSTEM = "system"


SYSTEM_ID = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One role of one user or one group on one target.

    An inherited one counts not on the target itself but on all projects below it.
    """

    user_id: str | None = None
    group_id: str | None = None
    role_id: str
    target_kind: TargetKind
    target_id: str
    is_inherited: bool = False

    @property
    def actor_id(self) -> str:
        """The id of the user or the group."""
        return self.user_id or self.group_id or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of an assignment as a list shows it; the names only if they were asked for."""

    id: str
    name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An assignment of a list, and the one that was given.

    They differ in an effective list, where a group's is shown for each member, an inherited one on each project and a
    role beside those that it implies.
    """

    user: Part | None
    group: Part | None
    role: Part
    target_kind: TargetKind
    target: Part
    given: Assignment
    key: tuple[str, ...] = field(compare=False)
    """Its place in the list."""


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

"""Limits: how much of a resource a project may have. Services ask for them; identity keeps them in order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pileus.identity.model.catalog_errors import LimitInvalid

UNLIMITED = -1


class EnforcementModel(StrEnum):
    """What limits of projects have to do with each other."""

    FLAT = "flat"
    STRICT_TWO_LEVEL = "strict_two_level"


DESCRIPTIONS = {
    EnforcementModel.FLAT: "Each limit stands for itself, wherever its project lies.",
    EnforcementModel.STRICT_TWO_LEVEL: "Projects lie directly within domains, and none may have more than its domain.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredLimit:
    """A resource of a service that can be limited, and how much of it there is for who has no limit of his own."""

    id: str
    service_id: str
    resource_name: str
    default_limit: int
    region_id: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one project, or one domain, may have instead of the registered limit's default. One of the two is None."""

    id: str
    registered: RegisteredLimit
    resource_limit: int
    project_id: str | None = None
    domain_id: str | None = None
    description: str | None = None

    @property
    def owner_id(self) -> str:
        """Whose limit it is."""
        return self.project_id or self.domain_id or ""


def require_within(domain_limit: int, limits: Iterable[Limit], changed: Limit) -> None:
    """Make sure that no project has more than its domain. Raises LimitInvalid, which tells of the `changed` one."""
    if any(_size(each.resource_limit) > _size(domain_limit) for each in limits):
        level = "project_id" if changed.project_id else "domain_id"
        registered = changed.registered
        raise LimitInvalid(
            level=level,
            id=changed.owner_id,
            resource_name=registered.resource_name,
            resource_limit=changed.resource_limit,
            service_id=registered.service_id,
            region_id=registered.region_id,
        )


def _size(limit: int) -> float:
    return math.inf if limit == UNLIMITED else limit

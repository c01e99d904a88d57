"""Application credentials: a name and a secret that stand for some of a user's roles on one project."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One kind of request that an application credential may be used for. The path may hold `*` and `{name}`."""

    id: str
    user_id: str
    service: str
    method: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCredential:
    """A secret for a program. It dies with its user, its project and each of its roles there.

    `access_rules` None: any request; an empty tuple: none.
    """

    id: str
    name: str
    user_id: str
    project_id: str
    secret_hash: str = field(repr=False)
    role_ids: tuple[str, ...]
    description: str | None = None
    expires_at: datetime | None = None
    is_unrestricted: bool = False  # may make and remove application credentials and trusts
    access_rules: tuple[AccessRule, ...] | None = None

    def is_live(self, now: datetime) -> bool:
        """Tell whether it has not expired."""
        return self.expires_at is None or now < self.expires_at

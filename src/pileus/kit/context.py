"""Who is asking, as far as a token proves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pileus.kit.access_rule import AccessRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The caller of one request.

    At most one of `project_id`, `domain_id` and `is_system` is set: the scope of the token.
    """

    user_id: str
    user_name: str = ""
    user_domain_id: str = ""
    user_domain_name: str = ""
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    domain_id: str | None = None
    is_system: bool = False
    roles: frozenset[str] = frozenset()
    service_roles: frozenset[str] = frozenset()
    access_rules: tuple[AccessRule, ...] | None = None  # the only requests that the token is good for; None: all
    token: str = field(default="", repr=False)
    catalog: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def is_admin(self) -> bool:
        """Whether the caller carries the role that every default policy trusts with everything."""
        return "admin" in self.roles

    @property
    def scope(self) -> str:
        """What the token is good for, as policies tell it apart: `system`, `domain`, or else `project`."""
        if self.is_system:
            return "system"
        return "project" if self.domain_id is None else "domain"

    def credentials(self) -> dict[str, Any]:
        """Return the caller as policy rules see it: names on the left of a check."""
        return {
            "user_id": self.user_id,
            "user_domain_id": self.user_domain_id,
            "project_id": self.project_id,
            "tenant_id": self.project_id,
            "project_domain_id": self.project_domain_id,
            "domain_id": self.domain_id,
            "token.domain.id": self.domain_id,  # as Keystone's rules also call it, and the next two
            "token.project.domain.id": self.project_domain_id,
            "token.user.domain.id": self.user_domain_id,
            "system_scope": "all" if self.is_system else None,
            "is_admin": self.is_admin,
            "roles": self.roles,
            "service_roles": self.service_roles,
        }


ANONYMOUS = Context(user_id="")
"""The caller of a route that anybody may use."""

"""Finding out who is asking."""

from __future__ import annotations

from typing import Protocol

from pileus.kit.context import Context
from pileus.kit.http.message import Request

IDENTITY_HEADERS = frozenset(
    f"x-{name}"
    for name in (
        "user",
        "user-id",
        "user-name",
        "user-domain-id",
        "user-domain-name",
        "project-id",
        "project-name",
        "project-domain-id",
        "project-domain-name",
        "domain-id",
        "domain-name",
        "tenant",
        "tenant-id",
        "tenant-name",
        "role",
        "roles",
        "service-roles",
        "service-user-id",
        "service-project-id",
        "identity-status",
        "service-identity-status",
        "is-admin-project",
        "service-catalog",
    )
)
"""Headers in which other deployments carry a verified identity. From outside they are a forgery: dropped."""


class Authenticator(Protocol):
    """Turns the credentials of a request into a caller."""

    def authenticate(self, request: Request) -> Context:
        """Return the caller. Raises Unauthenticated."""

"""Finding out who is asking."""

from __future__ import annotations

import ipaddress
from typing import Protocol

from pileus.kit.context import Context
from pileus.kit.errors import Unauthenticated
from pileus.kit.http.message import Request

IDENTITY_HEADERS = frozenset({
    *(
        f"x-{whose}{name}"
        for whose in ("", "service-")
        for name in (
            "user", "user-id", "user-name", "user-domain-id", "user-domain-name",
            "project-id", "project-name", "project-domain-id", "project-domain-name",
            "domain-id", "domain-name", "tenant", "tenant-id", "tenant-name",
            "role", "roles", "identity-status",
        )
    ),
    "x-is-admin-project", "x-service-catalog", "openstack-system-scope",
})  # fmt: skip
"""Headers in which other deployments carry a verified identity. From outside they are a forgery: dropped."""


def _is_this_machine(host: str) -> bool:
    """Tell whether a Host header names this machine as only this machine can."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


class Authenticator(Protocol):
    """Turns the credentials of a request into a caller."""

    def authenticate(self, request: Request) -> Context:
        """Return the caller. Raises Unauthenticated."""


NOAUTH_HEADERS = frozenset({"x-roles", "x-project-id", "openstack-system-scope"})
"""What `NoAuth` reads, of the headers that are dropped otherwise."""

NOAUTH_ADMIN = "admin"
"""The user, and token, that `NoAuth` takes for an administrator."""


class NoAuth:
    """Takes everybody's word, for tests: the token `USER[:PROJECT]` is the user's id and the project's.

    Who says no project has one with the user's id; who says no roles has none, but for the user `admin`. Requests for
    another host than this one are refused, unless it may be `anywhere`: they come from a web page in somebody's browser
    whose name was made to mean this machine.
    """

    def __init__(self, *, anywhere: bool = False) -> None:
        self._anywhere = anywhere

    def authenticate(self, request: Request) -> Context:
        """Return the caller as he says he is. Raises Unauthenticated where there is no token."""
        headers = request.headers
        if not self._anywhere and not _is_this_machine(headers.get("host", "localhost")):
            raise Unauthenticated
        token = headers.get("x-auth-token")
        if not token:
            raise Unauthenticated
        user, _, project = token.partition(":")
        roles = headers.get("x-roles", "admin" if user == NOAUTH_ADMIN else "")
        is_system = headers.get("openstack-system-scope") == "all"
        return Context(
            user_id=user,
            project_id=None if is_system else headers.get("x-project-id", project or user),
            is_system=is_system,
            roles=frozenset(role.strip().lower() for role in roles.split(",") if role.strip()),
            token=token,
        )


class Everybody:
    """Lets everybody in as an administrator of no project: for rooms that only friends can enter.

    Requests for another host than this one are refused, as `NoAuth` does.
    """

    def authenticate(self, request: Request) -> Context:
        """Return the caller that everybody is. Raises Unauthenticated."""
        if not _is_this_machine(request.headers.get("host", "localhost")):
            raise Unauthenticated
        return Context(user_id="", roles=frozenset({"admin"}))

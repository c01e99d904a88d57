"""A token: proof of who somebody is, and what for."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.catalog import Endpoint, Service
from pileus.identity.model.resource import Domain, Project, Role, User

METHODS = ("password", "token", "application_credential", "totp", "external", "oauth1", "mapped")
"""In the order of their bits in a token's payload; only ever add at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a token is good for; `kind` None: for nothing but finding out what it could be good for."""

    kind: TargetKind | None = None
    id: str = ""


UNSCOPED = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token's text holds, and nothing that the database knows better."""

    user_id: str
    methods: tuple[str, ...]
    scope: Scope
    audit_ids: tuple[str, ...]  # its own, and that of the first token of its chain
    issued_at: datetime
    expires_at: datetime
    user_valid_after: datetime | None = None  # the user's `tokens_valid_after` when it was issued: void once that moves


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A valid token with everything that it stands for now."""

    token: Token
    user: User
    user_domain: Domain
    project: Project | None = None
    project_domain: Domain | None = None
    domain: Domain | None = None
    roles: tuple[Role, ...] = ()
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()


def new_audit_id(random: bytes) -> str:
    """Return an audit id of 16 random bytes: what names a token in logs and revocations without giving it away."""
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode()

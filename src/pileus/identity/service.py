"""The identity service, put together."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from pileus.identity.api.routes import ROUTES
from pileus.identity.backend import Backend
from pileus.identity.db.tables import METADATA
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import TokenNotFound
from pileus.identity.model.token import Grant
from pileus.identity.operations import authenticate
from pileus.identity.policy import DEFAULTS, REFUSAL
from pileus.identity.settings import Settings
from pileus.identity.tokens.password import Decoy
from pileus.identity.tokens.provider import TokenProvider
from pileus.kit.clock import Clock
from pileus.kit.context import Context
from pileus.kit.db import Database
from pileus.kit.db.migration import Migrations
from pileus.kit.errors import Unauthenticated
from pileus.kit.http import dialects
from pileus.kit.http.app import Service
from pileus.kit.http.message import Reply, Request
from pileus.kit.policy import Policy

MIGRATIONS = Migrations("identity", Path(__file__).parent / "db" / "migrations", METADATA)


def new_backend(settings: Settings, database: Database, clock: Clock, tokens: TokenProvider) -> Backend:
    """Return what the handlers work with."""
    return Backend(
        database=database,
        clock=clock,
        tokens=tokens,
        random=os.urandom,
        token_lifetime=timedelta(seconds=settings.token_lifetime_s),
        password_rounds=settings.password_hash_rounds,
        decoy=Decoy(settings.password_hash_rounds),
    )


def new_service(backend: Backend, *, policy_file: Path | None = None) -> Service[Backend]:
    """Return the service; it knows its own tokens, so it needs nobody to authenticate."""
    return Service(
        name="identity",
        state=backend,
        routes=ROUTES,
        dialect=dialects.identity,
        authenticator=OwnTokens(backend),
        policy=Policy(DEFAULTS, file=policy_file, refusal=REFUSAL),
        is_body_before_policy=True,
        decorate=_vary,
        ready=lambda: backend.database.trouble(),
    )


class OwnTokens:
    """Authenticates by the tokens that this service issued."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def authenticate(self, request: Request) -> Context:
        """Return the caller. Raises Unauthenticated."""
        text = request.headers.get("x-auth-token")
        if not text:
            raise Unauthenticated
        try:
            with self._backend.database.read() as tx:
                return _context(text, authenticate.validate(self._backend, tx, text))
        except TokenNotFound:
            raise Unauthenticated from None


def _context(text: str, grant: Grant) -> Context:
    return Context(
        user_id=grant.user.id,
        user_name=grant.user.name,
        user_domain_id=grant.user_domain.id,
        user_domain_name=grant.user_domain.name,
        project_id=grant.project.id if grant.project else None,
        project_name=grant.project.name if grant.project else None,
        project_domain_id=grant.project_domain.id if grant.project_domain else None,
        domain_id=grant.domain.id if grant.domain else None,
        is_system=grant.token.scope.kind is TargetKind.SYSTEM,
        roles=frozenset(row.name.lower() for row in grant.roles),
        token=text,
    )


def _vary(_request: Request, reply: Reply) -> None:
    reply.headers.setdefault("vary", "X-Auth-Token")

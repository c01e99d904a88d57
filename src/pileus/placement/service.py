"""The placement service, put together."""

from __future__ import annotations

from pathlib import Path

from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.db.migration import Migrations
from pileus.kit.http import dialects
from pileus.kit.http.app import Service
from pileus.kit.http.auth import Authenticator
from pileus.kit.loop import Loop
from pileus.kit.policy import PROJECT_SCOPE, Policy
from pileus.placement.api.edge import decorate, screen
from pileus.placement.api.routes import ROUTES
from pileus.placement.api.versions import ERROR_CODES, HISTORY, read_version
from pileus.placement.backend import Backend
from pileus.placement.db.tables import METADATA
from pileus.placement.index.index import Index
from pileus.placement.loops.change import forget_old
from pileus.placement.policy import DEFAULTS, OLD_DEFAULTS, REFUSAL

FOLLOW_PERIOD_S = 2
TRIM_PERIOD_S = 300

MIGRATIONS = Migrations("placement", Path(__file__).parent / "db" / "migrations", METADATA)


def new_backend(database: Database, clock: Clock, *, max_candidates: int = -1) -> Backend:
    """Return what the handlers work with."""
    most = max_candidates if max_candidates >= 0 else None
    return Backend(database=database, clock=clock, index=Index(database, clock), max_candidates=most)


def new_service(
    backend: Backend,
    authenticator: Authenticator,
    *,
    trusted_headers: frozenset[str] = frozenset(),
    policy_file: Path | None = None,
    enforce_new_defaults: bool = True,
) -> Service[Backend]:
    """Return placement, ready to answer."""
    defaults = DEFAULTS if enforce_new_defaults else OLD_DEFAULTS
    return Service(
        name="placement",
        state=backend,
        routes=ROUTES,
        dialect=dialects.placement(ERROR_CODES),
        authenticator=authenticator,
        trusted_headers=trusted_headers,
        policy=Policy(defaults, file=policy_file, refusal=REFUSAL, scopes=lambda _rule: PROJECT_SCOPE),
        history=HISTORY,
        read_version=read_version,
        screen=screen,
        decorate=decorate,
        ready=lambda: backend.database.trouble(),
    )


def new_loops(backend: Backend) -> list[Loop]:
    """Return the loops that go with the service."""
    return [
        Loop("placement-index", backend.index.follow, FOLLOW_PERIOD_S),
        Loop("placement-changes", lambda: forget_old(backend.database, backend.clock), TRIM_PERIOD_S),
    ]

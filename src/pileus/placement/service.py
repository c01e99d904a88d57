"""The placement service, put together."""

from __future__ import annotations

from pathlib import Path

from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.db.migration import Migrations
from pileus.kit.http import dialects
from pileus.kit.http.app import Service
from pileus.kit.http.auth import Authenticator
from pileus.kit.policy import Policy
from pileus.placement.api.edge import decorate, screen
from pileus.placement.api.routes import ROUTES
from pileus.placement.api.versions import ERROR_CODES, HISTORY, read_version
from pileus.placement.backend import Backend
from pileus.placement.db.tables import METADATA
from pileus.placement.policy import DEFAULTS, REFUSAL

MIGRATIONS = Migrations("placement", Path(__file__).parent / "db" / "migrations", METADATA)


def new_backend(database: Database, clock: Clock) -> Backend:
    """Return what the handlers work with."""
    return Backend(database=database, clock=clock)


def new_service(backend: Backend, authenticator: Authenticator, *, policy_file: Path | None = None) -> Service[Backend]:
    """Return placement, ready to answer."""
    return Service(
        name="placement",
        state=backend,
        routes=ROUTES,
        dialect=dialects.placement(ERROR_CODES),
        authenticator=authenticator,
        policy=Policy(DEFAULTS, file=policy_file, refusal=REFUSAL),
        history=HISTORY,
        read_version=read_version,
        screen=screen,
        decorate=decorate,
        ready=lambda: backend.database.trouble(),
    )

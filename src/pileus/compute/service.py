"""The compute service, put together."""

from __future__ import annotations

from pathlib import Path

from pileus.compute.api.routes import ROUTES
from pileus.compute.api.versions import HISTORY, decorate, read_version
from pileus.compute.backend import Backend
from pileus.compute.db.tables import METADATA
from pileus.compute.policy import DEFAULTS, REFUSAL
from pileus.kit.db.migration import Migrations
from pileus.kit.http import dialects
from pileus.kit.http.app import Service
from pileus.kit.http.auth import Authenticator
from pileus.kit.policy import Policy

MIGRATIONS = Migrations("compute", Path(__file__).parent / "db" / "migrations", METADATA)


def new_service(backend: Backend, authenticator: Authenticator, *, policy_file: Path | None = None) -> Service[Backend]:
    """Return the service."""
    return Service(
        name="compute",
        state=backend,
        routes=ROUTES,
        dialect=dialects.compute,
        authenticator=authenticator,
        policy=Policy(DEFAULTS, file=policy_file, refusal=REFUSAL),
        history=HISTORY,
        read_version=read_version,
        is_body_before_policy=True,
        decorate=decorate,
        ready=lambda: backend.database.trouble(),
    )

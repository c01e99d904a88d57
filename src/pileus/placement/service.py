"""Placement as a service: where there is room."""

from __future__ import annotations

from pathlib import Path

from pileus.kit.db.migration import Migrations
from pileus.kit.http import dialects
from pileus.kit.http.app import Service
from pileus.kit.http.auth import Authenticator
from pileus.kit.policy import Policy
from pileus.kit.settings import DatabaseSettings, ListenSettings, Section
from pileus.placement.api.edge import decorate, screen
from pileus.placement.api.routes import ROUTES
from pileus.placement.api.versions import ERROR_CODES, HISTORY, read_version
from pileus.placement.backend import Backend
from pileus.placement.db.tables import METADATA
from pileus.placement.policy import DEFAULTS


class Settings(Section, frozen=True, kw_only=True):
    """`[placement]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=8778)
    policy_file: str = ""


MIGRATIONS = Migrations("placement", Path(__file__).parent / "db" / "migrations", METADATA)


def new_service(backend: Backend, authenticator: Authenticator, *, policy_file: Path | None = None) -> Service[Backend]:
    """Return placement, ready to answer."""

    def ready() -> dict[str, str]:
        wrong = backend.database.ping()
        return {} if wrong is None else {"database": wrong}

    return Service(
        name="placement",
        state=backend,
        routes=ROUTES,
        dialect=dialects.placement(ERROR_CODES),
        authenticator=authenticator,
        policy=Policy(DEFAULTS, file=policy_file, refusal="Policy does not allow {rule} to be performed."),
        history=HISTORY,
        read_version=read_version,
        screen=screen,
        decorate=decorate,
        ready=ready,
    )

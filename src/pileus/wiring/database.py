"""Each service's database, and its migrations."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from sqlalchemy.exc import ArgumentError

from pileus.kit.db import Database
from pileus.kit.db.database import DatabaseUnavailable, without_password
from pileus.kit.errors import Conflict

if TYPE_CHECKING:
    from pileus.kit.db.migration import Migrations
    from pileus.kit.state import StateDirectory
    from pileus.wiring.settings import Settings


class DatabaseUnusable(Conflict):
    """The database that the settings name, or the file in the state directory, is none that can be used."""

    message = "The database of {service}, {url}, cannot be used: {reason}"


def migrations_of(service: str) -> Migrations:
    """Return the migrations of a service's database."""
    found: Migrations = import_module(f"pileus.{service}.service").MIGRATIONS
    return found


def new_database(settings: Settings, state: StateDirectory, service: str) -> Database:
    """Return a service's database, which has answered once. Raises DatabaseUnusable."""
    chosen = getattr(settings, service).database
    url = chosen.url or state.database_url(service)
    try:
        database = Database(url, pool_size=chosen.pool_size)
        migrations_of(service).current(database)
    except (DatabaseUnavailable, ArgumentError, ModuleNotFoundError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0]
        raise DatabaseUnusable(service=service, url=without_password(url), reason=reason) from error
    end = getattr(import_module(f"pileus.{service}.service"), "END_OF_WRITES", None)
    if end is not None:
        database.end_writes_with(end)
    return database

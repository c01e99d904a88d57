"""Databases that have a service's tables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pileus.kit.db import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.kit.db.migration import Migrations


@contextmanager
def migrated(url: str, migrations: Migrations) -> Iterator[Database]:
    """Open a database, give it the newest tables, and close it at the end."""
    database = Database(url)
    try:
        migrations.sync(database)
        yield database
    finally:
        database.close()

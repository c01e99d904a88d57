"""Identity on a database of each kind."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pileus.identity.service import MIGRATIONS
from pileus.kit.db import Database
from tests.identity.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with the tables, to be copied: migrations would be most of a short test's time."""
    path = tmp_path_factory.mktemp("identity") / "template.sqlite"
    database = Database(f"sqlite:///{path}")
    MIGRATIONS.sync(database)
    database.close()
    return path


@pytest.fixture
def database(database_url: str, template: Path) -> Iterator[Database]:
    scheme, _, path = database_url.partition(":///")
    if scheme == "sqlite":
        shutil.copy(template, path)
    database = Database(database_url)
    if scheme != "sqlite":
        MIGRATIONS.sync(database)
    yield database
    database.close()


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)

"""Identity on a database of each kind."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pileus.identity.service import MIGRATIONS
from tests.identity.world import World
from tests.migrated import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pileus.kit.db import Database


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with the tables, to be copied: migrations would be most of a short test's time."""
    path = tmp_path_factory.mktemp("identity") / "template.sqlite"
    with migrated(f"sqlite:///{path}", MIGRATIONS):
        pass
    return path


@pytest.fixture
def database(database_url: str, template: Path) -> Iterator[Database]:
    scheme, _, path = database_url.partition(":///")
    if scheme == "sqlite":
        shutil.copy(template, path)
    with migrated(database_url, MIGRATIONS) as made:
        yield made


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)

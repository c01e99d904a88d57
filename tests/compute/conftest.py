from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.compute.service import MIGRATIONS
from tests.compute.cloud import Cloud
from tests.compute.world import World
from tests.migrated import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pileus.kit.db import Database


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(f"sqlite:///{tmp_path}/compute.sqlite")
    yield made
    made.database.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Compute's own database, on each of the servers."""
    with migrated(database_url, MIGRATIONS) as made:
        yield made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()

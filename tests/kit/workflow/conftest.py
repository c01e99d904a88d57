"""A building site on each of the databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.kit.db import Database
from tests.kit.workflow.house import Yard

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def yard(database_url: str) -> Iterator[Yard]:
    database = Database(database_url)
    yield Yard(database)
    database.close()

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compute.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(f"sqlite:///{tmp_path}/compute.sqlite")
    yield made
    made.database.close()

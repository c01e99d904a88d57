from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compute.notification.told import Told
from tests.compute.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    world = World(tmp_path)
    yield Told(world)
    world.close()

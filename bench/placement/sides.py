"""Both placements, alone: no token is asked for on either side."""

from __future__ import annotations

from pathlib import Path

from bench import alone
from bench.placement import load
from bench.placement.world import World

PILEUS_PORT, ORIGINAL_PORT = 8778, 18778  # before the offset

Side = alone.Preparable[World]


class Pileus(alone.Pileus):
    """One `pileus serve placement`; the database is SQLite in its folder, or `url`."""

    def __init__(self, folder: Path, port: int, url: str = "") -> None:
        self._url = url or f"sqlite:///{folder}/placement.sqlite"
        super().__init__("placement", folder, port, {"AUTH_STRATEGY": "noauth2", "DATABASE__URL": self._url})

    def prepare(self, world: World) -> None:
        load.load_pileus(self._url, world)


class Original(alone.Original):
    """openstack-placement."""

    def __init__(self, folder: Path, offset: int) -> None:
        super().__init__("placement", folder, ORIGINAL_PORT + offset, offset)

    def prepare(self, world: World) -> None:
        """Start it too: it makes its tables and fills its catalogues of classes and traits itself."""
        self.start()
        load.load_original(self.root_url("placement"), world)

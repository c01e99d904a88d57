"""Both identity services, alone, with the same administrator and a catalog of the same services."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench import alone
from bench.cloud import PEERS, PILEUS
from bench.identity import load
from bench.identity.world import World

PILEUS_PORT, ORIGINAL_PORT = 5000, 15000  # before the offset
PASSWORD, REGION = "password", "RegionOne"  # as bench/peers has them
CATALOG = {
    "placement": ("placement", "18778"),
    "image": ("glance", "19292"),
    "compute": ("nova", "18774/v2.1"),
    "network": ("neutron", "19696"),
}

Side = alone.Preparable[World]


class Pileus(alone.Pileus):
    """One `pileus serve identity`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"sqlite:///{folder}/identity.sqlite"
        super().__init__("identity", folder, port, {"DATABASE__URL": self.url})

    def prepare(self, world: World) -> None:
        """Make the administrator as bench/peers does, with a password that is hashed as one that somebody chose."""
        environment = {**self.environment, "OS_BOOTSTRAP_PASSWORD": PASSWORD}
        words = [str(PILEUS), "identity", "bootstrap", "--state", str(self.state)]
        subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
        self.start()
        services = [f"{kind}={name}=http://127.0.0.1:{rest}" for kind, (name, rest) in CATALOG.items()]
        url = f"http://127.0.0.1:{self.port}/v3"
        subprocess.run([sys.executable, PEERS / "catalog.py", url, PASSWORD, "secret", REGION, *services], check=True)
        self.stop()
        load.load_pileus(self.url, world)


class Original(alone.Original):
    """Keystone."""

    def __init__(self, folder: Path, offset: int) -> None:
        super().__init__("keystone", folder, ORIGINAL_PORT + offset, offset)

    def prepare(self, world: World) -> None:
        """Start it too: it makes its tables and its administrator itself."""
        self.start()
        load.load_original(self.root_url("keystone"), world)

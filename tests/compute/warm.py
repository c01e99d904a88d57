"""Imported once by the process from which victims are forked, so that they need not find everything anew."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.compute.world import World


def _have_done_it_all_once() -> None:
    with TemporaryDirectory(prefix="pileus-warm-") as folder:
        world = World(Path(folder))
        world.new_host()
        server_id = world.active()
        world.delete(server_id)
        world.settle()
        world.close()


_have_done_it_all_once()

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pileus.compute.agent.agent import Agent
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.memory import MemoryBus
from tests.compute.agent.test_overlay import overlay

if TYPE_CHECKING:
    from pathlib import Path


def test_an_agent_removes_base_images_that_no_guest_stands_on(tmp_path: Path) -> None:
    bus = MemoryBus(Codec([]))
    no_images: Any = None  # nothing is fetched
    agent = Agent("h1", FakeDriver(), bus, no_images, tmp_path, pool=ThreadPoolExecutor(1), base_image_keep_s=-1.0)
    bases = tmp_path / "instances" / "_base"
    for name in ("used", "unused"):
        (bases / name).write_bytes(b"an image")
    overlay(tmp_path / "instances", "guest", str(bases / "used"))
    agent.evict_bases()
    assert [path.name for path in bases.iterdir()] == ["used"]
    agent.stop()
    bus.close()

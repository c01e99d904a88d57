from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pileus.compute.agent.agent import Agent
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.messages import CacheImage, ImageAccess
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.memory import MemoryBus
from tests.compute.agent.test_overlay import overlay

if TYPE_CHECKING:
    from collections.abc import Iterator
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


class OneImage:
    """An image service with one image's bytes, of which the first download fails."""

    def __init__(self) -> None:
        self.asked = 0

    @contextmanager
    def download(self, endpoint: str, image_id: str, token: str) -> Iterator[list[bytes]]:
        self.asked += 1
        if self.asked == 1:
            raise ConnectionError("gone for a moment")
        yield [b"an image"]


def test_an_agent_fetches_an_image_that_it_is_wished_to_have_and_outlives_a_failure(tmp_path: Path) -> None:
    bus, images = MemoryBus(Codec([])), OneImage()
    bytes_of: Any = images
    pool = ThreadPoolExecutor(1)
    agent = Agent("h1", FakeDriver(), bus, bytes_of, tmp_path, pool=pool)
    wish = CacheImage(image=ImageAccess(image_id="i1", endpoint="http://image", token="t", disk_format="raw"))
    for _ in range(3):
        agent.receive(wish)
    pool.submit(lambda: None).result()  # behind them
    agent.stop()
    assert images.asked == 2
    assert (tmp_path / "instances" / "_base" / "i1").read_bytes() == b"an image"
    agent.receive(wish)  # it has ended, and takes no more
    bus.close()

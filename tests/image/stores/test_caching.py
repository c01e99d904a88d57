"""Copies on their way into the cache, and what becomes of them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from pileus.image.model.cache import Copy, copy_name, require_cacheable, surplus
from pileus.image.model.cache_errors import ImageNotCacheable
from pileus.image.model.image import Image, Location
from pileus.image.stores.cache import Cache
from pileus.image.stores.caching import PULLS, Caching
from pileus.image.stores.growth import Growth
from pileus.image.stores.memory import MemoryStore
from tests.image.slow import SlowStore

NOW = datetime(2026, 1, 1)
DATA = os.urandom(3 * 2**20)
HERE, THERE = Location("here", "object"), Location("there", "object")


def image(image_id: str = "one", data: bytes = DATA, **attributes: object) -> Image:
    facts = {
        "id": image_id,
        "status": "active",
        "size": len(data),
        "os_hash_algo": "sha512",
        "os_hash_value": hashlib.sha512(data).hexdigest(),
        "created_at": NOW,
        "updated_at": NOW,
        "locations": (HERE, THERE),
    }
    return Image(**(facts | attributes))  # type: ignore[arg-type]


def filled(store: MemoryStore, data: bytes = DATA) -> MemoryStore:
    writer = store.create("object", None)
    writer.write([data])
    writer.commit()
    return store


@pytest.fixture
def new_caching(tmp_path: Path) -> Callable[..., Caching]:
    def make(stores: Mapping[str, MemoryStore], max_size_bytes: int = 2**30) -> Caching:
        cache = Cache(tmp_path / "cache", max_size_bytes=max_size_bytes, stall_s=300)
        return Caching(cache, stores, stall_s=300)

    return make


def names(caching: Caching, folder: Path) -> list[str]:
    assert [copy.name for copy in caching.cache.list_copies()] == [
        name for name in sorted(path.name for path in (folder / "cache").iterdir()) if name.count(".") == 1
    ]
    return sorted(path.name for path in (folder / "cache").iterdir() if path.name != "queue")


def fetch(caching: Caching, of: Image) -> Growth:
    growth = caching.pull(of)
    assert growth is not None
    assert growth.wait(20)
    return growth


def test_a_copy_is_whole_and_leaves_nothing_else(new_caching: Callable[..., Caching], tmp_path: Path) -> None:
    caching = new_caching({"here": filled(MemoryStore("here"))})
    caching.cache.enqueue("one")
    growth = fetch(caching, image())
    assert growth.read(0, 2**30) == DATA
    assert names(caching, tmp_path) == [copy_name(image())]
    assert caching.cache.list_queued() == []
    path = caching.find(image())
    assert path is not None
    assert path.read_bytes() == DATA
    (copy,) = caching.cache.list_copies()
    assert (copy.image_id, copy.size, copy.hits) == ("one", len(DATA), 1)


def test_where_one_store_fails_the_next_one_goes_on(new_caching: Callable[..., Caching], tmp_path: Path) -> None:
    broken = SlowStore("here", fails_at=2**20 + 5, pause_s=0)
    caching = new_caching({"here": filled(broken), "there": filled(MemoryStore("there"))})
    fetch(caching, image())
    path = caching.find(image())
    assert path is not None
    assert path.read_bytes() == DATA


def test_the_weightiest_store_is_asked_unless_another_is_known_to_have_the_bytes(tmp_path: Path) -> None:
    here, there = SlowStore("here", pause_s=0), SlowStore("there", pause_s=0)
    cache = Cache(tmp_path / "cache", max_size_bytes=2**30, stall_s=300)
    caching = Caching(cache, {"here": filled(here), "there": filled(there)}, stall_s=300, weights={"there": 5})
    fetch(caching, image())
    assert (here.opened, there.opened) == (0, 1)
    caching.drop("one")
    growth = caching.pull(image(), HERE)
    assert growth is not None
    assert growth.wait(20)
    assert (here.opened, there.opened) == (1, 1)


def test_bytes_that_are_not_the_images_never_enter(new_caching: Callable[..., Caching], tmp_path: Path) -> None:
    other = bytes(len(DATA))
    caching = new_caching({"here": filled(MemoryStore("here"), other)})
    fetch(caching, image())
    assert caching.find(image()) is None
    assert names(caching, tmp_path) == []


def test_too_few_bytes_never_enter(new_caching: Callable[..., Caching], tmp_path: Path) -> None:
    caching = new_caching({"here": filled(MemoryStore("here"), DATA[:-1])})
    fetch(caching, image())
    assert names(caching, tmp_path) == []


@pytest.mark.parametrize(
    "attributes", [{"status": "deactivated"}, {"os_hash_value": None}, {"os_hash_value": "../" * 20}, {"size": 2**40}]
)
def test_some_images_are_not_copied(
    new_caching: Callable[..., Caching], tmp_path: Path, attributes: dict[str, object]
) -> None:
    caching = new_caching({"here": filled(MemoryStore("here"))})
    assert caching.pull(image(**attributes)) is None
    assert caching.find(image(**attributes)) is None
    with pytest.raises(ImageNotCacheable):
        require_cacheable(image(**attributes), caching.cache.max_size_bytes)


def test_other_bytes_of_an_image_are_another_copy(new_caching: Callable[..., Caching]) -> None:
    caching = new_caching({"here": filled(MemoryStore("here"))})
    fetch(caching, image())
    assert caching.find(image(data=bytes(len(DATA)))) is None


def test_what_is_dropped_while_it_comes_does_not_enter(new_caching: Callable[..., Caching], tmp_path: Path) -> None:
    slow = SlowStore("here", pause_s=0.1)
    caching = new_caching({"here": filled(slow)})
    caching.cache.enqueue("one")
    growth = caching.pull(image())
    assert growth is not None
    caching.drop("one")
    assert caching.pull(image()) is None  # who asks meanwhile is served by the store
    assert growth.wait(20)
    assert names(caching, tmp_path) == []
    assert caching.cache.list_queued() == []


def test_no_more_copies_come_at_a_time_than_there_are_hands(new_caching: Callable[..., Caching]) -> None:
    slow = SlowStore("here", pause_s=0.1)
    caching = new_caching({"here": filled(slow)})
    growths = [caching.pull(image(f"image-{number}")) for number in range(PULLS + 2)]
    coming = [growth for growth in growths if growth is not None]
    assert len(coming) == PULLS
    assert all(growth.wait(20) for growth in coming)
    fetch(caching, image("later"))


def test_a_disk_without_room_keeps_no_copy(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", max_size_bytes=2**60, stall_s=300)
    caching = Caching(cache, {"here": filled(MemoryStore("here"))}, stall_s=300)
    assert caching.pull(image(size=2**59)) is None


def test_the_least_recently_used_copies_go_first(new_caching: Callable[..., Caching], tmp_path: Path) -> None:
    caching = new_caching({"here": filled(MemoryStore("here"))}, max_size_bytes=2 * len(DATA))
    hour = 3600
    for number in range(3):
        fetch(caching, image(f"image-{number}"))
    for number, hours in enumerate((3, 1, 2)):
        path = tmp_path / "cache" / copy_name(image(f"image-{number}"))
        os.utime(path, (time.time() - hours * hour, time.time() - hours * hour))
    assert caching.find(image("image-0")) is not None  # the oldest, and used just now
    assert caching.cache.prune() == (1, len(DATA))
    assert {copy.image_id for copy in caching.cache.list_copies()} == {"image-0", "image-1"}
    assert caching.cache.prune() == (0, 0)


def test_what_was_asked_for_a_moment_ago_stays_even_if_there_is_too_much() -> None:
    copies = [Copy(name=f"{age}.x", size=10, hits=0, last_modified=0, last_accessed=1000 - age) for age in (5, 60, 50)]
    assert [copy.name for copy in surplus(copies, 20, 1000)] == ["60.x"]
    assert [copy.name for copy in surplus(copies, 0, 1000)] == ["60.x", "50.x"]


def test_halves_of_copies_go_once_nothing_comes_any_more(new_caching: Callable[..., Caching], tmp_path: Path) -> None:
    caching = new_caching({"here": filled(MemoryStore("here"))})
    fetch(caching, image())
    assert caching.find(image()) is not None
    name = copy_name(image())
    leftovers = [f"{name}.abcd.part", f"{name}.abcd", f"{copy_name(image('gone'))}.hits"]
    for leftover in leftovers:
        (tmp_path / "cache" / leftover).write_bytes(b"half")
    assert [copy.name for copy in caching.cache.list_copies()] == [name]
    assert caching.cache.clean() == 0
    long_ago = time.time() - 301
    for path in (tmp_path / "cache").iterdir():
        if path.name != "queue":
            os.utime(path, (long_ago, long_ago))
    assert caching.cache.clean() == len(leftovers)
    assert names(caching, tmp_path) == [name, f"{name}.hits"]


def test_a_reader_waits_for_bytes_until_the_end_or_its_patience(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    growth = Growth(tmp_path / "file")

    async def look() -> list[bool]:
        assert not await growth.beyond(0, 0.05)
        threading.Timer(0.05, growth.grow, [5]).start()
        first = await growth.beyond(0, 20)
        threading.Timer(0.05, growth.end).start()
        return [first, await growth.beyond(4, 20), await growth.beyond(5, 20)]

    assert asyncio.run(look()) == [True, True, False]
    assert growth.read(2, 100) == b"234"
    assert not growth.is_stalled(60)
    assert growth.is_stalled(0)

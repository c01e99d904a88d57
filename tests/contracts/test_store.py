"""What every store must do: the first part those too that can only be read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from pileus.image.model.errors import DataMissing, DataVanished, StorageFull, StoreReadOnly
from pileus.image.stores.filesystem import FilesystemStore
from pileus.image.stores.http import HttpStore
from pileus.image.stores.memory import MemoryStore
from pileus.image.stores.store import Store
from pileus.kit.web.fetch import Bounds
from tests.kit.web.site import gate_to, send, serving

KEY = "7d1f3f8e-6e0c-4a5e-9d5e-0d9a4a1e1f10-0badcafe"


@pytest.fixture(params=["filesystem", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore("here", capacity_bytes=2**20)
    return FilesystemStore("here", tmp_path / "objects")


def put(store: Store, data: bytes, key: str = KEY) -> str:
    writer = store.create(key, len(data))
    writer.write([data])
    writer.commit()
    return key


def read(store: Store, offset: int, length: int, key: str = KEY) -> bytes:
    with store.open(key) as reader:
        return reader.read(offset, length)


@dataclass(frozen=True)
class Shelf:
    """A store, and how an object comes into it: returns the key."""

    store: Store
    place: Callable[[bytes], str]


@pytest.fixture(params=["filesystem", "memory", "http", "http without ranges"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    with ExitStack() as stack:
        if request.param.startswith("http"):
            site = stack.enter_context(serving())

            def place(data: bytes) -> str:
                url = site.publish("/object", data)
                if request.param == "http without ranges":
                    site.pages["/object"] = lambda handler: send(handler, 200, {}, data)
                return url

            yield Shelf(HttpStore("here", gate_to(site), Bounds()), place)
        else:
            store = MemoryStore("here") if request.param == "memory" else FilesystemStore("here", tmp_path / "objects")
            yield Shelf(store, lambda data: put(store, data))


# --- reading ----------------------------------------------------------------------------------------


def test_what_is_there_can_be_read_from_anywhere(shelf: Shelf) -> None:
    data = bytes(range(256)) * 8192
    key = shelf.place(data)
    assert shelf.store.size(key) == len(data)
    with shelf.store.open(key) as reader:
        for offset, length in ((0, 7), (7, 1_000_000), (1_000_007, 5), (3, 4), (2_000_000, 10**9), (0, 1)):
            assert reader.read(offset, length) == data[offset : offset + length], (offset, length)
        assert reader.read(len(data), 5) == b""
        assert reader.read(len(data) + 9, 5) == b""
        assert reader.read(0, 0) == b""


def test_an_empty_object_can_be_read(shelf: Shelf) -> None:
    key = shelf.place(b"")
    assert shelf.store.size(key) == 0
    assert read(shelf.store, 0, 1, key) == b""


def test_what_is_not_there_is_missing(shelf: Shelf) -> None:
    key = shelf.place(b"data") + "x"
    with pytest.raises(DataMissing):
        shelf.store.open(key)
    with pytest.raises(DataMissing):
        shelf.store.size(key)


def test_a_path_if_there_is_one_holds_just_the_bytes(shelf: Shelf) -> None:
    key = shelf.place(b"data")
    path = shelf.store.path(key)
    assert path is None or path.read_bytes() == b"data"


def test_nothing_is_wrong_with_a_store_that_works(shelf: Shelf) -> None:
    assert shelf.store.problem() is None


def test_a_store_that_can_only_be_read_says_so_and_deletes_nothing() -> None:
    with serving() as site:
        store, key = HttpStore("here", gate_to(site), Bounds()), site.publish("/object", b"data")
        with pytest.raises(StoreReadOnly):
            store.create(key, 4)
        store.delete(key)
        assert read(store, 0, 4, key) == b"data"


# --- writing ----------------------------------------------------------------------------------------


def test_what_was_committed_can_be_read(store: Store) -> None:
    writer = store.create(KEY, None)
    writer.write([b"one ", b"", b"two "])
    writer.write([b"three"])
    writer.commit()
    assert store.size(KEY) == 13
    assert read(store, 0, 100) == b"one two three"
    assert read(store, 4, 3) == b"two"
    assert read(store, 13, 5) == b""


def test_an_object_may_be_empty(store: Store) -> None:
    put(store, b"")
    assert store.size(KEY) == 0
    assert read(store, 0, 1) == b""


def test_what_was_not_committed_cannot_be_read(store: Store) -> None:
    writer = store.create(KEY, None)
    writer.write([b"half"])
    with pytest.raises(DataMissing):
        store.open(KEY)
    with pytest.raises(DataMissing):
        store.size(KEY)
    writer.abort()


def test_an_aborted_object_leaves_nothing_and_its_key_is_free(store: Store) -> None:
    writer = store.create(KEY, None)
    writer.write([b"half"])
    writer.abort()
    writer.abort()
    with pytest.raises(DataMissing):
        store.open(KEY)
    put(store, b"whole")
    assert read(store, 0, 9) == b"whole"


def test_aborting_after_the_commit_changes_nothing(store: Store) -> None:
    writer = store.create(KEY, None)
    writer.write([b"whole"])
    writer.commit()
    writer.abort()
    assert read(store, 0, 9) == b"whole"


def test_a_deleted_object_is_gone_and_may_be_deleted_again(store: Store) -> None:
    put(store, b"data")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(DataMissing):
        store.open(KEY)


def test_an_object_deleted_while_it_is_written_never_appears(store: Store) -> None:
    writer = store.create(KEY, None)
    writer.write([b"half"])
    store.delete(KEY)
    writer.write([b"more"])
    with pytest.raises(DataVanished):
        writer.commit()
    writer.abort()
    with pytest.raises(DataMissing):
        store.open(KEY)


def test_a_reader_that_is_open_reads_on_after_a_deletion(store: Store) -> None:
    put(store, b"data")
    with store.open(KEY) as reader:
        store.delete(KEY)
        assert reader.read(0, 4) == b"data"


def test_an_announced_size_that_will_not_fit_is_refused_at_once(store: Store) -> None:
    with pytest.raises(StorageFull):
        store.create(KEY, 2**62)
    put(store, b"small")


def test_objects_do_not_mix(store: Store) -> None:
    writers = {f"{KEY}{number}": store.create(f"{KEY}{number}", None) for number in range(4)}

    def fill(key: str) -> None:
        for _ in range(50):
            writers[key].write([key.encode(), b"\n"])
        writers[key].commit()

    threads = [threading.Thread(target=fill, args=(key,)) for key in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for key in writers:
        assert read(store, 0, 10_000, key) == (key.encode() + b"\n") * 50


def test_the_keys_of_all_objects_are_listed_of_unfinished_ones_too(store: Store) -> None:
    assert list(store.keys() or ()) == []
    put(store, b"whole")
    unfinished = store.create(f"{KEY}2", None)
    assert sorted(store.keys() or ()) == [KEY, f"{KEY}2"]
    unfinished.abort()
    store.delete(KEY)
    assert list(store.keys() or ()) == []


def test_what_is_no_object_is_not_listed(tmp_path: Path) -> None:
    store = FilesystemStore("here", tmp_path / "objects")
    (tmp_path / "objects" / "lost+found").mkdir()
    (tmp_path / "objects" / ".hidden").write_bytes(b"")
    (tmp_path / "objects" / "link").symlink_to(tmp_path)
    assert list(store.keys() or ()) == []

"""What every store must do."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pileus.image.model.errors import DataMissing, DataVanished, StorageFull
from pileus.image.stores.filesystem import FilesystemStore
from pileus.image.stores.memory import MemoryStore
from pileus.image.stores.store import Store

KEY = "7d1f3f8e-6e0c-4a5e-9d5e-0d9a4a1e1f10-0badcafe"


@pytest.fixture(params=["filesystem", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore("here", capacity_bytes=2**20)
    return FilesystemStore("here", tmp_path / "objects")


def put(store: Store, data: bytes, key: str = KEY) -> None:
    writer = store.create(key, len(data))
    writer.write([data])
    writer.commit()


def read(store: Store, offset: int, length: int, key: str = KEY) -> bytes:
    with store.open(key) as reader:
        return reader.read(offset, length)


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


def test_a_path_if_there_is_one_holds_just_the_bytes(store: Store) -> None:
    put(store, b"data")
    path = store.path(KEY)
    assert path is None or path.read_bytes() == b"data"


def test_nothing_is_wrong_with_a_store_that_works(store: Store) -> None:
    assert store.problem() is None

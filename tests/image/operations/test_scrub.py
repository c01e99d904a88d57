"""Deleted images that are kept for a while."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from pileus.image.db import image as images
from pileus.image.db import pending, tables
from pileus.image.db import query as queries
from pileus.image.db import upload as uploads
from pileus.image.loops.repair import Repair
from pileus.image.loops.scrub import LEASE, Scrubber
from pileus.image.model.errors import ImageExists, ImageNotFound, NotPendingDelete
from pileus.image.model.image import Image, Limits
from pileus.image.model.imports import PENDING_STORES, TASK
from pileus.image.model.location_errors import StoreHangs
from pileus.image.model.query import ImageQuery, Viewer
from pileus.image.model.upload import Received, Upload, new_location
from pileus.image.operations import image as operation
from pileus.image.operations import scrub as scrub_operation
from pileus.image.operations import upload as upload_operation
from pileus.image.stores.memory import MemoryStore
from pileus.kit.db import Database
from pileus.kit.lease import Leases
from tests.image.bench import HandClock

RECEIVED = Received(size=4, checksum="c", os_hash_algo="sha512", os_hash_value="h", virtual_size=4)
KEEP_S = 60


class Bench:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock()
        self.store = MemoryStore("s")

    def create(self, *, is_whole: bool = True) -> Image:
        now = self.clock.now()
        image = Image(
            id=str(uuid4()), owner="me", created_at=now, updated_at=now, disk_format="raw", container_format="bare",
            properties={"a": "1"}, tags=frozenset({"t"}),
        )  # fmt: skip
        self.database.write(operation.create, image, Limits())
        if is_whole:
            upload_id = str(uuid4())
            place = new_location("s", image.id, upload_id)
            upload = Upload(id=upload_id, image_id=image.id, location=place, expires_at=now + timedelta(minutes=1))
            self.database.write(upload_operation.begin, upload, now)
            writer = self.store.create(place.key, 4)
            writer.write([b"data"])
            writer.commit()
            self.database.write(upload_operation.finish, upload, RECEIVED, now)
        return self.get(image.id)

    def get(self, image_id: str) -> Image:
        with self.database.read() as tx:
            return images.get(tx, image_id)

    def delete(self, image: Image) -> None:
        self.database.write(operation.delete, image.id, self.clock.now(), is_delayed=True)

    def scrubber(self, owner: str = "one", pool_size: int = 1) -> Scrubber:
        leases = Leases(self.database, tables.LEASE, owner, self.clock)
        return Scrubber(self.database, {"s": self.store}, leases, self.clock, keep_s=KEEP_S, pool_size=pool_size)

    def keys(self) -> int:
        return len(list(self.store.keys() or ()))


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


def test_a_kept_image_is_gone_for_everybody(bench: Bench) -> None:
    image = bench.create()
    bench.delete(image)
    with pytest.raises(ImageNotFound):
        bench.get(image.id)
    with bench.database.read() as tx:
        viewer = Viewer("me", is_admin=True)
        assert queries.list_images(tx, viewer, ImageQuery(limit=9, visibility="all")) == []
        assert images.list_of(tx, [image.id]) == []
    with pytest.raises(ImageExists):
        bench.database.write(operation.create, image, Limits())
    with pytest.raises(ImageNotFound):
        bench.delete(image)


def test_an_image_without_bytes_is_not_kept(bench: Bench) -> None:
    image = bench.create(is_whole=False)
    bench.delete(image)
    with pytest.raises(ImageNotFound):
        bench.database.write(scrub_operation.restore, image.id, bench.clock.now())


def test_a_kept_image_goes_when_its_time_is_up_and_not_before(bench: Bench) -> None:
    image = bench.create()
    bench.delete(image)
    bench.clock.wind(KEEP_S - 1)
    assert bench.scrubber().scrub().image_ids == []
    assert bench.keys() == 1
    bench.clock.wind(2)
    assert bench.scrubber().scrub().image_ids == [image.id]
    assert bench.keys() == 0
    with bench.database.read() as tx:
        assert uploads.list_discarded(tx) == []
        assert images.find_pending(tx, image.id) is None
    with pytest.raises(ImageExists):
        bench.database.write(operation.create, image, Limits())


@pytest.mark.parametrize("turn", [None, operation.deactivate])
def test_a_restored_image_is_what_it_was(bench: Bench, turn: Callable[..., bool] | None) -> None:
    image = bench.create()
    if turn is not None:
        bench.database.write(turn, image.id, bench.clock.now())
    before = bench.get(image.id)
    bench.delete(image)
    bench.database.write(scrub_operation.restore, image.id, bench.clock.now())
    after = bench.get(image.id)
    assert (after.status, after.locations, after.tags) == (before.status, before.locations, before.tags)
    bench.clock.wind(KEEP_S + 1)
    assert bench.scrubber().scrub().image_ids == []
    assert bench.keys() == 1


def test_only_a_kept_image_can_be_restored(bench: Bench) -> None:
    image = bench.create()
    with pytest.raises(NotPendingDelete, match="it is 'active'"):
        bench.database.write(scrub_operation.restore, image.id, bench.clock.now())
    bench.delete(image)
    bench.clock.wind(KEEP_S + 1)
    bench.scrubber().round()
    with pytest.raises(ImageNotFound):
        bench.database.write(scrub_operation.restore, image.id, bench.clock.now())


def test_while_one_scrubber_is_at_work_no_other_is(bench: Bench) -> None:
    bench.delete(bench.create())
    bench.clock.wind(KEEP_S + 1)
    at_work = Leases(bench.database, tables.LEASE, "two", bench.clock)
    assert at_work.take(LEASE, 30)
    assert bench.scrubber().scrub().is_others_turn
    assert bench.keys() == 1
    bench.clock.wind(31)  # it has died
    assert len(bench.scrubber().scrub().image_ids) == 1
    assert at_work.take(LEASE, 30)  # and the lease is free at once for whoever comes next


def test_many_scrubbers_scrub_each_image_once(bench: Bench) -> None:
    kept = [bench.create() for _ in range(9)]
    for image in kept:
        bench.delete(image)
    bench.clock.wind(KEEP_S + 1)
    scrubbers = [bench.scrubber(f"scrubber-{number}", pool_size=3) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda one: one.scrub(), scrubbers))
    scrubbed = [image_id for outcome in outcomes for image_id in outcome.image_ids]
    assert sorted(scrubbed) == sorted(image.id for image in kept)
    assert bench.keys() == 0


def test_an_image_restored_while_it_is_scrubbed_is_either_whole_or_gone(bench: Bench) -> None:
    kept = [bench.create() for _ in range(6)]
    for image in kept:
        bench.delete(image)
    bench.clock.wind(KEEP_S + 1)

    def restore(image: Image) -> bool:
        try:
            bench.database.write(scrub_operation.restore, image.id, bench.clock.now())
        except ImageNotFound:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        scrubbing = pool.submit(bench.scrubber(pool_size=2).scrub)
        restored = list(pool.map(restore, reversed(kept)))
        gone = set(scrubbing.result().image_ids)
    for image, is_back in zip(reversed(kept), restored, strict=True):
        assert is_back == (image.id not in gone)
        if is_back:
            assert bench.store.size(bench.get(image.id).locations[0].key) == 4
    assert bench.keys() == sum(restored)


def test_the_first_deleted_is_scrubbed_first(bench: Bench) -> None:
    first, second = bench.create(), bench.create()
    bench.delete(second)
    bench.delete(first)
    with bench.database.read() as tx:
        assert pending.list_due(tx, datetime(2030, 1, 1)) == [second.id, first.id]


def test_a_restored_image_is_claimed_by_no_task(bench: Bench) -> None:
    image = bench.create()
    claimed = replace(image, properties={**image.properties, TASK: "t", PENDING_STORES: "b"})
    bench.database.write(images.update, image, claimed)
    bench.delete(image)
    bench.database.write(scrub_operation.restore, image.id, bench.clock.now())
    assert bench.get(image.id).properties == {"a": "1"}


def test_bytes_in_a_store_that_hangs_are_told_of_and_go_later(bench: Bench) -> None:
    image = bench.create()
    bench.delete(image)
    bench.clock.wind(KEEP_S)
    store, bench.store = bench.store, Hanging("s")
    assert bench.scrubber().scrub().failed_ids == [image.id]
    bench.store = store
    Repair(bench.database, {"s": store}, bench.clock).round()
    assert bench.keys() == 0


class Hanging(MemoryStore):
    def delete(self, key: str) -> None:
        raise StoreHangs(store="s")

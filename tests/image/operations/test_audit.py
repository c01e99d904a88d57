"""Rows against bytes: each way in which they may disagree, and what mends it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from pileus.image.db import image as images
from pileus.image.db import import_tables
from pileus.image.db import staged as stagings
from pileus.image.db import upload as uploads
from pileus.image.model.audit import Finding, HollowImage, MissingObject, OrphanedObject, StuckImage, WrongSize
from pileus.image.model.image import Image, Limits, Location
from pileus.image.model.imports import Staged
from pileus.image.model.upload import STAGING, Received, Upload, new_location
from pileus.image.operations import audit
from pileus.image.operations import image as operation
from pileus.image.operations import upload as upload_operation
from pileus.image.stores.cache import Cache
from pileus.image.stores.memory import MemoryStore
from pileus.kit.db import Database
from pileus.kit.workflow import WorkflowStore

NOON = datetime(2026, 1, 1, 12)
DATA = b"data"
WORKFLOWS = WorkflowStore(import_tables.WORKFLOW, import_tables.WORKFLOW_STEP)
RECEIVED = Received(size=len(DATA), checksum="c", os_hash_algo="sha512", os_hash_value="h", virtual_size=4)


class Bench:
    """A database, two stores, and images in them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.stores = {name: MemoryStore(name) for name in ("one", "two", STAGING)}

    def create(self) -> Image:
        image = Image(
            id=str(uuid4()), owner="me", created_at=NOON, updated_at=NOON, disk_format="raw", container_format="bare"
        )
        return self.database.write(operation.create, image, Limits())

    def begin(self, image: Image) -> Upload:
        upload_id = str(uuid4())
        place = new_location("one", image.id, upload_id)
        upload = Upload(id=upload_id, image_id=image.id, location=place, expires_at=NOON + timedelta(minutes=1))
        self.database.write(upload_operation.begin, upload, NOON)
        return upload

    def put(self, location: Location, data: bytes = DATA, *, is_whole: bool = True) -> None:
        writer = self.stores[location.store].create(location.key, None)
        writer.write([data])
        if is_whole:
            writer.commit()

    def whole(self) -> tuple[Image, Location]:
        image = self.create()
        upload = self.begin(image)
        self.put(upload.location)
        self.database.write(upload_operation.finish, upload, RECEIVED, NOON)
        return image, upload.location

    def add_copy(self, image: Image, of: Location, data: bytes = DATA) -> Location:
        second = Location("two", of.key)
        self.put(second, data)
        self.database.write(images.insert_location, image.id, second)
        return second

    def look(self) -> list[Finding]:
        found: list[Finding] = [*audit.list_bad_copies(self.database, self.stores)]
        for name, store in self.stores.items():
            found += audit.list_orphans(self.database, name, store) or ()
        return [*found, *audit.list_odd_images(self.database)]

    def mend(self) -> list[bool]:
        return [audit.mend(self.database, self.stores, one, now=NOON) for one in self.look()]


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


def test_what_belongs_to_somebody_is_no_finding(bench: Bench) -> None:
    image, place = bench.whole()
    bench.add_copy(image, place)
    bench.put(bench.begin(bench.create()).location, is_whole=False)
    unwanted = Location("one", f"{uuid4()}-12345678")
    bench.put(unwanted)
    bench.database.write(uploads.discard, unwanted)
    kept, _ = bench.whole()
    bench.database.write(operation.delete, kept.id, NOON, is_delayed=True)
    assert bench.look() == []


@pytest.mark.parametrize("is_whole", [True, False])
def test_orphaned_bytes_are_deleted(bench: Bench, is_whole: bool) -> None:
    key = f"{uuid4()}-0badcafe"
    bench.put(Location("two", key), is_whole=is_whole)
    assert bench.look() == [OrphanedObject(store="two", key=key)]
    assert bench.mend() == [True]
    assert bench.look() == []
    assert list(bench.stores["two"].keys() or ()) == []


def test_bytes_that_somebody_else_put_into_the_folder_are_told_of_and_left_alone(bench: Bench) -> None:
    bench.put(Location("one", "backup.tar"))
    assert bench.mend() == [False]
    assert bench.stores["one"].size("backup.tar") == 4


def test_an_orphan_that_has_found_its_row_is_left_alone(bench: Bench) -> None:
    key = f"{uuid4()}-0badcafe"
    bench.put(Location("one", key))
    (finding,) = bench.look()
    image = bench.create()
    bench.database.write(images.insert_location, image.id, Location("one", key))
    assert not audit.mend(bench.database, bench.stores, finding, now=NOON)
    assert bench.stores["one"].size(key) == 4


def test_an_image_without_its_only_copy_is_left_to_the_operator(bench: Bench) -> None:
    image, place = bench.whole()
    bench.stores["one"].delete(place.key)
    missing = MissingObject(image_id=image.id, store="one", key=place.key, has_other_copy=False)
    assert bench.look() == [missing]
    assert bench.mend() == [False]


def test_a_missing_copy_is_forgotten_where_there_is_another(bench: Bench) -> None:
    image, place = bench.whole()
    bench.add_copy(image, place)
    bench.stores["one"].delete(place.key)
    assert bench.mend() == [True]
    assert bench.look() == []
    with bench.database.read() as tx:
        assert [one.store for one in images.get(tx, image.id).locations] == ["two"]


def test_a_copy_of_the_wrong_size_goes_where_there_is_another(bench: Bench) -> None:
    image, place = bench.whole()
    bench.add_copy(image, place, b"longer")
    wrong = WrongSize(image_id=image.id, store="two", key=place.key, has_other_copy=True, size=4, found=6)
    assert bench.look() == [wrong]
    assert bench.mend() == [True]
    assert (bench.look(), list(bench.stores["two"].keys() or ())) == ([], [])


def test_two_bad_copies_do_not_stand_in_for_each_other(bench: Bench) -> None:
    image, place = bench.whole()
    bench.add_copy(image, place, b"longer")
    bench.stores["one"].delete(place.key)
    assert bench.mend() == [False, False]


def test_an_image_that_is_nowhere_is_found(bench: Bench) -> None:
    image, place = bench.whole()
    bench.database.write(images.delete_location, image.id, place)
    bench.stores["one"].delete(place.key)
    assert bench.look() == [HollowImage(image_id=image.id, status="active")]
    assert bench.mend() == [False]


def test_an_image_whose_upload_is_gone_goes_back_into_the_queue(bench: Bench) -> None:
    image = bench.create()
    upload = bench.begin(image)
    bench.database.write(uploads.delete, upload.id)
    assert bench.look() == [StuckImage(image_id=image.id, status="saving")]
    assert bench.mend() == [True]
    assert bench.look() == []
    bench.begin(replace(image))


def stuck(bench: Bench, status: str, **properties: str) -> Image:
    """Return an image that somebody has begun with of whom no row speaks."""
    image = bench.create()
    bench.database.write(images.update, image, replace(image, status=status, size=4, properties=properties))
    return image


@pytest.mark.parametrize("status", ["saving", "uploading", "importing"])
def test_an_image_that_nobody_is_at_goes_back_into_the_queue(bench: Bench, status: str) -> None:
    image = stuck(bench, status, os_glance_import_task="gone", kept="1")
    place = Location("one", f"{image.id}-0badcafe")
    bench.put(place)
    bench.database.write(images.insert_location, image.id, place)
    assert bench.look() == [StuckImage(image_id=image.id, status=status)]
    assert bench.mend() == [True]
    assert bench.look() == []
    with bench.database.read() as tx:
        found = images.get(tx, image.id)
        assert uploads.list_discarded(tx) == [place]
    assert (found.status, found.size, found.properties, found.locations) == ("queued", None, {"kept": "1"}, ())
    bench.begin(image)


def test_an_image_whose_import_is_under_way_is_left_alone(bench: Bench) -> None:
    image = stuck(bench, "importing", os_glance_import_task="task")
    staged = Staged(image_id=image.id, location=Location(STAGING, f"{image.id}-0badcafe"), size=4)
    bench.database.write(stagings.insert, staged)
    bench.put(staged.location)
    bench.database.write(WORKFLOWS.add, str(uuid4()), "import", image.id, {}, NOON)
    assert bench.look() == []
    waiting = stuck(bench, "uploading")
    bench.database.write(stagings.insert, replace(staged, image_id=waiting.id))
    assert bench.look() == []


def test_a_whole_image_that_a_lost_task_has_claimed_is_freed(bench: Bench) -> None:
    image, place = bench.whole()
    claimed = replace(image, status="active", properties={"os_glance_import_task": "gone"})
    bench.database.write(images.update, replace(image, status="active"), claimed)
    assert bench.look() == [StuckImage(image_id=image.id, status="active")]
    assert bench.mend() == [True]
    assert bench.look() == []
    with bench.database.read() as tx:
        found = images.get(tx, image.id)
    assert (found.status, found.properties, found.locations) == ("active", {}, (place,))


def test_staged_bytes_that_are_missing_are_found(bench: Bench) -> None:
    image = stuck(bench, "uploading")
    place = Location(STAGING, f"{image.id}-0badcafe")
    bench.database.write(stagings.insert, Staged(image_id=image.id, location=place, size=4))
    missing = MissingObject(image_id=image.id, store=STAGING, key=place.key, has_other_copy=False)
    assert bench.look() == [missing]
    assert bench.mend() == [False]


def test_what_a_hosts_cache_keeps_for_nothing_is_found_and_deleted(bench: Bench, tmp_path: Path) -> None:
    tmp_path = tmp_path / "cache"
    cache = Cache(tmp_path, max_size_bytes=100, stall_s=60)
    image, _ = bench.whole()
    facts = replace(image, status="active", os_hash_algo="sha512", os_hash_value="a" * 128)
    bench.database.write(images.update, replace(image, status="active"), facts)
    good, other, gone = f"{image.id}.{'a' * 32}", f"{image.id}.{'b' * 32}", f"{uuid4()}.{'a' * 32}"
    half, coming = f"{gone}.run1.part", f"{good}.run2.part"
    for name in (good, other, gone, half, coming):
        (tmp_path / name).write_bytes(DATA)
    os.utime(tmp_path / half, (1, 1))
    found = audit.list_stale_copies(bench.database, cache)
    assert {finding.name for finding in found} == {other, gone, half}
    assert all(audit.mend(bench.database, {}, finding, now=NOON, cache=cache) for finding in found)
    assert not any(audit.mend(bench.database, {}, finding, now=NOON, cache=cache) for finding in found)
    assert {path.name for path in tmp_path.iterdir()} == {good, coming, "queue"}
    (tmp_path / good).write_bytes(b"short"[:3])
    assert [finding.name for finding in audit.list_stale_copies(bench.database, cache)] == [good]

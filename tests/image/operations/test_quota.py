"""Quotas under concurrency: whatever happens at the same time, a project never holds more than it may."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest

from pileus.image.db import image as images
from pileus.image.db import quota as quotas
from pileus.image.db import upload as uploads
from pileus.image.model.image import Image, Limits
from pileus.image.model.quota import COUNT_TOTAL, COUNT_UPLOADING, SIZE_TOTAL, STAGE_TOTAL, UNLIMITED, Quota
from pileus.image.model.quota_errors import ProjectOverLimit
from pileus.image.model.upload import STAGE, STAGING, Received, Upload, new_location
from pileus.image.operations import image as operation
from pileus.image.operations import quota as quota_operation
from pileus.image.operations import upload as upload_operation
from pileus.kit.db import Database

NOON = datetime(2026, 1, 1, 12)
MANY = 16
RECEIVED = Received(size=10, checksum="c", os_hash_algo="sha512", os_hash_value="h", virtual_size=10)


def new_image(owner: str = "me") -> Image:
    return Image(
        id=str(uuid4()), owner=owner, created_at=NOON, updated_at=NOON, disk_format="raw", container_format="bare"
    )


def create(database: Database, quota: Quota = UNLIMITED, owner: str = "me") -> Image:
    return database.write(operation.create, new_image(owner), Limits(), quota)


def new_upload(image: Image, reserved_bytes: int = 0, store: str = "s") -> Upload:
    upload_id = str(uuid4())
    return Upload(
        id=upload_id,
        image_id=image.id,
        location=new_location(store, image.id, upload_id),
        expires_at=NOON + timedelta(minutes=1),
        reserved_bytes=reserved_bytes,
    )


def usage(database: Database, owner: str = "me") -> dict[str, int]:
    with database.read() as tx:
        return dict(quotas.usage(tx, owner))


def at_once(act: Callable[[int], object]) -> int:
    """Do something many times at the same moment; return how often it was not refused."""
    together = Barrier(MANY)

    def run(number: int) -> bool:
        together.wait()
        try:
            act(number)
        except ProjectOverLimit:
            return False
        return True

    with ThreadPoolExecutor(MANY) as pool:
        return sum(pool.map(run, range(MANY)))


def test_of_many_images_at_once_as_many_are_created_as_the_quota_lets(database: Database) -> None:
    quota = Quota({COUNT_TOTAL: 5})
    assert at_once(lambda _: create(database, quota)) == 5
    assert usage(database)[COUNT_TOTAL] == 5
    create(database, quota, owner="they")


def test_of_many_announced_uploads_at_once_as_many_begin_as_fit(database: Database) -> None:
    quota = Quota({SIZE_TOTAL: 75})
    all_images = [create(database) for _ in range(MANY)]
    began = at_once(
        lambda number: database.write(upload_operation.begin, new_upload(all_images[number], 10), NOON, quota)
    )
    assert began == 7
    assert (usage(database)[SIZE_TOTAL], usage(database)[COUNT_UPLOADING]) == (70, 7)


def test_of_many_uploads_at_once_as_many_begin_as_may_run(database: Database) -> None:
    quota = Quota({COUNT_UPLOADING: 3})
    all_images = [create(database) for _ in range(MANY)]
    assert at_once(lambda n: database.write(upload_operation.begin, new_upload(all_images[n]), NOON, quota)) == 3


def test_many_uploads_that_grow_at_once_never_exceed_the_quota_together(database: Database) -> None:
    quota = Quota({SIZE_TOTAL: 1000})
    running = [(image, new_upload(image)) for image in (create(database) for _ in range(MANY))]
    for _, upload in running:
        database.write(upload_operation.begin, upload, NOON, quota)
    written = [0] * MANY

    def grow(number: int) -> None:
        image, upload = running[number]
        reserve = quota_operation.reserving(database, image, upload, quota)
        room = 0
        while written[number] < 100:
            if written[number] + 20 > room:
                room = reserve(written[number] + 20)
            written[number] += 20

    assert at_once(grow) < MANY
    held = usage(database)[SIZE_TOTAL]
    assert sum(written) <= held <= 1000
    assert held > 900


def test_what_an_upload_reserved_too_much_is_free_when_it_ends(database: Database) -> None:
    quota = Quota({SIZE_TOTAL: 1000})
    image = create(database)
    upload = new_upload(image)
    database.write(upload_operation.begin, upload, NOON, quota)
    assert quota_operation.reserving(database, image, upload, quota)(10) == 10 + 990 // 8
    database.write(upload_operation.finish, upload, RECEIVED, NOON)
    assert usage(database) == {COUNT_TOTAL: 1, COUNT_UPLOADING: 0, SIZE_TOTAL: 10, STAGE_TOTAL: 0}


def test_a_dead_upload_gives_its_reservation_back(database: Database) -> None:
    quota = Quota({SIZE_TOTAL: 100, COUNT_UPLOADING: 1})
    first, second = create(database), create(database)
    dead = new_upload(first, 100)
    database.write(upload_operation.begin, dead, NOON, quota)
    with pytest.raises(ProjectOverLimit):
        database.write(upload_operation.begin, new_upload(second, 1), NOON, quota)
    assert database.write(upload_operation.abandon_expired, dead, NOON + timedelta(minutes=2))
    assert usage(database)[SIZE_TOTAL] == 0
    database.write(upload_operation.begin, new_upload(second, 100), NOON, quota)


def test_a_reservation_of_an_upload_that_was_given_up_takes_nothing(database: Database) -> None:
    quota = Quota({SIZE_TOTAL: 100})
    image = create(database)
    upload = new_upload(image)
    database.write(upload_operation.begin, upload, NOON, quota)
    database.write(upload_operation.abandon, upload, NOON)
    quota_operation.reserving(database, image, upload, quota)(50)
    assert usage(database)[SIZE_TOTAL] == 0


def test_what_comes_to_the_staging_area_has_a_limit_of_its_own(database: Database) -> None:
    quota = Quota({SIZE_TOTAL: 0, STAGE_TOTAL: 50})
    first, second = create(database), create(database)
    staging = replace(new_upload(first, 40, STAGING), purpose=STAGE)
    database.write(upload_operation.begin, staging, NOON, quota)
    assert (usage(database)[STAGE_TOTAL], usage(database)[SIZE_TOTAL]) == (40, 0)
    with pytest.raises(ProjectOverLimit, match="image_stage_total"):
        database.write(upload_operation.begin, replace(new_upload(second, 11, STAGING), purpose=STAGE), NOON, quota)
    with database.read() as tx:
        assert images.get(tx, second.id).status == "queued"
        assert uploads.list_of_image(tx, second.id) == []


def test_nobody_asks_for_room_where_there_is_no_limit(database: Database) -> None:
    image = create(database)
    upload = new_upload(image)
    assert quota_operation.reserving(database, image, upload, UNLIMITED)(1) == sys.maxsize

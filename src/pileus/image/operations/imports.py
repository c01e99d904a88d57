"""The life of an import: begin, write to each store, and either finish or fail.

The work is a workflow's (`workflows/imports.py`); here is what it writes. An image knows the task that is at it, and to
which stores its bytes are still on the way, by properties that nobody else may set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from pileus.image.db import image as images
from pileus.image.db import staged as stagings
from pileus.image.db import task as tasks
from pileus.image.db import upload as uploads
from pileus.image.model import status
from pileus.image.model.errors import DataRefused, UploadLost
from pileus.image.model.image import Image, Location, least_disk_gb
from pileus.image.model.import_errors import NotStaged
from pileus.image.model.imports import (
    COPY_IMAGE,
    FAILED_STORES,
    GLANCE_DIRECT,
    PENDING_STORES,
    RECEIVED,
    TASK,
    listed,
    locations_of,
    require_importable,
    unlisted,
    unsigned,
)
from pileus.image.model.quota import UNLIMITED, Quota
from pileus.image.model.task import FAILURE, PROCESSING, SUCCESS, Task
from pileus.image.model.upload import Received, Upload
from pileus.image.operations.quota import require_room_for_upload, require_room_on_the_way
from pileus.image.operations.staging import discard
from pileus.image.operations.upload import WITHOUT_DATA
from pileus.kit.db import Transaction


def begin(
    tx: Transaction, task: Task, method: str, stores: Sequence[str], now: datetime, quota: Quota = UNLIMITED
) -> Image:
    """Claim an image for an import by a new task, and return what it is now.

    Raises ImageNotFound, why it may not be imported, ProjectOverLimit.
    """
    assert task.image_id is not None
    image = images.get_locked(tx, task.image_id, now)
    require_importable(image, method)
    if method == GLANCE_DIRECT and stagings.find(tx, image.id) is None:
        raise NotStaged
    require_room_on_the_way(tx, image, quota)
    tasks.insert(tx, task)
    marks = {TASK: task.id, PENDING_STORES: listed(stores), FAILED_STORES: ""}
    new_status = image.status if method == COPY_IMAGE else status.IMPORTING
    return _mark(tx, replace(image, status=new_status), image, marks)


def start(tx: Transaction, task_id: str, now: datetime) -> None:
    """Show that somebody is at the work."""
    tasks.update(tx, task_id, now, status=PROCESSING)


def begin_write(
    tx: Transaction, upload: Upload, task_id: str, now: datetime, quota: Quota = UNLIMITED
) -> Sequence[Location]:
    """Announce bytes that an import is about to write, and return what an earlier try has: nobody wants that any more.

    Raises ImageNotFound, UploadLost, ProjectOverLimit, StorageQuotaFull.
    """
    image = images.get_locked(tx, upload.image_id, now)
    _require_ours(image, task_id)
    earlier = [old for old in uploads.list_of_image(tx, image.id) if old.location.store == upload.location.store]
    for old in earlier:
        uploads.delete(tx, old.id)
        uploads.discard(tx, old.location)
    require_room_for_upload(tx, image, upload, quota)
    uploads.insert(tx, upload)
    return [old.location for old in earlier]


def finish_write(
    tx: Transaction, upload: Upload, received: Received, task_id: str, now: datetime, *, is_enough: bool
) -> None:
    """Say that a store has the bytes, and activate the image if one store is enough. Raises UploadLost, DataRefused."""
    if not (images.lock(tx, upload.image_id, now) and uploads.delete(tx, upload.id)):
        raise UploadLost(image_id=upload.image_id)
    image = images.get(tx, upload.image_id)
    _require_ours(image, task_id)
    _require_same(image, received)
    new = image if image.locations else replace(image, **asdict(received))
    if is_enough and image.status == status.IMPORTING:
        new = _activated(tx, new)
    pending = unlisted(image.properties[PENDING_STORES]) - {upload.location.store}
    _mark(tx, new, image, {PENDING_STORES: listed(pending)})
    images.insert_location(tx, image.id, upload.location)


def fail_write(tx: Transaction, image_id: str, store: str, task_id: str, now: datetime) -> None:
    """Say that the bytes did not get to a store."""
    images.lock(tx, image_id, now)
    image = images.find(tx, image_id)
    if image is None or image.properties.get(TASK) != task_id:
        return
    pending = unlisted(image.properties[PENDING_STORES]) - {store}
    failed = unlisted(image.properties[FAILED_STORES]) | {store}
    _mark(tx, image, image, {PENDING_STORES: listed(pending), FAILED_STORES: listed(failed)})


def take_back(tx: Transaction, image_id: str, task_id: str, now: datetime) -> Sequence[Location]:
    """Forget what a task has stored, and return where that is."""
    images.lock(tx, image_id, now)
    image = images.find(tx, image_id)
    unwanted = [] if image is None else locations_of(image, task_id)
    for location in unwanted:
        images.delete_location(tx, image_id, location)
        uploads.discard(tx, location)
    return unwanted


def finish(
    tx: Transaction, image_id: str, task_id: str, properties: Mapping[str, str], now: datetime, kept: timedelta
) -> Image | None:
    """End a task well, and return its image; None if that was done before. Raises ImageNotFound."""
    image = images.get_locked(tx, image_id, now)
    if image.properties.get(TASK) != task_id:
        return None
    new = _activated(tx, image) if image.status == status.IMPORTING else image
    marked = _mark(tx, new, image, {**properties, TASK: None, PENDING_STORES: ""})
    result = {"image_id": image_id}
    tasks.update(tx, task_id, now, status=SUCCESS, result=result, message="", expires_at=now + kept)
    return marked


def fail(
    tx: Transaction, image_id: str, task_id: str, stores: Sequence[str], reason: str, now: datetime, kept: timedelta
) -> None:
    """End a task badly: the image is what it was before, but says to which stores it did not get. May be done twice."""
    tasks.update(tx, task_id, now, status=FAILURE, message=reason, expires_at=now + kept)
    images.lock(tx, image_id, now)
    image = images.find(tx, image_id)
    if image is None or image.properties.get(TASK) != task_id:
        return
    discard(tx, image_id)
    new = image if image.locations else replace(image, **WITHOUT_DATA)
    _mark(tx, new, image, {TASK: None, PENDING_STORES: "", FAILED_STORES: listed(stores)})


def _require_ours(image: Image, task_id: str) -> None:
    if image.properties.get(TASK) != task_id:
        raise UploadLost(image_id=image.id)


def _require_same(image: Image, received: Received) -> None:
    is_comparable = image.os_hash_algo == received.os_hash_algo
    if image.checksum not in (None, received.checksum) or (
        is_comparable and image.os_hash_value not in (None, received.os_hash_value)
    ):
        raise DataRefused("The bytes are not those that the image is known to have.")


def _activated(tx: Transaction, image: Image) -> Image:
    """Return an image as it is with its bytes: it has no signature and no vendor's digest of other bytes."""
    staged = stagings.find(tx, image.id)
    is_changed = staged is not None and staged.form != RECEIVED
    return replace(
        image,
        status=status.ACTIVE,
        min_disk=image.min_disk or least_disk_gb(image.virtual_size),
        properties=unsigned(image.properties) if is_changed else image.properties,
    )


def _mark(tx: Transaction, new: Image, old: Image, marks: Mapping[str, str | None]) -> Image:
    """Write an image with other marks; None takes one away."""
    merged: dict[str, Any] = {**new.properties, **marks}
    new = replace(new, properties={name: value for name, value in merged.items() if value is not None})
    images.update(tx, old, new)
    return new

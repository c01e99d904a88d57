"""What can be done to the places where images' bytes lie.

An image that gets its first place by the location API is at first claimed by a task. The place is *unproven* while its
bytes are held against what they were said to be, and stays so if they differ: nobody reads from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pileus.image.db import image as images
from pileus.image.db import task as tasks
from pileus.image.db import upload as uploads
from pileus.image.model import status
from pileus.image.model.errors import UploadLost
from pileus.image.model.image import PROVEN, UNPROVEN, Image, Location, least_disk_gb
from pileus.image.model.imports import TASK
from pileus.image.model.location import in_store, require_addable
from pileus.image.model.quota import UNLIMITED, Quota
from pileus.image.model.task import FAILURE, PROCESSING, SUCCESS, Task
from pileus.image.operations.quota import require_room_for_copies
from pileus.image.operations.upload import WITHOUT_DATA
from pileus.kit.db import Transaction


def leave_store(tx: Transaction, image_id: str, store: str, now: datetime) -> Location:
    """Say that nobody wants an image's bytes in one store any more, and return where they are.

    Raises ImageNotFound, StoreRemovalRefused, LastStore, NotInStore.
    """
    image = images.get_locked(tx, image_id, now)
    location = in_store(image, store)
    images.delete_location(tx, image_id, location)
    uploads.discard(tx, location)
    return location


def write(tx: Transaction, old: Image, new: Image, quota: Quota = UNLIMITED) -> None:
    """Write where an image's bytes lie, if that has changed, and let go of the places that it has left.

    Raises ProjectOverLimit, StorageQuotaFull.
    """
    if _described(old) == _described(new):
        return
    require_room_for_copies(tx, old, new, quota)
    images.replace_locations(tx, new.id, new.locations)
    for location in old.locations:
        if location not in new.locations:
            uploads.discard(tx, location)


def begin(tx: Transaction, task: Task, now: datetime) -> None:
    """Claim an image for a task that gives it its place. Raises ImageNotFound, StatusRefused, OperationRunning."""
    assert task.image_id is not None
    image = images.get_locked(tx, task.image_id, now)
    require_addable(image, is_claimed=TASK in image.properties)
    tasks.insert(tx, task)
    images.update(tx, image, replace(image, properties={**image.properties, TASK: task.id}))


def place(
    tx: Transaction,
    image_id: str,
    task_id: str,
    location: Location,
    size: int,
    said: Mapping[str, str],
    now: datetime,
    *,
    is_proof_wanted: bool,
    quota: Quota = UNLIMITED,
) -> None:
    """Give an image its place. If proof is wanted, it is active later; else now. May be done twice.

    Raises ImageNotFound, UploadLost, StatusRefused, ProjectOverLimit, StorageQuotaFull.
    """
    tasks.update(tx, task_id, now, status=PROCESSING)
    image = _claimed(tx, image_id, task_id, now)
    if _is_placed(image, location):
        return
    require_addable(image, is_claimed=False)
    new_status = status.IMPORTING if is_proof_wanted else status.ACTIVE
    facts: dict[str, Any] = {} if is_proof_wanted else dict(said)
    new = replace(image, status=new_status, size=size, locations=(location,), **facts)
    require_room_for_copies(tx, image, new, quota)
    images.update(tx, image, new)
    images.replace_locations(tx, image_id, [replace(location, status=UNPROVEN if is_proof_wanted else PROVEN)])


def prove(
    tx: Transaction, image_id: str, task_id: str, location: Location, facts: Mapping[str, Any], now: datetime
) -> None:
    """Write what was found of the bytes; they are the image's. May be done twice. Raises ImageNotFound, UploadLost."""
    image = _claimed(tx, image_id, task_id, now)
    if not _is_placed(image, location):
        raise UploadLost(image_id=image_id)
    new_status = status.ACTIVE if image.status == status.IMPORTING else image.status
    least_gb = image.min_disk or least_disk_gb(facts["virtual_size"])
    images.update(tx, image, replace(image, status=new_status, min_disk=least_gb, **facts))
    images.update_location(tx, image_id, replace(location, status=PROVEN))


def withdraw(tx: Transaction, image_id: str, task_id: str, now: datetime) -> None:
    """Have nobody use an active image whose bytes are no good. May be done twice. Raises ImageNotFound, UploadLost."""
    image = _claimed(tx, image_id, task_id, now)
    if image.status == status.ACTIVE:
        images.update(tx, image, replace(image, status=status.DEACTIVATED))


def withdraw_from(tx: Transaction, image_id: str, location: Location, now: datetime) -> None:
    """Have nobody use an active image whose bytes at one place are no good. May be done twice. Raises ImageNotFound."""
    image = images.get_locked(tx, image_id, now)
    if location in image.locations and image.status == status.ACTIVE:
        images.update(tx, image, replace(image, status=status.DEACTIVATED))


def measure(tx: Transaction, image_id: str, location: Location, virtual_size: int | None, now: datetime) -> None:
    """Write how large the disk is that an image's bytes make, unless that is known. Raises ImageNotFound."""
    image = images.get_locked(tx, image_id, now)
    if location in image.locations and image.virtual_size is None:
        least_gb = image.min_disk or least_disk_gb(virtual_size)
        images.update(tx, image, replace(image, virtual_size=virtual_size, min_disk=least_gb))


def finish(tx: Transaction, image_id: str, task_id: str, now: datetime, kept: timedelta) -> Image | None:
    """End a task well and return its image; None if that was done before. Raises ImageNotFound."""
    image = images.get_locked(tx, image_id, now)
    if image.properties.get(TASK) != task_id:
        return None
    tasks.update(tx, task_id, now, status=SUCCESS, result={"image_id": image_id}, message="", expires_at=now + kept)
    return _released(tx, image)


def fail(tx: Transaction, image_id: str, task_id: str, reason: str, now: datetime, kept: timedelta) -> None:
    """End a task badly: the image waits for bytes again. May be done twice."""
    tasks.update(tx, task_id, now, status=FAILURE, message=reason, expires_at=now + kept)
    images.lock(tx, image_id, now)
    image = images.find(tx, image_id)
    if image is None or image.properties.get(TASK) != task_id:
        return
    image = _released(tx, image)
    if image.status == status.IMPORTING:
        images.update_if(tx, image_id, status.IMPORTING, WITHOUT_DATA)


def _claimed(tx: Transaction, image_id: str, task_id: str, now: datetime) -> Image:
    image = images.get_locked(tx, image_id, now)
    if image.properties.get(TASK) != task_id:
        raise UploadLost(image_id=image_id)
    return image


def _is_placed(image: Image, location: Location) -> bool:
    return location in image.locations or (image.status == status.IMPORTING and location in image.unproven)


def _released(tx: Transaction, image: Image) -> Image:
    properties = {name: value for name, value in image.properties.items() if name != TASK}
    new = replace(image, properties=properties)
    images.update(tx, image, new)
    return new


def _described(image: Image) -> list[tuple[Location, object]]:
    return [(location, location.metadata) for location in image.locations]

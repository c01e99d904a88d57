"""Location: an image gets its bytes by being told where they lie.

    place     ask how many bytes there are; the image is active, unless they must be held against something first
    prove     read them and hash them, if the operator wants that
    finish    the task is over

Without anything to hold them against, an image stays active even if its bytes cannot be read now: whoever named the
place is believed. Else it waits for bytes again. Bytes that are read are looked at as uploaded ones are.

A place that a PATCH adds counts at once, and is only looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pileus.image.formats.inspection import Inspection
from pileus.image.model.errors import DataMissing, DataRefused
from pileus.image.model.image import HASH_ALGORITHM, Location
from pileus.image.model.location import LOCATION_LOOK
from pileus.image.model.location_errors import DigestDiffers, LocationInvalid
from pileus.image.model.task import LOCATION_IMPORT
from pileus.image.notification import of_image
from pileus.image.operations import location as operation
from pileus.image.operations.intake import INSPECTABLE_CONTAINER
from pileus.image.workflows.means import Means
from pileus.image.workflows.telling import tell_image, tell_task
from pileus.kit import log
from pileus.kit.errors import Unavailable
from pileus.kit.workflow import Run, Step, Workflow

logger = log.get_logger("pileus.image.location")

READ_BYTES = 4 * 2**20


def place(run: Run, means: Means) -> None:
    """Say where the bytes lie. Raises LocationInvalid, UrlRefused, ImageNotFound, UploadLost, ProjectOverLimit."""
    location, said = _location(run), run.arguments["said"]
    try:
        size = means.stores[location.store].size(location.key)
    except (DataMissing, Unavailable):
        raise LocationInvalid from None
    if size <= 0:
        raise LocationInvalid
    is_hashed = means.exposure.do_secure_hash
    known = said or ({"os_hash_algo": HASH_ALGORITHM} if is_hashed else {})  # which tells that the hash will come
    now, quota = means.clock.now(), means.quota_of(means.image(run.subject).owner)
    is_proof_wanted = is_hashed and bool(said)
    means.database.write(
        operation.place, run.subject, run.id, location, size, known, now, is_proof_wanted=is_proof_wanted, quota=quota
    )


def prove(run: Run, means: Means) -> None:
    """Read the bytes: hash them, and look at them as at uploaded ones. An active image that fails that is withdrawn.

    Raises DigestDiffers, DataRefused, LocationInvalid, ImageNotFound, UploadLost.
    """
    if not means.exposure.do_secure_hash:
        return
    location, said = _location(run), run.arguments["said"]
    try:
        facts = _tried(run, said.get("os_hash_algo", HASH_ALGORITHM), means)
    except DataRefused:
        means.database.write(operation.withdraw, run.subject, run.id, means.clock.now())
        raise
    except (DataMissing, Unavailable, OSError) as error:
        if said:
            raise LocationInvalid from None
        logger.warning("an image's bytes could not be hashed", image_id=run.subject, why=str(error))
        return
    if said and facts["os_hash_value"] != said["os_hash_value"].lower():
        raise DigestDiffers(algorithm=said["os_hash_algo"])
    means.database.write(operation.prove, run.subject, run.id, location, facts, means.clock.now())


def look(run: Run, means: Means) -> None:
    """Look at the bytes of a place that an image has already. Unsafe ones have the image withdrawn.

    Raises ImageNotFound.
    """
    if not means.exposure.do_secure_hash:
        return
    run = replace(run, subject=run.arguments["image_id"])  # of the look it is the owner
    location, now = _location(run), means.clock.now()
    try:
        facts = _tried(run, HASH_ALGORITHM, means)
    except DataRefused as refusal:
        logger.warning("an image is withdrawn", image_id=run.subject, store=location.store, why=refusal.reason)
        means.database.write(operation.withdraw_from, run.subject, location, now)
        tell_image(run, means, "update")
    except (DataMissing, Unavailable, OSError) as error:
        logger.warning("an image's bytes could not be looked at", image_id=run.subject, why=str(error))
    else:
        means.database.write(operation.measure, run.subject, location, facts["virtual_size"], now)


def finish(run: Run, means: Means) -> None:
    """Show that the task is over."""
    kept = means.task_time_to_live
    image = means.database.write(operation.finish, run.subject, run.id, means.clock.now(), kept)
    if image is not None:
        means.tell("image.activate", of_image(image))
        tell_task(run, means, "success")


def fail(run: Run, means: Means) -> None:
    """Say what went wrong."""
    now, kept = means.clock.now(), means.task_time_to_live
    means.database.write(operation.fail, run.subject, run.id, run.reason, now, kept)
    tell_image(run, means, "update")
    tell_task(run, means, "failure")


def _location(run: Run) -> Location:
    return Location(run.arguments["store"], run.arguments["key"])


def _tried(run: Run, algorithm: str, means: Means) -> Mapping[str, Any]:
    for _ in range(means.exposure.http_retries - 1):
        try:
            return _found(run, algorithm, means)
        except Unavailable:
            continue  # it may be there the next time
    return _found(run, algorithm, means)


def _found(run: Run, algorithm: str, means: Means) -> Mapping[str, Any]:
    """Return what the bytes tell of themselves. Raises DataRefused."""
    location, inspection = _location(run), Inspection(means.rules)
    checksum, digest = hashlib.md5(usedforsecurity=False), hashlib.new(algorithm, usedforsecurity=False)
    offset = 0
    with means.stores[location.store].open(location.key) as reader:
        while piece := reader.read(offset, READ_BYTES):
            offset += len(piece)
            checksum.update(piece)
            digest.update(piece)
            inspection.look([piece])
            means.image(run.subject)  # else nobody wants to know any more, and the source may be slow
    image = means.image(run.subject)
    is_inspectable = image.container_format == INSPECTABLE_CONTAINER and image.disk_format is not None
    return {
        "checksum": checksum.hexdigest(),
        "os_hash_algo": algorithm,
        "os_hash_value": digest.hexdigest(),
        "virtual_size": inspection.conclude(image.disk_format or "", offset) if is_inspectable else None,
    }


LOCATION: Workflow[Means] = Workflow(
    LOCATION_IMPORT,
    (
        Step("place", place),
        Step("prove", prove),
        Step("finish", finish),
    ),
    failed=fail,
)

LOOK: Workflow[Means] = Workflow(LOCATION_LOOK, (Step("look", look),))

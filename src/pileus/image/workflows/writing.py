"""Writing bytes for an import: announced before, kept alive while, and either finished or abandoned."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from pileus.image.db import staged as stagings
from pileus.image.model.image import Image
from pileus.image.model.imports import Staged, import_location
from pileus.image.model.upload import IMPORT, STAGING, Upload
from pileus.image.operations import imports as operation
from pileus.image.operations import upload as uploads
from pileus.image.operations.intake import Receiver
from pileus.image.operations.quota import reserving
from pileus.image.operations.staging import NOTHING, Staging, finish
from pileus.image.stores.store import Store
from pileus.image.workflows.means import Means
from pileus.image.workflows.progress import Progress
from pileus.kit import ids, log
from pileus.kit.workflow import Run, StepFailed

R = TypeVar("R")
logger = log.get_logger("pileus.image.import")

BATCH_BYTES = 4 * 2**20


def places(means: Means) -> Mapping[str, Store]:
    """Return wherever imports write."""
    return {**means.stores, STAGING: means.staging}


@contextmanager
def announced(run: Run, means: Means, image: Image, store: str) -> Iterator[Upload]:
    """Have a row for bytes that the block writes, and leave nothing of them if it fails.

    The block finishes the upload. Raises ImageNotFound, UploadLost, ProjectOverLimit, StorageQuotaFull.
    """
    upload_id = ids.new_uuid()
    upload = Upload(
        id=upload_id,
        image_id=image.id,
        location=import_location(store, image.id, run.id, upload_id),
        expires_at=means.clock.now() + timedelta(seconds=means.timing.upload_lease_s),
        owner=means.owner,
        purpose=IMPORT,
    )
    quota = means.quota_of(image.owner)
    for unwanted in means.database.write(operation.begin_write, upload, run.id, means.clock.now(), quota):
        uploads.sweep(means.database, places(means), unwanted)
    try:
        with _kept_alive(upload, means):
            yield upload
    except BaseException:
        if means.database.write(uploads.abandon, upload, means.clock.now()):
            uploads.sweep(means.database, places(means), upload.location)
        raise


@contextmanager
def _kept_alive(upload: Upload, means: Means) -> Iterator[None]:
    """Renew an upload's lease until the block ends."""
    lease_s, is_over = means.timing.upload_lease_s, threading.Event()

    def renew() -> None:
        while not is_over.wait(lease_s / 3):
            until = means.clock.now() + timedelta(seconds=lease_s)
            try:
                means.database.write(uploads.renew, upload, until)
            except Exception:
                logger.exception("the lease of an upload could not be renewed", upload_id=upload.id)

    heart = threading.Thread(target=renew, name="import-heartbeat", daemon=True)
    heart.start()
    try:
        yield
    finally:
        is_over.set()
        heart.join()


def stage(run: Run, means: Means, form: int, pieces: Iterable[bytes], attributes: Mapping[str, Any] = NOTHING) -> None:
    """Write bytes to the staging area, in place of what is there. `attributes` are what they tell of the image."""
    image = means.image(run.subject)
    with announced(run, means, image, STAGING) as upload:
        intake = Staging(
            means.staging.create(upload.location.key, None),
            expected_bytes=None,
            limit_bytes=means.limits.size_bytes,
            reserve=reserving(means.database, image, upload, means.quota_of(image.owner)),
        )
        settle(run, means, upload, form, pump(intake, Progress(run, means).follow("staging", pieces)), attributes)


def settle(run: Run, means: Means, upload: Upload, form: int, size: int, attributes: Mapping[str, Any]) -> None:
    """Have what was written staged, and sweep away what was staged before. Raises UploadLost."""
    staged = Staged(image_id=run.subject, location=upload.location, size=size, form=form)
    unwanted = means.database.write(finish, upload, staged, means.clock.now(), attributes)
    if unwanted is not None:
        uploads.sweep(means.database, places(means), unwanted)


def staged_bytes(run: Run, means: Means) -> Staged:
    """Return what is staged for the import. Raises StepFailed."""
    with means.database.read() as tx:
        staged = stagings.find(tx, run.subject)
    if staged is None:
        raise StepFailed("There is nothing staged to import.")
    return staged


def staged_file(means: Means, key: str) -> Path:
    """Return the file in the staging area that a program of its own reads or writes."""
    path = means.staging.path(key)
    assert path is not None
    return path


def pump(intake: Receiver[R], pieces: Iterable[bytes]) -> R:
    """Let all lanes of an intake take the same bytes, a batch at a time, and finish it; abort it on a failure."""
    try:
        with ThreadPoolExecutor(len(intake.lanes), "import-lane") as pool:
            for batch in _batches(pieces):
                for lane in [pool.submit(lane, batch) for lane in intake.lanes]:
                    lane.result()
        return intake.finish()
    except BaseException:
        try:
            intake.abort()
        except OSError:  # whoever sweeps tries again
            logger.exception("bytes of an import could not be deleted")
        raise


def _batches(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece)
        if size >= BATCH_BYTES:
            yield [b"".join(batch)]
            batch, size = [], 0
    if batch:
        yield [b"".join(batch)]

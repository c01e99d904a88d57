"""Bytes that a client brings to the staging area, to be imported by `glance-direct`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pileus.image.api import access
from pileus.image.api.data import announced_size, begun, require_media, take_in, undo
from pileus.image.backend import Backend
from pileus.image.model import status
from pileus.image.model.image import Image
from pileus.image.model.import_errors import StagingOff
from pileus.image.model.imports import GLANCE_DIRECT, Staged
from pileus.image.model.upload import STAGE, STAGING, Upload, new_location, require_announced_size
from pileus.image.notification import of_image
from pileus.image.operations import staging as operation
from pileus.image.operations import upload as uploads
from pileus.image.operations.quota import reserving
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request


async def stage(request: Request, backend: Backend) -> Reply:
    """Take in bytes that wait to be imported: all of them, or it is as if nobody had tried."""
    run = backend.threads.run
    image, upload, intake = await begun(backend.threads_of(STAGING).run(_begin, request, backend), backend)

    def finish(size: int) -> Image:
        staged, now = Staged(image_id=upload.image_id, location=upload.location, size=size), backend.clock.now()
        backend.database.write(operation.finish, upload, staged, now)
        return replace(image, status=status.UPLOADING, size=size, updated_at=now)

    staged = await take_in(request, backend, upload, intake, finish)
    await run(backend.tell, "image.update", of_image(staged))
    return Reply.empty()


def _begin(request: Request, backend: Backend) -> tuple[Image, Upload, operation.Staging]:
    """Claim the image and open a place for its bytes."""
    if backend.importing is None or GLANCE_DIRECT not in backend.importing.methods:
        raise StagingOff
    image = access.get(request, backend)
    require_media(request)
    expected = announced_size(request)
    require_announced_size(expected, backend.limits.size_bytes)
    upload_id, now = ids.new_uuid(), backend.clock.now()
    upload = Upload(
        id=upload_id,
        image_id=image.id,
        location=new_location(STAGING, image.id, upload_id),
        expires_at=now + timedelta(seconds=backend.timing.upload_lease_s),
        owner=backend.owner,
        reserved_bytes=expected or 0,
        purpose=STAGE,
    )
    quota = backend.quota_of(image.owner)
    backend.database.write(uploads.begin, upload, now, quota)
    try:
        writer = backend.importing.staging.create(upload.location.key, expected)
    except BaseException:
        undo(upload, backend)
        raise
    intake = operation.Staging(
        writer,
        expected_bytes=expected,
        limit_bytes=backend.limits.size_bytes,
        reserve=reserving(backend.database, image, upload, quota),
    )
    return image, upload, intake

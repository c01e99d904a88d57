"""An image's bytes, in and out, without ever holding more than a few megabytes of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pileus.image.api import access, cached, source
from pileus.image.backend import Backend
from pileus.image.formats.check import new_checks
from pileus.image.model import status
from pileus.image.model.errors import (
    DataDeactivated,
    RangeOutside,
    SizeInvalid,
    StoreUnknown,
    UploadStalled,
)
from pileus.image.model.image import Image, Location, least_disk_gb
from pileus.image.model.upload import Received, Upload, new_location, require_announced_size, require_size
from pileus.image.notification import of_data, of_image, of_sending, tell_failed_upload
from pileus.image.operations import upload as operation
from pileus.image.operations.intake import Intake, Receiver
from pileus.image.operations.quota import reserving
from pileus.image.stores.store import Reader
from pileus.kit import ids, log
from pileus.kit.errors import UnsupportedMedia
from pileus.kit.http.message import FileBody, Reply, Request
from pileus.kit.http.threads import Threads

T = TypeVar("T")
R = TypeVar("R")
AnyReceiver = TypeVar("AnyReceiver", bound=Receiver[Any])
logger = log.get_logger("pileus.image")

MEDIA = "application/octet-stream"
READ_BYTES = 2**20

# --- in ---------------------------------------------------------------------------------------------


async def upload(request: Request, backend: Backend) -> Reply:
    """Take in an image's bytes: all of them, or it is as if nobody had tried."""
    run = backend.threads.run
    beginning = backend.threads_of(_named_store(request, backend)).run(_begin, request, backend)
    image, upload, intake = await begun(beginning, backend)

    def finish(received: Received) -> tuple[Received, datetime]:
        now = backend.clock.now()
        backend.database.write(operation.finish, upload, received, now)
        return received, now

    try:
        received, now = await take_in(request, backend, upload, intake, finish)
    except BaseException as error:
        await asyncio.shield(run(tell_failed_upload, backend.tell, image, error))
        raise
    least_gb = image.min_disk or least_disk_gb(received.virtual_size)
    whole = replace(image, status=status.ACTIVE, updated_at=now, min_disk=least_gb, **asdict(received))
    await run(backend.tell, "image.upload", of_data(whole))
    await run(backend.tell, "image.activate", of_image(whole))
    return Reply.empty()


async def begun(
    beginning: asyncio.Future[tuple[Image, Upload, AnyReceiver]], backend: Backend
) -> tuple[Image, Upload, AnyReceiver]:
    """Wait for an upload to begin. Should nobody wait for that any more, nothing is left of it."""
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        await asyncio.wait([beginning])
        if beginning.exception() is None:
            _, upload, intake = beginning.result()
            threads = backend.threads_of(upload.location.store)
            await asyncio.shield(threads.run(_abandon, upload, intake, backend))
        raise


async def take_in(
    request: Request, backend: Backend, upload: Upload, intake: Receiver[R], finish: Callable[[R], T]
) -> T:
    """Receive an upload that has begun and finish it, or leave nothing of it. Raises UploadStalled, UploadLost."""
    threads = backend.threads_of(upload.location.store)
    heartbeat = asyncio.create_task(_keep_alive(upload, backend))
    try:
        await _receive(request, intake, threads, backend)
        return await threads.run(finish, await threads.run(intake.finish))
    except BaseException:
        await asyncio.shield(threads.run(_abandon, upload, intake, backend))
        raise
    finally:
        heartbeat.cancel()


def _begin(request: Request, backend: Backend) -> tuple[Image, Upload, Intake]:
    """Claim the image and open a place for its bytes."""
    image = access.get(request, backend)
    require_media(request)
    expected = announced_size(request)
    require_announced_size(expected, backend.limits.size_bytes)
    store = _named_store(request, backend)
    if store not in backend.stores:
        raise StoreUnknown(store=store)
    checks = new_checks(image, backend.certificates, request.headers.get("x-auth-token", ""))
    upload_id, now = ids.new_uuid(), backend.clock.now()
    upload = Upload(
        id=upload_id,
        image_id=image.id,
        location=new_location(store, image.id, upload_id),
        expires_at=now + timedelta(seconds=backend.timing.upload_lease_s),
        owner=backend.owner,
        reserved_bytes=expected or 0,
    )
    quota = backend.quota_of(image.owner)
    backend.database.write(operation.begin, upload, now, quota)
    try:
        writer = backend.stores[store].create(upload.location.key, expected)
    except BaseException:
        undo(upload, backend)
        raise
    backend.tell("image.prepare", {**of_data(replace(image, status=status.SAVING)), "backend": store})
    intake = Intake(
        image,
        writer,
        expected_bytes=expected,
        limit_bytes=backend.limits.size_bytes,
        rules=backend.format_rules,
        checks=checks,
        reserved_bytes=upload.reserved_bytes,
        reserve=reserving(backend.database, image, upload, quota),
    )
    return image, upload, intake


def _named_store(request: Request, backend: Backend) -> str:
    return request.headers.get("x-image-meta-store") or backend.default_store


async def _receive(request: Request, intake: Receiver[Any], threads: Threads, backend: Backend) -> None:
    """Let the lanes take what comes in, as long as something does."""
    assert request.stream is not None
    loop, stall_s = asyncio.get_running_loop(), backend.timing.stall_s
    try:
        async with asyncio.timeout(stall_s) as patience:
            stream = _noting(request.stream, lambda: patience.reschedule(loop.time() + stall_s))
            await backend.feeding.feed(intake.lanes, stream, threads)
    except TimeoutError:
        raise UploadStalled(image_id=request.params["image_id"], timeout_s=int(stall_s)) from None


async def _noting(stream: AsyncIterator[bytes], on_piece: Callable[[], None]) -> AsyncIterator[bytes]:
    async for piece in stream:
        on_piece()
        yield piece


async def _keep_alive(upload: Upload, backend: Backend) -> None:
    """Renew the upload's lease until it ends."""
    lease_s = backend.timing.upload_lease_s
    is_alive = True
    while is_alive:
        await asyncio.sleep(lease_s / 3)
        until = backend.clock.now() + timedelta(seconds=lease_s)
        try:
            is_alive = await backend.threads.run(backend.database.write, operation.renew, upload, until)
        except Exception:
            logger.exception("the lease of an upload could not be renewed", upload_id=upload.id)


def _abandon(upload: Upload, intake: Receiver[Any], backend: Backend) -> None:
    try:
        intake.abort()
    except OSError:  # whoever sweeps tries again
        logger.exception("bytes of an upload could not be deleted", upload_id=upload.id)
    undo(upload, backend)


def undo(upload: Upload, backend: Backend) -> None:
    """Leave nothing of an upload that has begun."""
    if backend.database.write(operation.abandon, upload, backend.clock.now()):
        operation.sweep(backend.database, backend.places, upload.location)


def require_media(request: Request) -> None:
    """Raise UnsupportedMedia unless the body is plain bytes."""
    media = request.headers.get("content-type", MEDIA).split(";")[0].strip().lower()
    if media != MEDIA:
        raise UnsupportedMedia(f"Invalid content type {media}")


def announced_size(request: Request) -> int | None:
    """Return how many bytes the client says it will send, or None. Raises SizeInvalid, SizeMismatch."""
    length = _size(request.headers.get("content-length"))
    announced = _size(request.headers.get("x-openstack-image-size"))
    if announced is None:
        return length or None
    if length is not None:
        require_size(announced, length)
    return announced


def _size(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,19}", text.strip()):
        raise SizeInvalid
    return int(text)


# --- out --------------------------------------------------------------------------------------------


async def download(request: Request, backend: Backend) -> Reply:
    """Give out an image's bytes, or a range of them."""
    run = backend.threads.run
    image, copy, locations = await run(_find, request, backend)
    if copy is not None:
        return await run(_send, request, image, copy, backend)
    location = await source.find(image, locations, backend)
    if location is None:
        return Reply.empty()
    return await backend.threads_of(location.store).run(_send, request, image, location, backend)


def _find(request: Request, backend: Backend) -> tuple[Image, Path | None, Sequence[Location]]:
    """Return an image and its copy on this host, or else where its bytes lie."""
    image = access.get(request, backend)
    if image.status == status.DEACTIVATED and not access.is_admin(request):
        raise DataDeactivated
    copy = cached.find(image, backend)
    return image, copy, [] if copy else source.list_places(request, image, backend)


def _send(request: Request, image: Image, place: Path | Location, backend: Backend) -> Reply:
    size = image.size or 0
    offset, length = _range(request.headers.get("range"), size)
    headers = {"content-type": MEDIA, "content-length": str(length), "accept-ranges": "bytes"}
    if image.checksum is not None:
        headers["content-md5"] = image.checksum
    if "range" in request.headers:
        headers["content-range"] = f"bytes {offset}-{offset + length - 1}/{size}"
    body = _body(image, place, offset, length, backend)
    backend.tell("image.send", of_sending(image, length, request.context))
    return Reply(206 if "range" in request.headers else 200, body, headers)


def _body(
    image: Image, location: Path | Location, offset: int, length: int, backend: Backend
) -> FileBody | AsyncIterator[bytes]:
    if isinstance(location, Path):
        return FileBody(location, offset, length, backend.threads.run)
    growth = cached.pull(image, location, backend) if length == image.size else None
    if growth is not None:
        return cached.pieces(growth, length, lambda done: _rest(location, done, length - done, backend), backend)
    store = backend.stores[location.store]
    path = store.path(location.key)
    if path is not None:
        return FileBody(path, offset, length, store.run or backend.threads.run)
    return _pieces(store.open(location.key), offset, length, backend.threads_of(location.store))


async def _rest(location: Location, offset: int, length: int, backend: Backend) -> AsyncIterator[bytes]:
    threads = backend.threads_of(location.store)
    reader = await threads.run(backend.stores[location.store].open, location.key)
    async for piece in _pieces(reader, offset, length, threads):
        yield piece


async def _pieces(reader: Reader, offset: int, length: int, threads: Threads) -> AsyncIterator[bytes]:
    with reader:
        end = offset + length
        while offset < end:
            piece = await threads.run(reader.read, offset, min(READ_BYTES, end - offset))
            if not piece:
                raise OSError("an object in a store is shorter than it was")
            offset += len(piece)
            yield piece


def _range(header: str | None, size: int) -> tuple[int, int]:
    """Return offset and length of the bytes asked for. Raises RangeOutside."""
    if header is None:
        return 0, size
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    if match is None or match[1] == match[2] == "":
        raise RangeOutside(reason="Invalid Range header.")
    if match[1] == "":
        offset, end = max(0, size - int(match[2])), size
    else:
        offset = int(match[1])
        end = min(int(match[2]) + 1, size) if match[2] else size
    if not 0 <= offset < end:
        raise RangeOutside(reason=f"the data has {size} bytes.")
    return offset, end - offset

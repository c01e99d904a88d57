from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from pileus.image.settings import LimitSettings, Settings, StoreSettings
from pileus.kit.http import feeding
from tests.image.bench import ADMIN, BYTES, OTHER, OWNER, READER, Site, exchange
from tests.image.hostile import qcow2

HELLO = b"hello"


def test_bytes_come_back_as_they_were_sent(site: Site) -> None:
    image_id = site.create_raw()
    pieces = [bytes([number]) * 300_000 for number in range(40)]
    assert site.upload(image_id, pieces).status == 204
    whole = b"".join(pieces)
    image = site.get(image_id)
    wanted = {
        "status": "active",
        "size": len(whole),
        "virtual_size": len(whole),
        "checksum": hashlib.md5(whole, usedforsecurity=False).hexdigest(),
        "os_hash_algo": "sha512",
        "os_hash_value": hashlib.sha512(whole).hexdigest(),
        "stores": "local",
    }
    assert image.items() >= wanted.items()
    back = site.download(image_id)
    assert back.status == 200
    assert back.body == whole
    assert back.headers["content-length"] == str(len(whole))
    assert back.headers["content-md5"] == wanted["checksum"]
    assert back.headers["content-type"] == BYTES
    assert len(site.files()) == 1


def test_a_store_in_memory_serves_as_well(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(stores={"ram": StoreSettings(kind="memory")}))
    image_id = site.create_raw()
    assert site.upload(image_id, [HELLO, HELLO]).status == 204
    assert site.download(image_id).body == HELLO * 2
    assert site.download(image_id, range="bytes=3-6").body == b"lohe"


def test_an_image_may_be_empty(site: Site) -> None:
    image_id = site.create_raw()
    assert site.upload(image_id, []).status == 204
    assert (site.get(image_id)["size"], site.download(image_id).body) == (0, b"")


@pytest.mark.parametrize(
    ("wanted", "status", "body", "content_range"),
    [
        ("bytes=1-2", 206, b"el", "bytes 1-2/5"),
        ("bytes=2-", 206, b"llo", "bytes 2-4/5"),
        ("bytes=-2", 206, b"lo", "bytes 3-4/5"),
        ("bytes=0-99", 206, HELLO, "bytes 0-4/5"),
        ("bytes=-99", 206, HELLO, "bytes 0-4/5"),
        ("bytes=5-", 416, None, None),
        ("bytes=3-1", 416, None, None),
        ("lines=1-2", 416, None, None),
        ("bytes=-", 416, None, None),
    ],
)
def test_a_range_may_be_asked_for(
    site: Site, wanted: str, status: int, body: bytes | None, content_range: str | None
) -> None:
    image_id = site.create_raw()
    site.upload(image_id, HELLO)
    reply = site.download(image_id, range=wanted)
    assert reply.status == status
    assert reply.headers.get("content-range") == content_range
    assert body is None or reply.body == body


def test_an_image_without_bytes_has_no_content(site: Site) -> None:
    assert site.download(site.create_raw()).status == 204


def test_bytes_come_in_only_once_and_only_if_described(site: Site) -> None:
    image_id = site.create_raw()
    site.upload(image_id, HELLO)
    again = site.upload(image_id, HELLO)
    assert again.status == 409
    assert "Image status transition from active to saving is not allowed" in again.json()["message"]
    nameless = site.upload(site.create(), HELLO)
    assert nameless.status == 400
    assert "Properties disk_format, container_format must be set prior to saving data." in nameless.json()["message"]


def test_who_may_not_sees_no_difference_between_no_image_and_anothers(site: Site) -> None:
    image_id = site.create_raw(visibility="private")
    assert site.upload(image_id, HELLO, token=OTHER).status == 404
    assert site.upload(image_id, HELLO, token=READER).status == 403
    site.upload(image_id, HELLO)
    assert site.download(image_id, token=OTHER).status == 404
    assert site.download(image_id, token=READER).status == 403
    assert site.download(image_id, token=ADMIN).status == 200
    assert site.upload(image_id, HELLO, content_type="text/plain").status == 415


def is_as_before(site: Site, image_id: str) -> bool:
    image = site.get(image_id)
    nothing = (None, None, None)
    return image["status"] == "queued" and (image["size"], image["checksum"], image["os_hash_value"]) == nothing


@pytest.mark.parametrize(
    ("headers", "status", "sentence"),
    [
        ({"x-openstack-image-size": "10"}, 400, "Size mismatch: expected 10 bytes, got 5 bytes"),
        ({"x-openstack-image-size": "4"}, 400, "Size mismatch: expected 4 bytes, got 5 bytes"),
        ({"x-openstack-image-size": "ten"}, 400, "Invalid or missing image size"),
        ({"content-length": "5", "x-openstack-image-size": "6"}, 400, "Size mismatch"),
        ({"x-image-meta-store": "nowhere"}, 400, "Store 'nowhere' is not configured."),
        ({"content-length": str(2**60)}, 413, "The incoming image is too large"),
        ({"content-length": str(2**39)}, 413, "There is not enough disk space on the image storage media."),
    ],
)
def test_an_upload_that_cannot_be_leaves_nothing(
    site: Site, headers: dict[str, str], status: int, sentence: str
) -> None:
    image_id = site.create_raw()
    reply = site.upload(image_id, HELLO, **headers)
    assert reply.status == status
    assert sentence in reply.json()["message"]
    assert is_as_before(site, image_id)
    assert site.files() == []
    assert site.upload(image_id, HELLO).status == 204


def test_more_bytes_than_allowed_are_refused_on_the_way(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(limits=LimitSettings(size_gb=0)))
    image_id = site.create_raw()
    assert site.upload(image_id, HELLO).status == 413
    assert is_as_before(site, image_id)
    assert site.files() == []


def test_a_full_store_is_told_and_emptied(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(stores={"ram": StoreSettings(kind="memory")}))
    image_id = site.create_raw()
    mebibyte = b"x" * 2**20
    reply = site.upload(image_id, (mebibyte for _ in range(1025)))
    assert reply.status == 413
    assert "There is not enough disk space on the image storage media." in reply.json()["message"]
    assert is_as_before(site, image_id)
    assert site.upload(image_id, HELLO).status == 204


def test_a_client_that_hangs_up_leaves_nothing(site: Site) -> None:
    image_id = site.create_raw()
    wire = site.upload(image_id, [b"x" * feeding.BATCH_BYTES, b"half", None])
    assert wire.status == 0
    assert is_as_before(site, image_id)
    assert site.files() == []
    assert site.upload(image_id, HELLO).status == 204


def test_a_client_that_goes_silent_is_given_up(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(stall_s=0.2))
    image_id = site.create_raw()
    reply = site.upload(image_id, [HELLO, lambda: asyncio.sleep(30)])
    assert reply.status == 400
    assert "no data came" in reply.json()["message"]
    assert is_as_before(site, image_id)
    assert site.files() == []


def test_a_server_that_is_stopped_gives_its_uploads_up(site: Site) -> None:
    image_id = site.create_raw()

    async def stopped() -> None:
        pieces: list[Any] = [b"x" * feeding.BATCH_BYTES, HELLO, lambda: asyncio.sleep(30)]
        headers = {"x-auth-token": OWNER, "content-type": BYTES}
        upload = asyncio.create_task(exchange(site.listener, "PUT", f"/v2/images/{image_id}/file", pieces, headers))
        while not site.files():
            await asyncio.sleep(0.01)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload

    asyncio.run(stopped())
    assert is_as_before(site, image_id)
    assert site.files() == []


def test_an_image_deleted_during_its_upload_is_gone(site: Site) -> None:
    image_id = site.create_raw()

    async def delete() -> None:
        reply = await asyncio.to_thread(site.call, "DELETE", f"/v2/images/{image_id}")
        assert reply.status == 204

    reply = site.upload(image_id, [b"x" * feeding.BATCH_BYTES, delete, HELLO])
    assert reply.status == 410
    assert site.call("GET", f"/v2/images/{image_id}").status == 404
    assert site.files() == []


def test_a_running_upload_keeps_its_lease(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(upload_lease_s=0.6))
    image_id = site.create_raw()

    async def a_long_time() -> None:
        for _ in range(4):
            site.clock.wind(0.3)
            await asyncio.sleep(0.3)
            site.repair()

    assert site.upload(image_id, [HELLO, a_long_time, HELLO]).status == 204
    assert site.download(image_id).body == HELLO * 2


def test_missing_bytes_are_no_content(site: Site) -> None:
    image_id = site.create_raw()
    site.upload(image_id, HELLO)
    next(site.folder.iterdir()).unlink()
    assert site.download(image_id).status == 204


def test_deleting_an_image_deletes_its_bytes(site: Site) -> None:
    image_id = site.create_raw()
    site.upload(image_id, HELLO)
    assert site.call("DELETE", f"/v2/images/{image_id}").status == 204
    assert site.files() == []


def test_the_disk_that_an_image_makes_is_measured(site: Site) -> None:
    image_id = site.create_raw(disk_format="qcow2")
    assert site.upload(image_id, qcow2(virtual_size=5 * 2**30)).status == 204
    assert site.get(image_id)["virtual_size"] == 5 * 2**30


@pytest.mark.parametrize(
    ("declared", "content", "sentence"),
    [
        ("qcow2", qcow2(backing_offset=512), "it has a backing file"),
        ("qcow2", qcow2(features=4), "its data is in another file"),
        ("qcow2", qcow2(features=1 << 40), "it uses features that are not known"),
        ("qcow2", b"x" * 2**20, "disk_format is qcow2, but the data is not qcow2"),
        ("vmdk", qcow2(), "disk_format is vmdk, but the data is qcow2"),
        ("raw", qcow2(backing_offset=512), "it has a backing file"),
    ],
)
def test_bytes_that_lie_or_reach_for_other_files_are_refused(
    site: Site, declared: str, content: bytes, sentence: str
) -> None:
    image_id = site.create_raw(disk_format=declared)
    reply = site.upload(image_id, content)
    assert reply.status == 415
    assert sentence in reply.json()["message"]
    assert is_as_before(site, image_id)
    assert site.files() == []

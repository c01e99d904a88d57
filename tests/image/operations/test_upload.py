from __future__ import annotations

from datetime import timedelta

import pytest

from pileus.image.db import image as images
from pileus.image.db import upload as uploads
from pileus.image.model.errors import UploadLost
from pileus.image.model.upload import IMPORT, Received, Upload, new_location
from pileus.image.operations import image as images_operation
from pileus.image.operations import upload as operation
from tests.image.bench import Site

RECEIVED = Received(size=4, checksum="c", os_hash_algo="sha512", os_hash_value="h", virtual_size=4)


def begin(site: Site, image_id: str, upload_id: str = "upload-1") -> Upload:
    now = site.clock.now()
    location = new_location("local", image_id, upload_id)
    upload = Upload(id=upload_id, image_id=image_id, location=location, expires_at=now + timedelta(seconds=60))
    site.backend.database.write(operation.begin, upload, now)
    return upload


def write(site: Site, upload: Upload, *, whole: bool) -> None:
    writer = site.backend.stores["local"].create(upload.location.key, None)
    writer.write([b"data"])
    if whole:
        writer.commit()


def status(site: Site, image_id: str) -> str:
    with site.backend.database.read() as tx:
        return images.get(tx, image_id).status


@pytest.mark.parametrize("written", ["nothing", "half", "whole"])
def test_a_dead_processs_upload_is_undone_wherever_it_stopped(site: Site, written: str) -> None:
    image_id = site.create_raw()
    upload = begin(site, image_id)
    if written != "nothing":
        write(site, upload, whole=written == "whole")
    site.clock.wind(59)
    site.repair()
    assert status(site, image_id) == "saving"
    site.clock.wind(2)
    site.repair()
    assert status(site, image_id) == "queued"
    assert site.files() == []
    assert site.upload(image_id, b"again").status == 204
    site.repair()
    assert site.download(image_id).body == b"again"


def test_a_process_that_wakes_up_after_its_upload_was_given_up_changes_nothing(site: Site) -> None:
    image_id = site.create_raw()
    upload = begin(site, image_id)
    write(site, upload, whole=True)
    site.clock.wind(61)
    site.repair()
    assert site.upload(image_id, b"again").status == 204
    with pytest.raises(UploadLost):
        site.backend.database.write(operation.finish, upload, RECEIVED, site.clock.now())
    assert not site.backend.database.write(operation.renew, upload, site.clock.now())
    assert site.backend.database.write(operation.abandon, upload, site.clock.now())
    site.repair()
    assert site.download(image_id).body == b"again"


def test_an_upload_that_finished_after_all_is_not_abandoned(site: Site) -> None:
    """As when the answer to a COMMIT was lost."""
    image_id = site.create_raw()
    upload = begin(site, image_id)
    write(site, upload, whole=True)
    site.backend.database.write(operation.finish, upload, RECEIVED, site.clock.now())
    assert not site.backend.database.write(operation.abandon, upload, site.clock.now())
    site.repair()
    assert status(site, image_id) == "active"
    assert site.download(image_id).body == b"data"


def test_bytes_that_could_not_be_deleted_are_deleted_later(site: Site) -> None:
    image_id = site.create_raw()
    site.upload(image_id, b"data")
    (name,) = site.files()
    kept = site.folder / name
    kept.unlink()
    kept.mkdir()  # a folder in its place cannot be unlinked
    assert site.call("DELETE", f"/v2/images/{image_id}").status == 204
    site.repair()
    assert site.files() == [name]
    kept.rmdir()
    kept.write_bytes(b"data")
    site.repair()
    assert site.files() == []
    with site.backend.database.read() as tx:
        assert uploads.list_discarded(tx) == []


def test_an_image_that_has_moved_on_does_not_keep_the_repair_from_its_work(site: Site) -> None:
    odd, plain = site.create_raw(), site.create_raw()
    begin(site, odd, "a" * 36)
    begin(site, plain, "b" * 36)
    site.backend.database.write(images.update_if, odd, "saving", {"status": "importing"})
    site.clock.wind(61)
    site.repair()
    assert (status(site, odd), status(site, plain)) == ("importing", "queued")
    with site.backend.database.read() as tx:
        assert uploads.list_expired(tx, site.clock.now()) == []


def test_bytes_for_an_image_that_was_deleted_and_is_kept_are_unwanted(site: Site) -> None:
    image_id = site.create_raw()
    assert site.upload(image_id, b"data").status == 204
    place = new_location("local", image_id, "c" * 36)
    copy = Upload(id="c" * 36, image_id=image_id, location=place, expires_at=site.clock.now(), purpose=IMPORT)
    site.backend.database.write(uploads.insert, copy)
    site.backend.database.write(images_operation.delete, image_id, site.clock.now(), is_delayed=True)
    site.repair()  # before the first byte is written
    write(site, copy, whole=True)
    assert site.backend.database.write(operation.abandon, copy, site.clock.now())
    site.repair()
    assert len(site.files()) == 1


def test_a_store_whose_folder_is_gone_is_told_of_and_its_bytes_are_not_forgotten(site: Site) -> None:
    kept, deleted, new = site.create_raw(), site.create_raw(), site.create_raw()
    for image_id in (kept, deleted):
        assert site.upload(image_id, b"data").status == 204
    away = site.folder.rename(site.folder.with_name("away"))
    assert site.upload(new, b"data").status == 503
    assert site.get(new)["status"] == "queued"
    assert site.download(kept).status == 503
    assert site.call("DELETE", f"/v2/images/{deleted}").status == 204
    site.repair()
    away.rename(site.folder)
    assert len(site.files()) == 2
    site.repair()
    assert len(site.files()) == 1
    assert site.download(kept).body == b"data"
    assert site.upload(new, b"data").status == 204

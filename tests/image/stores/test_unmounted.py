"""A folder whose disk is not mounted looks empty, and is not to be taken for an empty store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pileus.image.db import upload as uploads
from pileus.image.model.errors import StorageBroken, StorageFull
from pileus.image.model.image import Location
from pileus.image.model.upload import STAGING
from pileus.image.operations import audit
from pileus.image.operations.store import claim, heed
from pileus.image.settings import Settings, StoreSettings
from pileus.image.stores.filesystem import MARK, FilesystemStore
from pileus.kit.db import Database
from tests.image.bench import Site
from tests.image.process import Server, wait_until

KEY = "7d1f3f8e-6e0c-4a5e-9d5e-0d9a4a1e1f10-0badcafe"


def unmount(folder: Path) -> Path:
    """Leave an empty folder where a full one was; return where that is now."""
    disk = folder.with_name(f"{folder.name} disk")
    folder.rename(disk)
    folder.mkdir()
    return disk


def mount(folder: Path, disk: Path) -> None:
    folder.rmdir()
    disk.rename(folder)


def test_a_new_store_marks_its_folder_and_an_old_one_refuses_a_folder_without_the_mark(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "objects"
    claim(database, {"here": FilesystemStore("here", folder)})
    disk, later = unmount(folder), FilesystemStore("here", folder)
    claim(database, {"here": later})
    assert list(folder.iterdir()) == []
    refused: list[Callable[[], object]] = [
        lambda: later.create(KEY, None),
        lambda: later.open(KEY),
        lambda: later.size(KEY),
        lambda: later.delete(KEY),
        lambda: later.keys(),
    ]
    for call in refused:
        with pytest.raises(StorageBroken, match="the folder of here is not the one that it was"):
            call()
    assert f"touch {folder / MARK}" in (later.problem() or "")
    mount(folder, disk)
    assert (later.problem(), list(later.keys() or ())) == (None, [])
    writer = later.create(KEY, None)
    writer.commit()
    assert later.size(KEY) == 0


def test_an_operator_who_begins_anew_makes_the_mark(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    claim(database, {"here": FilesystemStore("here", folder)})
    unmount(folder)
    (folder / MARK).touch()
    anew = FilesystemStore("here", folder)
    claim(database, {"here": anew})
    assert (anew.problem(), list(anew.keys() or ())) == (None, [])


def test_a_folder_that_cannot_be_looked_into_is_refused_like_one_without_its_mark(tmp_path: Path) -> None:
    folder = tmp_path
    while len(str(folder)) < 4090:  # so that no name fits behind it
        folder /= "x" * min(200, 4094 - len(str(folder)))
    store = FilesystemStore("here", folder)
    store.claim(is_new=False)
    with pytest.raises(StorageBroken):
        store.create("a", None)
    assert "mount its disk" in (store.problem() or "")


def test_who_only_looks_marks_nothing(database: Database, tmp_path: Path) -> None:
    store = FilesystemStore("here", tmp_path / "objects")
    heed(database, {"here": store})
    assert (store.problem(), list((tmp_path / "objects").iterdir())) == (None, [])
    claim(database, {"here": store})
    (tmp_path / "objects" / MARK).unlink()
    again = FilesystemStore("here", tmp_path / "objects")
    heed(database, {"here": again})
    assert again.problem() is not None


def test_a_store_that_cannot_mark_its_folder_keeps_no_other_from_it(database: Database, tmp_path: Path) -> None:
    class Full(FilesystemStore):
        def claim(self, *, is_new: bool) -> None:
            raise StorageFull(reason=f"new: {is_new}")

    good = FilesystemStore("good", tmp_path / "good")
    claim(database, {"bad": Full("bad", tmp_path / "bad"), "good": good})
    assert (good.problem(), (tmp_path / "good" / MARK).exists()) == (None, True)


def test_nothing_is_served_cleaned_or_forgotten_while_a_disk_is_away(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(stores={"local": StoreSettings(weight=1), "other": StoreSettings()}))
    database, places = site.backend.database, site.backend.places
    claim(database, places)
    image_id, gone = site.create_raw(), site.create_raw()
    for each in (image_id, gone):
        assert site.upload(each, b"data").status == 204
    disk = unmount(site.folder)
    assert site.download(image_id).status == 503
    assert site.upload(site.create_raw(), b"more").status == 503
    assert site.upload(site.create_raw(), b"more", x_image_meta_store="other").status == 204
    assert site.call("DELETE", f"/v2/images/{gone}").status == 204
    site.repair()
    with database.read() as tx:
        assert [place.store for place in uploads.list_discarded(tx)] == ["local"] * 2
    for look in (audit.list_orphans, lambda db, name, store: audit.list_bad_copies(db, {name: store})):
        with pytest.raises(StorageBroken):
            look(database, "local", places["local"])
    mount(site.folder, disk)
    site.repair()
    assert site.download(image_id).body == b"data"
    assert len([name for name in site.files() if name != MARK]) == 1
    with database.read() as tx:
        assert list[Location](uploads.list_discarded(tx)) == []


def test_a_service_that_starts_before_the_disk_is_mounted_waits_for_it(start_server: Callable[..., Server]) -> None:
    first = start_server()
    image_id = first.create()
    assert first.call("PUT", f"/v2/images/{image_id}/file", b"data", "application/octet-stream")[0] == 204
    first.kill()
    folder = first.state / "images" / "local"
    disk = unmount(folder)
    second = start_server()
    assert second.call("GET", f"/v2/images/{image_id}/file")[0] == 503
    assert list(folder.iterdir()) == []
    mount(folder, disk)
    wait_until(lambda: second.call("GET", f"/v2/images/{image_id}/file") == (200, b"data"))
    assert (first.state / "images" / STAGING / MARK).exists()

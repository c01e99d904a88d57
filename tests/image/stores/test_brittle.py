"""A disk that fails in the middle of an upload, and once more when the upload is cleaned up."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from pileus.image.db import upload as uploads
from pileus.image.loops.repair import Repair
from pileus.image.model.audit import Finding, OrphanedObject
from pileus.image.operations import audit
from pileus.image.settings import Settings, StoreSettings
from pileus.image.stores.bounded import BoundedStore
from pileus.image.stores.filesystem import FilesystemStore, FileWriter
from tests.image.bench import Site

HELLO = b"hello"


class BrittleWriter(FileWriter):
    """Takes bytes and then neither more of them nor its file away."""

    def write(self, pieces: Sequence[bytes]) -> None:
        super().write(pieces)
        raise OSError(errno.EIO, "Input/output error")

    def abort(self) -> None:
        raise OSError(errno.EIO, "Input/output error")


class BrittleStore(FilesystemStore):
    """A store on a disk that fails while `is_broken`."""

    is_broken = True

    def create(self, key: str, size_bytes: int | None) -> FileWriter:
        return (
            BrittleWriter(key, self._path(key), is_read_soon=True)
            if self.is_broken
            else super().create(key, size_bytes)
        )

    def delete(self, key: str) -> None:
        if self.is_broken:
            raise OSError(errno.EIO, "Input/output error")
        super().delete(key)


def break_store(site: Site, name: str = "local") -> BrittleStore:
    """Put a brittle store in the place of one of a site's."""
    store = BrittleStore(name, site.folder.parent / name)
    cast("dict[str, object]", site.backend.stores)[name] = BoundedStore(name, store)
    return store


def findings(site: Site) -> list[Finding]:
    stores = site.backend.places
    found: list[Finding] = [*audit.list_bad_copies(site.backend.database, stores)]
    for name, store in stores.items():
        found += audit.list_orphans(site.backend.database, name, store) or ()
    return [*found, *audit.list_odd_images(site.backend.database)]


def require_repaired(site: Site, store: BrittleStore) -> None:
    """Make sure that a row knows of what is left, and that the repair removes it once the disk is well."""
    repair = Repair(site.backend.database, site.backend.places, site.clock)
    (left,) = store.keys() or ()
    assert (store.path(left).exists(), findings(site)) == (False, [])  # it has its temporary name only
    repair.round()
    assert list(store.keys() or ()) == [left]
    store.is_broken = False
    repair.round()
    assert list(store.keys() or ()) == []
    with site.backend.database.read() as tx:
        assert uploads.list_discarded(tx) == []
    assert findings(site) == []


def test_an_upload_that_fails_and_cannot_be_cleaned_up_is_queued_at_once_and_repaired_later(site: Site) -> None:
    store, image_id = break_store(site), site.create_raw()
    assert site.upload(image_id, HELLO).status == 500
    assert site.get(image_id)["status"] == "queued"
    require_repaired(site, store)
    assert site.upload(image_id, HELLO).status == 204


def test_an_import_that_fails_and_cannot_be_cleaned_up_is_queued_and_repaired_later(
    new_site: Callable[..., Site],
) -> None:
    site = new_site(Settings(stores={"local": StoreSettings(), "other": StoreSettings()}))
    store, image_id = break_store(site), site.create_raw()
    site.stage(image_id, HELLO)
    site.begin_import(image_id, "glance-direct")
    site.work.run_due()
    assert site.get(image_id)["status"] == "queued"
    require_repaired(site, store)


@pytest.mark.parametrize("key", ["0badcafe", "0badcafe-12345678"])
def test_half_a_file_of_which_no_row_is_left_is_found_and_deleted(site: Site, key: str) -> None:
    """An upload's, or an import's, which has a longer name."""
    key = f"{site.create_raw()}-{key}"
    store = site.backend.stores["local"]
    store.create(key, None).write([HELLO])
    (found,) = findings(site)
    assert found == OrphanedObject(store="local", key=key)
    assert audit.mend(site.backend.database, site.backend.places, found, now=site.clock.now())
    assert (findings(site), site.files()) == ([], [])

"""Holding the rows of images against the bytes in the stores, and putting right what can be.

Uploads and deletions may go on meanwhile. A row is there before its bytes and goes after them, so the bytes are listed
first and the rows read then; and whatever still seems wrong is looked at once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pileus.image.db import audit as rows
from pileus.image.db import image as images
from pileus.image.db import upload as uploads
from pileus.image.model import status
from pileus.image.model.audit import (
    Copy,
    Finding,
    HollowImage,
    MissingObject,
    OrphanedObject,
    StaleCopy,
    StuckImage,
    WrongSize,
    is_mendable,
    judge,
)
from pileus.image.model.errors import DataMissing
from pileus.image.model.image import Location
from pileus.image.model.imports import unclaimed
from pileus.image.operations import staging
from pileus.image.operations.cache import list_stale
from pileus.image.operations.upload import WITHOUT_DATA, sweep
from pileus.image.stores.cache import Cache
from pileus.image.stores.store import Store
from pileus.kit.db import Database, Transaction


def list_orphans(database: Database, name: str, store: Store) -> Sequence[OrphanedObject] | None:
    """Return the bytes in a store that no row speaks of; None if the store cannot be listed."""
    keys = store.keys()
    if keys is None:
        return None
    keys = iter(sorted(keys))
    with database.read() as tx:
        known = rows.list_known_keys(tx, name)
    strange = [key for key in keys if key not in known]
    still_there = set(store.keys() or ()) if strange else set()  # the others went while we looked
    return [OrphanedObject(store=name, key=key) for key in strange if key in still_there]


def list_bad_copies(database: Database, stores: Mapping[str, Store]) -> Sequence[MissingObject | WrongSize]:
    """Return the copies in these stores that are missing or of another size than their images."""
    with database.read() as tx:
        copies = rows.list_copies(tx)
    bad = [copy for copy in copies if copy.location.store in stores and not _is_good(copy, stores)]
    if not bad:
        return []
    good = Counter(copy.image_id for copy in copies) - Counter(copy.image_id for copy in bad)
    with database.read() as tx:
        known = set(rows.list_copies(tx))
    found = (_judge(copy, stores, good) for copy in bad if copy in known)
    return [finding for finding in found if finding is not None]


def _is_good(copy: Copy, stores: Mapping[str, Store]) -> bool:
    return judge(copy, _find_size(copy, stores), has_other_copy=False) is None


def _judge(copy: Copy, stores: Mapping[str, Store], good: Mapping[str, int]) -> MissingObject | WrongSize | None:
    return judge(copy, _find_size(copy, stores), has_other_copy=good.get(copy.image_id, 0) > 0)


def _find_size(copy: Copy, stores: Mapping[str, Store]) -> int | None:
    try:
        return stores[copy.location.store].size(copy.location.key)
    except DataMissing:
        return None


def list_odd_images(database: Database) -> Sequence[HollowImage | StuckImage]:
    """Return the images whose rows disagree among themselves."""
    with database.read(is_snapshot=True) as tx:
        return [*rows.list_hollow(tx), *rows.list_stuck(tx)]


def list_stale_copies(database: Database, cache: Cache) -> Sequence[StaleCopy]:
    """Return the files in a host's cache that are of no use to anybody."""
    names = [*(copy.name for copy in list_stale(database, cache)), *cache.list_stalled()]
    return [StaleCopy(name=name) for name in names]


def mend(
    database: Database, stores: Mapping[str, Store], finding: Finding, *, now: datetime, cache: Cache | None = None
) -> bool:
    """Put a finding right; tell whether it is. It is not if others were faster, or if an operator must choose."""
    if not is_mendable(finding):
        return False
    match finding:
        case OrphanedObject():
            return _drop(database, stores, finding, lambda tx: not rows.is_known(tx, _place(finding)))
        case MissingObject() | WrongSize():
            return _drop(database, stores, finding, lambda tx: _forget(tx, finding.image_id, _place(finding), now))
        case StuckImage():
            return database.write(_free, finding, now)
        case StaleCopy():
            return cache is not None and _delete_copy(database, cache, finding)
        case HollowImage():
            return False


def _place(finding: OrphanedObject | MissingObject | WrongSize) -> Location:
    return Location(finding.store, finding.key)


def _drop(
    database: Database,
    stores: Mapping[str, Store],
    finding: OrphanedObject | MissingObject | WrongSize,
    require: Callable[[Transaction], bool],
) -> bool:
    """Say that nobody wants some bytes, if that is so, and delete them."""

    def discard(tx: Transaction) -> bool:
        is_unwanted = require(tx)
        if is_unwanted:
            uploads.discard(tx, _place(finding))
        return is_unwanted

    if not database.write(discard):
        return False
    return sweep(database, stores, _place(finding))


def _forget(tx: Transaction, image_id: str, location: Location, now: datetime) -> bool:
    """Forget a bad copy of an image that has another one."""
    images.lock(tx, image_id, now)
    if not any(copy.location != location for copy in rows.list_copies_of(tx, image_id)):
        return False
    return images.delete_location(tx, image_id, location)


def _free(tx: Transaction, finding: StuckImage, now: datetime) -> bool:
    """Make an image what it was before somebody began with it who is gone."""
    images.lock(tx, finding.image_id, now)
    if finding not in rows.list_stuck(tx):
        return False
    image = images.get(tx, finding.image_id)
    new = unclaimed(image)
    if image.status in status.ON_THE_WAY:
        new = replace(new, **WITHOUT_DATA)
        staging.discard(tx, image.id)
        for location in image.locations:
            images.delete_location(tx, image.id, location)
            uploads.discard(tx, location)
    images.update(tx, image, new)
    return True


def _delete_copy(database: Database, cache: Cache, finding: StaleCopy) -> bool:
    """Delete a file of the cache, if it is still of no use."""
    if finding.name in cache.list_stalled():
        cache.delete_stalled(finding.name)
        return True
    for copy in list_stale(database, cache):
        if copy.name == finding.name:
            cache.delete_copy(copy)
            return True
    return False

"""The life of an upload: begin, renew, and either finish or abandon.

The order of things makes sure that an image is never active without its bytes, wherever a process dies:

1. `begin` commits a row that names the place of the bytes, before the first of them is written;
2. the store makes the bytes durable under that name;
3. `finish` commits, at once, that the image is active, where its bytes are, and that the upload is over.

Whoever dies before 3 leaves the row of 1, and `abandon` undoes from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pileus.image.db import image as images
from pileus.image.db import staged as stagings
from pileus.image.db import upload as uploads
from pileus.image.model import status
from pileus.image.model.errors import UploadLost
from pileus.image.model.image import Image, Location, least_disk_gb, require_ready_for_data
from pileus.image.model.quota import UNLIMITED, Quota
from pileus.image.model.upload import STAGE, Received, Upload
from pileus.image.operations.quota import require_room_for_upload
from pileus.image.stores.store import Store
from pileus.kit import log
from pileus.kit.db import Database, Transaction
from pileus.kit.errors import Unavailable

logger = log.get_logger("pileus.image")

WITHOUT_DATA: dict[str, Any] = {
    "status": status.QUEUED,
    "size": None,
    "virtual_size": None,
    "checksum": None,
    "os_hash_algo": None,
    "os_hash_value": None,
}


def begin(tx: Transaction, upload: Upload, now: datetime, quota: Quota = UNLIMITED) -> None:
    """Claim an image for an upload, and what it reserves of the quota of the image's owner.

    Raises ImageNotFound, TransitionRefused, FormatsMissing, ProjectOverLimit, StorageQuotaFull.
    """
    image = images.get_locked(tx, upload.image_id, now)
    if upload.purpose == STAGE:
        status.require_way(image.status, status.UPLOADING)
    else:
        require_ready_for_data(image)
    require_room_for_upload(tx, image, upload, quota)
    images.update_if(tx, image.id, image.status, {"status": upload.claimed})
    uploads.insert(tx, upload)


def renew(tx: Transaction, upload: Upload, until: datetime) -> bool:
    """Keep others from giving the upload up until then; tell whether it still exists."""
    return uploads.renew(tx, upload.id, until)


def finish(tx: Transaction, upload: Upload, received: Received, now: datetime) -> None:
    """Make an image active whose bytes are in the store. Raises UploadLost."""
    if not (images.lock(tx, upload.image_id, now) and uploads.delete(tx, upload.id)):
        raise UploadLost(image_id=upload.image_id)
    facts = {
        "status": status.ACTIVE,
        "min_disk": images.get(tx, upload.image_id).min_disk or least_disk_gb(received.virtual_size),
        "size": received.size,
        "virtual_size": received.virtual_size,
        "checksum": received.checksum,
        "os_hash_algo": received.os_hash_algo,
        "os_hash_value": received.os_hash_value,
    }
    images.update_if(tx, upload.image_id, status.SAVING, facts)
    images.insert_location(tx, upload.image_id, upload.location)


def abandon(tx: Transaction, upload: Upload, now: datetime) -> bool:
    """Put an image back in the queue and say that nobody wants what came of its bytes; tell whether that is so.

    May be done twice, and by anybody; an image that became active after all stays so.
    """
    if images.lock(tx, upload.image_id, now):
        # One that is deleted and kept is found too: no upload into it is left, but its copies are its own still.
        image = images.find(tx, upload.image_id) or images.find_pending(tx, upload.image_id)
        assert image is not None
        if uploads.delete(tx, upload.id):
            if upload.claimed == image.status:
                images.update_if(tx, upload.image_id, image.status, WITHOUT_DATA)
        elif _is_finished(tx, upload, image):
            return False
    uploads.discard(tx, upload.location)
    return True


def _is_finished(tx: Transaction, upload: Upload, image: Image) -> bool:
    """Tell whether the bytes of an upload that is over are the image's, or staged for it."""
    staged = stagings.find(tx, image.id)
    return upload.location in image.locations or (staged is not None and staged.location == upload.location)


def abandon_expired(tx: Transaction, upload: Upload, now: datetime) -> bool:
    """Abandon an upload whose receiver seemed dead; tell whether it still does."""
    is_expired = any(each.id == upload.id for each in uploads.list_expired(tx, now))
    if is_expired:
        abandon(tx, upload, now)
    return is_expired


def abandon_own(tx: Transaction, owner: str, now: datetime) -> list[Upload]:
    """Abandon what an earlier life of this process had begun, and return it. Only at the start."""
    begun = list(uploads.list_of_owner(tx, owner))
    for upload in begun:
        abandon(tx, upload, now)
    return begun


def sweep(database: Database, stores: Mapping[str, Store], location: Location) -> bool:
    """Delete discarded bytes, then the note about them; tell whether they are gone. May be done twice."""
    store = stores.get(location.store)
    if store is None:  # it was taken out of the settings; should it come back, so does this
        return False
    try:
        store.delete(location.key)
    except Unavailable:  # the note stays, and the repair loop asks again
        return False
    except OSError:
        logger.exception("unwanted bytes could not be deleted", store=location.store, key=location.key)
        return False
    database.write(uploads.forget, location)
    return True

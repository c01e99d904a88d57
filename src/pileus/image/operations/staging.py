"""Bytes that wait to be imported: taken in as they are, looked at when they are imported.

They are as safe as an image's: an upload's row names their place before the first is written, and once they are whole
a row of their own does, until they are stored or nobody wants them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pileus.image.db import image as images
from pileus.image.db import staged as stagings
from pileus.image.db import upload as uploads
from pileus.image.model.errors import UploadLost
from pileus.image.model.image import Image, Location
from pileus.image.model.imports import Staged
from pileus.image.model.upload import Upload
from pileus.image.operations.intake import Counted, Lane
from pileus.image.operations.quota import Reserve, without_end
from pileus.image.stores.store import Writer
from pileus.kit.db import Transaction

NOTHING: Mapping[str, Any] = {}


class Staging:
    """The bytes of one upload to the staging area."""

    def __init__(
        self, writer: Writer, *, expected_bytes: int | None, limit_bytes: int, reserve: Reserve = without_end
    ) -> None:
        self._bytes = Counted(writer, expected_bytes=expected_bytes, limit_bytes=limit_bytes, reserve=reserve)
        self.lanes: tuple[Lane, ...] = (self._bytes.write,)

    def finish(self) -> int:
        """Make the bytes durable and return how many there are. Raises SizeMismatch, StorageFull."""
        self._bytes.require_whole()
        self._bytes.commit()
        return self._bytes.size

    def abort(self) -> None:
        """Leave nothing in the staging area."""
        self._bytes.abort()


def finish(
    tx: Transaction, upload: Upload, staged: Staged, now: datetime, attributes: Mapping[str, Any] = NOTHING
) -> Location | None:
    """Have an image's bytes staged, and write what they have told of it; return where others were staged before.

    Raises UploadLost.
    """
    if not (images.lock(tx, upload.image_id, now) and uploads.delete(tx, upload.id)):
        raise UploadLost(image_id=upload.image_id)
    unwanted = discard(tx, upload.image_id)
    stagings.insert(tx, staged)
    image = images.get(tx, upload.image_id)
    images.update(tx, image, replace(image, size=staged.size, **_added(image, attributes), updated_at=now))
    return unwanted


def _added(image: Image, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes with the properties among them beside those that the image has."""
    return {**attributes, "properties": {**image.properties, **attributes.get("properties", {})}}


def discard(tx: Transaction, image_id: str) -> Location | None:
    """Say that nobody wants what is staged for an image; return where it is, if anything is."""
    staged = stagings.take(tx, image_id)
    if staged is None:
        return None
    uploads.discard(tx, staged.location)
    return staged.location

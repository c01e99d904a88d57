"""Ways by which a hostile image comes in, all of which must be closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.image.formats.conversion import ConversionLimits, convert
from pileus.image.model.errors import DataRefused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.image.bench import Site


def require_upload_refused(site: Site, disk_format: str, pieces: Sequence[bytes]) -> None:
    """Upload an image: it must be refused, stay queued, and leave nothing in the store."""
    image_id = site.create_raw(disk_format=disk_format)
    reply = site.upload(image_id, pieces)
    assert reply.status == 415, reply.body
    assert site.get(image_id)["status"] == "queued"
    assert site.files() == []


def require_conversion_refused(folder: Path, disk_format: str, data: bytes) -> None:
    """Convert an image: it must be refused, and leave nothing."""
    source, target = folder / "source", folder / "target"
    source.write_bytes(data)
    with pytest.raises(DataRefused):
        convert(source, target, source_format=disk_format, target_format="raw", limits=ConversionLimits())
    assert not target.exists()

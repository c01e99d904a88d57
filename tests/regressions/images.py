"""Ways by which a hostile image comes in, all of which must be closed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.image_cache import ImageCache
from pileus.compute.agent.image_format import ImageUnacceptable
from pileus.compute.messages import ImageAccess
from pileus.image.formats.conversion import ConversionLimits, convert
from pileus.image.model.errors import DataRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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


def require_boot_refused(
    folder: Path, disk_format: str, data: bytes, error: type[Exception] = ImageUnacceptable
) -> None:
    """Have a host fetch an image for a guest: it must be refused, and leave nothing."""
    cache = host_cache(folder, data)
    with pytest.raises(error):
        cache.get(host_access(disk_format=disk_format))
    assert cache.list_ids() == []


def host_cache(folder: Path, data: bytes) -> ImageCache:
    """Return a host's base images, where the image service has these bytes for every image."""

    @contextmanager
    def download(_image: ImageAccess) -> Iterator[list[bytes]]:
        yield [data]

    return ImageCache(folder / "_base", download)


def host_access(disk_format: str, **more: str) -> ImageAccess:
    """Return what a host is told of an image."""
    return ImageAccess(image_id="hostile", endpoint="http://image.test", token="t", disk_format=disk_format, **more)

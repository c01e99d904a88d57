"""Having hosts fetch images before their guests need them."""

from __future__ import annotations

from collections.abc import Sequence

from pileus.compute.backend import Backend, Images
from pileus.compute.db import aggregate as aggregates
from pileus.compute.db import service as services
from pileus.compute.messages import CacheImage, address_of
from pileus.compute.model.errors import ImageNotFound
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.model.image import snapshot_of
from pileus.compute.model.server import ImageSnapshot
from pileus.compute.workflows.guest import image_access
from pileus.kit.errors import NotFound


def cache(backend: Backend, aggregate_number: int, image_ids: Sequence[str], token: str) -> None:
    """Have every host of an aggregate that is up fetch these images, as soon as each can.

    Raises AggregateNotFound, ImageNotFound, ImageNotActive.
    """
    with backend.database.read() as tx:
        aggregate = aggregates.get(tx, aggregate_number)
        found = services.list_all(tx, binary=COMPUTE_BINARY)
    now, down_after_s = backend.clock.now(), backend.settings.service_down_time_s
    hosts = [one.host for one in found if one.host in aggregate.hosts and one.is_up(now, down_after_s)]
    images = [_image(backend.images, image_id, token) for image_id in image_ids]
    for image in images:
        wish = CacheImage(image=image_access(image, backend.images.endpoint(), backend.images.token()))
        for host in hosts:
            backend.bus.tell(address_of(host), wish)


def _image(images: Images, image_id: str, token: str) -> ImageSnapshot:
    try:
        return snapshot_of(images.get(image_id, token))
    except NotFound:
        raise ImageNotFound from None

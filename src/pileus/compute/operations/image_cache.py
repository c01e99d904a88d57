"""Having hosts fetch images before their guests need them."""

from __future__ import annotations

from collections.abc import Sequence

from pileus.compute.backend import Backend
from pileus.compute.db import aggregate as aggregates
from pileus.compute.db import service as services
from pileus.compute.messages import CacheImage, address_of
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.operations.image import get_for_user
from pileus.compute.workflows.guest import image_access


def cache(backend: Backend, aggregate_number: int, image_ids: Sequence[str], token: str) -> None:
    """Have every host of an aggregate that is up fetch these images, as soon as each can.

    Raises AggregateNotFound, ImageNotFound, ImageNotActive.
    """
    with backend.database.read() as tx:
        aggregate = aggregates.get(tx, aggregate_number)
        found = services.list_all(tx, binary=COMPUTE_BINARY)
    now, down_after_s = backend.clock.now(), backend.settings.service_down_time_s
    hosts = [one.host for one in found if one.host in aggregate.hosts and one.is_up(now, down_after_s)]
    images = [get_for_user(backend.images, image_id, token) for image_id in image_ids]
    for image in images:
        wish = CacheImage(image=image_access(image, backend.images.endpoint(), backend.images.token()))
        for host in hosts:
            backend.bus.tell(address_of(host), wish)

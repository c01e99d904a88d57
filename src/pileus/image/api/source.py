"""Which of the places where an image's bytes lie a download reads from."""

from __future__ import annotations

from collections.abc import Sequence

from pileus.image.api import access
from pileus.image.backend import Backend
from pileus.image.model.errors import DataMissing, StoreUnknown
from pileus.image.model.image import Image, Location
from pileus.image.model.location import ordered
from pileus.kit import log
from pileus.kit.errors import Unavailable
from pileus.kit.http.message import Request

logger = log.get_logger("pileus.image")


def list_places(request: Request, image: Image, backend: Backend) -> Sequence[Location]:
    """Return where an image's bytes lie, in the order of trying them. Raises Forbidden, StoreUnknown."""
    return ordered(image.locations, backend.weights, _preferred(request, image, backend))


async def find(image: Image, places: Sequence[Location], backend: Backend) -> Location | None:
    """Return the first place that really has the bytes; None if they are nowhere.

    Raises Unavailable if the bytes may be where nobody answers.
    """
    trouble: Unavailable | None = None
    for location in places:
        try:
            if await backend.threads_of(location.store).run(_is_there, image, location, backend):
                return location
        except Unavailable as unavailable:
            trouble = unavailable
        logger.error("the data of an image is not to be had", image_id=image.id, store=location.store)
    if trouble is not None:
        raise trouble
    return None


def _preferred(request: Request, image: Image, backend: Backend) -> list[str]:
    """Return the stores that the caller wants the bytes from, if they have them. Raises Forbidden, StoreUnknown."""
    names = [name.strip() for name in (request.query.get("prefer") or "").split(",") if name.strip()]
    if names:
        request.require(access.target(image), "download_from_store")
    for name in names:
        if name not in backend.stores:
            raise StoreUnknown(store=name)
    return names


def _is_there(image: Image, location: Location, backend: Backend) -> bool:
    store = backend.stores.get(location.store)
    try:
        return store is not None and store.size(location.key) == image.size
    except DataMissing:
        return False

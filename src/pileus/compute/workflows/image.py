"""Images that nobody needs any more."""

from __future__ import annotations

from pileus.clients.image import ImageNotFound
from pileus.compute.workflows.means import Means
from pileus.kit import log
from pileus.kit.errors import PileusError, Unavailable

logger = log.get_logger("pileus.compute.image")


def drop(image_id: str, means: Means) -> None:
    """Remove an image. One that the image service does not let go, as it is protected or in use, stays its owner's.

    Raises Unavailable: a refusal would be the same next time, and the server would wait for ever.
    """
    try:
        means.images.delete(image_id)
    except Unavailable:
        raise
    except PileusError as error:
        logger.warning("an image was not removed", image=image_id, reason=error.reason)


def drop_empty(image_id: str, means: Means) -> None:
    """Remove an image. One that has all its bytes is its owner's, whatever came after."""
    try:
        is_whole = means.images.get(image_id)["status"] == "active"
    except ImageNotFound:
        return
    if not is_whole:
        drop(image_id, means)

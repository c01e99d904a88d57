"""Telling others how far an import is: what has happened, with the row as it is after it.

The work is done by then, so nothing here may fail; and nothing is read if nobody listens.
"""

from __future__ import annotations

from collections.abc import Callable

from pileus.image.db import image as images
from pileus.image.db import task as tasks
from pileus.image.notification import of_data, of_image, of_task, silence
from pileus.image.workflows.means import Means
from pileus.kit import log
from pileus.kit.bus.notifier import Payload
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run

logger = log.get_logger("pileus.notifications")


def tell_task(run: Run, means: Means, what: str) -> None:
    """Tell of the task that shows this run."""

    def read(tx: Transaction) -> Payload | None:
        task = tasks.find(tx, run.id)
        return None if task is None else of_task(task)

    _tell(means, f"task.{what}", read)


def tell_image(run: Run, means: Means, what: str) -> None:
    """Tell of the image, unless it was deleted meanwhile."""

    def read(tx: Transaction) -> Payload | None:
        image = images.find(tx, run.subject)
        return None if image is None else of_image(image)

    _tell(means, f"image.{what}", read)


def tell_data(run: Run, means: Means, what: str, **more: str) -> None:
    """Tell of bytes that are on their way to the image's stores, or have got there."""

    def read(tx: Transaction) -> Payload | None:
        image = images.find(tx, run.subject)
        return None if image is None else of_data(image) | more

    _tell(means, f"image.{what}", read)


def _tell(means: Means, event_type: str, read: Callable[[Transaction], Payload | None]) -> None:
    if means.tell is silence:
        return
    try:
        with means.database.read() as tx:
            payload = read(tx)
    except Exception:
        logger.exception("an event could not be told", event_type=event_type)
        return
    if payload is not None:
        means.tell(event_type, payload)

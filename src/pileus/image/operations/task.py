"""What can be done to tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pileus.image.db import image as images
from pileus.image.db import task as tasks
from pileus.image.model.image import Image, Limits
from pileus.image.model.imports import WEB_DOWNLOAD
from pileus.image.model.quota import UNLIMITED, Quota
from pileus.image.model.task import Task
from pileus.image.operations import image as image_operation
from pileus.image.operations import imports
from pileus.kit.db import Transaction


def begin_import(
    tx: Transaction,
    task: Task,
    image: Image,
    stores: Sequence[str],
    limits: Limits,
    now: datetime,
    quota: Quota = UNLIMITED,
) -> None:
    """Describe an image and claim it for an import from a URL, by a new task of the tasks API.

    Raises ProjectOverLimit, or what is wrong with the description.
    """
    image_operation.create(tx, image, limits, quota)
    imports.begin(tx, task, WEB_DOWNLOAD, stores, now, quota)


def drop_image(tx: Transaction, image_id: str, now: datetime) -> None:
    """Remove the image that a task has described and that did not get its bytes. May be done twice."""
    image = images.find(tx, image_id)
    if image is None or image.locations:
        return
    images.update(tx, image, replace(image, protected=False))  # which was said of what it should become
    image_operation.delete(tx, image_id, now)


def show_progress(tx: Transaction, task_id: str, sentence: str, now: datetime) -> None:
    """Show how far a task is, unless it has ended."""
    tasks.say(tx, task_id, sentence, now)


def expire(tx: Transaction, now: datetime) -> int:
    """Remove tasks whose time is up; return how many."""
    return tasks.expire(tx, now)

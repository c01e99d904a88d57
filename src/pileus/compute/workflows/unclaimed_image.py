"""Unclaimed image: a snapshot's record that was made, or not, just before the control plane died.

drop   wait until nobody can be about to fill the image any more, and delete it if it is still empty

Its subject is the image. It is begun before the image is made, and whoever begins to fill the image cancels it in the
same transaction; so it comes to its end only where that never happened.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pileus.compute.workflows.image import drop_empty
from pileus.compute.workflows.means import Means
from pileus.kit.clock import Clock
from pileus.kit.workflow import Run, Step, Waiting, Workflow

PATIENCE = timedelta(minutes=10)  # longer than any request lasts
KIND = "unclaimed_image"


def arguments(clock: Clock) -> dict[str, str]:
    """Return when the image counts as unclaimed."""
    return {"until": (clock.now() + PATIENCE).isoformat()}


def drop(run: Run, means: Means) -> Waiting | None:
    """Remove the image once it is certain that nobody will fill it."""
    left = datetime.fromisoformat(run.arguments["until"]) - means.clock.now()
    if left > timedelta(0):
        return Waiting(left.total_seconds())
    drop_empty(run.subject, means)
    return None


UNCLAIMED_IMAGE: Workflow[Means] = Workflow(KIND, (Step("drop", drop),))

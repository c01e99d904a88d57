"""What can go wrong with imports and tasks, as facts."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Invalid, MethodNotAllowed, NotFound


class ImportInvalid(Invalid):
    """An import is not described as it should be."""


class StagingOff(NotFound):
    """Bytes are staged only for imports by `glance-direct`, which the operator has turned off."""

    message = "'glance-direct' method is not available at this site."


class WasImported(Conflict):
    """The image has its bytes already."""

    message = "Image with status active cannot be target for import"


class NotActive(Conflict):
    """Only an image that has its bytes can be copied to more stores."""

    message = "Only images with status active can be targeted for copying"


class NotQueued(Conflict):
    """The image's bytes come some other way, or have come."""

    message = "Image needs to be in 'queued' state to use '{method}' method"


class NotStaged(Conflict):
    """There are no bytes to import."""

    message = "Image needs to be staged before 'glance-direct' method can be used"


class FormatUnset(Conflict):
    """Bytes are imported only for an image that says what they are."""

    message = "'{name}' needs to be set before import"


class ImportRunning(Conflict):
    """Another import into the image is under way."""

    message = "New operation on image '{image_id}' is not permitted as prior operation is still in progress"


class ImportStoreUnknown(Conflict):
    """An import names a store that is not there, or that takes nothing in."""

    message = "Store '{store}' is not available for imports."


class StoreHasImage(Invalid):
    """A store to copy to has the image already."""

    message = "Image is already present at store '{store}'"


class TaskNotFound(NotFound):
    """There is no such task, or the caller must not know of it."""

    message = "No task found with ID {task_id}"


class TaskMarkerNotFound(Invalid):
    """A list shall go on after a task that does not exist."""

    message = "No task found with ID {task_id}"


class TaskInvalid(Invalid):
    """A task, or a question about tasks, makes no sense."""


class TaskKept(MethodNotAllowed):
    """Tasks go by themselves when their time is up."""

    message = "Tasks cannot be deleted: each is removed once its 'expires_at' has passed."

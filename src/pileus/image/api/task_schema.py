"""The wire shape of tasks, as clients may read it, and what checks bodies against it."""

from __future__ import annotations

from pileus.image.model.task import STATUSES, TYPES
from pileus.image.schema import UUID_PATTERN, Document, read_only, text
from pileus.kit.schema import Schema

_LONG: Document = {
    "input": {"type": ["null", "object"], "description": "What the task is given"},
    "result": {"type": ["null", "object"], "description": "What came of the task"},
    "message": text("What went wrong, or how far the task is"),
}
_SHORT: Document = {
    "id": text("The task's id", pattern=UUID_PATTERN),
    "type": text("What kind of task it is", enum=list(TYPES)),
    "status": text("How far the task is", enum=list(STATUSES)),
    "owner": text("The project that the task belongs to"),
    "image_id": text("The image that the task is about"),
    "request_id": text("The request that began the task"),
    "user_id": text("The user who began the task"),
    "expires_at": {"type": ["null", "string"], "description": "When the task is removed"},
    "created_at": text("When the task was begun"),
    "updated_at": text("When the task last changed"),
    "self": read_only({"type": "string"}),
    "schema": read_only({"type": "string"}),
}

TASK: Document = {"name": "task", "properties": {**_SHORT, **_LONG}}
TASK_STUB: Document = {"name": "task", "properties": _SHORT}

CREATE = Schema({**TASK, "type": "object"})

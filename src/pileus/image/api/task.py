"""Tasks: what became of imports. And the older way to begin one: describe the image, and name a URL."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from pileus.image.api import access
from pileus.image.api.imports import add_workflow, new_task, tell_begun
from pileus.image.api.task_schema import CREATE
from pileus.image.backend import Backend
from pileus.image.db import task as tasks
from pileus.image.model.change import LOCATIONS, require_settable
from pileus.image.model.errors import AttributeReserved
from pileus.image.model.image import Image
from pileus.image.model.import_errors import ImportInvalid, TaskInvalid, TaskKept, TaskMarkerNotFound, TaskNotFound
from pileus.image.model.imports import WEB_DOWNLOAD
from pileus.image.model.quota import Quota
from pileus.image.model.task import IMPORT, SORT_KEYS, STATUSES, TYPES, Task, TaskQuery
from pileus.image.notification import of_image
from pileus.image.operations import task as operation
from pileus.kit import ids
from pileus.kit.clock import isoformat
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import with_marker

DEFAULT_LIMIT = 25
MAX_LIMIT = 1000
_ATTRIBUTES = (
    "container_format",
    "disk_format",
    "id",
    "min_disk",
    "min_ram",
    "name",
    "os_hidden",
    "protected",
    "visibility",
)


def create(request: Request, backend: Backend) -> Reply:
    """Begin to import an image that the body describes, from a URL."""
    request.require({}, "add_task")
    importing = backend.importing
    if importing is None:
        raise ImportInvalid("There are no imports here.")
    given = _input(request.json())
    backend.gate.require(given["import_from"])
    image = _image(request, given["image_properties"], backend)
    task = new_task(request, backend, IMPORT, image.id, given)
    quota = backend.quota_of(image.owner)
    backend.database.write(_begin, task, image, sorted(request.context.roles), backend, quota)
    backend.tell("image.create", of_image(image))
    tell_begun(task, backend)
    return Reply.json(_view(task), 201, {"location": f"/v2/tasks/{task.id}"})


def _begin(tx: Transaction, task: Task, image: Image, roles: list[str], backend: Backend, quota: Quota) -> None:
    stores = [backend.default_store]
    operation.begin_import(tx, task, image, stores, backend.limits, backend.clock.now(), quota)
    arguments = {
        "method": WEB_DOWNLOAD,
        "stores": stores,
        "must_all_succeed": True,
        "roles": roles,
        "is_of_task": True,
        "uri": task.input["import_from"],
    }
    add_workflow(tx, task, arguments, backend)


def index(request: Request, backend: Backend) -> Reply:
    """List tasks, a page at a time."""
    request.require({}, "get_tasks")
    with backend.database.read() as tx:
        asked = _query(request, tx)
        found = tasks.list_page(tx, asked)
    pairs = [pair for pair in request.query.pairs() if pair[0] != "marker"]
    document: dict[str, Any] = {
        "tasks": [_stub(task) for task in found],
        "first": f"/v2/tasks?{urlencode(pairs)}" if pairs else "/v2/tasks",
        "schema": "/v2/schemas/tasks",
    }
    if found and len(found) == asked.limit:
        document["next"] = with_marker(request, found[-1].id)
    return Reply.json(document)


def show(request: Request, backend: Backend) -> Reply:
    """Show one task."""
    request.require({}, "get_task")
    with backend.database.read() as tx:
        return Reply.json(_view(tasks.get(tx, request.params["task_id"], _owner(request))))


def delete(_request: Request, _backend: Backend) -> Reply:
    """Tasks go by themselves. Raises TaskKept."""
    raise TaskKept(allowed=("GET",))


def index_of_image(request: Request, backend: Backend) -> Reply:
    """List the tasks of one image."""
    image = access.get(request, backend)
    with backend.database.read() as tx:
        found = tasks.list_of_image(tx, image.id)
    return Reply.json({"tasks": [_row(_readable(request, task)) for task in found]})


def _readable(request: Request, task: Task) -> Task:
    """Return a task without what its owner has said, if the caller is another: a URL may hold a secret."""
    is_own = task.owner == request.context.project_id or access.is_admin(request)
    return task if is_own else replace(task, input={"image_id": task.image_id})


# --- what a body says -------------------------------------------------------------------------------


def _input(body: Any) -> dict[str, Any]:
    """Return what a new task is given. Raises TaskInvalid."""
    if not isinstance(body, dict):
        raise TaskInvalid("Body expected in request.")
    for name in ("type", "input"):
        if name not in body:
            raise TaskInvalid(f"Task '{name}' is required")
    mismatch = CREATE.mismatch(body)
    if mismatch is not None:
        raise TaskInvalid(f"Provided object does not match schema 'task': {mismatch.sentence}")
    if body["type"] != IMPORT:
        raise TaskInvalid(f"Tasks of type '{body['type']}' are begun by an image's own requests.")
    given: dict[str, Any] = body["input"] or {}
    for name, kind in (("import_from", str), ("import_from_format", str), ("image_properties", dict)):
        if not isinstance(given.get(name), kind):
            raise TaskInvalid(f"Input does not contain '{name}' field")
    return given


def _image(request: Request, properties: dict[str, Any], backend: Backend) -> Image:
    """Return the image that a task describes. Raises SchemaMismatch, AttributeReserved, Forbidden."""
    for name in properties.keys() - {"id"}:
        require_settable(name)
    if LOCATIONS in properties:
        raise AttributeReserved(name=LOCATIONS)
    described = {"disk_format": "qcow2", "container_format": "bare", **properties}
    backend.schema.require_image(described)
    attributes = {name: value for name, value in described.items() if name in _ATTRIBUTES}
    attributes = {"id": ids.new_uuid(), **attributes}
    own = described.keys() - set(_ATTRIBUTES) - {"tags", "owner"}
    now = backend.clock.now()
    image = Image(
        **attributes,
        owner=request.context.project_id,
        properties={name: described[name] for name in own if described[name] is not None},
        tags=frozenset(described.get("tags", ())),
        created_at=now,
        updated_at=now,
    )
    access.require_visibility(request, image.visibility, access.target(image))
    return image


def _query(request: Request, tx: Transaction) -> TaskQuery:
    """Return what a query string asks for. Raises TaskInvalid, TaskMarkerNotFound."""
    query, owner = request.query, _owner(request)
    return TaskQuery(
        limit=_limit(query.get("limit")),
        owner=owner,
        status=_one_of("status", query.get("status"), STATUSES),
        type=_one_of("type", query.get("type"), TYPES),
        sort_key=_one_of("sort_key", query.get("sort_key"), SORT_KEYS) or "created_at",
        is_descending=_one_of("sort_dir", query.get("sort_dir"), ("asc", "desc")) != "asc",
        marker=_marker(query.get("marker"), owner, tx),
    )


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise TaskInvalid("limit param must be an integer, and positive")
    return min(int(text), MAX_LIMIT)


def _one_of(name: str, text: str | None, known: tuple[str, ...]) -> str | None:
    if text and text not in known:
        raise TaskInvalid(f"Invalid {name} value: {text}")
    return text or None


def _marker(task_id: str | None, owner: str | None, tx: Transaction) -> Task | None:
    if not task_id:
        return None
    try:
        return tasks.get(tx, task_id, owner)
    except TaskNotFound:
        raise TaskMarkerNotFound(task_id=task_id) from None


def _owner(request: Request) -> str | None:
    """Return whose tasks the caller sees; None: everybody's."""
    return None if access.is_admin(request) else request.context.project_id


# --- what callers see -------------------------------------------------------------------------------


def _row(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.owner,
        "input": task.input,
        "result": task.result,
        "message": task.message,
        "image_id": task.image_id,
        "user_id": task.user_id,
        "request_id": task.request_id,
        "created_at": isoformat(task.created_at),
        "updated_at": isoformat(task.updated_at),
        "expires_at": None if task.expires_at is None else isoformat(task.expires_at),
    }


def _view(task: Task) -> dict[str, Any]:
    optional = ("image_id", "request_id", "user_id", "expires_at")
    shown = {name: value for name, value in _row(task).items() if value is not None or name not in optional}
    return {**shown, "self": f"/v2/tasks/{task.id}", "schema": "/v2/schemas/task"}


def _stub(task: Task) -> dict[str, Any]:
    return {name: value for name, value in _view(task).items() if name not in ("input", "result", "message")}

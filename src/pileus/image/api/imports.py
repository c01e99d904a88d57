"""Beginning an import. What becomes of it is shown by the image, and by its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pileus.image.api import access
from pileus.image.backend import Backend, Importing
from pileus.image.model.image import Image
from pileus.image.model.import_errors import ImportInvalid, ImportStoreUnknown
from pileus.image.model.imports import (
    COPY_IMAGE,
    GLANCE_DOWNLOAD,
    WEB_DOWNLOAD,
    require_importable,
    stores_lacking,
)
from pileus.image.model.quota import Quota
from pileus.image.model.task import API_IMAGE_IMPORT, Task
from pileus.image.notification import of_image, of_task
from pileus.image.operations import imports as operation
from pileus.image.workflows.imports import KIND
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

STORE_HEADER = "x-image-meta-store"


def begin(request: Request, backend: Backend) -> Reply:
    """Begin to import an image's bytes."""
    importing, body = _require_on(backend), request.json()
    method = _method(body, importing)
    image = access.get(request, backend)
    request.require(access.target(image), "copy_image" if method["name"] == COPY_IMAGE else "modify_image")
    require_importable(image, method["name"])
    source = _source(request, method, backend)
    stores = _stores(request, body, image, backend)
    if stores:
        task = new_task(request, backend, API_IMAGE_IMPORT, image.id, _input(image, body, stores))
        arguments = {
            "method": method["name"],
            "stores": stores,
            "must_all_succeed": body.get("all_stores_must_succeed", True),
            "roles": sorted(request.context.roles),
            "is_of_task": False,
            **source,
        }
        _keep_token(importing, task.id, request)
        try:
            image = backend.database.write(_begin, task, arguments, backend, backend.quota_of(image.owner))
        except BaseException:
            importing.tokens.pop(task.id, None)
            raise
        backend.tell("image.update", of_image(image))
        tell_begun(task, backend)
    return Reply.empty(202)


def _begin(tx: Transaction, task: Task, arguments: dict[str, Any], backend: Backend, quota: Quota) -> Image:
    image = operation.begin(tx, task, arguments["method"], arguments["stores"], backend.clock.now(), quota)
    add_workflow(tx, task, arguments, backend)
    return image


def tell_begun(task: Task, backend: Backend) -> None:
    """Tell that there is a task, and that somebody is at it soon."""
    for event_type in ("task.create", "task.run"):
        backend.tell(event_type, of_task(task))


def add_workflow(tx: Transaction, task: Task, arguments: dict[str, Any], backend: Backend) -> None:
    """Have somebody do a task's work; the workflow has its id."""
    assert task.image_id is not None
    _require_on(backend).work.begin(tx, KIND, task.image_id, arguments, task.id)


def new_task(request: Request, backend: Backend, kind: str, image_id: str, given: Mapping[str, Any]) -> Task:
    """Return a task of the caller's."""
    now = backend.clock.now()
    return Task(
        id=ids.new_uuid(),
        type=kind,
        owner=request.context.project_id,
        input=given,
        image_id=image_id,
        user_id=request.context.user_id,
        request_id=request.id,
        created_at=now,
        updated_at=now,
    )


def writable_stores(backend: Backend) -> tuple[str, ...]:
    """Return the stores that take images in."""
    return tuple(name for name, store in backend.stores.items() if not store.is_read_only)


def _require_on(backend: Backend) -> Importing:
    if backend.importing is None:
        raise ImportInvalid("There are no imports here.")
    return backend.importing


def _keep_token(importing: Importing, task_id: str, request: Request) -> None:
    token = request.headers.get("x-auth-token")
    if token is not None:
        importing.tokens[task_id] = token


def _input(image: Image, body: Mapping[str, Any], stores: Sequence[str]) -> dict[str, Any]:
    return {"image_id": image.id, "import_req": body, "backend": list(stores)}


# --- the body ---------------------------------------------------------------------------------------


def _method(body: Any, importing: Importing) -> dict[str, Any]:
    """Return what a body says of the way to import. Raises ImportInvalid."""
    method = body.get("method") if isinstance(body, dict) else None
    if not isinstance(method, dict):
        raise ImportInvalid("Import request requires a 'method' field.")
    if "name" not in method:
        raise ImportInvalid("Import request requires a 'name' field.")
    if method["name"] not in importing.methods:
        raise ImportInvalid(f"Unknown import method name '{method['name']}'.")
    for name in ("all_stores_must_succeed", "all_stores"):
        if not isinstance(body.get(name, True), bool):
            raise ImportInvalid(f"'{name}' must be boolean value only")
    return method


def _source(request: Request, method: Mapping[str, Any], backend: Backend) -> dict[str, Any]:
    """Return where the bytes come from, for the workflow. Raises ImportInvalid, UrlRefused."""
    if method["name"] == WEB_DOWNLOAD:
        uri = method.get("uri")
        if not isinstance(uri, str):
            raise ImportInvalid("The method 'web-download' requires a 'uri'.")
        backend.gate.require(uri)
        return {"uri": uri}
    if method["name"] != GLANCE_DOWNLOAD:
        return {}
    for name in ("glance_region", "glance_image_id"):
        if not isinstance(method.get(name), str):
            raise ImportInvalid(f"'{name}' needs to be set for glance-download import method")
    image_id = method["glance_image_id"]
    if not ids.is_uuid(image_id):
        raise ImportInvalid(f"Remote image id does not look like a UUID: {image_id}")
    interface = str(method.get("glance_service_interface", "public"))
    endpoint = _find_endpoint(request, method["glance_region"], interface)
    return {"source_image_id": ids.dashed_uuid(image_id), "endpoint": endpoint}


def _find_endpoint(request: Request, region: str, interface: str) -> str | None:
    """Return where the caller's catalog has the image service of a region."""
    for service in request.context.catalog:
        for endpoint in service.get("endpoints", ()) if service.get("type") == "image" else ():
            name = str(endpoint.get("region_id") or endpoint.get("region"))
            if name.lower() == region.lower() and endpoint.get("interface") == interface:
                return str(endpoint["url"]).rstrip("/")
    return None


def _stores(request: Request, body: Mapping[str, Any], image: Image, backend: Backend) -> tuple[str, ...]:
    """Return to which stores the bytes go. Raises ImportInvalid, ImportStoreUnknown, StoreHasImage."""
    named, header = body.get("stores"), request.headers.get(STORE_HEADER)
    is_all = body.get("all_stores", False)
    if is_all and (named is not None or header is not None):
        raise ImportInvalid("'all_stores' does not go with 'stores', nor with the header x-image-meta-store.")
    if named is not None and header is not None:
        raise ImportInvalid("'stores' does not go with the header x-image-meta-store.")
    if not isinstance(named or [], list) or not all(isinstance(store, str) for store in named or ()):
        raise ImportInvalid("'stores' must be a list of names.")
    writable = writable_stores(backend)
    stores = writable if is_all else tuple(dict.fromkeys(named or [header or backend.default_store]))
    for store in stores:
        if store not in writable:
            raise ImportStoreUnknown(store=store)
    is_copy = body["method"]["name"] == COPY_IMAGE
    return stores_lacking(image, stores, is_all=is_all) if is_copy else stores

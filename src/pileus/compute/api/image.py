"""Images as compute once showed them: asked of the image service with the caller's own token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.compute.api import parse
from pileus.compute.api.links import bookmark, links, next_links, self_url
from pileus.compute.backend import Backend
from pileus.compute.operations import quota
from pileus.compute.operations.server import require_metadata_allowed
from pileus.kit.errors import Invalid, NotFound
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

_STATUS = {
    "active": "ACTIVE", "queued": "SAVING", "saving": "SAVING", "deleted": "DELETED", "pending_delete": "DELETED",
    "killed": "ERROR",
}  # fmt: skip
_PROGRESS = {"queued": 25, "saving": 50, "active": 100}
_MEMBERS = frozenset((
    "id", "name", "status", "visibility", "protected", "owner", "size", "virtual_size", "min_ram", "min_disk",
    "disk_format", "container_format", "checksum", "os_hash_algo", "os_hash_value", "os_hidden", "created_at",
    "updated_at", "tags", "self", "file", "schema", "locations", "direct_url", "stores",
))  # fmt: skip
"""What the image service says of each image; all else are properties, which compute calls metadata."""

_FILTERS = {"name": "name", "status": "status", "server": "instance_uuid", "type": "image_type"}
_PROPERTY = "property-"


def list_brief(request: Request, backend: Backend) -> Reply:
    """GET /images."""
    found, more = _page(request, backend)
    return Reply.json({"images": [_brief(request, backend, image) for image in found], **more})


def list_full(request: Request, backend: Backend) -> Reply:
    """GET /images/detail."""
    found, more = _page(request, backend)
    return Reply.json({"images": [_full(request, backend, image) for image in found], **more})


def show(request: Request, backend: Backend) -> Reply:
    """GET /images/{image_id}."""
    return Reply.json({"image": _full(request, backend, _get(request, backend))})


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /images/{image_id}."""
    image = _get(request, backend)
    backend.images.delete(image["id"], request.context.token)
    return Reply.empty(204)


# --- metadata -------------------------------------------------------------------------------------


def list_metadata(request: Request, backend: Backend) -> Reply:
    """GET /images/{image_id}/metadata."""
    return Reply.json({"metadata": _metadata(_get(request, backend))})


def show_metadata_item(request: Request, backend: Backend) -> Reply:
    """GET /images/{image_id}/metadata/{key}."""
    metadata, key = _metadata(_get(request, backend)), request.params["key"]
    if key not in metadata:
        raise NotFound("The resource could not be found.")
    return Reply.json({"meta": {key: metadata[key]}})


def merge_metadata(request: Request, backend: Backend) -> Reply:
    """POST /images/{image_id}/metadata."""
    image = _get(request, backend)
    return Reply.json({"metadata": _write(request, backend, image, {**_metadata(image), **request.json()["metadata"]})})


def replace_metadata(request: Request, backend: Backend) -> Reply:
    """PUT /images/{image_id}/metadata."""
    return Reply.json({"metadata": _write(request, backend, _get(request, backend), request.json()["metadata"])})


def set_metadata_item(request: Request, backend: Backend) -> Reply:
    """PUT /images/{image_id}/metadata/{key}."""
    meta = request.json()["meta"]
    if request.params["key"] not in meta:
        raise Invalid("Request body and URI mismatch")
    image = _get(request, backend)
    _write(request, backend, image, {**_metadata(image), **meta})
    return Reply.json({"meta": meta})


def delete_metadata_item(request: Request, backend: Backend) -> Reply:
    """DELETE /images/{image_id}/metadata/{key}."""
    image = _get(request, backend)
    metadata = _metadata(image)
    if request.params["key"] not in metadata:
        raise NotFound("Invalid metadata key")
    del metadata[request.params["key"]]
    _write(request, backend, image, metadata)
    return Reply.empty(204)


def _metadata(image: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in image.items() if name not in _MEMBERS}


def _write(request: Request, backend: Backend, image: Mapping[str, Any], metadata: dict[str, Any]) -> Mapping[str, Any]:
    project_id = request.context.project_id or ""
    defaults = backend.quota_of(project_id)
    with backend.database.read() as tx:
        require_metadata_allowed(quota.limits(tx, defaults, project_id), metadata)
    old = _metadata(image)
    changes = {name: value for name, value in metadata.items() if old.get(name) != value}
    changed = backend.images.update(image["id"], changes, tuple(old.keys() - metadata.keys()), request.context.token)
    return _metadata(changed)


# --- documents ------------------------------------------------------------------------------------


def _page(request: Request, backend: Backend) -> tuple[list[Mapping[str, Any]], dict[str, Any]]:
    limit = limit_of(request, default=None, maximum=backend.settings.max_limit)
    query = {"limit": str(limit), **_filters(request)}
    found = backend.images.list_seen(query, request.context.token)[:limit]
    smallest = {name: _whole(request, asked) for asked, name in (("minRam", "min_ram"), ("minDisk", "min_disk"))}
    found = [image for image in found if all(image.get(name, 0) >= least for name, least in smallest.items())]
    return list(found), next_links(request, "images_links", [image["id"] for image in found], limit)


def _filters(request: Request) -> dict[str, str]:
    filters = {}
    for name, value in request.query.pairs():
        if name.startswith(_PROPERTY):
            filters[name.removeprefix(_PROPERTY)] = value
        elif name in _FILTERS:
            filters[_FILTERS[name]] = parse.last_part(value) if name == "server" else value
        elif name == "changes-since":
            filters["updated_at"] = f"gte:{value}"
        elif name == "marker":
            filters["marker"] = value
    if "status" in filters:
        filters["status"] = filters["status"].lower()
    return filters


def _whole(request: Request, name: str) -> int:
    return parse.whole(name, request.query.get(name) or "0")


def _get(request: Request, backend: Backend) -> Mapping[str, Any]:
    try:
        return backend.images.get(request.params["image_id"], request.context.token)
    except NotFound:
        raise NotFound("Image not found.") from None


def _brief(request: Request, backend: Backend, image: Mapping[str, Any]) -> dict[str, Any]:
    path = f"images/{image['id']}"
    elsewhere = f"{backend.images.endpoint()}/{path}"
    alternate = {"rel": "alternate", "type": "application/vnd.openstack.image", "href": elsewhere}
    return {"id": image["id"], "name": image.get("name"), "links": [*links(request, path), alternate]}


def _full(request: Request, backend: Backend, image: Mapping[str, Any]) -> dict[str, Any]:
    metadata, status = _metadata(image), str(image.get("status"))
    document = {
        **_brief(request, backend, image),
        "minRam": image.get("min_ram") or 0,
        "minDisk": image.get("min_disk") or 0,
        "metadata": metadata,
        "created": image.get("created_at"),
        "updated": image.get("updated_at"),
        "status": _STATUS.get(status, "UNKNOWN"),
        "progress": _PROGRESS.get(status, 0),
        "OS-EXT-IMG-SIZE:size": image.get("size"),
    }
    server_id = metadata.get("instance_uuid")
    if server_id is not None:
        path = f"servers/{server_id}"
        own = {"rel": "self", "href": self_url(request, path)}
        document["server"] = {"id": server_id, "links": [own, bookmark(request, path)]}
    if metadata.get("auto_disk_config") is not None:
        document["OS-DCF:diskConfig"] = "AUTO" if parse.is_true(metadata["auto_disk_config"]) else "MANUAL"
    return document

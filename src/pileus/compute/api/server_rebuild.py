"""Actions that make servers of images, and images of servers."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.begin import action
from pileus.compute.api.links import self_url
from pileus.compute.api.lookup import asker_of, read_server, server_of
from pileus.compute.api.schema import server as server_body
from pileus.compute.api.schema import server_action as body
from pileus.compute.api.server_create import PASSWORD_BITS, base64_text, personality_of
from pileus.compute.api.sight import sight_of
from pileus.compute.api.view import server as view
from pileus.compute.backend import Backend
from pileus.compute.model.server import Server
from pileus.compute.operations import image
from pileus.compute.operations import rebuild as rebuilding
from pileus.compute.operations.image import get_for_user
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

_TRUSTED = "os_compute_api:servers:rebuild:trusted_certs"
_COLUMNS = {
    "name": "name", "accessIPv4": "access_ip_v4", "accessIPv6": "access_ip_v6", "description": "description",
    "hostname": "hostname", "key_name": "key_name", "trusted_image_certificates": "trusted_certificates",
}  # fmt: skip


def rebuild(request: Request, backend: Backend, value: Any) -> Reply:
    """Rebuild."""
    server = read_server(request, backend)
    if value.get("trusted_image_certificates"):
        request.require(server.policy_target, _TRUSTED)
    chosen = get_for_user(backend.images, value["imageRef"], request.context.token)
    changes, defaults = _changes(value), backend.quota_of(server.project_id)

    def begin(tx: Transaction) -> Server:
        current, asker = server_of(request, tx), asker_of(request)
        metadata = value.get("metadata")
        return rebuilding.rebuild(tx, backend, current, asker, chosen, changes, metadata, defaults=defaults)

    rebuilt = backend.database.write(begin)
    document = view.changed(sight_of(request, backend, rebuilt), rebuilt)
    document["adminPass"] = value.get("adminPass") or ids.new_secret(PASSWORD_BITS)
    if request.since(v.REBUILD_KEY):
        document["key_name"] = rebuilt.key_name
    if request.since(v.NO_PERSONALITY):
        document.pop("OS-EXT-SRV-ATTR:user_data", None)
        document["user_data"] = rebuilt.user_data
    return Reply.json({"server": document}, 202, {"location": self_url(request, f"servers/{rebuilt.id}")})


def _changes(value: dict[str, Any]) -> dict[str, Any]:
    changes = {_COLUMNS[name]: part for name, part in value.items() if name in _COLUMNS}
    if "OS-DCF:diskConfig" in value:
        changes["is_disk_config_auto"] = value["OS-DCF:diskConfig"] == "AUTO"
    if "personality" in value:
        changes["personality"] = personality_of(value["personality"])
    if "user_data" in value:
        changes["user_data"] = base64_text("user_data", value["user_data"])
    return changes


def create_image(request: Request, backend: Backend, value: Any) -> Reply:
    """CreateImage."""
    server = read_server(request, backend)
    properties = value.get("metadata", {})
    image_id = image.create(backend, server, value["name"], properties, asker_of(request), request.context.token)
    return _made(request, backend, image_id)


def create_backup(request: Request, backend: Backend, value: Any) -> Reply:
    """CreateBackup; a rotation of 0 keeps none, not even the new one."""
    server = read_server(request, backend)
    image_id = image.back_up(
        backend,
        server,
        value["name"],
        value.get("metadata", {}),
        asker_of(request),
        request.context.token,
        backup_type=value["backup_type"],
        rotation=int(value["rotation"]),
    )
    if int(value["rotation"]) == 0:
        return Reply.empty(202)
    return _made(request, backend, image_id)


def _made(request: Request, backend: Backend, image_id: str) -> Reply:
    if request.since(v.IMAGE_ID_IN_BODY):
        return Reply.json({"image_id": image_id}, 202)
    return Reply.empty(202, {"location": f"{backend.images.endpoint()}/images/{image_id}"})


ACTIONS = (
    action("rebuild", rebuild, "servers:rebuild", body.REBUILD),
    action("createImage", create_image, "servers:create_image", server_body.CREATE_IMAGE),
    action("createBackup", create_backup, "os-create-backup", body.CREATE_BACKUP),
)

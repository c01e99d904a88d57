"""What is attached to a server.

Without services of networks, volumes and shares that is nothing: lists are empty, and what is named is not there.
"""

from __future__ import annotations

import msgspec

from pileus.compute.api import versions as v
from pileus.compute.api.lookup import asker_of, read_server
from pileus.compute.backend import Backend
from pileus.compute.model.action_rule import require_in
from pileus.compute.model.error.network import NetworkNotFound, NetworkNotOfServer, NoNetworkAvailable, PortNotFound
from pileus.compute.model.error.volume import ShareNotFound, VolumeNotAttached, VolumeNotFound, VolumeOfNobody
from pileus.compute.model.server import Server, VmState
from pileus.compute.operations.task import require_may_change
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

_WITH_INTERFACES = (VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED)
_WITH_VOLUMES = (
    VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED, VmState.SUSPENDED, VmState.RESIZED, VmState.SOFT_DELETED,
)  # fmt: skip
_SHELVED = (VmState.SHELVED, VmState.SHELVED_OFFLOADED)


def _changeable(request: Request, backend: Backend, vm_states: tuple[str, ...], action: str) -> Server:
    """Return the server. Raises InstanceLocked, InstanceInvalidState."""
    server = read_server(request, backend)
    require_may_change(server, asker_of(request))
    require_in(vm_states, server, action)
    return server


# --- networks -------------------------------------------------------------------------------------


def list_addresses(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/ips."""
    read_server(request, backend)
    return Reply.json({"addresses": {}})


def list_addresses_on(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/ips/{network}."""
    read_server(request, backend)
    raise NetworkNotOfServer


def list_security_groups(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-security-groups."""
    read_server(request, backend)
    return Reply.json({"security_groups": []})


def list_interfaces(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-interface."""
    read_server(request, backend)
    return Reply.json({"interfaceAttachments": []})


def show_interface(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-interface/{port_id}."""
    read_server(request, backend)
    raise PortNotFound(port_id=request.params["port_id"])


def create_interface(request: Request, backend: Backend) -> Reply:
    """POST /servers/{server_id}/os-interface."""
    asked = request.json().get("interfaceAttachment", {})
    network_id, port_id = asked.get("net_id"), asked.get("port_id")
    if network_id and port_id:
        raise Invalid("Must not input both network_id and port_id")
    if asked.get("fixed_ips") and not network_id:
        raise Invalid("Must input network_id when request IP address")
    server = _changeable(request, backend, _WITH_INTERFACES, "attach_interface")
    if port_id:
        raise PortNotFound(port_id=port_id)
    if network_id:
        raise NetworkNotFound(network_id=network_id)
    raise NoNetworkAvailable(project_id=server.project_id)


def delete_interface(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}/os-interface/{port_id}."""
    _changeable(request, backend, _WITH_INTERFACES, "detach_interface")
    raise PortNotFound(port_id=request.params["port_id"])


# --- volumes --------------------------------------------------------------------------------------


def list_volumes(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-volume_attachments."""
    read_server(request, backend)
    return Reply.json({"volumeAttachments": []})


def show_volume(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-volume_attachments/{volume_id}."""
    server = read_server(request, backend)
    raise VolumeNotAttached(server_id=server.id, volume_id=request.params["volume_id"])


def create_volume(request: Request, backend: Backend) -> Reply:
    """POST /servers/{server_id}/os-volume_attachments."""
    volume_id = request.json()["volumeAttachment"]["volumeId"]
    also = _SHELVED if request.since(v.SHELVED_VOLUMES) else ()
    _changeable(request, backend, (*_WITH_VOLUMES, *also), "attach_volume")
    raise VolumeNotFound(volume_id=volume_id)


def update_volume(request: Request, backend: Backend) -> Reply:
    """PUT /servers/{server_id}/os-volume_attachments/{volume_id}."""
    request.json()
    read_server(request, backend)
    raise VolumeNotFound(volume_id=request.params["volume_id"])


def delete_volume(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}/os-volume_attachments/{volume_id}."""
    read_server(request, backend)
    raise VolumeNotFound(volume_id=request.params["volume_id"])


def create_snapshot(request: Request, _backend: Backend) -> Reply:
    """POST /os-assisted-volume-snapshots."""
    raise VolumeOfNobody(volume_id=request.json()["snapshot"]["volume_id"])


def delete_snapshot(request: Request, _backend: Backend) -> Reply:
    """DELETE /os-assisted-volume-snapshots/{snapshot_id}."""
    try:
        volume_id = msgspec.json.decode(request.query.get("delete_info") or "")["volume_id"]
    except (msgspec.DecodeError, KeyError, TypeError):
        raise Invalid("delete_info must be a JSON object that names the volume_id") from None
    raise VolumeOfNobody(volume_id=volume_id)


# --- shares ---------------------------------------------------------------------------------------


def list_shares(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/shares."""
    read_server(request, backend)
    return Reply.json({"shares": []})


def show_share(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/shares/{share_id}."""
    read_server(request, backend)
    raise ShareNotFound(share_id=request.params["share_id"])


def create_share(request: Request, backend: Backend) -> Reply:
    """POST /servers/{server_id}/shares."""
    share_id = request.json()["share"]["share_id"]
    require_in((VmState.STOPPED,), read_server(request, backend), "create share")
    raise ShareNotFound(share_id=share_id)


def delete_share(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}/shares/{share_id}."""
    require_in((VmState.STOPPED, VmState.ERROR), read_server(request, backend), "delete share")
    raise ShareNotFound(share_id=request.params["share_id"])

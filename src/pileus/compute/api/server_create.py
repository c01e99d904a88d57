"""POST /servers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pileus.compute.api import block_device, parse
from pileus.compute.api import versions as v
from pileus.compute.api.flavor import may_see_all
from pileus.compute.api.links import links, self_url
from pileus.compute.api.lookup import asker_of
from pileus.compute.api.view import server as view
from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.model.error.network import NetworkUnknown, PortUnknown, SecurityGroupUnknown
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.operations import server_create as operations
from pileus.compute.operations.server_create import ServerAsk
from pileus.kit import ids
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

_CREATE = "os_compute_api:servers:create"
_OWN_GROUP = "default"  # every project's; other security groups would be the network service's
PASSWORD_BITS = 72  # twelve characters


def create(request: Request, backend: Backend) -> Reply:
    """POST /servers."""
    body = request.json()
    asked = body["server"]
    hints = body.get("os:scheduler_hints") or body.get("OS-SCH-HNT:scheduler_hints") or {}
    target = {
        "project_id": request.context.project_id,
        "user_id": request.context.user_id,
        "availability_zone": asked.get("availability_zone"),
    }
    ask = _placed(request, backend, target, asked, _ask(request, asked, hints))
    _require_may_have(request, target, asked)
    ask = replace(
        ask,
        may_use_any_flavor=may_see_all(request),
        may_use_any_group=may_see_all(request),
        may_use_zero_disk=request.may(f"{_CREATE}:zero_disk_flavor", target),
    )
    servers = operations.create(backend, asker_of(request), request.context.token, ask)
    first = servers[0]
    if parse.is_true(asked.get("return_reservation_id", False)):
        return Reply.json({"reservation_id": first.reservation_id}, 202)
    document = {
        "id": first.id,
        "links": links(request, f"servers/{first.id}"),
        "OS-DCF:diskConfig": view.disk_config(first),
        "security_groups": asked.get("security_groups") or [{"name": _OWN_GROUP}],
        "adminPass": asked.get("adminPass") or ids.new_secret(PASSWORD_BITS),
    }
    return Reply.json({"server": document}, 202, {"location": self_url(request, f"servers/{first.id}")})


def _require_may_have(request: Request, target: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Ask the policy about parts of a body, and refuse what needs a network service. Raises Forbidden, Invalid."""
    if asked.get("trusted_image_certificates"):
        request.require(target, f"{_CREATE}:trusted_certs")
    if asked.get("block_device_mapping") or asked.get("block_device_mapping_v2"):
        request.require(target, f"{_CREATE}:attach_volume")
    for group in asked.get("security_groups", ()):
        if group.get("name", _OWN_GROUP) != _OWN_GROUP:
            raise SecurityGroupUnknown(name=group["name"], project_id=request.context.project_id)
    networks = asked.get("networks", "none")
    if networks not in ("none", []):
        request.require(target, f"{_CREATE}:attach_network")
    if networks not in ("none", "auto"):
        _require_no_network(networks)


def _require_no_network(networks: list[dict[str, Any]]) -> None:
    """Raise NetworkUnknown or PortUnknown for whatever is named: there is no network service to know it."""
    for network in networks:
        if network.get("port"):
            raise PortUnknown(port_id=network["port"])
        if "uuid" not in network:
            raise Invalid("Bad network format: missing 'uuid'")
        if not ids.is_uuid(network["uuid"]):
            raise Invalid(f"Bad networks format: network uuid is not in proper format ({network['uuid']})")
        raise NetworkUnknown(network_id=network["uuid"])


# --- what a body asks for -------------------------------------------------------------------------


def _ask(request: Request, asked: Mapping[str, Any], hints: Mapping[str, Any]) -> ServerAsk:
    fewest = int(asked.get("min_count", 1))
    most = int(asked.get("max_count", fewest))
    if fewest > most:
        raise Invalid("min_count must be <= max_count")
    disks = block_device.of_body(asked)
    if not asked.get("imageRef"):
        raise Invalid("Missing imageRef attribute")
    return ServerAsk(
        name=asked["name"],
        description=asked.get("description") if request.since(v.SERVER_DESCRIPTION) else asked["name"],
        hostname=asked.get("hostname"),
        flavor_id=parse.last_part(asked["flavorRef"]),
        image_id=asked["imageRef"],
        key_name=asked.get("key_name"),
        user_data=base64_text("user_data", asked.get("user_data")),
        metadata=asked.get("metadata", {}),
        tags=sorted(set(asked.get("tags", ()))),
        personality=personality_of(asked.get("personality", ())),
        trusted_certificates=asked.get("trusted_image_certificates"),
        block_devices=disks,
        fewest=fewest,
        most=most,
        hints=hints,
        group_id=_group(hints),
        is_disk_config_auto=asked.get("OS-DCF:diskConfig", "AUTO") == "AUTO",
        access_ip_v4=parse.address(asked.get("accessIPv4", "")),
        access_ip_v6=parse.address(asked.get("accessIPv6", "")),
    )


def _group(hints: Mapping[str, Any]) -> str | None:
    group = hints.get("group")
    if isinstance(group, list):
        return group[0] if group else None
    return group


def personality_of(files: list[dict[str, str]]) -> dict[str, str]:
    """Return the files of a body, by their path. Raises Invalid."""
    for member in ("path", "contents"):
        if any(member not in file for file in files):
            raise Invalid(f"Bad personality format: missing {member}")
    return {file["path"]: base64_text("contents", file["contents"]) or "" for file in files}


def base64_text(name: str, text: str | None) -> str | None:
    """Return a text that must be base64. Raises Invalid."""
    if text is None:
        return None
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(f"Invalid input for field/attribute {name}. Value: {text}. '{text}' is not a 'base64'") from None
    return text


# --- where ----------------------------------------------------------------------------------------


def _placed(
    request: Request, backend: Backend, target: Mapping[str, Any], asked: Mapping[str, Any], ask: ServerAsk
) -> ServerAsk:
    """Return the ask with where the server shall be: ZONE, ZONE:HOST:NODE, or the members for it. Raises Forbidden."""
    zone, host, node = _zone(asked.get("availability_zone"))
    if host is not None or node is not None:
        request.require(target, f"{_CREATE}:forced_host")
        zone = _zone_of_forced(backend, zone, host)
    wished_host, wished_node = asked.get("host"), asked.get("hypervisor_hostname")
    if wished_host is None and wished_node is None:
        is_forced = host is not None or node is not None
        return replace(ask, availability_zone=zone, requested_host=host, requested_node=node, is_host_forced=is_forced)
    request.require(target, "compute:servers:create:requested_destination")
    if host is not None or node is not None:
        raise Invalid(
            "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are "
            "mutually exclusive."
        )
    return replace(ask, availability_zone=zone, requested_host=wished_host, requested_node=wished_node)


def _zone(text: str | None) -> tuple[str | None, str | None, str | None]:
    """Return the zone, the host and the node of `ZONE:HOST:NODE`. Raises Invalid."""
    if text is None:
        return None, None, None
    parts = text.split(":")
    if len(parts) > len(("zone", "host", "node")):
        raise Invalid("Unable to parse availability_zone")
    zone, host, node = (*parts, "", "")[:3]
    return zone or None, host or None, node or None


def _zone_of_forced(backend: Backend, zone: str | None, host: str | None) -> str | None:
    """Return the zone, if the host is in it: a forced host is taken wherever it is."""
    with backend.database.read() as tx:
        return zone if hosts.zones(tx).get(host or "", DEFAULT_ZONE) == zone else None

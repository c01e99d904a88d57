"""Payloads of the original's older format, which it calls unversioned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pileus.compute.model.aggregate import Aggregate
from pileus.compute.model.keypair import KeyPair
from pileus.compute.model.news import END, NounNews, ServerNews, StateBefore
from pileus.compute.model.server import Server
from pileus.compute.model.server_group import ServerGroup
from pileus.compute.notification.events import Event

_VERBS = {
    "add_host": "addhost",
    "remove_host": "removehost",
    "update_metadata": "updatemetadata",
    "update_prop": "updateprop",
    "add_member": "addmember",
}


def of_server(server: Server, *, zone: str | None, image_root: str) -> dict[str, Any]:
    """Return what every payload about a server holds; `zone`: where it is, `image_root`: the image service."""
    image, flavor = server.image, server.flavor
    properties = {} if image is None else image.properties
    return {
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "instance_id": server.id,
        "display_name": server.name,
        "reservation_id": server.reservation_id,
        "hostname": server.hostname,
        "instance_type": flavor.name,
        "instance_type_id": flavor.number,
        "instance_flavor_id": flavor.id,
        "architecture": properties.get("hw_architecture", properties.get("architecture")),
        "memory_mb": flavor.memory_mb,
        "disk_gb": flavor.disk_gb,
        "vcpus": flavor.vcpus,
        "root_gb": flavor.root_gb,
        "ephemeral_gb": flavor.ephemeral_gb,
        "host": server.host,
        "node": server.node,
        "availability_zone": zone,
        "cell_name": "",
        "created_at": f"{server.created_at}+00:00",
        "terminated_at": _moment(server.terminated_at),
        "deleted_at": _moment(server.deleted_at),
        "launched_at": _moment(server.launched_at),
        "image_ref_url": f"{image_root}/images/{'' if image is None else image.id}",
        "os_type": properties.get("os_type"),
        "kernel_id": properties.get("kernel_id", ""),
        "ramdisk_id": properties.get("ramdisk_id", ""),
        "state": server.vm_state,
        "state_description": server.task_state or "",
        "progress": "",
        "access_ip_v4": server.access_ip_v4 or None,
        "access_ip_v6": server.access_ip_v6 or None,
        "image_meta": _image_meta(server),
        "metadata": dict(server.metadata),
    }


def of_news(news: ServerNews, event: Event, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a payload says beside the server; `arguments`: the workflow's."""
    if news.reason is not None:
        return {"exception": news.reason, "message": news.reason, "code": 500}
    if event.versioned == "create" and event.phase == END:
        return {"message": "Success"}
    if event.versioned == "resize_prep" and "flavor" in arguments:
        flavor = arguments["flavor"]
        return {"new_instance_type": flavor["name"], "new_instance_type_id": flavor.get("number")}
    return {}


def of_update(server: Server, before: StateBefore | None, now: datetime) -> dict[str, Any]:
    """Return what a payload says of a change beside the server."""
    renamed = {} if before is None or before.name == server.name else {"old_display_name": before.name}
    return {
        "old_state": server.vm_state if before is None else before.vm_state,
        "state": server.vm_state,
        "old_task_state": server.task_state if before is None else before.task_state,
        "new_task_state": server.task_state,
        **audit_period(now),
        **renamed,
    }


def audit_period(now: datetime) -> dict[str, str]:
    """Return the part of the month that is over: usage is counted by the month."""
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return {"audit_period_beginning": _moment(start), "audit_period_ending": _moment(now)}


def of_noun(news: NounNews, hostname: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the events of news about something else: type, publisher and payload of each; maybe none."""
    noun, verb = news.noun, _VERBS.get(news.verb, news.verb)
    if isinstance(noun, KeyPair):
        keyed = {"tenant_id": None, "user_id": noun.user_id, "key_name": noun.name}
        return [(f"keypair.{verb}.{phase}", f"api.{hostname}", {**keyed, **news.more}) for phase in ("start", "end")]
    if isinstance(noun, Aggregate):
        payload = {"aggregate_id": noun.number, **news.more}
        return [(f"aggregate.{verb}.{phase}", f"aggregate.{noun.number}", payload) for phase in ("start", "end")]
    if isinstance(noun, ServerGroup):
        return [(f"servergroup.{verb}", f"servergroup.{hostname}", {"server_group_id": noun.id, **news.more})]
    return []


def _image_meta(server: Server) -> dict[str, str]:
    image = server.image
    if image is None:
        return {}
    fixed = {
        "base_image_ref": image.id,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": str(image.min_disk_gb),
        "min_ram": str(image.min_ram_mb),
    }
    return {name: str(value) for name, value in image.properties.items()} | fixed


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%f")

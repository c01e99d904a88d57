"""Payloads of the original's newer format: objects that say their name and version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from pileus.compute.model.aggregate import Aggregate
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.host import Service
from pileus.compute.model.keypair import SSH, KeyPair
from pileus.compute.model.news import NounNews, ServerNews
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import Server, instance_name_of
from pileus.compute.model.server_group import ServerGroup
from pileus.compute.notification.events import Event
from pileus.kit.clock import isoformat

Object = dict[str, Any]

_PAYLOAD = {
    "create": ("InstanceCreatePayload", "1.13"),
    "resize_prep": ("InstanceActionResizePrepPayload", "1.4"),
    "rescue": ("InstanceActionRescuePayload", "1.4"),
    "rebuild": ("InstanceActionRebuildPayload", "1.10"),
    "rebuild_scheduled": ("InstanceActionRebuildPayload", "1.10"),
    "snapshot": ("InstanceActionSnapshotPayload", "1.10"),
    "update": ("InstanceUpdatePayload", "2.1"),
    "exists": ("InstanceExistsPayload", "2.1"),
}
_ANY_PAYLOAD = ("InstanceActionPayload", "1.9")
_POWER: Mapping[int, str] = {
    PowerState.NO_STATE: "pending",
    PowerState.RUNNING: "running",
    PowerState.PAUSED: "paused",
    PowerState.SHUTDOWN: "shutdown",
    PowerState.CRASHED: "crashed",
    PowerState.SUSPENDED: "suspended",
}


def of_server(server: Server, news: ServerNews, *, zone: str | None) -> Object:
    """Return the data that every payload about a server holds."""
    image = server.image
    properties = {} if image is None else image.properties
    return {
        "uuid": server.id,
        "user_id": server.user_id,
        "tenant_id": server.project_id,
        "reservation_id": server.reservation_id,
        "display_name": server.name,
        "display_description": server.description,
        "host_name": server.hostname,
        "host": server.host,
        "node": server.node,
        "os_type": properties.get("os_type"),
        "architecture": properties.get("hw_architecture", properties.get("architecture")),
        "availability_zone": zone,
        "flavor": of_flavor(server.flavor),
        "image_uuid": None if image is None else image.id,
        "key_name": server.key_name,
        "kernel_id": properties.get("kernel_id", ""),
        "ramdisk_id": properties.get("ramdisk_id", ""),
        "created_at": _moment(server.created_at),
        "launched_at": _moment(server.launched_at),
        "terminated_at": _moment(server.terminated_at),
        "deleted_at": _moment(server.deleted_at),
        "updated_at": _moment(server.updated_at),
        "state": server.vm_state,
        "power_state": _POWER.get(server.power_state, "pending"),
        "task_state": server.task_state,
        "progress": 0,
        "ip_addresses": [],
        "block_devices": [],
        "metadata": dict(server.metadata),
        "locked": server.locked_by is not None,
        "auto_disk_config": "AUTO" if server.is_disk_config_auto else "MANUAL",
        "request_id": news.request_id,
        "action_initiator_user": news.user_id,
        "action_initiator_project": news.project_id,
        "locked_reason": server.locked_reason,
        "shares": [],
    }


def of_event(
    event: Event, news: ServerNews, server: Server, arguments: Mapping[str, Any], *, zone: str | None
) -> Object:
    """Return the payload of an event about a server; `arguments`: those of the workflow that does it."""
    action = event.versioned
    name, version = _PAYLOAD.get(action, _ANY_PAYLOAD)
    data = of_server(server, news, zone=zone) | {"fault": _fault(news)} | _more(action, server, arguments)
    return _object(name, version, data)


def _more(action: str, server: Server, arguments: Mapping[str, Any]) -> Object:
    if action == "create":
        return {
            "keypairs": _keypairs(server),
            "tags": sorted(server.tags),
            "trusted_image_certificates": _certificates(server),
            "instance_name": instance_name_of(server),
        }
    if action in ("rebuild", "rebuild_scheduled"):
        return {"trusted_image_certificates": _certificates(server)}
    if action == "resize_prep":
        return {
            "new_flavor": of_flavor(msgspec.convert(arguments["flavor"], Flavor)) if "flavor" in arguments else None
        }
    if action == "rescue":
        return {"rescue_image_ref": arguments.get("image_id")}
    return {"snapshot_image_id": arguments.get("image_id")} if action == "snapshot" else {}


def of_update(server: Server, news: ServerNews, plain: Mapping[str, Any], *, zone: str | None) -> Object:
    """Return the payload of a change of a server; `plain`: what the older format says of it."""
    names = ("old_state", "state", "old_task_state", "new_task_state")
    state_update = _object("InstanceStateUpdatePayload", "1.0", {name: plain[name] for name in names})
    data = of_server(server, news, zone=zone) | {
        "state_update": state_update,
        "audit_period": _audit_period(plain),
        "old_display_name": plain.get("old_display_name"),
        "tags": sorted(server.tags),
    }
    return _object(*_PAYLOAD["update"], data)


def of_exists(server: Server, news: ServerNews, plain: Mapping[str, Any], *, zone: str | None) -> Object:
    """Return the payload that says what a server uses; `plain`: what the older format says of it."""
    return _object(*_PAYLOAD["exists"], of_server(server, news, zone=zone) | {"audit_period": _audit_period(plain)})


def _audit_period(plain: Mapping[str, Any]) -> Object:
    period = {name: f"{plain[name][:19]}Z" for name in ("audit_period_beginning", "audit_period_ending")}
    return _object("AuditPeriodPayload", "1.0", period)


def _fault(news: ServerNews) -> Object | None:
    if news.reason is None:
        return None
    data = {
        "module_name": "pileus.compute.workflows",
        "function_name": news.action,
        "exception": "StepFailed",
        "exception_message": news.reason,
        "traceback": "",
    }
    return _object("ExceptionPayload", "1.1", data)


def _keypairs(server: Server) -> list[Object]:
    if server.key_name is None:
        return []
    data = {
        "user_id": server.user_id,
        "name": server.key_name,
        "fingerprint": None,
        "public_key": server.public_key,
        "type": SSH,
    }
    return [_object("KeypairPayload", "1.0", data)]


def _certificates(server: Server) -> list[str] | None:
    return None if server.trusted_certificates is None else list(server.trusted_certificates)


# --- other nouns ----------------------------------------------------------------------------------


def of_noun(news: NounNews, hostname: str) -> list[tuple[str, str, Object]]:
    """Return the events of news about something else than a server: type, publisher and payload of each."""
    for kind, render in _NOUNS.items():
        if isinstance(news.noun, kind):
            return list(render(news, f"nova-api:{hostname}"))
    return []


def _flavors(news: NounNews, publisher: str) -> list[tuple[str, str, Object]]:
    assert isinstance(news.noun, Flavor)
    payload = of_flavor(news.noun, news.more.get("projects"))
    return [(f"flavor.{news.verb}", publisher, payload)]


def _keypair_events(news: NounNews, publisher: str) -> list[tuple[str, str, Object]]:
    noun = news.noun
    assert isinstance(noun, KeyPair)
    data = {name: getattr(noun, name) for name in ("user_id", "name", "fingerprint", "public_key", "type")}
    payload = _object("KeypairPayload", "1.0", data)
    return [(f"keypair.{news.verb}.{phase}", publisher, payload) for phase in ("start", "end")]


def _aggregates(news: NounNews, publisher: str) -> list[tuple[str, str, Object]]:
    noun = news.noun
    assert isinstance(noun, Aggregate)
    data = {
        "id": noun.number,
        "uuid": noun.uuid,
        "name": noun.name,
        "hosts": list(noun.hosts),
        "metadata": dict(noun.metadata),
    }
    payload = _object("AggregatePayload", "1.1", data)
    return [(f"aggregate.{news.verb}.{phase}", publisher, payload) for phase in ("start", "end")]


def _groups(news: NounNews, publisher: str) -> list[tuple[str, str, Object]]:
    noun = news.noun
    assert isinstance(noun, ServerGroup)
    most = noun.max_server_per_host
    data = {
        "uuid": noun.id,
        "name": noun.name,
        "user_id": noun.user_id,
        "project_id": noun.project_id,
        "policies": [noun.policy],
        "members": list(noun.members),
        "hosts": None,
        "policy": noun.policy,
        "rules": {} if most is None else {"max_server_per_host": str(most)},
    }
    return [(f"server_group.{news.verb}", publisher, _object("ServerGroupPayload", "1.1", data))]


def _services(news: NounNews, _publisher: str) -> list[tuple[str, str, Object]]:
    noun = news.noun
    assert isinstance(noun, Service)
    data = {
        "host": noun.host,
        "binary": noun.binary,
        "topic": noun.binary.removeprefix("nova-"),
        "report_count": 0,
        "disabled": noun.is_disabled,
        "disabled_reason": noun.disabled_reason,
        "availability_zone": None,
        "last_seen_up": _moment(noun.last_seen_at),
        "forced_down": noun.is_forced_down,
        "version": 0,
        "uuid": noun.uuid,
    }
    payload = _object("ServiceStatusPayload", "1.1", data)
    return [(f"service.{news.verb}", f"{noun.binary}:{noun.host}", payload)]


_NOUNS: Mapping[type, Callable[[NounNews, str], list[tuple[str, str, Object]]]] = {
    Flavor: _flavors,
    KeyPair: _keypair_events,
    Aggregate: _aggregates,
    ServerGroup: _groups,
    Service: _services,
}


def of_flavor(flavor: Flavor, projects: list[str] | None = None) -> Object:
    """Return a flavor as an object."""
    return _object(
        "FlavorPayload",
        "1.4",
        {
            "flavorid": flavor.id,
            "memory_mb": flavor.memory_mb,
            "vcpus": flavor.vcpus,
            "root_gb": flavor.root_gb,
            "ephemeral_gb": flavor.ephemeral_gb,
            "name": flavor.name,
            "swap": flavor.swap_mb,
            "rxtx_factor": flavor.rxtx_factor,
            "vcpu_weight": 0,
            "disabled": flavor.is_disabled,
            "is_public": flavor.is_public,
            "extra_specs": dict(flavor.extra_specs),
            "projects": projects,
            "description": flavor.description,
        },
    )


def _object(name: str, version: str, data: Object) -> Object:
    return {
        "nova_object.name": name,
        "nova_object.version": version,
        "nova_object.namespace": "nova",
        "nova_object.data": data,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else isoformat(moment)

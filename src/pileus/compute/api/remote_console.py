"""Consoles of guests, as far as there are proxies to them."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.begin import action
from pileus.compute.api.lookup import read_server
from pileus.compute.api.schema import parts
from pileus.compute.backend import Backend
from pileus.compute.model.error.console import ConsoleTypeUnavailable
from pileus.compute.operations import console as operations
from pileus.kit.http.message import Reply, Request
from pileus.kit.schema import DatedSchema, Schema, obj

_PROTOCOLS = ["vnc", "spice", "serial", "rdp"]
_TYPES = ["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5"]


def _body(protocols: list[str], types: list[str]) -> Schema:
    members = {"protocol": {"type": "string", "enum": protocols}, "type": {"type": "string", "enum": types}}
    return Schema(parts.wrapped("remote_console", obj(members, required=["protocol", "type"])))


CREATE = DatedSchema(
    (None, _body(_PROTOCOLS, _TYPES)),
    (v.MKS_CONSOLES, _body([*_PROTOCOLS, "mks"], [*_TYPES, "webmks"])),
    (v.SPICE_DIRECT, _body([*_PROTOCOLS, "mks"], [*_TYPES, "webmks", "spice-direct"])),
)


def create(request: Request, backend: Backend) -> Reply:
    """POST /servers/{server_id}/remote-consoles."""
    asked = request.json()["remote_console"]
    server = read_server(request, backend)
    if asked["protocol"] == "rdp":  # which went with the hypervisor that had it
        raise ConsoleTypeUnavailable(console_type="rdp")
    url = operations.connect(backend, server, asked["type"], asked["protocol"])
    return Reply.json({"remote_console": {**asked, "url": url}})


# --- the actions of old ---------------------------------------------------------------------------


def _opening(protocol: str) -> Any:
    def handle(request: Request, backend: Backend, value: Any) -> Reply:
        server = read_server(request, backend)
        url = operations.connect(backend, server, value["type"], protocol)
        return Reply.json({"console": {"type": value["type"], "url": url}})

    return handle


def _typed(name: str, types: list[str]) -> Schema:
    return Schema(parts.wrapped(name, obj({"type": {"type": "string", "enum": types}}, required=["type"])))


def open_rdp(request: Request, backend: Backend, _value: Any) -> Reply:
    """os-getRDPConsole: it went with the hypervisor that had it."""
    read_server(request, backend)
    raise ConsoleTypeUnavailable(console_type="rdp-html5")


ACTIONS = (
    action("os-getVNCConsole", _opening("vnc"), "os-remote-consoles",
           _typed("os-getVNCConsole", ["novnc", "xvpvnc"]), until=v.REMOTE_CONSOLES),
    action("os-getSPICEConsole", _opening("spice"), "os-remote-consoles",
           _typed("os-getSPICEConsole", ["spice-html5"]), until=v.REMOTE_CONSOLES),
    action("os-getSerialConsole", _opening("serial"), "os-remote-consoles",
           _typed("os-getSerialConsole", ["serial"]), until=v.REMOTE_CONSOLES),
    action("os-getRDPConsole", open_rdp, "os-remote-consoles", Schema({}), until=v.REMOTE_CONSOLES),
)  # fmt: skip

"""Actions that long were about networks. There is no network service, so what they name is never there."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.begin import action, begin
from pileus.compute.api.lookup import read_server
from pileus.compute.api.schema import server_action as body
from pileus.compute.backend import Backend
from pileus.compute.model.error.network import (
    FixedAddressNotOfServer,
    FloatingAddressNotFound,
    NoFixedAddressLeft,
    SecurityGroupNotFound,
)
from pileus.compute.model.server import Server
from pileus.compute.operations.task import Asker, require_may_change
from pileus.kit.db import Transaction
from pileus.kit.errors import Gone
from pileus.kit.http.message import Reply, Request


def add_fixed_ip(request: Request, backend: Backend, value: Any) -> Reply:
    """AddFixedIp."""
    read_server(request, backend)
    raise NoFixedAddressLeft(network=value["networkId"])


def remove_fixed_ip(request: Request, backend: Backend, _value: Any) -> Reply:
    """RemoveFixedIp."""
    raise FixedAddressNotOfServer(server_id=read_server(request, backend).id)


def floating_ip(request: Request, backend: Backend, value: Any) -> Reply:
    """AddFloatingIp and removeFloatingIp."""
    read_server(request, backend)
    raise FloatingAddressNotFound(address=value["address"])


def security_group(request: Request, backend: Backend, value: Any) -> Reply:
    """AddSecurityGroup and removeSecurityGroup."""
    server = read_server(request, backend)
    raise SecurityGroupNotFound(name=value["name"], project_id=server.project_id)


def inject_network_info(request: Request, backend: Backend, _value: Any) -> Reply:
    """injectNetworkInfo: there is nothing to inject."""
    return begin(request, backend, _require_unlocked)


def _require_unlocked(_tx: Transaction, _backend: Backend, server: Server, asker: Asker) -> None:
    require_may_change(server, asker)


def reset_network(_request: Request, _backend: Backend, _value: Any) -> Reply:
    """resetNetwork, which is gone."""
    raise Gone("This resource is no longer available.")


ACTIONS = (
    action("addFixedIp", add_fixed_ip, "os-multinic:add", body.ADD_FIXED_IP, until=v.NO_ADDRESS_ACTIONS),
    action("removeFixedIp", remove_fixed_ip, "os-multinic:remove", body.REMOVE_FIXED_IP, until=v.NO_ADDRESS_ACTIONS),
    action("addFloatingIp", floating_ip, "os-floating-ips:add", body.ADD_FLOATING_IP, until=v.NO_ADDRESS_ACTIONS),
    action("removeFloatingIp", floating_ip, "os-floating-ips:remove", body.REMOVE_FLOATING_IP,
           until=v.NO_ADDRESS_ACTIONS),
    action("addSecurityGroup", security_group, "os-security-groups:add", body.ADD_SECURITY_GROUP),
    action("removeSecurityGroup", security_group, "os-security-groups:remove", body.REMOVE_SECURITY_GROUP),
    action("injectNetworkInfo", inject_network_info, "os-admin-actions:inject_network_info",
           body.plain("injectNetworkInfo")),
    action("resetNetwork", reset_network, "os-admin-actions:inject_network_info", body.plain("resetNetwork")),
)  # fmt: skip

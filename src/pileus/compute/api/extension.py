"""The list of extensions: what was once optional, kept for clients that look whether it is there."""

from __future__ import annotations

from typing import Any

from pileus.compute.backend import Backend
from pileus.kit.errors import NotFound
from pileus.kit.http.message import Reply, Request

UPDATED = "2014-12-03T00:00:00Z"

EXTENSIONS = {
    "extensions": "Extensions",
    "flavors": "Flavors",
    "limits": "Limits",
    "os-admin-actions": "AdminActions",
    "os-aggregates": "Aggregates",
    "os-availability-zone": "AvailabilityZone",
    "os-config-drive": "ConfigDrive",
    "os-console-output": "ConsoleOutput",
    "os-extended-availability-zone": "ExtendedAvailabilityZone",
    "os-extended-server-attributes": "ExtendedServerAttributes",
    "os-extended-status": "ExtendedStatus",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-hypervisors": "Hypervisors",
    "os-instance-actions": "InstanceActions",
    "os-keypairs": "Keypairs",
    "os-multiple-create": "MultipleCreate",
    "os-quota-sets": "Quotas",
    "os-services": "Services",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-user-data": "UserData",
    "server-metadata": "ServerMetadata",
    "servers": "Servers",
    "versions": "Versions",
}


def list_all(_request: Request, _backend: Backend) -> Reply:
    """GET /extensions."""
    return Reply.json({"extensions": [_view(alias) for alias in EXTENSIONS]})


def show(request: Request, _backend: Backend) -> Reply:
    """GET /extensions/{alias}."""
    alias = request.params["alias"]
    if alias not in EXTENSIONS:
        raise NotFound(f"No extension {alias} could be found.")
    return Reply.json({"extension": _view(alias)})


def _view(alias: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "name": EXTENSIONS[alias],
        "description": f"The part of the API that is called {alias}.",
        "links": [],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": UPDATED,
    }

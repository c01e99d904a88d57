"""Resources of other services, and what is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pileus.compute.api import image, proxy
from pileus.compute.api import versions as v
from pileus.compute.api.route.row import row
from pileus.compute.api.schema import image as image_body
from pileus.compute.api.schema import parts
from pileus.compute.backend import Backend
from pileus.kit.http.routes import Route
from pileus.kit.schema import Schema

METADATA = "/images/{image_id}/metadata"

_IMAGES = (
    row("GET", "/images", image.list_brief, "images", until=v.NO_PROXIES),
    row("GET", "/images/detail", image.list_full, "images", until=v.NO_PROXIES),
    row("GET", "/images/{image_id}", image.show, "images", until=v.NO_PROXIES),
    row("DELETE", "/images/{image_id}", image.delete, "images", until=v.NO_PROXIES),
    row("GET", METADATA, image.list_metadata, "images", until=v.NO_IMAGE_METADATA),
    row("POST", METADATA, image.merge_metadata, "images", body=image_body.METADATA, until=v.NO_IMAGE_METADATA),
    row("PUT", METADATA, image.replace_metadata, "images", body=image_body.METADATA, until=v.NO_IMAGE_METADATA),
    row("GET", f"{METADATA}/{{key}}", image.show_metadata_item, "images", until=v.NO_IMAGE_METADATA),
    row("PUT", f"{METADATA}/{{key}}", image.set_metadata_item, "images", body=image_body.META,
        until=v.NO_IMAGE_METADATA),
    row("DELETE", f"{METADATA}/{{key}}", image.delete_metadata_item, "images", until=v.NO_IMAGE_METADATA),
)  # fmt: skip


def _passed(method: str, path: str, handler: proxy.Handler, rule: str) -> Route[Backend]:
    return row(method, path, handler, rule, until=v.NO_PROXIES)


_NETWORK, _VOLUME, _BAREMETAL = proxy.lacking("network"), proxy.lacking("volume"), proxy.lacking("bare metal")
_NETWORKS = proxy.none_of("networks")

_PASSED_ON = (
    _passed("GET", "/os-networks", _NETWORKS, "os-networks:list"),
    _passed("GET", "/os-networks/{id}", proxy.unknown("Network"), "os-networks:show"),
    _passed("GET", "/os-tenant-networks", _NETWORKS, "os-tenant-networks:list"),
    _passed("GET", "/os-tenant-networks/{id}", proxy.unknown("Network"), "os-tenant-networks:show"),
    _passed("GET", "/os-floating-ip-pools", proxy.none_of("floating_ip_pools"), "os-floating-ip-pools"),
    _passed("GET", "/os-floating-ips", proxy.none_of("floating_ips"), "os-floating-ips:list"),
    _passed("POST", "/os-floating-ips", _NETWORK, "os-floating-ips:create"),
    _passed("GET", "/os-floating-ips/{id}", proxy.unknown("Floating IP"), "os-floating-ips:show"),
    _passed("DELETE", "/os-floating-ips/{id}", proxy.unknown("Floating IP"), "os-floating-ips:delete"),
    _passed("GET", "/os-security-groups", proxy.none_of("security_groups"), "os-security-groups:get"),
    _passed("POST", "/os-security-groups", _NETWORK, "os-security-groups:create"),
    _passed("GET", "/os-security-groups/{id}", proxy.unknown_group, "os-security-groups:show"),
    _passed("PUT", "/os-security-groups/{id}", proxy.unknown_group, "os-security-groups:update"),
    _passed("DELETE", "/os-security-groups/{id}", proxy.unknown_group, "os-security-groups:delete"),
    row("POST", "/os-security-group-rules", proxy.refuse_rule, "os-security-groups:rule:create",
        body=Schema(parts.wrapped("security_group_rule", {"type": "object"})), until=v.NO_PROXIES),
    _passed("DELETE", "/os-security-group-rules/{id}", proxy.unknown_group, "os-security-groups:rule:delete"),
    _passed("GET", "/os-volumes", proxy.none_of("volumes"), "os-volumes:list"),
    _passed("GET", "/os-volumes/detail", proxy.none_of("volumes"), "os-volumes:detail"),
    _passed("POST", "/os-volumes", _VOLUME, "os-volumes:create"),
    _passed("GET", "/os-volumes/{id}", proxy.unknown("Volume"), "os-volumes:show"),
    _passed("DELETE", "/os-volumes/{id}", proxy.unknown("Volume"), "os-volumes:delete"),
    _passed("GET", "/os-snapshots", proxy.none_of("snapshots"), "os-volumes:snapshots:list"),
    _passed("GET", "/os-snapshots/detail", proxy.none_of("snapshots"), "os-volumes:snapshots:detail"),
    _passed("POST", "/os-snapshots", _VOLUME, "os-volumes:snapshots:create"),
    _passed("GET", "/os-snapshots/{id}", proxy.unknown("Snapshot"), "os-volumes:snapshots:show"),
    _passed("DELETE", "/os-snapshots/{id}", proxy.unknown("Snapshot"), "os-volumes:snapshots:delete"),
    _passed("GET", "/os-baremetal-nodes", _BAREMETAL, "os-baremetal-nodes:list"),
    _passed("GET", "/os-baremetal-nodes/{id}", _BAREMETAL, "os-baremetal-nodes:show"),
    _passed("POST", "/os-baremetal-nodes", proxy.without_ironic("node-create"), "gone"),
    _passed("DELETE", "/os-baremetal-nodes/{id}", proxy.without_ironic("node-delete"), "gone"),
    _passed("POST", "/os-baremetal-nodes/{id}/action", proxy.act_on_baremetal, "gone"),
)  # fmt: skip

_GONE: dict[str, Sequence[str]] = {
    "/os-agents": ("GET", "POST"),
    "/os-agents/{id}": ("PUT", "DELETE"),
    "/os-cells": ("GET", "POST"),
    "/os-cells/capacities": ("GET",),
    "/os-cells/detail": ("GET",),
    "/os-cells/info": ("GET",),
    "/os-cells/sync_instances": ("POST",),
    "/os-cells/{id}": ("GET", "PUT", "DELETE"),
    "/os-cells/{id}/capacities": ("GET",),
    "/os-certificates": ("POST",),
    "/os-certificates/{id}": ("GET",),
    "/os-cloudpipe": ("GET", "POST"),
    "/os-cloudpipe/{id}": ("PUT",),
    "/os-fixed-ips/{id}": ("GET",),
    "/os-fixed-ips/{id}/action": ("POST",),
    "/os-floating-ip-dns": ("GET",),
    "/os-floating-ip-dns/{id}": ("PUT", "DELETE"),
    "/os-floating-ip-dns/{domain_id}/entries/{id}": ("GET", "PUT", "DELETE"),
    "/os-floating-ips-bulk": ("GET", "POST"),
    "/os-floating-ips-bulk/{id}": ("GET", "PUT"),
    "/os-fping": ("GET",),
    "/os-fping/{id}": ("GET",),
    "/os-networks": ("POST",),
    "/os-networks/add": ("POST",),
    "/os-networks/{id}": ("DELETE",),
    "/os-networks/{id}/action": ("POST",),
    "/os-security-group-default-rules": ("GET", "POST"),
    "/os-security-group-default-rules/{id}": ("GET", "DELETE"),
    "/os-tenant-networks": ("POST",),
    "/os-tenant-networks/{id}": ("DELETE",),
    "/servers/{id}/consoles": ("GET", "POST"),
    "/servers/{id}/consoles/{console_id}": ("GET", "DELETE"),
    "/servers/{id}/os-virtual-interfaces": ("GET",),
}


def _gone() -> Iterator[Route[Backend]]:
    for path, methods in _GONE.items():
        for method in methods:
            yield row(method, path, proxy.gone, "gone")


ROWS: tuple[Route[Backend], ...] = (*_IMAGES, *_PASSED_ON, *_gone())

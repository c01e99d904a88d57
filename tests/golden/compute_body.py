"""A body for each route and action of compute that takes one, and how it grew."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.kit.versions import Change, Version
from tests.compute.cloud import IMAGE_ID

SOMETHING = "0f6c1b9e-5a0f-4f5e-9a53-0c5f8f6b7d21"
"""The id of a volume, a port, a share, or of whatever else belongs to another service."""

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDXrWWYeJ3gZB6k2P1a9e3x0v0P5V8l9oY8QbJ0kq3Zt someone"
SERVER, MIGRATION = "POST /servers/{server_id}/action", "POST /servers/{server_id}/migrations/{migration_id}/action"
FLAVOR, AGGREGATE = "POST /flavors/{flavor_id}/action", "POST /os-aggregates/{aggregate_id}/action"

_FLAVOR = {"name": "f-UUID", "ram": 512, "vcpus": 1, "disk": 1}
_NEW = {"name": "web", "imageRef": IMAGE_ID, "flavorRef": "1", "metadata": {"role": "web"}}
_SERVICE = {"host": "h1", "binary": "nova-compute"}
_LIVE = {"host": None, "block_migration": False}
_SPECS = {"hw:cpu_policy": "shared"}
_EVENT = {"name": "network-changed", "server_uuid": SOMETHING}
_SNAPSHOT = {"volume_id": SOMETHING, "create_info": {"snapshot_id": SOMETHING, "type": "qcow2", "new_file": "new"}}

DATED: dict[str, tuple[tuple[Change | None, Any], ...]] = {
    "POST /servers": (
        (None, {"server": _NEW}),
        (v.NETWORKS_REQUIRED, {"server": {**_NEW, "networks": "none"}}),
    ),
    "POST /os-keypairs": (
        (None, {"keypair": {"name": "k-UUID", "public_key": PUBLIC_KEY}}),
        (v.KEYPAIR_TYPES, {"keypair": {"name": "k-UUID", "public_key": PUBLIC_KEY, "type": "ssh"}}),
    ),
    "POST /os-server-groups": (
        (None, {"server_group": {"name": "g", "policies": ["anti-affinity"]}}),
        (v.SERVER_GROUP_RULES, {
            "server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}},
        }),
    ),
    f"{SERVER} os-migrateLive": (
        (None, {"os-migrateLive": {**_LIVE, "disk_over_commit": False}}),
        (v.AUTO_BLOCK_MIGRATION, {"os-migrateLive": {**_LIVE, "block_migration": "auto"}}),
    ),
    f"{SERVER} evacuate": (
        (None, {"evacuate": {"onSharedStorage": False, "adminPass": "secret"}}),
        (v.EVACUATE_FINDS_STORAGE, {"evacuate": {}}),
    ),
    f"{SERVER} unshelve": (
        (None, {"unshelve": None}),
        (v.UNSHELVE_ZONE, {"unshelve": {"availability_zone": "nova"}}),
    ),
    "PUT /os-quota-class-sets/{class_name}": (
        (None, {"quota_class_set": {"cores": 30}}),
        (v.QUOTA_CLASS_GROUPS, {"quota_class_set": {"cores": 30, "server_groups": 12}}),
    ),
}  # fmt: skip
"""Of what needs another body at another time."""

SAME: dict[str, Any] = {
    "PUT /servers/{server_id}": {"server": {"name": "renamed"}},
    "POST /servers/{server_id}/metadata": {"metadata": {"role": "database"}},
    "PUT /servers/{server_id}/metadata": {"metadata": {"role": "database"}},
    "PUT /servers/{server_id}/metadata/{key}": {"meta": {"role": "database"}},
    "PUT /servers/{server_id}/tags": {"tags": ["blue", "red"]},
    "POST /servers/{server_id}/remote-consoles": {"remote_console": {"protocol": "vnc", "type": "novnc"}},
    "POST /servers/{server_id}/os-interface": {"interfaceAttachment": {"net_id": SOMETHING}},
    "POST /servers/{server_id}/os-volume_attachments": {"volumeAttachment": {"volumeId": SOMETHING}},
    "PUT /servers/{server_id}/os-volume_attachments/{volume_id}": {"volumeAttachment": {"volumeId": SOMETHING}},
    "POST /servers/{server_id}/shares": {"share": {"share_id": SOMETHING}},
    "POST /os-server-external-events": {"events": [_EVENT]},
    "POST /os-assisted-volume-snapshots": {"snapshot": _SNAPSHOT},
    "POST /flavors": {"flavor": _FLAVOR},
    "PUT /flavors/{flavor_id}": {"flavor": {"description": "small"}},
    "POST /flavors/{flavor_id}/os-extra_specs": {"extra_specs": _SPECS},
    "PUT /flavors/{flavor_id}/os-extra_specs/{key}": _SPECS,
    "PUT /os-quota-sets/{project_id}": {"quota_set": {"cores": 30}},
    "PUT /os-services/enable": _SERVICE,
    "PUT /os-services/disable": _SERVICE,
    "PUT /os-services/disable-log-reason": {**_SERVICE, "disabled_reason": "a new disk"},
    "PUT /os-services/force-down": {**_SERVICE, "forced_down": True},
    "PUT /os-services/{service_id}": {"status": "disabled", "disabled_reason": "a new disk"},
    "PUT /os-hosts/{host_name}": {"status": "disable"},
    "POST /os-aggregates": {"aggregate": {"name": "fast-UUID", "availability_zone": "east"}},
    "PUT /os-aggregates/{aggregate_id}": {"aggregate": {"name": "faster-UUID"}},
    "POST /os-aggregates/{aggregate_id}/images": {"cache": [{"id": IMAGE_ID}]},
    "POST /images/{image_id}/metadata": {"metadata": {"os": "linux"}},
    "PUT /images/{image_id}/metadata": {"metadata": {"os": "linux"}},
    "PUT /images/{image_id}/metadata/{key}": {"meta": {"role": "linux"}},
    "POST /os-security-group-rules": {"security_group_rule": {"parent_group_id": SOMETHING}},
    f"{SERVER} reboot": {"reboot": {"type": "SOFT"}},
    f"{SERVER} changePassword": {"changePassword": {"adminPass": "secret"}},
    f"{SERVER} os-resetState": {"os-resetState": {"state": "active"}},
    f"{SERVER} resize": {"resize": {"flavorRef": "2"}},
    f"{SERVER} rebuild": {"rebuild": {"imageRef": IMAGE_ID, "name": "web"}},
    f"{SERVER} createImage": {"createImage": {"name": "snapshot", "metadata": {"of": "web"}}},
    f"{SERVER} createBackup": {"createBackup": {"name": "backup", "backup_type": "daily", "rotation": 2}},
    f"{SERVER} addFixedIp": {"addFixedIp": {"networkId": SOMETHING}},
    f"{SERVER} removeFixedIp": {"removeFixedIp": {"address": "192.0.2.5"}},
    f"{SERVER} addFloatingIp": {"addFloatingIp": {"address": "198.51.100.5"}},
    f"{SERVER} removeFloatingIp": {"removeFloatingIp": {"address": "198.51.100.5"}},
    f"{SERVER} addSecurityGroup": {"addSecurityGroup": {"name": "web"}},
    f"{SERVER} removeSecurityGroup": {"removeSecurityGroup": {"name": "web"}},
    f"{SERVER} os-getConsoleOutput": {"os-getConsoleOutput": {"length": 2}},
    f"{SERVER} os-getVNCConsole": {"os-getVNCConsole": {"type": "novnc"}},
    f"{SERVER} os-getSPICEConsole": {"os-getSPICEConsole": {"type": "spice-html5"}},
    f"{SERVER} os-getSerialConsole": {"os-getSerialConsole": {"type": "serial"}},
    f"{SERVER} os-getRDPConsole": {"os-getRDPConsole": {"type": "rdp-html5"}},
    f"{FLAVOR} addTenantAccess": {"addTenantAccess": {"tenant": "p-third"}},
    f"{FLAVOR} removeTenantAccess": {"removeTenantAccess": {"tenant": "p-other"}},
    f"{AGGREGATE} add_host": {"add_host": {"host": "h1"}},
    f"{AGGREGATE} remove_host": {"remove_host": {"host": "h1"}},
    f"{AGGREGATE} set_metadata": {"set_metadata": {"metadata": {"ssd": "true"}}},
}
"""Of what has always taken it."""


def body_of(title: str, version: Version) -> Any:
    """Return the body of a route or action at a version. One that is named here nowhere has none, or takes null.

    `UUID` in it stands for another one each time, where a name may be taken once.
    """
    title = title.replace("/os-volumes_boot", "/servers", 1)
    body = SAME.get(title)
    for change, dated in DATED.get(title, ()):
        if change is None or version >= change.version:
            body = dated
    if body is None and title.startswith((SERVER, MIGRATION)):
        return {title.rpartition(" ")[2]: None}
    return body

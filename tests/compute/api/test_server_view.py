"""Servers as each version shows them, and how lists of them are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pileus.compute.db import server as servers
from pileus.compute.db import service as services
from pileus.compute.model.host import COMPUTE_BINARY, Service
from pileus.kit import ids
from tests.compute.cloud import ADMIN, IMAGE_ID, Cloud, message_of
from tests.kit.clock import START


def _shown(cloud: Cloud, server_id: str, version: str = "", who: str = "member") -> dict[str, Any]:
    return dict(cloud.get(f"/servers/{server_id}", version=version, who=who)["server"])


@pytest.mark.parametrize(
    ("version", "member"),
    [
        ("2.9", "locked"), ("2.19", "description"), ("2.26", "tags"), ("2.63", "trusted_image_certificates"),
        ("2.71", "server_groups"), ("2.73", "locked_reason"), ("2.90", "OS-EXT-SRV-ATTR:hostname"),
        ("2.96", "pinned_availability_zone"), ("2.100", "scheduler_hints"),
    ],
)  # fmt: skip
def test_a_member_of_a_server_came_with_a_version(cloud: Cloud, version: str, member: str) -> None:
    server_id, (major, minor) = cloud.active_server(), version.split(".")
    assert member in _shown(cloud, server_id, version)
    assert member not in _shown(cloud, server_id, f"{major}.{int(minor) - 1}")
    (row,) = cloud.get("/servers/detail", version=version)["servers"]
    assert (member in row) is (member != "server_groups"), "groups are shown of one server only"


def test_the_flavor_is_a_link_and_then_itself(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    assert _shown(cloud, server_id, "2.46")["flavor"]["id"] == "1"
    flavor = _shown(cloud, server_id, "2.47")["flavor"]
    assert flavor == {
        "original_name": "m1.tiny", "vcpus": 1, "ram": 512, "disk": 1, "ephemeral": 0, "swap": 0, "extra_specs": {},
    }  # fmt: skip


def test_the_image_shows_the_properties_that_mean_something(cloud: Cloud) -> None:
    cloud.images.documents[IMAGE_ID] |= {"hw_disk_bus": "virtio", "my_own": "x"}
    server_id = cloud.active_server()
    assert "properties" not in _shown(cloud, server_id, "2.97")["image"]
    properties = _shown(cloud, server_id, "2.98")["image"]["properties"]
    assert properties == {"hw_disk_bus": "virtio", "os_distro": "cirros"}


def test_hints_are_shown_as_lists(cloud: Cloud) -> None:
    body = {
        "server": {"name": "vm", "imageRef": IMAGE_ID, "flavorRef": "1", "availability_zone": "nova"},
        "os:scheduler_hints": {"query": "[]", "same_host": [IMAGE_ID]},
    }
    server_id = cloud.ask("POST", "/servers", body).decoded()["server"]["id"]
    shown = _shown(cloud, server_id, "2.100")
    assert shown["scheduler_hints"] == {"query": ["[]"], "same_host": [IMAGE_ID]}
    assert shown["pinned_availability_zone"] == "nova"


def _set(cloud: Cloud, service: Service, **values: bool) -> None:
    cloud.database.write(lambda tx: services.update(tx, service, cloud.clock.now(), **values))


def test_administrators_see_how_a_server_was_made_and_how_its_host_is(cloud: Cloud) -> None:
    cloud.new_host()
    server_id = cloud.active_server()
    shown = _shown(cloud, server_id, "2.16", ADMIN)
    assert shown["OS-EXT-SRV-ATTR:root_device_name"] == "/dev/vda"
    for device, count in (("/dev/vda", 1), ("vda", 0)):
        listed = cloud.get(f"/servers?root_device_name={device}&all_tenants=1", version="2.3", who=ADMIN)["servers"]
        assert len(listed) == count
    assert shown["OS-EXT-SRV-ATTR:launch_index"] == 0
    assert shown["host_status"] == "UP"
    assert "host_status" not in _shown(cloud, server_id, "2.16")
    with cloud.database.read() as tx:
        service = services.get_on(tx, "h1", COMPUTE_BINARY)
    for values, status in (({"is_disabled": True}, "MAINTENANCE"), ({"is_forced_down": True}, "DOWN")):
        _set(cloud, service, **values)
        assert _shown(cloud, server_id, "2.16", ADMIN)["host_status"] == status
    _set(cloud, service, is_disabled=False, is_forced_down=False)
    cloud.clock.sleep(3600)
    (row,) = cloud.get("/servers/detail?all_tenants=1", version="2.16", who=ADMIN)["servers"]
    assert row["host_status"] == "UNKNOWN"


# --- update ---------------------------------------------------------------------------------------


def _update(cloud: Cloud, server_id: str, version: str, **values: Any) -> Any:
    return cloud.ask("PUT", f"/servers/{server_id}", {"server": values}, version=version)


def test_an_update_long_showed_less(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    old = _update(cloud, server_id, "2.74", description="mine", accessIPv6="::babe:220.12.22.2").decoded()["server"]
    assert (old["description"], old["accessIPv6"], old["server_groups"]) == ("mine", "::babe:dc0c:1602", [])
    assert "key_name" not in old
    new = _update(cloud, server_id, "2.75", description=None).decoded()["server"]
    assert (new["description"], "key_name" in new, "OS-EXT-STS:vm_state" in new) == (None, True, True)
    assert _update(cloud, server_id, "2.18", description="x").status == 400
    assert _update(cloud, server_id, "2.90", hostname="a.b").status == 400
    assert _update(cloud, server_id, "2.94", hostname="a.b").decoded()["server"]["OS-EXT-SRV-ATTR:hostname"] == "a.b"


def test_a_server_is_pinned_to_the_zone_that_it_is_in(cloud: Cloud) -> None:
    cloud.new_host()
    server_id = cloud.active_server()
    elsewhere = _update(cloud, server_id, "2.104", pinned_availability_zone="mars")
    assert (elsewhere.status, "current availability zone 'nova'" in message_of(elsewhere)) == (409, True)
    pinned = _update(cloud, server_id, "2.104", pinned_availability_zone="nova").decoded()["server"]
    assert pinned["pinned_availability_zone"] == "nova"
    assert _update(cloud, server_id, "2.104", pinned_availability_zone="mars").status == 409
    unpinned = _update(cloud, server_id, "2.104", pinned_availability_zone=None).decoded()["server"]
    assert unpinned["pinned_availability_zone"] is None
    assert _update(cloud, server_id, "2.103", pinned_availability_zone="nova").status == 400


# --- lists ----------------------------------------------------------------------------------------


def _listed(cloud: Cloud, query: str, version: str = "", who: str = "member") -> list[str]:
    return [server["name"] for server in cloud.get(f"/servers?{query}", version=version, who=who)["servers"]]


def test_an_unknown_status_is_nothing_and_then_refused(cloud: Cloud) -> None:
    cloud.active_server()
    assert _listed(cloud, "status=strange") == []
    assert cloud.ask("GET", "/servers?status=strange", version="2.38").status == 400


def test_servers_are_listed_by_when_they_changed(cloud: Cloud) -> None:
    cloud.active_server("old")
    cloud.clock.sleep(100)
    cloud.active_server("new")
    assert _listed(cloud, "changes-since=2026-01-01T12:01:00Z") == ["new"]
    assert _listed(cloud, "changes-before=2026-01-01T12:01:00Z", "2.66") == ["old"]
    assert _listed(cloud, "changes-before=2026-01-01T12:01:00Z", "2.65") == ["new", "old"]
    both = "changes-since=2026-01-02T00:00:00Z&changes-before=2026-01-01T00:00:00Z"
    assert cloud.ask("GET", f"/servers?{both}", version="2.66").status == 400


def test_servers_are_listed_and_sorted_by_their_lock(cloud: Cloud) -> None:
    cloud.active_server("free")
    locked = cloud.active_server("locked")
    cloud.database.write(lambda tx: servers.update(tx, locked, START, locked_by="owner", locked_reason="mine"))
    assert _listed(cloud, "locked=true", "2.73") == ["locked"]
    assert _listed(cloud, "locked=false", "2.73") == ["free"]
    assert _listed(cloud, "locked=true", "2.72") == ["locked", "free"]
    assert _listed(cloud, "sort_key=locked&sort_dir=asc", "2.73") == ["free", "locked"]
    assert _shown(cloud, locked, "2.73")["locked_reason"] == "mine"


def test_more_filters_are_for_everybody_from_a_version_on(cloud: Cloud) -> None:
    cloud.active_server("web-1")
    cloud.new_server("db")
    for query in (
        "power_state=1",
        "vm_state=active",
        "launched_at=2026-01-01T12:00:00Z",
        "user_id=u-member&vm_state=active",
    ):
        assert _listed(cloud, query, "2.82") == ["db", "web-1"], query
        assert _listed(cloud, query, "2.83") == ["web-1"], query
        assert _listed(cloud, f"all_tenants=1&{query}", who=ADMIN) == ["web-1"], query
    assert _listed(cloud, "hostname=^web-[0-9]$", "2.90") == ["web-1"]
    assert _listed(cloud, "progress=50", "2.83") == []
    assert _listed(cloud, "config_drive=True", "2.83") == ["db", "web-1"]


def test_what_a_list_does_not_know_is_passed_over_and_then_refused(cloud: Cloud) -> None:
    cloud.active_server()
    assert len(_listed(cloud, "colour=red", "2.74")) == 1
    assert cloud.ask("GET", "/servers?colour=red", version="2.75").status == 400
    assert len(_listed(cloud, "sort_key=vcpus", "2.74")) == 1
    assert cloud.ask("GET", "/servers?sort_key=vcpus", version="2.75").status == 400
    refused = cloud.ask("GET", "/servers?metadata=x", who=ADMIN)
    assert (refused.status, message_of(refused)) == (400, "Invalid filter field: metadata.")
    hidden = cloud.ask("GET", "/servers?sort_key=host")
    assert (hidden.status, message_of(hidden)) == (403, "Only administrators can sort servers by host")


def test_a_pattern_that_like_cannot_say_pages_as_well(cloud: Cloud) -> None:
    with cloud.database.read() as tx:
        one = servers.get(tx, cloud.active_server("first"))
    for index in range(12):
        copy = replace(one, id=ids.new_uuid(), name=f"vm-{index}")
        cloud.database.write(servers.add, copy)
    query = "name=^vm-[0-9]%2B$&sort_key=display_name&sort_dir=asc&limit=5"
    page = cloud.get(f"/servers?{query}")
    names = [server["name"] for server in page["servers"]]
    assert names == ["vm-0", "vm-1", "vm-10", "vm-11", "vm-2"]
    marker = page["servers"][-1]["id"]
    assert _listed(cloud, f"{query}&marker={marker}") == ["vm-3", "vm-4", "vm-5", "vm-6", "vm-7"]

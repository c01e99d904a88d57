from __future__ import annotations

from pileus.compute.db import host as hosts
from tests.compute.cloud import ADMIN, Cloud


def test_a_hypervisor_shows_what_is_used_of_it(cloud: Cloud) -> None:
    cloud.new_host()
    cloud.active_server()
    (brief,) = cloud.get("/os-hypervisors", who=ADMIN)["hypervisors"]
    assert brief == {"id": 1, "hypervisor_hostname": "h1.example", "state": "up", "status": "enabled"}
    (full,) = cloud.get("/os-hypervisors/detail", who=ADMIN)["hypervisors"]
    assert (full["vcpus_used"], full["memory_mb_used"], full["running_vms"]) == (1, 1024, 1)
    assert full["cpu_info"] == '{"model":"host"}'
    assert cloud.get("/os-hypervisors/1", who=ADMIN)["hypervisor"] == full
    assert cloud.get("/os-hypervisors/1/uptime", who=ADMIN)["hypervisor"]["uptime"] == "up 3 days"
    assert cloud.get("/os-hypervisors/statistics", who=ADMIN)["hypervisor_statistics"]["vcpus"] == 8
    assert cloud.get("/os-hypervisors/h1/search", who=ADMIN)["hypervisors"] == [brief]
    assert cloud.get("/os-hypervisors/h1/servers", who=ADMIN)["hypervisors"][0]["servers"][0]["name"]
    assert cloud.ask("GET", "/os-hypervisors/9", who=ADMIN).status == 404
    assert cloud.ask("GET", "/os-hypervisors").status == 403


def test_a_silent_host_is_down(cloud: Cloud) -> None:
    cloud.new_host()
    cloud.clock.sleep(61)
    assert cloud.get("/os-hypervisors", who=ADMIN)["hypervisors"][0]["state"] == "down"
    assert cloud.get("/os-services", who=ADMIN)["services"][0]["state"] == "down"


def test_a_service_is_disabled_and_enabled(cloud: Cloud) -> None:
    cloud.new_host()
    which = {"host": "h1", "binary": "nova-compute"}
    path = "/os-services/disable-log-reason"
    assert cloud.ask("PUT", path, {**which, "disabled_reason": "dust"}, who=ADMIN).decoded() == {
        "service": {**which, "status": "disabled", "disabled_reason": "dust"}
    }
    (service,) = cloud.get("/os-services?host=h1", who=ADMIN)["services"]
    assert (service["status"], service["disabled_reason"], service["zone"]) == ("disabled", "dust", "nova")
    assert cloud.ask("PUT", "/os-services/enable", which, who=ADMIN).decoded()["service"]["status"] == "enabled"
    assert cloud.ask("PUT", "/os-services/enable", {**which, "host": "h9"}, who=ADMIN).status == 404


def test_a_service_goes_only_without_servers(cloud: Cloud) -> None:
    cloud.new_host()
    cloud.active_server()
    assert cloud.ask("DELETE", "/os-services/1", who=ADMIN).status == 409
    cloud.new_host("h2")
    with cloud.database.read() as tx:
        provider = hosts.get(tx, "h2").uuid
    assert cloud.ask("DELETE", "/os-services/2", who=ADMIN).status == 204
    assert len(cloud.get("/os-hypervisors", who=ADMIN)["hypervisors"]) == 1
    assert cloud.rooms.forgotten == [provider]


def test_a_service_stays_while_somebody_holds_a_part_of_its_host(cloud: Cloud) -> None:
    cloud.new_host()
    with cloud.database.read() as tx:
        cloud.rooms.used.add(hosts.get(tx, "h1").uuid)
    assert cloud.ask("DELETE", "/os-services/1", who=ADMIN).status == 409
    assert len(cloud.get("/os-hypervisors", who=ADMIN)["hypervisors"]) == 1


def test_aggregates_make_zones(cloud: Cloud) -> None:
    cloud.new_host()
    assert cloud.get("/os-availability-zone")["availabilityZoneInfo"][0]["zoneName"] == "nova"
    made = cloud.ask("POST", "/os-aggregates", {"aggregate": {"name": "a", "availability_zone": "east"}}, who=ADMIN)
    number = made.decoded()["aggregate"]["id"]
    put = cloud.ask("POST", f"/os-aggregates/{number}/action", {"add_host": {"host": "h1"}}, who=ADMIN)
    assert put.decoded()["aggregate"]["hosts"] == ["h1"]
    assert cloud.get("/os-availability-zone")["availabilityZoneInfo"][0]["zoneName"] == "east"
    server_id = cloud.active_server()
    assert cloud.get(f"/servers/{server_id}")["server"]["OS-EXT-AZ:availability_zone"] == "east"
    assert cloud.get("/os-availability-zone/detail", who=ADMIN)["availabilityZoneInfo"][0]["hosts"]["h1"]
    assert cloud.ask("DELETE", f"/os-aggregates/{number}", who=ADMIN).status == 409
    assert cloud.get("/os-aggregates", who=ADMIN)["aggregates"][0]["metadata"] == {"availability_zone": "east"}
    assert cloud.ask("POST", f"/os-aggregates/{number}/action", {"add_host": {"host": "h1"}}).status == 403

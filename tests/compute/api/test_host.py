from __future__ import annotations

from datetime import timedelta

from pileus.compute.db import console_token
from pileus.compute.db import host as hosts
from pileus.compute.model.console import Console
from tests.compute.cloud import ADMIN, IMAGE_ID, Cloud, message_of


def test_a_hypervisor_shows_what_is_used_of_it(cloud: Cloud) -> None:
    cloud.new_host()
    cloud.active_server()
    (brief,) = cloud.get("/os-hypervisors", who=ADMIN)["hypervisors"]
    assert brief == {"id": 1, "hypervisor_hostname": "h1.example", "state": "up", "status": "enabled"}
    (full,) = cloud.get("/os-hypervisors/detail", who=ADMIN)["hypervisors"]
    assert (full["vcpus_used"], full["memory_mb_used"], full["running_vms"]) == (1, 1024, 1)
    assert (full["cpu_info"], full["host_ip"]) == ('{"model":"host"}', "192.0.2.11")
    assert cloud.get("/os-hypervisors/1", who=ADMIN)["hypervisor"] == full
    assert cloud.get("/os-hypervisors/1/uptime", who=ADMIN)["hypervisor"]["uptime"] == "up 3 days"
    assert cloud.get("/os-hypervisors/statistics", who=ADMIN)["hypervisor_statistics"]["vcpus"] == 8
    assert cloud.get("/os-hypervisors/h1/search", who=ADMIN)["hypervisors"] == [brief]
    assert cloud.get("/os-hypervisors/h1/servers", who=ADMIN)["hypervisors"][0]["servers"][0]["name"]
    assert cloud.ask("GET", "/os-hypervisors/9", who=ADMIN).status == 404
    assert cloud.ask("GET", "/os-hypervisors").status == 403


def test_a_hypervisor_shows_to_how_many_servers_something_is_being_done(cloud: Cloud) -> None:
    cloud.new_host()
    server_id, _ = cloud.active_server(), cloud.active_server()
    assert cloud.get("/os-hypervisors/1", who=ADMIN)["hypervisor"]["current_workload"] == 0
    assert cloud.ask("POST", f"/servers/{server_id}/action", {"os-stop": None}).status == 202
    assert cloud.get("/os-hypervisors/1", who=ADMIN)["hypervisor"]["current_workload"] == 1


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
    assert cloud.ask("DELETE", f"/os-aggregates/{number}", who=ADMIN).status == 400
    assert cloud.get("/os-aggregates", who=ADMIN)["aggregates"][0]["metadata"] == {"availability_zone": "east"}
    assert cloud.ask("POST", f"/os-aggregates/{number}/action", {"add_host": {"host": "h1"}}).status == 403


# --- later versions -------------------------------------------------------------------------------


def test_hypervisors_are_named_by_uuid_and_searched_by_parameters(cloud: Cloud) -> None:
    cloud.new_host()
    cloud.active_server()
    (brief,) = cloud.get("/os-hypervisors", who=ADMIN, version="2.53")["hypervisors"]
    assert len(brief["id"]) == 36
    path = f"/os-hypervisors/{brief['id']}"
    shown = cloud.get(f"{path}?with_servers=true", who=ADMIN, version="2.53")["hypervisor"]
    assert (len(shown["servers"]), len(shown["service"]["id"]), shown["cpu_info"]) == (1, 36, {"model": "host"})
    assert "servers" not in cloud.get(path, who=ADMIN, version="2.53")["hypervisor"]
    found = cloud.get("/os-hypervisors?hypervisor_hostname_pattern=h1", who=ADMIN, version="2.53")
    assert found["hypervisors"] == [brief]
    for query in ("hypervisor_hostname_pattern=h1&limit=1", "hypervisor_hostname_pattern=%2F", "colour=red"):
        assert cloud.ask("GET", f"/os-hypervisors?{query}", who=ADMIN, version="2.53").status == 400, query
    assert cloud.ask("GET", "/os-hypervisors?hypervisor_hostname_pattern=h9", who=ADMIN, version="2.53").status == 404
    assert message_of(cloud.ask("GET", "/os-hypervisors/1", who=ADMIN, version="2.53")) == "Invalid uuid 1"
    assert cloud.ask("GET", "/os-hypervisors/h1/search", who=ADMIN, version="2.53").status == 404


def test_hypervisors_come_in_pages(cloud: Cloud) -> None:
    for name in ("h1", "h2", "h3"):
        cloud.new_host(name)
    page = cloud.get("/os-hypervisors?limit=2", who=ADMIN, version="2.33")
    assert [row["id"] for row in page["hypervisors"]] == [1, 2]
    assert page["hypervisors_links"][0]["href"].endswith("limit=2&marker=2")
    rest = cloud.get("/os-hypervisors?limit=2&marker=2", who=ADMIN, version="2.33")
    assert ([row["id"] for row in rest["hypervisors"]], "hypervisors_links" in rest) == ([3], False)
    assert cloud.ask("GET", "/os-hypervisors?marker=9", who=ADMIN, version="2.33").status == 400
    assert len(cloud.get("/os-hypervisors?limit=2", who=ADMIN)["hypervisors"]) == 3


def test_a_hypervisor_says_its_uptime_and_no_figures_in_the_end(cloud: Cloud) -> None:
    cloud.new_host()
    (last,) = cloud.get("/os-hypervisors/detail", who=ADMIN, version="2.88")["hypervisors"]
    assert (last["uptime"], "vcpus" in last, "cpu_info" in last) == ("up 3 days", False, False)
    assert cloud.ask("GET", f"/os-hypervisors/{last['id']}/uptime", who=ADMIN, version="2.88").status == 404
    assert cloud.ask("GET", "/os-hypervisors/statistics", who=ADMIN, version="2.88").status == 404
    assert cloud.get("/os-hypervisors?with_servers=1", who=ADMIN, version="2.75")["hypervisors"][0]["servers"] == []
    cloud.clock.sleep(61)
    assert cloud.get("/os-hypervisors/detail", who=ADMIN, version="2.88")["hypervisors"][0]["uptime"] is None
    assert cloud.ask("GET", "/os-hypervisors/1/uptime", who=ADMIN).status == 400


def test_a_service_is_forced_down_and_comes_up_again(cloud: Cloud) -> None:
    cloud.new_host()
    body = {"host": "h1", "binary": "nova-compute", "forced_down": True}
    assert cloud.ask("PUT", "/os-services/force-down", body, who=ADMIN).status == 404
    assert cloud.ask("PUT", "/os-services/force-down", body, who=ADMIN, version="2.11").decoded()["service"] == body
    (service,) = cloud.get("/os-services", who=ADMIN, version="2.11")["services"]
    assert (service["state"], service["forced_down"], service["id"]) == ("down", True, 1)
    path = f"/os-services/{cloud.get('/os-services', who=ADMIN, version='2.53')['services'][0]['id']}"
    changed = cloud.ask("PUT", path, {"forced_down": False}, who=ADMIN, version="2.53").decoded()["service"]
    assert (changed["state"], changed["forced_down"]) == ("up", False)


def test_a_service_is_changed_by_its_uuid(cloud: Cloud) -> None:
    cloud.new_host()
    (service,) = cloud.get("/os-services", who=ADMIN, version="2.53")["services"]
    path = f"/os-services/{service['id']}"
    off = {"status": "disabled", "disabled_reason": "dust"}
    changed = cloud.ask("PUT", path, off, who=ADMIN, version="2.53").decoded()["service"]
    assert (changed["status"], changed["disabled_reason"]) == ("disabled", "dust")
    on = {"status": "enabled", "disabled_reason": "clean"}
    assert cloud.ask("PUT", path, on, who=ADMIN, version="2.53").status == 400
    assert cloud.ask("PUT", path, {}, who=ADMIN, version="2.53").status == 400
    assert cloud.ask("PUT", path, {"status": "enabled"}, version="2.53").status == 403
    assert cloud.ask("PUT", "/os-services/enable", {"status": "enabled"}, who=ADMIN, version="2.53").status == 404
    assert cloud.ask("DELETE", "/os-services/1", who=ADMIN, version="2.53").status == 400
    assert cloud.ask("DELETE", path, who=ADMIN, version="2.53").status == 204
    assert cloud.get("/os-hypervisors", who=ADMIN)["hypervisors"] == []


def test_only_compute_services_are_changed(cloud: Cloud) -> None:
    which = {"host": "h1", "binary": "nova-scheduler"}
    assert message_of(cloud.ask("PUT", "/os-services/disable", which, who=ADMIN)) == (
        "Updating a nova-scheduler service is not supported. Only nova-compute services can be updated."
    )


def test_a_zone_without_an_enabled_host_is_not_available(cloud: Cloud) -> None:
    cloud.new_host()
    cloud.ask("PUT", "/os-services/disable", {"host": "h1", "binary": "nova-compute"}, who=ADMIN)
    assert cloud.get("/os-availability-zone")["availabilityZoneInfo"] == [
        {"zoneName": "nova", "zoneState": {"available": False}, "hosts": None}
    ]


def test_an_aggregate_says_its_uuid(cloud: Cloud) -> None:
    made = cloud.ask("POST", "/os-aggregates", {"aggregate": {"name": "a"}}, who=ADMIN, version="2.41").decoded()
    number, uuid = made["aggregate"]["id"], made["aggregate"]["uuid"]
    assert cloud.get(f"/os-aggregates/{number}", who=ADMIN, version="2.41")["aggregate"]["uuid"] == uuid
    assert "uuid" not in cloud.get(f"/os-aggregates/{number}", who=ADMIN)["aggregate"]
    assert cloud.ask("GET", "/os-aggregates/first", who=ADMIN).status == 400
    assert cloud.ask("GET", "/os-aggregates/-1", who=ADMIN).status == 404


def test_a_host_is_in_one_zone_and_its_servers_stay_in_theirs(cloud: Cloud) -> None:
    cloud.new_host()
    for name, zone in (("a", "east"), ("b", "west"), ("c", None)):
        body = {"aggregate": {"name": name, "availability_zone": zone}}
        assert cloud.ask("POST", "/os-aggregates", body, who=ADMIN).status == 200
    east, west, plain = (f"/os-aggregates/{number}" for number in (1, 2, 3))
    put, take = {"add_host": {"host": "h1"}}, {"remove_host": {"host": "h1"}}
    for path in (east, plain):
        assert cloud.ask("POST", f"{path}/action", put, who=ADMIN).status == 200
    assert message_of(cloud.ask("POST", f"{west}/action", put, who=ADMIN)) == (
        "Cannot add host to aggregate 2. Reason: One or more hosts already in availability zone(s) ['east']."
    )
    zone = {"set_metadata": {"metadata": {"availability_zone": "north"}}}
    assert cloud.ask("POST", f"{plain}/action", zone, who=ADMIN).status == 400
    assert cloud.ask("POST", f"{east}/action", zone, who=ADMIN).status == 200
    cloud.active_server()
    change = {"aggregate": {"availability_zone": "south"}}
    assert message_of(cloud.ask("PUT", east, change, who=ADMIN)) == (
        "Cannot update aggregate 1. Reason: One or more hosts contain instances in this zone."
    )
    assert cloud.ask("POST", f"{east}/action", take, who=ADMIN).status == 409
    assert cloud.ask("POST", f"{plain}/action", take, who=ADMIN).status == 200
    assert message_of(cloud.ask("POST", f"{plain}/action", take, who=ADMIN)) == "Cannot remove host h1 in aggregate 3"


def test_images_are_cached_on_the_hosts_of_an_aggregate_that_are_up(cloud: Cloud) -> None:
    cloud.new_host("h2")
    cloud.clock.sleep(61)
    cloud.new_host("h1")
    cloud.ask("POST", "/os-aggregates", {"aggregate": {"name": "a"}}, who=ADMIN)
    for host in ("h1", "h2"):
        cloud.ask("POST", "/os-aggregates/1/action", {"add_host": {"host": host}}, who=ADMIN)
    path, body = "/os-aggregates/1/images", {"cache": [{"id": IMAGE_ID}]}
    assert cloud.ask("POST", path, body, who=ADMIN, version="2.80").status == 404
    assert cloud.ask("POST", path, body, version="2.81").status == 403
    assert cloud.ask("POST", path, body, who=ADMIN, version="2.81").status == 202
    ((address, wish),) = cloud.bus.wishes
    assert (address, wish.image.image_id, wish.image.token) == ("agent.h1", IMAGE_ID, "own-token")
    twice = {"cache": [{"id": IMAGE_ID}, {"id": IMAGE_ID}]}
    assert message_of(cloud.ask("POST", path, twice, who=ADMIN, version="2.81")) == "Duplicate images in request"
    unknown = {"cache": [{"id": "00000000-0000-4000-8000-000000000000"}]}
    assert cloud.ask("POST", path, unknown, who=ADMIN, version="2.81").status == 400


def test_hosts_were_shown_once(cloud: Cloud) -> None:
    cloud.new_host()
    cloud.active_server()
    assert cloud.get("/os-hosts", who=ADMIN)["hosts"] == [{"host_name": "h1", "service": "compute", "zone": "nova"}]
    assert cloud.get("/os-hosts?zone=east", who=ADMIN)["hosts"] == []
    resources = [row["resource"] for row in cloud.get("/os-hosts/h1", who=ADMIN)["host"]]
    assert [(row["project"], row["cpu"]) for row in resources] == [
        ("(total)", 8), ("(used_now)", 1), ("(used_max)", 1), ("p-one", 1),
    ]  # fmt: skip
    assert cloud.ask("PUT", "/os-hosts/h1", {"status": "enable"}, who=ADMIN).status == 501
    assert message_of(cloud.ask("GET", "/os-hosts/h9/reboot", who=ADMIN)) == "Compute host h9 could not be found."
    assert cloud.ask("GET", "/os-hosts", who=ADMIN, version="2.43").status == 404


def test_no_host_has_run_a_usage_audit(cloud: Cloud) -> None:
    cloud.new_host()
    log = cloud.get("/os-instance_usage_audit_log", who=ADMIN)["instance_usage_audit_logs"]
    assert (log["period_beginning"], log["hosts_not_run"]) == ("2025-12-01 00:00:00", ["h1"])
    path = "/os-instance_usage_audit_log/2025-03-04 05:06:07"
    assert cloud.get(path, who=ADMIN)["instance_usage_audit_log"]["period_ending"] == "2025-03-01 00:00:00"
    assert cloud.ask("GET", "/os-instance_usage_audit_log/today", who=ADMIN).status == 400


def test_a_consoles_token_tells_where_it_leads_until_it_expires(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    console = Console(
        server_id=server_id, console_type="spice-direct", host="10.0.0.1", port=5900, tls_port=5901,
        internal_access_path=None, expires_at=cloud.clock.now() + timedelta(minutes=10),
    )  # fmt: skip
    cloud.database.write(console_token.add, "secret", console, cloud.clock.now())
    path = "/os-console-auth-tokens/secret"
    shown = {"instance_uuid": server_id, "host": "10.0.0.1", "port": 5900, "internal_access_path": None}
    assert cloud.get(path, who=ADMIN, version="2.31")["console"] == shown
    assert cloud.get(path, who=ADMIN, version="2.99")["console"] == {**shown, "tls_port": 5901}
    assert cloud.ask("GET", path, who=ADMIN).status == 400
    assert cloud.ask("GET", path, version="2.31").status == 403
    cloud.clock.sleep(601)
    assert message_of(cloud.ask("GET", path, who=ADMIN, version="2.31")) == "Token not found"

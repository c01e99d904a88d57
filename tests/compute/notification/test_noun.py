"""What is told of flavors, key pairs, aggregates, server groups and services."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.compute.notification.told import Told


def versioned(told: Told) -> list[str]:
    return [row.type for row in told.rows("versioned")]


def test_flavors_are_told_in_the_newer_format_alone(told: Told) -> None:
    body = {"id": "f", "name": "f", "ram": 64, "disk": 1, "vcpus": 1, "os-flavor-access:is_public": False}
    told.admin("POST", "/flavors", {"flavor": body})
    told.admin("POST", "/flavors/f/os-extra_specs", {"extra_specs": {"hw:a": "b"}}, version="2.1")
    project_id = told.world.call("identity", "GET", "/v3/auth/projects").decoded()["projects"][0]["id"]
    told.admin("POST", "/flavors/f/action", {"addTenantAccess": {"tenant": project_id}})
    told.admin("DELETE", "/flavors/f")
    assert versioned(told) == ["flavor.create", "flavor.update", "flavor.update", "flavor.delete"]
    last = told.rows("versioned")[-1]
    assert (last.data["extra_specs"], last.data["projects"]) == ({"hw:a": "b"}, [project_id])
    assert last.publisher == "nova-api:control"
    assert told.rows() == []


def test_key_pairs_are_told_without_their_private_half(told: Told) -> None:
    told.admin("POST", "/os-keypairs", {"keypair": {"name": "k", "type": "ssh"}}, version="2.10")
    told.admin("DELETE", "/os-keypairs/k", version="2.10")
    expected = [f"keypair.{verb}.{phase}" for verb in ("create", "delete") for phase in ("start", "end")]
    assert versioned(told) == expected
    assert [row.type for row in told.rows()] == expected
    data = told.rows("versioned")[0].data
    assert set(data) == {"user_id", "name", "fingerprint", "public_key", "type"}
    assert told.rows()[0].payload["key_name"] == "k"


def test_aggregates_are_told(told: Told) -> None:
    told.world.new_host()
    told.forget()
    made = told.admin("POST", "/os-aggregates", {"aggregate": {"name": "rack", "availability_zone": "z"}})
    path = f"/os-aggregates/{made['aggregate']['id']}"
    told.admin("POST", f"{path}/action", {"add_host": {"host": "h1"}})
    told.admin("POST", f"{path}/action", {"set_metadata": {"metadata": {"ssd": "true"}}})
    told.admin("POST", f"{path}/action", {"remove_host": {"host": "h1"}})
    told.admin("PUT", path, {"aggregate": {"name": "row"}})
    told.admin("DELETE", path)
    verbs = ("create", "add_host", "update_metadata", "remove_host", "update_prop", "delete")
    assert versioned(told) == [f"aggregate.{verb}.{phase}" for verb in verbs for phase in ("start", "end")]
    verbs = ("create", "addhost", "updatemetadata", "removehost", "updateprop", "delete")
    assert [row.type for row in told.rows()] == [
        f"aggregate.{one}.{phase}" for one in verbs for phase in ("start", "end")
    ]
    assert told.rows("versioned")[3].data["hosts"] == ["h1"]
    assert told.rows()[3].payload["host_name"] == "h1"


def test_server_groups_and_their_members_are_told(told: Told) -> None:
    world = told.world
    world.new_host()
    told.forget()
    body = {"server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}}}
    reply = world.call("compute", "POST", "/v2.1/os-server-groups", body, version="2.64")
    group_id = reply.decoded()["server_group"]["id"]
    server_id = world.boot()
    body = {
        "server": {"name": "vm", "imageRef": world.image_id, "flavorRef": "1"},
        "os:scheduler_hints": {"group": group_id},
    }
    world.call("compute", "POST", "/v2.1/servers", body)
    world.call("compute", "DELETE", f"/v2.1/os-server-groups/{group_id}")
    groups = [row for row in told.rows("versioned") if row.type.startswith("server_group.")]
    assert [row.type for row in groups] == ["server_group.create", "server_group.add_member", "server_group.delete"]
    assert groups[0].data["rules"] == {"max_server_per_host": "2"}
    plain = [row for row in told.rows() if row.type.startswith("servergroup.")]
    assert [row.type for row in plain] == ["servergroup.create", "servergroup.addmember", "servergroup.delete"]
    assert plain[1].payload["instance_uuids"] != [server_id]
    assert len(plain[1].payload["instance_uuids"]) == 1


def test_services_are_told_when_they_come_are_disabled_and_go(told: Told) -> None:
    told.world.new_host()
    told.world.beat()
    (service,) = told.admin("GET", "/os-services")["services"]
    told.admin("PUT", f"/os-services/{service['id']}", {"status": "disabled", "disabled_reason": "dust"})
    told.admin("DELETE", f"/os-services/{service['id']}")
    found = told.rows("versioned")
    assert [row.type for row in found] == ["service.create", "service.update", "service.delete"]
    assert {row.publisher for row in found} == {"nova-compute:h1"}
    assert (found[1].data["disabled"], found[1].data["disabled_reason"]) == (True, "dust")

from __future__ import annotations

from typing import Any

import pytest

from pileus.compute.db import server as servers
from pileus.compute.settings import QuotaSettings, Settings
from tests.compute.cloud import ADMIN, IMAGE_ID, OTHER, READER, Cloud, message_of, server_body


def test_a_new_server_is_accepted_and_its_boot_begun(cloud: Cloud) -> None:
    reply = cloud.ask("POST", "/servers", server_body("web"))
    server = reply.decoded()["server"]
    assert reply.status == 202
    assert reply.headers["location"] == f"http://compute.example/v2.1/servers/{server['id']}"
    assert server["security_groups"] == [{"name": "default"}]
    assert server["adminPass"]
    assert cloud.work.begun == [("boot", server["id"], {})]


def test_a_server_shows_what_it_was_made_of(cloud: Cloud) -> None:
    server_id = cloud.new_server("Web 1", metadata={"a": "b"}, config_drive=True)
    server = cloud.get(f"/servers/{server_id}")["server"]
    assert server["status"] == "BUILD"
    assert server["OS-EXT-STS:task_state"] == "scheduling"
    assert server["image"]["id"] == IMAGE_ID
    assert server["flavor"]["id"] == "1"
    assert server["metadata"] == {"a": "b"}
    assert server["config_drive"] == "True"
    assert server["addresses"] == {}
    assert server["created"] == "2026-01-01T12:00:00Z"
    assert server["os-extended-volumes:volumes_attached"] == []
    assert "OS-EXT-SRV-ATTR:host" not in server


def test_administrators_see_the_host(cloud: Cloud) -> None:
    server = cloud.get(f"/servers/{cloud.active_server()}", who=ADMIN)["server"]
    assert server["OS-EXT-SRV-ATTR:host"] == "h1"
    assert server["OS-EXT-SRV-ATTR:instance_name"] == "instance-00000001"
    assert server["OS-EXT-AZ:availability_zone"] == "nova"
    assert server["hostId"]


def test_the_row_holds_all_that_a_boot_needs(cloud: Cloud) -> None:
    server_id = cloud.new_server("Web 1.example", user_data="aGVsbG8=")
    with cloud.database.read() as tx:
        server = servers.get(tx, server_id)
    assert server.hostname == "web-1-example"
    assert (server.flavor.vcpus, server.flavor.memory_mb, server.flavor.name) == (1, 512, "m1.tiny")
    assert server.image is not None
    assert server.image.disk_format == "qcow2"
    assert server.image.properties == {"os_distro": "cirros"}
    assert server.user_data == "aGVsbG8="
    assert server.reservation_id.startswith("r-")


def test_several_servers_are_numbered(cloud: Cloud) -> None:
    reply = cloud.ask("POST", "/servers", server_body("web", min_count=2, max_count="3", return_reservation_id=True))
    assert reply.status == 202
    listed = cloud.get(f"/servers/detail?reservation_id={reply.decoded()['reservation_id']}&sort_key=display_name"
                       "&sort_dir=asc")["servers"]  # fmt: skip
    assert [server["name"] for server in listed] == ["web-1", "web-2", "web-3"]
    assert len(cloud.work.begun) == 3


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"imageRef": "00000000-0000-0000-0000-000000000000"}, "Can not find requested image"),
        ({"flavorRef": "99"}, "Flavor 99 could not be found."),
        ({"key_name": "nokey"}, "Invalid key_name provided."),
        ({"availability_zone": "mars"}, "The requested availability zone is not available"),
        ({"user_data": "###"}, "Invalid input for field/attribute user_data. Value: ###. '###' is not a 'base64'"),
        ({"min_count": 3, "max_count": 2}, "min_count must be <= max_count"),
        ({"networks": [{"uuid": IMAGE_ID}]}, f"Network {IMAGE_ID} could not be found."),
    ],
)
def test_what_a_body_names_must_exist(cloud: Cloud, more: dict[str, Any], sentence: str) -> None:
    reply = cloud.ask("POST", "/servers", server_body(**more))
    assert (reply.status, message_of(reply)) == (400, sentence)
    assert cloud.work.begun == []


def test_a_body_is_judged_before_the_policy(cloud: Cloud) -> None:
    reply = cloud.ask("POST", "/servers", {"server": {"name": 5}}, who=READER)
    assert reply.status == 400
    assert "Invalid input for field/attribute" in message_of(reply)
    refused = cloud.ask("POST", "/servers", server_body(), who=READER)
    assert message_of(refused) == "Policy doesn't allow os_compute_api:servers:create to be performed."
    assert refused.status == 403


def test_an_image_must_fit_the_flavor(cloud: Cloud) -> None:
    cloud.images.documents[IMAGE_ID]["min_ram"] = 1024
    reply = cloud.ask("POST", "/servers", server_body())
    assert message_of(reply) == "Flavor's memory is too small for requested image."


def test_a_quota_is_never_exceeded(tmp_path: object) -> None:
    cloud = Cloud(f"sqlite:///{tmp_path}/q.sqlite", Settings(quota=QuotaSettings(instances=3)))
    cloud.new_server()
    reply = cloud.ask("POST", "/servers", server_body(min_count=1, max_count=5))
    assert reply.status == 202
    assert len(cloud.get("/servers")["servers"]) == 3
    refused = cloud.ask("POST", "/servers", server_body())
    assert refused.status == 403
    assert message_of(refused) == ("Quota exceeded for instances: Requested 1, but already used 3 of 3 instances")
    cloud.database.close()


def test_another_projects_server_is_not_there(cloud: Cloud) -> None:
    server_id = cloud.new_server()
    for method in ("GET", "DELETE"):
        reply = cloud.ask(method, f"/servers/{server_id}", who=OTHER)
        assert reply.status == 404
        assert reply.decoded() == {
            "itemNotFound": {"code": 404, "message": f"Instance {server_id} could not be found."}
        }
    assert cloud.ask("GET", f"/servers/{server_id}", who=ADMIN).status == 200


def test_lists_filter_and_page(cloud: Cloud) -> None:
    names = ["a1", "a2", "b1"]
    made = dict(zip(names, [cloud.new_server(name) for name in names], strict=True))
    cloud.new_server("theirs", who=OTHER)

    def listed(query: str, who: str = "member") -> list[str]:
        return [server["name"] for server in cloud.get(f"/servers?{query}", who=who)["servers"]]

    assert listed("") == ["b1", "a2", "a1"]
    assert listed("name=^a") == ["a2", "a1"]
    assert listed("status=BUILD&limit=1") == ["b1"]
    assert listed("status=ACTIVE") == []
    assert listed("flavor=1&image=" + IMAGE_ID) == ["b1", "a2", "a1"]
    assert listed("sort_key=display_name&sort_dir=asc&marker=" + made["a1"]) == ["a2", "b1"]
    assert listed("ip=10.0.0.1") == []
    assert listed("unknown=1&host=h9") == ["b1", "a2", "a1"]
    assert listed("all_tenants=True", ADMIN) == ["theirs", "b1", "a2", "a1"]
    assert listed("all_tenants=True&tenant_id=p-two", ADMIN) == ["theirs"]
    assert listed("tenant_id=p-two", ADMIN) == []
    assert listed("all_tenants=1&host=h9", ADMIN) == []
    assert cloud.ask("GET", "/servers?all_tenants=1").status == 403
    assert cloud.ask("GET", "/servers?marker=nothing").status == 400
    assert cloud.ask("GET", "/servers?limit=x").status == 400


def test_a_full_page_leads_to_the_next(cloud: Cloud) -> None:
    for number in range(3):
        cloud.new_server(f"vm{number}")
    first = cloud.get("/servers?limit=2&name=vm")
    (link,) = first["servers_links"]
    assert link["rel"] == "next"
    assert link["href"].startswith("http://compute.example/v2.1/servers?limit=2&name=vm&marker=")
    second = cloud.get(link["href"].removeprefix("http://compute.example"))
    assert [server["name"] for server in second["servers"]] == ["vm0"]
    assert "servers_links" not in second


def test_deleting_twice_begins_it_once(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    cloud.work.begun.clear()
    assert cloud.ask("DELETE", f"/servers/{server_id}").status == 204
    assert cloud.ask("DELETE", f"/servers/{server_id}").status == 204
    assert cloud.work.begun == [("delete", server_id, {})]
    assert cloud.work.cancelled == [server_id]
    assert cloud.get(f"/servers/{server_id}")["server"]["OS-EXT-STS:task_state"] == "deleting"


def test_deleted_servers_are_listed_for_administrators(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    cloud.clock.sleep(60)
    cloud.database.write(servers.mark_deleted, server_id, cloud.clock.now())
    assert cloud.ask("GET", f"/servers/{server_id}").status == 404
    assert cloud.get("/servers?deleted=True")["servers"] == []
    assert cloud.get("/servers")["servers"] == []
    (found,) = cloud.get("/servers/detail?deleted=True&all_tenants=1", who=ADMIN)["servers"]
    assert (found["id"], found["status"]) == (server_id, "DELETED")
    assert cloud.get("/servers?changes-since=2026-01-01T12:00:30Z")["servers"]
    assert cloud.ask("GET", "/servers?status=deleted").status == 403


def test_a_server_is_renamed(cloud: Cloud) -> None:
    server_id = cloud.new_server()
    reply = cloud.ask("PUT", f"/servers/{server_id}", {"server": {"name": "other", "accessIPv4": "10.0.0.1"}})
    assert reply.decoded()["server"]["name"] == "other"
    assert cloud.get(f"/servers/{server_id}")["server"]["accessIPv4"] == "10.0.0.1"


def test_the_project_may_stand_in_the_path(cloud: Cloud) -> None:
    server_id = cloud.new_server()
    server = cloud.get(f"/v2.1/p-one/servers/{server_id}")["server"]
    assert server["links"][0]["href"] == f"http://compute.example/v2.1/p-one/servers/{server_id}"
    assert cloud.ask("GET", "/v2.1/p-two/servers").status == 400


def test_what_is_attached_is_an_empty_list(cloud: Cloud) -> None:
    server_id = cloud.new_server()
    assert cloud.get(f"/servers/{server_id}/os-security-groups") == {"security_groups": []}
    assert cloud.get(f"/servers/{server_id}/os-interface") == {"interfaceAttachments": []}
    assert cloud.get(f"/servers/{server_id}/os-volume_attachments") == {"volumeAttachments": []}


def test_metadata_has_its_verbs(cloud: Cloud) -> None:
    path = f"/servers/{cloud.active_server()}/metadata"
    assert cloud.ask("POST", path, {"metadata": {"a": "1"}}).decoded() == {"metadata": {"a": "1"}}
    assert cloud.ask("POST", path, {"metadata": {"b": "2"}}).decoded() == {"metadata": {"a": "1", "b": "2"}}
    assert cloud.ask("PUT", f"{path}/a", {"meta": {"a": "3"}}).decoded() == {"meta": {"a": "3"}}
    assert cloud.get(f"{path}/a") == {"meta": {"a": "3"}}
    assert cloud.ask("DELETE", f"{path}/a").status == 204
    assert cloud.ask("GET", f"{path}/a").status == 404
    assert cloud.ask("PUT", path, {"metadata": {}}).status == 200
    assert cloud.get(path) == {"metadata": {}}
    assert cloud.ask("PUT", f"{path}/x", {"meta": {"y": "1"}}).status == 400

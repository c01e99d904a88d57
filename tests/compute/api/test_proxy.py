from __future__ import annotations

import pytest

from tests.compute.cloud import IMAGE_ID, Cloud, message_of, server_body

PASSED_ON = (
    "networks", "tenant-networks", "floating-ip-pools", "floating-ips", "security-groups", "volumes", "snapshots",
)  # fmt: skip


@pytest.mark.parametrize("what", PASSED_ON)
def test_nothing_of_other_services_is_listed_and_then_the_list_is_gone(cloud: Cloud, what: str) -> None:
    (listed,) = cloud.get(f"/os-{what}").values()
    assert listed == []
    assert cloud.ask("GET", f"/os-{what}", version="2.36").status == 404


def test_nothing_is_made_for_other_services(cloud: Cloud) -> None:
    reply = cloud.ask("POST", "/os-volumes", {"volume": {"size": 1}})
    assert (reply.status, message_of(reply)) == (501, "There is no volume service in this cloud.")
    assert cloud.ask("GET", "/os-volumes/1").status == 404
    for group_id, status in (("first", 400), (IMAGE_ID, 404)):
        rule = {"security_group_rule": {"parent_group_id": group_id}}
        assert cloud.ask("POST", "/os-security-group-rules", rule).status == status
        assert cloud.ask("DELETE", f"/os-security-groups/{group_id}").status == status


@pytest.mark.parametrize(
    ("method", "path", "body", "command"),
    [
        ("POST", "/os-baremetal-nodes", {"node": {}}, "node-create"),
        ("DELETE", "/os-baremetal-nodes/1", None, "node-delete"),
        ("POST", "/os-baremetal-nodes/1/action", {"add_interface": {}}, "port-create"),
        ("POST", "/os-baremetal-nodes/1/action", {"remove_interface": {}}, "port-delete"),
    ],
)
def test_nothing_is_done_to_bare_metal(
    cloud: Cloud, method: str, path: str, body: dict[str, object] | None, command: str
) -> None:
    refused = cloud.ask(method, path, body)
    assert (refused.status, f"Please use Ironic command {command} " in message_of(refused)) == (400, True)
    assert cloud.ask("POST", "/os-baremetal-nodes/1/action", {"paint": {}}).status == 400
    assert cloud.ask(method, path, body, version="2.36").status == 404


def test_servers_had_another_name_once(cloud: Cloud) -> None:
    old = "/os-volumes_boot"
    made = cloud.ask("POST", old, {"server": {**server_body()["server"], "networks": "none"}}, version="2.102")
    assert made.status == 202
    server_id = made.decoded()["server"]["id"]
    assert made.headers["location"].endswith(f"/servers/{server_id}")
    for path in ("", "/detail", f"/{server_id}"):
        assert cloud.get(f"{old}{path}", version="2.102") == cloud.get(f"/servers{path}", version="2.102")
        assert cloud.ask("GET", f"{old}{path}", version="2.103").status == 404
    assert cloud.ask("PUT", f"{old}/{server_id}", {"server": {"name": "new"}}).decoded()["server"]["name"] == "new"
    active = cloud.active_server()
    assert cloud.ask("POST", f"{old}/{active}/action", {"pause": None}).status == 400
    assert cloud.ask("POST", f"{old}/{active}/action", {"os-stop": None}).status == 202
    assert cloud.ask("GET", f"{old}/{server_id}/metadata").status == 404
    assert cloud.ask("DELETE", f"{old}/{server_id}").status == 204


@pytest.mark.parametrize("path", ["/os-cells", "/os-agents", "/os-cloudpipe", "/os-fping", "/servers/1/consoles"])
def test_what_is_gone_is_gone_in_every_version(cloud: Cloud, path: str) -> None:
    assert cloud.ask("GET", path).status == 410
    assert cloud.ask("GET", path, version="2.104").status == 410


def test_images_were_shown_once(cloud: Cloud) -> None:
    assert [image["id"] for image in cloud.get("/images")["images"]] == [IMAGE_ID]
    assert cloud.get("/images?name=other")["images"] == []
    assert cloud.get("/images?minRam=512")["images"] == []
    shown = cloud.get(f"/images/{IMAGE_ID}")["image"]
    assert (shown["status"], shown["progress"], shown["metadata"]) == ("ACTIVE", 100, {"os_distro": "cirros"})
    assert [link["rel"] for link in shown["links"]] == ["self", "bookmark", "alternate"]
    assert message_of(cloud.ask("GET", "/images/none")) == "Image not found."
    assert cloud.ask("GET", "/images", version="2.36").status == 404
    assert cloud.ask("DELETE", f"/images/{IMAGE_ID}").status == 204
    assert cloud.ask("DELETE", f"/images/{IMAGE_ID}").status == 404


def test_an_images_metadata_was_changed_once(cloud: Cloud) -> None:
    path = f"/images/{IMAGE_ID}/metadata"
    merged = cloud.ask("POST", path, {"metadata": {"colour": "red"}}).decoded()["metadata"]
    assert merged == {"os_distro": "cirros", "colour": "red"}
    assert cloud.ask("PUT", f"{path}/colour", {"meta": {"colour": "blue"}}).decoded()["meta"] == {"colour": "blue"}
    assert cloud.ask("PUT", f"{path}/colour", {"meta": {"size": "blue"}}).status == 400
    assert cloud.get(f"{path}/colour", version="2.38")["meta"] == {"colour": "blue"}
    assert cloud.ask("PUT", path, {"metadata": {"one": "1"}}).decoded()["metadata"] == {"one": "1"}
    assert cloud.ask("DELETE", f"{path}/one").status == 204
    assert message_of(cloud.ask("DELETE", f"{path}/one")) == "Invalid metadata key"
    assert cloud.get(path)["metadata"] == {}
    assert cloud.ask("GET", path, version="2.39").status == 404
    too_many = {"metadata": {f"key{number}": "x" for number in range(129)}}
    assert cloud.ask("POST", path, too_many).status == 403

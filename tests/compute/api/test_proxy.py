from __future__ import annotations

import pytest

from tests.compute.cloud import IMAGE_ID, Cloud, message_of

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

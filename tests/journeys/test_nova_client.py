"""The old command of Nova, and curl."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import pytest

from tests.journeys.client import fields, rows
from tests.journeys.curl import curl_json

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.client import Client
    from tests.running import RunningCloud


@pytest.fixture(scope="module")
def image(member: Client, data_file: Path) -> str:
    """An image to boot."""
    return member.value(f"image create --disk-format raw --container-format bare --file {data_file} for-nova -c id")


def test_nova_boots_shows_and_deletes(member: Client, image: str, here: Path) -> None:
    member.do("keypair create temporary")
    (here / "key.pub").write_text(member.do("keypair show --public-key temporary"))
    member.nova("keypair-add --pub-key key.pub nova-key")
    assert "nova-key" in [row["Name"] for row in rows(member.nova("keypair-list"))]
    assert "m1.tiny" in [row["Name"] for row in rows(member.nova("flavor-list"))]
    (here / "user.data").write_text("#!/bin/sh\n")
    options = "--key-name nova-key --user-data user.data --meta role=web --poll"
    made = fields(member.nova(f"boot --flavor m1.tiny --image {image} {options} old-style"))
    server = made["id"]
    assert fields(member.nova(f"show {server}"))["status"] == "ACTIVE"
    listed = {row["ID"]: row for row in rows(member.nova("list"))}
    assert (listed[server]["Name"], listed[server]["Power State"]) == ("old-style", "Running")
    assert "login:" in member.nova(f"console-log {server}")
    member.nova(f"meta {server} set role=db stage=test")
    member.nova(f"meta {server} delete stage")
    assert '"role": "db"' in fields(member.nova(f"show {server}"))["metadata"]
    member.nova(f"stop {server}")
    wait_for(member, server, "SHUTOFF")
    member.nova(f"start {server}")
    wait_for(member, server, "ACTIVE")
    member.nova(f"reboot --poll {server}")
    actions = [row["Action"] for row in rows(member.nova(f"instance-action-list {server}"))]
    assert sorted(actions) == ["create", "reboot", "start", "stop"]
    member.nova(f"delete {server}")
    wait_for(member, server, "")
    member.nova("keypair-delete nova-key")
    member.do("keypair delete temporary")


def wait_for(member: Client, server: str, status: str) -> None:
    """Wait for a status; an empty one means that it is gone."""
    deadline = time.monotonic() + 30
    while (seen := {row["ID"]: row["Status"] for row in rows(member.nova("list"))}.get(server, "")) != status:
        assert time.monotonic() < deadline, f"it is {seen}, not {status}"
        time.sleep(0.1)


def test_nova_lists_limits_hosts_and_services(admin: Client, member: Client) -> None:
    limits = member.nova("limits")
    absolute = rows(limits[limits.index("| Name") :])
    assert next(row["Max"] for row in absolute if row["Name"] == "Instances") == "100"
    assert [row["State"] for row in rows(admin.nova("hypervisor-list"))] == ["up"]
    assert [row["Binary"] for row in rows(admin.nova("service-list"))] == ["nova-compute"]
    assert "nova" in admin.nova("availability-zone-list")
    assert fields(member.nova("quota-show"))["instances"] == "100"
    assert "403" in member.refused("hypervisor-list", program="nova")


@pytest.fixture(scope="module")
def url(journey_cloud: RunningCloud) -> str:
    """The compute API."""
    return f"{journey_cloud.url(8774)}/v2.1"


def test_curl_boots_a_server(member: Client, url: str, image: str) -> None:
    token = member.value("token issue -c id")
    assert curl_json("", "GET", url).json["version"]["id"] == "v2.1"
    data = base64.b64encode(b"#!/bin/sh\n").decode()
    body = {"name": "curled", "imageRef": image, "flavorRef": "1", "user_data": data, "metadata": {"a": "b"}}
    made = curl_json(token, "POST", f"{url}/servers", {"server": body})
    assert made.status == 202
    server = made.headers["location"]
    assert server.endswith(made.json["server"]["id"])
    deadline = time.monotonic() + 30
    while (seen := curl_json(token, "GET", server).json["server"])["status"] != "ACTIVE":
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    assert (seen["metadata"], seen["flavor"]["id"]) == ({"a": "b"}, "1")
    action = {"os-getConsoleOutput": {"length": 5}}
    assert "login:" in curl_json(token, "POST", f"{server}/action", action).json["output"]
    assert curl_json(token, "POST", f"{server}/action", {"os-stop": None}).status == 202
    listed = curl_json(token, "GET", f"{url}/servers/detail?name=curled&limit=1").json
    assert [one["id"] for one in listed["servers"]] == [seen["id"]]
    missing = curl_json(token, "GET", f"{url}/servers/lacks")
    assert (missing.status, missing.json["itemNotFound"]["code"]) == (404, 404)
    wrong = curl_json(token, "POST", f"{url}/servers", {"server": {"name": "x"}})
    assert "flavorRef" in wrong.json["badRequest"]["message"]
    while curl_json(token, "GET", server).json["server"]["OS-EXT-STS:task_state"]:
        assert time.monotonic() < deadline
    assert curl_json(token, "DELETE", server).status == 204
    while curl_json(token, "GET", server).status != 404:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_curl_asks_for_a_microversion(member: Client, url: str) -> None:
    token = member.value("token issue -c id")
    reply = curl_json(token, "GET", f"{url}/servers")
    assert reply.headers["openstack-api-version"] == "compute 2.1"
    assert reply.headers["x-openstack-nova-api-version"] == "2.1"
    refused = curl_json(token, "GET", f"{url}/servers", None, "-H", "OpenStack-API-Version: compute 2.9999")
    assert refused.status == 406
    assert curl_json("", "GET", f"{url}/servers").status == 401

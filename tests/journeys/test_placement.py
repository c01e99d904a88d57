"""What Placement's documents and those of its client teach."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.curl import Reply, curl, curl_json

if TYPE_CHECKING:
    from tests.journeys.client import Client
    from tests.running import RunningCloud


def test_a_resource_class_is_made_and_deleted(admin: Client) -> None:
    names = {row["name"] for row in admin.json("resource class list")}
    assert {"VCPU", "MEMORY_MB", "DISK_GB", "VGPU", "NET_BW_EGR_KILOBIT_PER_SEC"} <= names
    admin.do("resource class create CUSTOM_GOLD")
    assert admin.json("resource class show CUSTOM_GOLD")["name"] == "CUSTOM_GOLD"
    admin.do("resource class set CUSTOM_SILVER")
    admin.do("resource class set CUSTOM_SILVER")
    assert "400" in admin.refused("resource class create NOT_CUSTOM")
    admin.do("resource class delete CUSTOM_GOLD")
    admin.do("resource class delete CUSTOM_SILVER")
    assert "404" in admin.refused("resource class show CUSTOM_GOLD")


def test_a_trait_is_made_and_deleted(admin: Client) -> None:
    assert "HW_CPU_X86_AVX2" in {row["name"] for row in admin.json("trait list")}
    admin.do("trait create CUSTOM_FAST")
    assert [row["name"] for row in admin.json("trait list --name in:CUSTOM_FAST,CUSTOM_SLOW")] == ["CUSTOM_FAST"]
    assert admin.json("trait show CUSTOM_FAST")["name"] == "CUSTOM_FAST"
    admin.do("trait delete CUSTOM_FAST")


def test_a_provider_has_inventories_traits_and_aggregates(admin: Client) -> None:
    aggregate = str(uuid.uuid4())
    made = admin.json("resource provider create Baremetal_node_01")
    provider = made["uuid"]
    assert (made["name"], made["generation"], made["root_provider_uuid"]) == ("Baremetal_node_01", 0, provider)
    assert provider in [row["uuid"] for row in admin.json("resource provider list --name Baremetal_node_01")]
    admin.do(f"resource provider set {provider} --name Baremetal_node_1")
    assert admin.json(f"resource provider show {provider}")["name"] == "Baremetal_node_1"
    inventory = f"resource provider inventory set {provider} --resource VCPU=16 --resource MEMORY_MB=2048 "
    rows = admin.json(inventory + "--resource MEMORY_MB:step_size=128 --resource VCPU:allocation_ratio=4.0")
    assert {row["resource_class"]: row["total"] for row in rows} == {"VCPU": 16, "MEMORY_MB": 2048}
    admin.do(f"resource provider inventory class set {provider} VCPU --total 8 --reserved 2")
    assert admin.json(f"resource provider inventory show {provider} VCPU")["reserved"] == 2
    listed = {row["resource_class"]: row for row in admin.json(f"resource provider inventory list {provider}")}
    assert listed["MEMORY_MB"]["step_size"] == 128
    usages = admin.json(f"resource provider usage show {provider}")
    assert {row["resource_class"]: row["usage"] for row in usages} == {"VCPU": 0, "MEMORY_MB": 0}
    admin.do(f"resource provider trait set {provider} --trait HW_CPU_X86_VMX")
    assert [row["name"] for row in admin.json(f"resource provider trait list {provider}")] == ["HW_CPU_X86_VMX"]
    generation = admin.value(f"resource provider show {provider} -c generation")
    set_aggregate = f"resource provider aggregate set {provider} --aggregate {aggregate} --generation"
    admin.do(f"{set_aggregate} {generation}")
    assert "409" in admin.refused(f"{set_aggregate} {generation}")
    found = admin.json(f"resource provider list --member-of {aggregate} --required HW_CPU_X86_VMX --resource VCPU=4")
    assert [row["uuid"] for row in found] == [provider]
    admin.do(f"resource provider trait delete {provider}")
    admin.do(f"resource provider inventory delete {provider} --resource-class VCPU")
    assert len(admin.json(f"resource provider inventory list {provider}")) == 1
    admin.do(f"resource provider delete {provider}")
    assert "404" in admin.refused(f"resource provider show {provider}")


def test_an_allocation_holds_what_a_provider_has(admin: Client) -> None:
    provider = admin.value("resource provider create allocated -c uuid")
    admin.do(f"resource provider inventory set {provider} --resource VGPU=4")
    candidates = admin.json("allocation candidate list --resource VGPU=3")
    assert [row["resource provider"] for row in candidates] == [provider]
    assert candidates[0]["inventory used/capacity"] == "VGPU=0/4"
    issued, consumer = admin.json("token issue"), str(uuid.uuid4())
    project, user = issued["project_id"], issued["user_id"]
    owner = f"--project-id {project} --user-id {user}"
    admin.do(f"resource provider allocation set {consumer} --allocation rp={provider},VGPU=3 {owner}")
    shown = admin.json(f"resource provider allocation show {consumer}")
    assert [(row["resource_provider"], row["resources"]) for row in shown] == [(provider, {"VGPU": 3})]
    assert admin.json("allocation candidate list --resource VGPU=3") == []
    assert [row["usage"] for row in admin.json(f"resource provider usage show {provider}")] == [3]
    assert admin.json(f"resource usage show {project} --user-id {user}")[0]["usage"] == 3
    other = f"{uuid.uuid4()} --allocation rp={provider},VGPU=2 {owner}"
    assert "409" in admin.refused(f"resource provider allocation set {other}")
    assert "409" in admin.refused(f"resource provider delete {provider}")
    assert "409" in admin.refused(f"resource provider inventory delete {provider} --resource-class VGPU")
    assert consumer in admin.do(f"resource provider show --allocations {provider} -f json")
    admin.do(f"resource provider allocation delete {consumer}")
    assert admin.json(f"resource provider allocation show {consumer}") == []
    admin.do(f"resource provider delete {provider}")


def test_a_provider_has_children(admin: Client) -> None:
    root = admin.value("resource provider create tree-root -c uuid")
    child = admin.value(f"resource provider create tree-child --parent-provider {root} -c uuid")
    assert {row["uuid"] for row in admin.json(f"resource provider list --in-tree {root}")} == {root, child}
    assert "409" in admin.refused(f"resource provider delete {root}")
    admin.do(f"resource provider delete {child}")
    admin.do(f"resource provider delete {root}")


def test_the_compute_host_is_a_provider(admin: Client) -> None:
    host = wait_for_host(admin)
    listed = {row["resource_class"]: row for row in admin.json(f"resource provider inventory list {host}")}
    assert set(listed) == {"VCPU", "MEMORY_MB", "DISK_GB"}
    assert (listed["VCPU"]["total"], listed["VCPU"]["allocation_ratio"]) == (16, 16.0)
    assert listed["MEMORY_MB"]["reserved"] == 512
    assert "COMPUTE_NODE" in [row["name"] for row in admin.json(f"resource provider trait list {host}")]


def wait_for_host(admin: Client) -> str:
    deadline = time.monotonic() + 30
    while True:
        found = admin.json("resource provider list --resource VCPU=1 --required COMPUTE_NODE")
        if found:
            return str(found[0]["uuid"])
        assert time.monotonic() < deadline, "no compute host showed up"
        time.sleep(0.3)


def test_a_plain_member_may_not_look_into_placement(member: Client) -> None:
    assert "403" in member.refused("resource provider list")
    assert "403" in member.refused("trait list")


@pytest.fixture(scope="module")
def url(journey_cloud: RunningCloud) -> str:
    """The placement API."""
    return journey_cloud.url(8778)


@pytest.fixture(scope="module")
def token(admin: Client) -> str:
    """The administrator's token."""
    return admin.value("token issue -c id")


def ask(token: str, version: str, method: str, url: str, document: Any = None) -> Reply:
    return curl_json(token, method, url, document, "-H", f"OpenStack-API-Version: placement {version}")


def test_curl_asks_for_a_microversion(token: str, url: str) -> None:
    first = curl(f"{url}/").json["versions"][0]
    assert (first["id"], first["min_version"]) == ("v1.0", "1.0")
    reply = ask(token, "1.31", "GET", f"{url}/resource_providers")
    assert (reply.status, reply.headers["openstack-api-version"]) == (200, "placement 1.31")
    assert reply.headers["vary"] == "openstack-api-version"
    assert ask(token, "latest", "GET", f"{url}/traits").headers["openstack-api-version"] != "placement latest"
    refused = ask(token, "1.99", "GET", f"{url}/resource_providers")
    assert refused.status == 406
    assert "1.99" in refused.json["errors"][0]["detail"]
    assert curl(f"{url}/resource_providers").status == 401


def test_curl_claims_a_candidate_and_gives_it_back(token: str, url: str) -> None:
    provider = {"name": "curl-provider", "uuid": str(uuid.uuid4())}
    assert ask(token, "1.31", "POST", f"{url}/resource_providers", provider).json["generation"] == 0
    home = f"{url}/resource_providers/{provider['uuid']}"
    inventories = {"resource_provider_generation": 0, "inventories": {"FPGA": {"total": 2}}}
    assert ask(token, "1.31", "PUT", f"{home}/inventories", inventories).json["resource_provider_generation"] == 1
    assert ask(token, "1.31", "PUT", f"{home}/inventories", inventories).json["errors"][0]["code"] == (
        "placement.concurrent_update"
    )
    found = ask(token, "1.31", "GET", f"{url}/allocation_candidates?resources=FPGA:2&limit=10").json
    summary = found["provider_summaries"][provider["uuid"]]
    assert summary["resources"]["FPGA"] == {"capacity": 2, "used": 0}
    claim = {**found["allocation_requests"][0], "project_id": "p", "user_id": "u", "consumer_generation": None}
    consumer = f"{url}/allocations/{uuid.uuid4()}"
    assert ask(token, "1.31", "PUT", consumer, claim).status == 204
    held = ask(token, "1.31", "GET", consumer).json
    assert held["allocations"][provider["uuid"]]["resources"] == {"FPGA": 2}
    assert ask(token, "1.31", "GET", f"{home}/usages").json["usages"] == {"FPGA": 2}
    assert ask(token, "1.31", "DELETE", consumer).status == 204
    assert ask(token, "1.31", "GET", f"{home}/allocations").json["allocations"] == {}
    assert ask(token, "1.31", "DELETE", home).status == 204

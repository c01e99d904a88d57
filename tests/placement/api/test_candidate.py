from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from placement.conftest import Client

CONSUMER = "a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e55"
AGGREGATE = "b2c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e66"


def test_candidates_and_their_summaries(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8, "allocation_ratio": 2.0}, MEMORY_MB={"total": 512})
    client.provider("tight", VCPU={"total": 1})
    client.allocate(CONSUMER, {host: {"VCPU": 3}})
    assert client("GET", "/allocation_candidates?resources=VCPU:13").decoded() == {
        "allocation_requests": [{"allocations": {host: {"resources": {"VCPU": 13}}}}],
        "provider_summaries": {
            host: {
                "resources": {"VCPU": {"capacity": 16, "used": 3}, "MEMORY_MB": {"capacity": 512, "used": 0}},
                "traits": [],
                "parent_provider_uuid": None,
                "root_provider_uuid": host,
            }
        },
    }


def test_the_first_form_of_the_answer(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8}, MEMORY_MB={"total": 512})
    assert client("GET", "/allocation_candidates?resources=VCPU:1", version="1.10").decoded() == {
        "allocation_requests": [{"allocations": [{"resource_provider": {"uuid": host}, "resources": {"VCPU": 1}}]}],
        "provider_summaries": {host: {"resources": {"VCPU": {"capacity": 8, "used": 0}}}},
    }


def test_candidates_by_aggregate_trait_and_tree(client: Client) -> None:
    hosts = [client.provider(f"host{number}", VCPU={"total": 8}) for number in range(4)]
    for host in hosts[:2]:
        body = {"aggregates": [AGGREGATE], "resource_provider_generation": 1}
        client("PUT", f"/resource_providers/{host}/aggregates", body)
    traits = {"traits": ["HW_CPU_X86_VMX"], "resource_provider_generation": 2}
    client("PUT", f"/resource_providers/{hosts[0]}/traits", traits)

    def find(query: str) -> set[str]:
        found = client("GET", f"/allocation_candidates?resources=VCPU:1&{query}").decoded()["allocation_requests"]
        return {uuid for one in found for uuid in one["allocations"]}

    assert find(f"member_of={AGGREGATE}") == set(hosts[:2])
    assert find("required=HW_CPU_X86_VMX") == {hosts[0]}
    assert find(f"required=!HW_CPU_X86_VMX&member_of=in:{AGGREGATE},{CONSUMER}") == {hosts[1]}
    assert find(f"in_tree={hosts[3]}") == {hosts[3]}
    assert len(find("limit=3")) == 3


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", "At least one request group"),
        ("resources=COW:1", "Invalid resource class in resources parameter"),
        ("resources=VCPU:1&limit=0", "Failed validating 'pattern'"),
        ("resources1=VCPU:1&resources2=VCPU:1", 'The "group_policy" parameter is required'),
        ("resources=VCPU:1&required1=HW_CPU_X86_VMX", "Found the following orphaned traits keys: required1"),
        ("resources=VCPU:1&in_tree=cow", "Expected 'in_tree' parameter to be a format of uuid"),
    ],
)
def test_a_query_that_makes_no_sense_is_explained(client: Client, query: str, detail: str) -> None:
    reply = client("GET", f"/allocation_candidates?{query}")
    assert reply.status == 400
    assert detail in reply.decoded()["errors"][0]["detail"]

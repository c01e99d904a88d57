from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.kit.clock import SystemClock
from pileus.kit.http.app import App
from pileus.placement.service import new_backend, new_service
from tests.placement.conftest import Client, Tokens

if TYPE_CHECKING:
    from pileus.kit.db import Database

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


def test_a_limit_of_more_digits_than_there_are_candidates_is_none(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 4})
    for path in ("/allocation_candidates", "/allocation_candidates/explanation"):
        for digits in (18, 19, 5000):
            assert client("GET", f"{path}?resources=VCPU:1&limit={'9' * digits}").status == 200
    assert host in client("GET", f"/allocation_candidates?resources=VCPU:1&limit={'9' * 5000}").body.decode()


def test_an_operator_may_bound_an_answer(database: Database) -> None:
    bounded = Client(App(new_service(new_backend(database, SystemClock(), max_candidates=2), Tokens())))
    for number in range(3):
        bounded.provider(f"host{number}", VCPU={"total": 4})
    for query in ("", "&limit=3"):
        found = bounded("GET", f"/allocation_candidates?resources=VCPU:1{query}").decoded()
        assert len(found["allocation_requests"]) == 2

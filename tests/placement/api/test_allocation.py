from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from placement.conftest import Client

pytestmark = pytest.mark.databases("sqlite")
CONSUMER = "a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e55"
OTHER = "b2c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e66"
OWNER = {"project_id": "p", "user_id": "u"}


def used(client: Client, host: str) -> dict[str, int]:
    return dict(client("GET", f"/resource_providers/{host}/usages").decoded()["usages"])


def test_an_allocation_is_shown_as_it_may_be_written_again(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8})
    assert client.allocate(CONSUMER, {host: {"VCPU": 2}}).status == 204
    shown = client("GET", f"/allocations/{CONSUMER}").decoded()
    assert shown == {
        "allocations": {host: {"generation": 2, "resources": {"VCPU": 2}}},
        "consumer_generation": 1,
        **OWNER,
    }
    assert client("PUT", f"/allocations/{CONSUMER}", shown).status == 204


def test_the_first_form_of_a_body_is_still_taken(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8})
    body = {"allocations": [{"resource_provider": {"uuid": host}, "resources": {"VCPU": 2}}]}
    assert client("PUT", f"/allocations/{CONSUMER}", body, version="1.0").status == 204
    assert client("PUT", f"/allocations/{CONSUMER}", body, version="1.8").status == 400
    assert client("PUT", f"/allocations/{CONSUMER}", {**body, **OWNER}, version="1.8").status == 204
    assert client("GET", f"/allocations/{CONSUMER}").decoded()["project_id"] == "p"


@pytest.mark.parametrize("generation", [None, 0, 2])
def test_a_stale_consumer_generation_is_refused(client: Client, generation: int | None) -> None:
    host = client.provider("host", VCPU={"total": 8})
    client.allocate(CONSUMER, {host: {"VCPU": 2}})
    found = client.allocate(CONSUMER, {host: {"VCPU": 1}}, generation).decoded()["errors"][0]
    assert (found["status"], found["code"]) == (409, "placement.concurrent_update")
    assert found["detail"] == f"consumer generation conflict - expected 1 but got {generation}"


def test_a_consumer_ends_with_its_last_allocation(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8})
    client.allocate(CONSUMER, {host: {"VCPU": 2}})
    assert client.allocate(CONSUMER, {}, 1).status == 204
    assert client("GET", f"/allocations/{CONSUMER}").decoded() == {"allocations": {}}
    assert client.allocate(CONSUMER, {host: {"VCPU": 8}}).status == 204


def test_a_move_is_one_request(client: Client) -> None:
    source, target = (client.provider(name, VCPU={"total": 4}) for name in ("source", "target"))
    client.allocate(CONSUMER, {source: {"VCPU": 4}})

    def hold(host: str, generation: int | None) -> dict[str, Any]:
        return {"allocations": {host: {"resources": {"VCPU": 4}}}, "consumer_generation": generation, **OWNER}

    assert client("POST", "/allocations", {CONSUMER: hold(target, 1), OTHER: hold(source, None)}).status == 204
    assert (used(client, source), used(client, target)) == ({"VCPU": 4}, {"VCPU": 4})


def test_all_claims_of_a_request_stand_or_fall_together(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 4})
    one = {"allocations": {host: {"resources": {"VCPU": 3}}}, "consumer_generation": None, **OWNER}
    assert client("POST", "/allocations", {CONSUMER: one, OTHER: one}).status == 409
    assert used(client, host) == {"VCPU": 0}


def test_an_over_full_provider_may_be_relieved(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8})
    client.allocate(CONSUMER, {host: {"VCPU": 8}})
    shrunk = {"resource_provider_generation": 2, "total": 4}
    assert client("PUT", f"/resource_providers/{host}/inventories/VCPU", shrunk).status == 200
    assert client.allocate(CONSUMER, {host: {"VCPU": 9}}, 1).status == 409
    assert client.allocate(CONSUMER, {host: {"VCPU": 6}}, 1).status == 204
    assert client.allocate(OTHER, {host: {"VCPU": 1}}).status == 409


@pytest.mark.parametrize(
    ("inventory", "amount"),
    [
        ({"total": 4, "reserved": 2}, 3),
        ({"total": 4, "allocation_ratio": 0.5}, 3),
        ({"total": 4, "min_unit": 2}, 1),
        ({"total": 4, "max_unit": 2}, 3),
        ({"total": 4, "step_size": 2}, 3),
    ],
)
def test_what_a_provider_cannot_give_is_refused_and_not_proposed(
    client: Client, inventory: dict[str, Any], amount: int
) -> None:
    host = client.provider("host", VCPU=inventory)
    assert client.allocate(CONSUMER, {host: {"VCPU": amount}}).status == 409
    assert client.allocate(CONSUMER, {host: {"VCPU": 2}}).status == 204
    client("DELETE", f"/allocations/{CONSUMER}")
    found = [
        len(client("GET", f"/allocation_candidates?resources=VCPU:{n}").decoded()["allocation_requests"])
        for n in (amount, 2)
    ]
    assert found == [0, 1]


def test_usages_are_summed_by_owner(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8})
    client.allocate(CONSUMER, {host: {"VCPU": 2}})
    client.allocate(OTHER, {host: {"VCPU": 3}})
    assert client("GET", "/usages?project_id=p&user_id=u").decoded() == {"usages": {"VCPU": 5}}
    assert client("GET", "/usages?project_id=p&user_id=v").decoded() == {"usages": {}}


def test_inventory_in_use_stays(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8}, DISK_GB={"total": 9})
    client.allocate(CONSUMER, {host: {"VCPU": 2, "DISK_GB": 1}})
    found = client("DELETE", f"/resource_providers/{host}/inventories").decoded()["errors"][0]
    assert (found["status"], found["code"]) == (409, "placement.inventory.inuse")
    assert found["detail"] == f"Inventory for 'VCPU, DISK_GB' on resource provider '{host}' in use."

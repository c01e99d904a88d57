"""Each number of an inventory, at its limit and one beyond: who writes, who searches and who lists agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.placement.conftest import Client

CONSUMERS = tuple(f"a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e0{number}" for number in range(9))
# (inventory, what somebody holds already, amounts that fit, amounts that do not)
LIMITS: list[tuple[dict[str, Any], int, tuple[int, ...], tuple[int, ...]]] = [
    ({"total": 8}, 0, (1, 8), (9,)),
    ({"total": 8, "reserved": 3}, 0, (1, 5), (6, 8)),
    ({"total": 8, "allocation_ratio": 1.5}, 0, (9, 12), (13,)),
    ({"total": 8, "allocation_ratio": 0.5}, 0, (4,), (5, 8)),
    ({"total": 8, "reserved": 2, "allocation_ratio": 1.5}, 0, (9,), (10,)),  # not 1.5 * 8 - 2
    ({"total": 7, "allocation_ratio": 1.5}, 0, (10,), (11,)),  # half a unit is none
    ({"total": 8, "min_unit": 3}, 0, (3, 4), (1, 2)),
    ({"total": 8, "max_unit": 5}, 0, (4, 5), (6, 8)),
    ({"total": 8, "step_size": 3}, 0, (3, 6), (1, 4, 8)),
    ({"total": 8, "min_unit": 2, "step_size": 2, "max_unit": 6}, 0, (2, 4, 6), (1, 3, 8)),
    ({"total": 8}, 3, (1, 5), (6, 8)),
    ({"total": 8, "reserved": 1, "allocation_ratio": 2.0, "max_unit": 9}, 6, (8,), (9, 10)),
    ({"total": 8, "reserved": 8}, 0, (), (1,)),
]


def test_what_fits_is_found_listed_and_given_and_nothing_else(client: Client) -> None:
    for number, (inventory, held, fitting, beyond) in enumerate(LIMITS):
        host = client.provider(f"host{number}", VCPU=inventory)
        if held:
            assert client.allocate(CONSUMERS[0], {host: {"VCPU": held}}).status == 204
        for amount in (*fitting, *beyond):
            fits, case = amount in fitting, (inventory, held, amount)
            assert proposed(client, f"VCPU:{amount}") == ([{host: {"VCPU": amount}}] if fits else []), case
            assert listed(client, f"VCPU:{amount}") == ([host] if fits else []), case
            reply = client.allocate(CONSUMERS[1], {host: {"VCPU": amount}})
            assert reply.status == (204 if fits else 409), case
            if fits:
                assert client("DELETE", f"/allocations/{CONSUMERS[1]}").status == 204
        client("DELETE", f"/allocations/{CONSUMERS[0]}")
        assert client("DELETE", f"/resource_providers/{host}").status == 204


def proposed(client: Client, resources: str) -> list[dict[str, dict[str, int]]]:
    found = client("GET", f"/allocation_candidates?resources={resources}").decoded()["allocation_requests"]
    return [{host: one["resources"] for host, one in way["allocations"].items()} for way in found]


def listed(client: Client, resources: str) -> list[str]:
    found = client("GET", f"/resource_providers?resources={resources}").decoded()["resource_providers"]
    return [one["uuid"] for one in found]


@pytest.mark.databases("sqlite")
def test_a_child_and_a_class_of_ones_own_are_counted_alike(client: Client) -> None:
    client("PUT", "/resource_classes/CUSTOM_THING")
    root = client.provider("root", VCPU={"total": 8})
    child = client.provider("child", CUSTOM_THING={"total": 8, "reserved": 4})
    client("PUT", f"/resource_providers/{child}", {"name": "child", "parent_provider_uuid": root})
    assert proposed(client, "VCPU:1,CUSTOM_THING:4") == [{root: {"VCPU": 1}, child: {"CUSTOM_THING": 4}}]
    assert proposed(client, "VCPU:1,CUSTOM_THING:5") == []
    client.allocate(CONSUMERS[0], {child: {"CUSTOM_THING": 1}})
    assert proposed(client, "VCPU:1,CUSTOM_THING:4") == []


@pytest.mark.databases("sqlite")
def test_several_groups_share_what_one_provider_has_left(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8, "max_unit": 5})
    client.allocate(CONSUMERS[0], {host: {"VCPU": 4}})
    query = "resources1=VCPU:{}&resources2=VCPU:2&group_policy=none"
    for first, count in ((2, 1), (3, 0)):
        found = client("GET", f"/allocation_candidates?{query.format(first)}").decoded()["allocation_requests"]
        assert len(found) == count


# --- over capacity ---


@pytest.fixture
def over_full(client: Client) -> str:
    """A host of 4 VCPUs of which one consumer holds 6 and another 2."""
    host = client.provider("host", VCPU={"total": 8})
    for consumer, amount in zip(CONSUMERS, (6, 2), strict=False):
        assert client.allocate(consumer, {host: {"VCPU": amount}}).status == 204
    shrunk = {"resource_provider_generation": 3, "total": 4}
    assert client("PUT", f"/resource_providers/{host}/inventories/VCPU", shrunk).status == 200
    return host


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("amount", "status"), [(5, 204), (6, 204), (7, 409), (1, 204)])
def test_who_holds_too_much_may_hold_less_or_as_much(client: Client, over_full: str, amount: int, status: int) -> None:
    assert client.allocate(CONSUMERS[0], {over_full: {"VCPU": amount}}, 1).status == status
    used = client("GET", f"/resource_providers/{over_full}/usages").decoded()["usages"]["VCPU"]
    assert used == (amount if status == 204 else 6) + 2


@pytest.mark.databases("sqlite")
def test_who_is_new_gets_nothing_of_a_host_that_is_over_full(client: Client, over_full: str) -> None:
    assert client.allocate(CONSUMERS[2], {over_full: {"VCPU": 1}}).status == 409
    assert proposed(client, "VCPU:1") == []
    assert listed(client, "VCPU:1") == []


@pytest.mark.databases("sqlite")
def test_two_that_together_take_less_than_they_held_may(client: Client, over_full: str) -> None:
    def claim(generation: int, amount: int) -> dict[str, Any]:
        owner = {"project_id": "p", "user_id": "u", "consumer_generation": generation}
        return {"allocations": {over_full: {"resources": {"VCPU": amount}}}, **owner}

    more = {CONSUMERS[0]: claim(1, 4), CONSUMERS[1]: claim(1, 4)}  # one takes less, the other more
    assert client("POST", "/allocations", more).status == 204
    too_much = {CONSUMERS[0]: claim(2, 5), CONSUMERS[1]: claim(2, 4)}
    assert client("POST", "/allocations", too_much).status == 409

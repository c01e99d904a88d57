from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from placement.conftest import Client

CONSUMER = "a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e55"
OTHER = "b2c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e66"


def tree(client: Client) -> tuple[str, str, str]:
    """Make a root with two children of 4 VFs each; return their uuids."""
    root = client.provider("root", VCPU={"total": 8})
    children = []
    for name in ("left", "right"):
        body = {"name": name, "parent_provider_uuid": root}
        uuid = client("POST", "/resource_providers", body).decoded()["uuid"]
        stock = {"resource_class": "SRIOV_NET_VF", "total": 4}
        client("POST", f"/resource_providers/{uuid}/inventories", stock)
        children.append(uuid)
    return root, children[0], children[1]


def find(client: Client, query: str, version: str = "1.39") -> list[dict[str, Any]]:
    reply = client("GET", f"/allocation_candidates?{query}", version=version)
    assert reply.status == 200, reply.body
    return list(reply.decoded()["allocation_requests"])


def test_mappings_tell_who_serves_which_group(client: Client) -> None:
    root, left, right = tree(client)
    found = find(client, f"resources=VCPU:1&resources_N=SRIOV_NET_VF:1&in_tree={root}")
    assert sorted(one["mappings"]["_N"][0] for one in found) == sorted([left, right])
    assert all(one["mappings"][""] == [root] for one in found)


def test_groups_of_one_subtree_stay_together(client: Client) -> None:
    tree(client)
    query = "resources_A=SRIOV_NET_VF:1&resources_B=SRIOV_NET_VF:1&group_policy=none"
    assert len(find(client, query)) == 4
    together = find(client, f"{query}&same_subtree=_A,_B")
    assert len(together) == 2
    assert all(one["mappings"]["_A"] == one["mappings"]["_B"] for one in together)


def test_the_root_must_have_its_traits(client: Client) -> None:
    root, left, _ = tree(client)
    body = {"traits": ["HW_NUMA_ROOT"], "resource_provider_generation": 1}
    client("PUT", f"/resource_providers/{left}/traits", body)
    assert find(client, "resources=VCPU:1&root_required=HW_NUMA_ROOT") == []
    client("PUT", f"/resource_providers/{root}/traits", body)
    assert len(find(client, "resources=VCPU:1&root_required=HW_NUMA_ROOT")) == 1
    assert find(client, "resources=VCPU:1&root_required=!HW_NUMA_ROOT") == []


def test_any_of_several_traits_is_enough(client: Client) -> None:
    hosts = [client.provider(f"host{number}", VCPU={"total": 8}) for number in range(3)]
    for host, trait in zip(hosts, ("HW_CPU_X86_SSE", "HW_CPU_X86_SSE2"), strict=False):
        body = {"traits": [trait], "resource_provider_generation": 1}
        client("PUT", f"/resource_providers/{host}/traits", body)
    found = find(client, "resources=VCPU:1&required=in:HW_CPU_X86_SSE,HW_CPU_X86_SSE2&required=!HW_CPU_X86_SSE")
    assert [list(one["allocations"]) for one in found] == [[hosts[1]]]


def test_a_forbidden_aggregate_keeps_its_members_out(client: Client) -> None:
    inside, outside = (client.provider(name, VCPU={"total": 8}) for name in ("inside", "outside"))
    body = {"aggregates": [CONSUMER], "resource_provider_generation": 1}
    client("PUT", f"/resource_providers/{inside}/aggregates", body)
    found = find(client, f"resources=VCPU:1&member_of=!{CONSUMER}")
    assert [list(one["allocations"]) for one in found] == [[outside]]


def test_a_provider_leaves_its_parent(client: Client) -> None:
    _, left, right = tree(client)
    for parent, root in ((right, None), (None, left)):
        body = {"name": "left", "parent_provider_uuid": parent}
        assert client("PUT", f"/resource_providers/{left}", body, version="1.36").status == 400
        shown = client("PUT", f"/resource_providers/{left}", body, version="1.37").decoded()
        assert shown["parent_provider_uuid"] == parent
        assert root is None or shown["root_provider_uuid"] == root


def test_usages_are_shown_by_the_type_of_consumer(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8})
    client.allocate(OTHER, {host: {"VCPU": 1}})
    body = {
        "allocations": {host: {"resources": {"VCPU": 2}}},
        "consumer_generation": None,
        "consumer_type": "INSTANCE",
        "project_id": "p",
        "user_id": "u",
    }
    assert client("PUT", f"/allocations/{CONSUMER}", body, version="1.37").status == 400
    assert client("PUT", f"/allocations/{CONSUMER}", body, version="1.38").status == 204
    assert client("GET", f"/allocations/{CONSUMER}", version="1.38").decoded()["consumer_type"] == "INSTANCE"
    assert client("GET", "/usages?project_id=p", version="1.38").decoded()["usages"] == {
        "INSTANCE": {"consumer_count": 1, "VCPU": 2},
        "unknown": {"consumer_count": 1, "VCPU": 1},
    }
    assert client("GET", "/usages?project_id=p&consumer_type=all", version="1.38").decoded()["usages"] == {
        "all": {"consumer_count": 2, "VCPU": 3}
    }


def test_a_reshape_moves_inventory_and_what_is_held_of_it(client: Client) -> None:
    old = client.provider("old", VCPU={"total": 8})
    new = client.provider("new")
    client.allocate(CONSUMER, {old: {"VCPU": 2}})
    body = {
        "inventories": {
            old: {"resource_provider_generation": 2, "inventories": {}},
            new: {"resource_provider_generation": 1, "inventories": {"VCPU": {"total": 8}}},
        },
        "allocations": {
            CONSUMER: {
                "allocations": {new: {"resources": {"VCPU": 2}}},
                "consumer_generation": 1,
                "project_id": "p",
                "user_id": "u",
            }
        },
    }
    assert client("POST", "/reshaper", body).status == 403
    assert client("POST", "/reshaper", body, token="service").status == 204
    assert client("GET", f"/resource_providers/{old}/inventories").decoded()["inventories"] == {}
    assert list(client("GET", f"/allocations/{CONSUMER}").decoded()["allocations"]) == [new]

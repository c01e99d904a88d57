"""How full everything is, summed up by the database."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from pileus.placement.db import summary as summaries
from pileus.placement.model.summary import Summary

if TYPE_CHECKING:
    from pileus.kit.db import Database
    from placement.conftest import Client

RACK, ZONE = str(uuid.uuid4()), str(uuid.uuid4())


def set_aggregates(client: Client, provider: str, *aggregates: str) -> None:
    body = {"resource_provider_generation": 1, "aggregates": aggregates}
    assert client("PUT", f"/resource_providers/{provider}/aggregates", body).status == 200


def by_class(database: Database) -> dict[str, Summary]:
    with database.read() as tx:
        return {one.resource_class: one for one in summaries.by_class(tx)}


def test_an_empty_placement_has_no_sums(database: Database) -> None:
    with database.read() as tx:
        assert summaries.by_class(tx) == []
        assert summaries.by_aggregate(tx) == {}


def test_what_is_left_is_capacity_less_use_and_the_fullest_is_named(client: Client, database: Database) -> None:
    half = client.provider("half", VCPU={"total": 4, "reserved": 1, "allocation_ratio": 2.0}, DISK_GB={"total": 100})
    client.provider("empty", VCPU={"total": 10})
    client.allocate(str(uuid.uuid4()), {half: {"VCPU": 3}})
    found = by_class(database)
    assert list(found) == ["VCPU", "DISK_GB"]
    vcpu = found["VCPU"]
    assert (vcpu.providers, vcpu.capacity, vcpu.reserved, vcpu.used, vcpu.free) == (2, 16.0, 1, 3, 13.0)
    assert (vcpu.fullest, vcpu.fullest_share, vcpu.share) == ("half", 0.5, 3 / 16)


def test_who_is_over_capacity_takes_nothing_from_others(client: Client, database: Database) -> None:
    over = client.provider("over", VCPU={"total": 8})
    client.provider("other", VCPU={"total": 8})
    client.allocate(str(uuid.uuid4()), {over: {"VCPU": 8}})
    body = {"resource_provider_generation": 2, "total": 4}
    assert client("PUT", f"/resource_providers/{over}/inventories/VCPU", body).status == 200
    vcpu = by_class(database)["VCPU"]
    assert (vcpu.capacity, vcpu.used, vcpu.free, vcpu.fullest_share) == (12.0, 8, 8.0, 2.0)


def test_a_capacity_of_nothing_is_full(client: Client, database: Database) -> None:
    client.provider("shut", VCPU={"total": 4, "reserved": 4})
    vcpu = by_class(database)["VCPU"]
    assert (vcpu.share, vcpu.fullest_share, vcpu.free) == (1.0, 1.0, 0.0)


def test_an_aggregate_has_its_members_and_what_hangs_below_them(client: Client, database: Database) -> None:
    first, second = client.provider("first", VCPU={"total": 4}), client.provider("second", VCPU={"total": 8})
    client.provider("outside", VCPU={"total": 16})
    set_aggregates(client, first, RACK, ZONE)
    set_aggregates(client, second, ZONE)
    body = {"name": "gpu", "parent_provider_uuid": first}
    gpu = client("POST", "/resource_providers", body).decoded()["uuid"]
    body = {"resource_provider_generation": 0, "inventories": {"VGPU": {"total": 2}}}
    assert client("PUT", f"/resource_providers/{gpu}/inventories", body).status == 200
    client.allocate(str(uuid.uuid4()), {second: {"VCPU": 6}})
    with database.read() as tx:
        found = summaries.by_aggregate(tx)
    sums = {
        name: {one.resource_class: (one.providers, one.capacity, one.used, one.fullest) for one in found[name]}
        for name in found
    }
    assert sums == {
        RACK: {"VCPU": (1, 4.0, 0, "first"), "VGPU": (1, 2.0, 0, "gpu")},
        ZONE: {"VCPU": (2, 12.0, 6, "second"), "VGPU": (1, 2.0, 0, "gpu")},
    }


def test_a_child_that_is_a_member_itself_counts_once(client: Client, database: Database) -> None:
    root = client.provider("root", VCPU={"total": 4})
    set_aggregates(client, root, RACK)
    child = client("POST", "/resource_providers", {"name": "child", "parent_provider_uuid": root}).decoded()["uuid"]
    body = {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 2}}}
    assert client("PUT", f"/resource_providers/{child}/inventories", body).status == 200
    set_aggregates(client, child, RACK)
    with database.read() as tx:
        [vcpu] = summaries.by_aggregate(tx)[RACK]
    assert (vcpu.providers, vcpu.capacity) == (2, 6.0)

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from pileus.compute.model.aggregate import Aggregate
from pileus.compute.scheduler.ask import Ask
from pileus.compute.scheduler.prefilter import Narrowed, NoAggregateForProject, is_narrowing, narrowed
from pileus.compute.settings import SchedulerSettings

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1}, disk_format="qcow2")
PLAIN = SchedulerSettings()


def aggregate(uuid: str, **metadata: str) -> Aggregate:
    keys = {name.replace("__", ":"): value for name, value in metadata.items()}
    return Aggregate(
        number=1, uuid=uuid, name=uuid, created_at=datetime(2026, 1, 1), updated_at=None, hosts=(), metadata=keys
    )


EAST, EAST_TOO, WEST = (
    aggregate("e1", availability_zone="east"), aggregate("e2", availability_zone="east"),
    aggregate("w", availability_zone="west"),
)  # fmt: skip
ZONES = (EAST, EAST_TOO, WEST, aggregate("none"))


def test_a_zone_is_any_of_its_aggregates() -> None:
    ask = replace(ASK, availability_zone="east")
    assert narrowed(ask, ZONES, PLAIN, by_zone=True) == Narrowed(member_of=(frozenset({"e1", "e2"}),))
    assert narrowed(ask, ZONES, PLAIN, by_zone=False) == Narrowed()
    assert narrowed(ASK, ZONES, PLAIN, by_zone=True) == Narrowed()


def test_the_default_zone_is_where_no_other_is() -> None:
    ask = replace(ASK, availability_zone="nova")
    assert narrowed(ask, ZONES, PLAIN, by_zone=True) == Narrowed(not_member_of=frozenset({"e1", "e2", "w"}))


def test_in_a_zone_that_nobody_has_is_no_host() -> None:
    (members,) = narrowed(replace(ASK, availability_zone="north"), ZONES, PLAIN, by_zone=True).member_of
    assert len(members) == 1
    assert not members & {one.uuid for one in ZONES}


def test_a_project_keeps_to_its_aggregates_if_it_has_any() -> None:
    chosen = SchedulerSettings(limit_tenants_to_placement_aggregate=True)
    own, other = aggregate("a", filter_tenant_id="p"), aggregate("b", filter_tenant_id3="q")
    assert narrowed(ASK, (own, other), chosen, by_zone=False).member_of == (frozenset({"a"}),)
    assert narrowed(ASK, (other,), chosen, by_zone=False) == Narrowed()
    assert narrowed(ASK, (own, other), PLAIN, by_zone=False) == Narrowed()


def test_a_project_may_have_to_have_an_aggregate() -> None:
    chosen = SchedulerSettings(limit_tenants_to_placement_aggregate=True, placement_aggregate_required_for_tenants=True)
    with pytest.raises(NoAggregateForProject, match="No aggregate of hosts is for the project p"):
        narrowed(ASK, (), chosen, by_zone=False)


def test_an_aggregate_with_traits_is_only_for_those_who_ask_for_all_of_them() -> None:
    chosen = SchedulerSettings(enable_isolated_aggregate_filtering=True)
    licensed = aggregate("l", trait__CUSTOM_A="required", trait__CUSTOM_B="required", ssd="true")
    one, both = (replace(ASK, required_traits=frozenset(traits)) for traits in (["CUSTOM_A"], ["CUSTOM_A", "CUSTOM_B"]))
    assert narrowed(one, (licensed, EAST), chosen, by_zone=False).not_member_of == {"l"}
    assert narrowed(both, (licensed, EAST), chosen, by_zone=False) == Narrowed()


def test_hosts_may_have_to_know_the_images_format() -> None:
    chosen = SchedulerSettings(query_placement_for_image_type_support=True)
    assert narrowed(ASK, (), chosen, by_zone=False).required == {"COMPUTE_IMAGE_TYPE_QCOW2"}
    assert narrowed(replace(ASK, disk_format=""), (), chosen, by_zone=False) == Narrowed()
    assert (is_narrowing(chosen), is_narrowing(PLAIN)) == (True, False)

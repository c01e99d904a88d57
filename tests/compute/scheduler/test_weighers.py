from __future__ import annotations

from dataclasses import replace

from pileus.compute.scheduler import weighers
from pileus.compute.scheduler.ask import Ask, GroupWish, HostView
from pileus.compute.scheduler.choose import Weigher
from pileus.compute.scheduler.hosts import Hosts

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1})
HOST = HostView(
    host="h1", provider="p1", zone="east", is_up=True, is_enabled=True,
    free={"MEMORY_MB": 512, "VCPU": 12, "DISK_GB": 90}, servers=3, io_ops=2, hypervisor_version=7002022,
)  # fmt: skip


def of(weigher: Weigher, ask: Ask, host: HostView) -> float:
    """What a weigher says of one host."""
    (weight,) = weigher(ask, Hosts.of([host]))
    return float(weight)


def test_what_is_free_is_weighed_and_nothing_where_there_is_none_of_it() -> None:
    assert [of(weigher, ASK, HOST) for weigher in (weighers.ram, weighers.cpu, weighers.disk)] == [512.0, 12.0, 90.0]
    bare = replace(HOST, free={})
    assert [of(weigher, ASK, bare) for weigher in (weighers.ram, weighers.cpu, weighers.disk)] == [0.0, 0.0, 0.0]


def test_load_and_the_hypervisors_age_are_weighed() -> None:
    assert of(weighers.io_ops, ASK, HOST) == 2.0
    assert of(weighers.num_instances, ASK, HOST) == 3.0
    assert of(weighers.hypervisor_version, ASK, HOST) == 7002022.0


def test_every_failed_build_speaks_against_a_host() -> None:
    assert of(weighers.build_failures, ASK, replace(HOST, failed_builds=3)) == -3.0
    assert of(weighers.build_failures, ASK, HOST) == 0.0


def test_a_host_has_the_image_or_has_it_not_however_many_use_it() -> None:
    assert of(weighers.image_cache, ASK, HOST) == 0.0
    assert of(weighers.image_cache, ASK, replace(HOST, image_servers=7)) == 1.0


def test_a_soft_group_weighs_its_members_by_its_policy_only() -> None:
    near = replace(ASK, group=GroupWish(policy="soft-affinity", members={"h1": 2}))
    far = replace(ASK, group=GroupWish(policy="soft-anti-affinity", members={"h1": 2}))
    assert of(weighers.server_group_soft_affinity, near, HOST) == 2.0
    assert of(weighers.server_group_soft_affinity, far, HOST) == 0.0
    assert of(weighers.server_group_soft_anti_affinity, far, HOST) == -2.0
    assert of(weighers.server_group_soft_anti_affinity, ASK, HOST) == 0.0

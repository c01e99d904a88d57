from __future__ import annotations

from dataclasses import replace

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.filter import load

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 4, "MEMORY_MB": 1024, "DISK_GB": 10})
HOST = HostView(
    host="h1", provider="p1", zone="nova", is_up=True, is_enabled=True,
    total={"VCPU": 8, "MEMORY_MB": 4096, "DISK_GB": 100}, used={"VCPU": 28, "MEMORY_MB": 4096, "DISK_GB": 95},
    servers=50, io_ops=8,
)  # fmt: skip


def test_cpus_may_be_promised_as_often_as_the_ratio_says() -> None:
    assert load.core(ASK, HOST, cpu_allocation_ratio=4.0) is None
    assert load.core(ASK, HOST, cpu_allocation_ratio=3.5) == "it has 0 VCPU left of 8, promised 3.5 times"


def test_a_server_with_more_cpus_than_the_machine_is_refused_whatever_the_ratio() -> None:
    ask = replace(ASK, resources={"VCPU": 9})
    assert load.core(ask, replace(HOST, used={}), cpu_allocation_ratio=16.0) == "it has only 8 VCPU"


def test_memory_and_disk_have_ratios_of_their_own() -> None:
    assert load.ram(ASK, HOST, ram_allocation_ratio=1.25) is None
    assert load.ram(ASK, HOST, ram_allocation_ratio=1.0) == "it has 0 MEMORY_MB left of 4096, promised 1 times"
    assert load.disk(ASK, HOST, disk_allocation_ratio=1.0) == "it has 5 DISK_GB left of 100, promised 1 times"
    assert load.disk(ASK, HOST, disk_allocation_ratio=1.1) is None


def test_the_least_ratio_of_the_hosts_aggregates_goes_before_the_settings() -> None:
    ratios = {"cpu_allocation_ratio": "1.0", "ram_allocation_ratio": "1.0", "disk_allocation_ratio": "1.0"}
    strict = replace(HOST, aggregates=(dict.fromkeys(ratios, "9"), ratios))
    assert load.aggregate_core(ASK, HOST, cpu_allocation_ratio=16.0) is None
    assert load.aggregate_core(ASK, strict, cpu_allocation_ratio=16.0) is not None
    assert load.aggregate_ram(ASK, strict, ram_allocation_ratio=1.5) is not None
    assert load.aggregate_disk(ASK, strict, disk_allocation_ratio=2.0) is not None


def test_a_host_that_is_at_work_on_as_many_servers_as_it_may_is_refused() -> None:
    assert load.io_ops(ASK, HOST, max_io_ops_per_host=9) is None
    assert load.io_ops(ASK, HOST, max_io_ops_per_host=8) == "it is at work on 8 servers, and 8 are the limit"
    relaxed = replace(HOST, aggregates=({"max_io_ops_per_host": "20"},))
    assert load.aggregate_io_ops(ASK, relaxed, max_io_ops_per_host=8) is None


def test_a_host_that_has_as_many_servers_as_it_may_is_refused() -> None:
    assert load.num_instances(ASK, HOST, max_instances_per_host=51) is None
    assert load.num_instances(ASK, HOST, max_instances_per_host=50) == "it has 50 servers, and 50 are the limit"
    strict = replace(HOST, aggregates=({"max_instances_per_host": "10"}, {"max_instances_per_host": "60"}))
    refusal = load.aggregate_num_instances(ASK, strict, max_instances_per_host=100)
    assert refusal == "it has 50 servers, and 10 are the limit"


def test_a_limit_in_metadata_that_is_no_number_leaves_the_settings() -> None:
    odd = replace(HOST, aggregates=({"max_instances_per_host": "few"},))
    assert load.aggregate_num_instances(ASK, odd, max_instances_per_host=51) is None

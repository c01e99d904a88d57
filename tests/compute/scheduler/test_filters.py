from __future__ import annotations

from dataclasses import replace

from pileus.compute.scheduler import filters, weighers
from pileus.compute.scheduler.ask import Ask, HostView

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1})
HOST = HostView(host="h1", provider="p1", zone="east", is_up=True, is_enabled=True, free={"MEMORY_MB": 512})


def test_a_host_that_is_up_and_enabled_will_do() -> None:
    assert filters.compute(ASK, HOST) is None


def test_a_host_that_is_down_is_refused() -> None:
    assert filters.compute(ASK, replace(HOST, is_up=False)) == "its compute service is down"


def test_a_disabled_host_is_refused_with_the_reason_that_was_given() -> None:
    disabled = replace(HOST, is_enabled=False)
    assert filters.compute(ASK, disabled) == "its compute service is disabled (no reason given)"
    assert "(new disk)" in str(filters.compute(ASK, replace(disabled, disabled_reason="new disk")))


def test_any_zone_will_do_for_who_asks_for_none() -> None:
    assert filters.availability_zone(ASK, HOST) is None


def test_a_host_in_another_zone_is_refused() -> None:
    ask = replace(ASK, availability_zone="west")
    assert filters.availability_zone(ask, HOST) == "it is in the availability zone east, not west"
    assert filters.availability_zone(ask, replace(HOST, zone="west")) is None


def test_more_free_memory_is_better() -> None:
    assert weighers.ram(ASK, HOST) == 512.0
    assert weighers.ram(ASK, replace(HOST, free={})) == 0.0

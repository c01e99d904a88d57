from __future__ import annotations

from dataclasses import replace

import pytest

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.filter import host as filters

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1})
HOST = HostView(host="h1", provider="p1", zone="east", is_up=True, is_enabled=True)


def test_a_host_that_is_up_and_enabled_will_do() -> None:
    assert filters.compute(ASK, HOST) is None
    assert filters.all_hosts(ASK, replace(HOST, is_up=False)) is None


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


@pytest.mark.parametrize(
    ("image", "at", "is_restricted", "reason"),
    [
        ("secret", "h1", True, None),
        ("secret", "h2", True, "the image may only be on isolated hosts"),
        ("secret", "h2", False, "the image may only be on isolated hosts"),
        ("plain", "h1", True, "it is isolated, for other images"),
        ("plain", "h1", False, None),
        ("plain", "h2", True, None),
        (None, "h1", True, "it is isolated, for other images"),
    ],
)
def test_isolated_images_are_on_isolated_hosts_and_others_are_not_if_that_is_restricted(
    image: str | None, at: str, is_restricted: bool, reason: str | None
) -> None:
    ask, host = replace(ASK, image_id=image), replace(HOST, host=at)
    answer = filters.isolated_hosts(ask, host, hosts={"h1"}, images={"secret"}, is_restricted=is_restricted)
    assert answer == reason

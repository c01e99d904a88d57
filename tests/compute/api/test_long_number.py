"""Numbers of thousands of digits, which Python refuses to read, are refused as whatever else is no good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.compute.cloud import ADMIN, server_body

if TYPE_CHECKING:
    from tests.compute.cloud import Cloud

LONG = "9" * 5000
FLAVOR = {"name": "f", "ram": 1, "vcpus": 1, "disk": 1}


@pytest.mark.parametrize(
    "path",
    [
        f"/flavors?minRam={LONG}", f"/flavors?minDisk={LONG}", f"/os-aggregates/{LONG}", f"/os-aggregates/-{LONG}",
        f"/os-server-groups?offset={LONG}", f"/images?minRam={LONG}",
    ],
)  # fmt: skip
def test_a_long_number_that_is_asked_with_is_invalid(cloud: Cloud, path: str) -> None:
    assert cloud.ask("GET", path, who=ADMIN).status == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/flavors", {"flavor": {**FLAVOR, "ram": LONG}}),
        ("PUT", "/os-quota-sets/p-one", {"quota_set": {"cores": LONG}}),
        ("PUT", "/os-quota-class-sets/default", {"quota_class_set": {"cores": LONG}}),
        ("POST", "/servers", server_body(min_count=LONG)),
    ],
)
def test_a_long_number_in_a_body_is_invalid(cloud: Cloud, method: str, path: str, body: Any) -> None:
    assert cloud.ask(method, path, body, who=ADMIN).status == 400


def test_a_console_is_not_asked_for_so_many_lines(cloud: Cloud) -> None:
    assert cloud.act(cloud.active_server(), "os-getConsoleOutput", {"length": LONG}).status == 400

"""Unified limits, as a service asks a Keystone for them."""

from __future__ import annotations

import pytest

from pileus.clients.limit import LimitedEndpoint, LimitsUnknown
from pileus.clients.session import NoSuchEndpoint
from tests.clients.limiting import Limiting


def test_a_project_has_what_is_registered_unless_it_has_limits_of_its_own() -> None:
    limits = Limiting().limits()
    assert limits.of_project("p-poor") == {"goods": 10, "bags": 2}
    assert limits.of_project("p-rich") == {"goods": 99, "bags": 2}


def test_the_limits_are_those_of_our_own_endpoints_service_and_region() -> None:
    keystone = Limiting()
    keystone.limits().of_project("p")
    place = {"service_id": "id-shop", "region_id": "two"}
    assert keystone.questions == [("registered_limits", place), ("limits", {**place, "project_id": "p"})]


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        (LimitedEndpoint(endpoint_id="e-one-internal"), "one"),
        (LimitedEndpoint(endpoint_service_name="name-shop", endpoint_region_name="one"), "one"),
        (LimitedEndpoint(endpoint_service_type="shop", endpoint_interface="internalURL"), "two"),
    ],
)
def test_another_endpoint_may_be_named(endpoint: LimitedEndpoint, region: str) -> None:
    keystone = Limiting()
    keystone.limits(endpoint).of_project("p")
    assert {question["region_id"] for _, question in keystone.questions} == {region}


def test_an_endpoint_that_the_catalog_does_not_have_is_told() -> None:
    with pytest.raises(NoSuchEndpoint, match="no public endpoint of type museum in region two"):
        Limiting().limits(LimitedEndpoint(endpoint_service_type="museum")).of_project("p")


def test_a_changed_limit_counts_when_the_answer_is_too_old() -> None:
    keystone = Limiting()
    limits = keystone.limits(cache_s=5)
    assert limits.of_project("p")["goods"] == 10
    keystone.registered["goods"] = 20
    keystone.keystone.clock.sleep(4)
    assert limits.of_project("p")["goods"] == 10
    assert limits.of_project("q")["goods"] == 20
    keystone.keystone.clock.sleep(2)
    assert limits.of_project("p")["goods"] == 20


def test_a_token_that_was_revoked_is_replaced() -> None:
    keystone = Limiting()
    limits = keystone.limits()
    limits.of_project("p")
    keystone.keystone.valid.clear()
    assert limits.of_project("p")["goods"] == 10


def test_a_keystone_that_does_not_say_is_unavailable() -> None:
    keystone = Limiting()
    keystone.status = 403
    with pytest.raises(LimitsUnknown, match="answered 403 when asked for registered_limits"):
        keystone.limits().of_project("p")

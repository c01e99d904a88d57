from __future__ import annotations

from typing import Any

import pytest

from pileus.identity.model.catalog import Endpoint, Given, Service, is_template, narrow, render

IMAGE = Service(id="s", type="image", name="glance")


def endpoint(url: str, **more: Any) -> Endpoint:
    return Endpoint(id="e", service_id="s", interface="public", url=url, region_id="R", **more)


def urls(*endpoints: Endpoint, project_id: str | None = "p", services: tuple[Service, ...] = (IMAGE,)) -> list[str]:
    shown = render(services, endpoints, project_id=project_id, user_id="u")
    return [each["url"] for service in shown for each in service["endpoints"]]


@pytest.mark.parametrize("place", ["%(project_id)s", "$(project_id)s", "%(tenant_id)s", "$(tenant_id)s"])
def test_a_project_is_filled_in(place: str) -> None:
    assert urls(endpoint(f"http://x/{place}")) == ["http://x/p"]


def test_a_user_is_filled_in() -> None:
    assert urls(endpoint("http://x/$(user_id)s/%(project_id)s")) == ["http://x/u/p"]


def test_an_endpoint_that_wants_a_project_is_left_out_where_there_is_none() -> None:
    assert urls(endpoint("http://x/%(project_id)s"), endpoint("http://y"), project_id=None) == ["http://y"]


def test_a_project_id_is_no_pattern() -> None:
    assert urls(endpoint("http://x/%(project_id)s"), project_id=r"\1") == [r"http://x/\1"]


def test_what_is_disabled_is_left_out() -> None:
    assert urls(endpoint("http://x", is_enabled=False)) == []
    hidden = Service(id="s", type="image", is_enabled=False)
    assert render([hidden], [endpoint("http://x")], project_id="p", user_id="u") == []


def test_a_service_without_endpoints_is_shown() -> None:
    shown = render([IMAGE], [], project_id="p", user_id="u")
    assert shown == [{"endpoints": [], "id": "s", "type": "image", "name": "glance"}]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://x", True),
        ("http://x/%(tenant_id)s/$(user_id)s", True),
        ("http://x/%41", True),
        ("http://x/%(nope)s", False),
        ("http://x/$(nope)s", False),
        ("http://x/%(project_id)", False),
        ("http://x/%(project_id)d", False),
    ],
)
def test_a_url_has_only_places_that_can_be_filled(url: str, expected: bool) -> None:
    assert is_template(url) is expected


def test_a_project_that_was_given_endpoints_sees_these_and_their_services() -> None:
    other = Service(id="other", type="compute")
    everything = (IMAGE, other), (endpoint("http://x"),)
    by_id, by_group = Given(endpoint_ids=frozenset("e")), Given(groups=({"interface": "public", "region_id": "R"},))
    for given in (by_id, by_group):
        assert narrow(everything, given, is_all_without_filter=False) == ((IMAGE,), everything[1])
    for given in (Given(), Given(endpoint_ids=frozenset({"gone"})), Given(groups=({"region_id": None},))):
        assert narrow(everything, given, is_all_without_filter=True) == everything
        assert narrow(everything, given, is_all_without_filter=False) == ((), ())

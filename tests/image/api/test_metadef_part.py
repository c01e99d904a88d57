from __future__ import annotations

from typing import Any

import pytest

from tests.image.bench import ADMIN, OTHER, OWNER, Site
from tests.image.metadefs import FULL, NUMBER, WORDS, without_moments

ROOT = "/v2/metadefs/namespaces"
PATH = f"{ROOT}/OS::Test"


@pytest.fixture
def site(site: Site) -> Site:
    assert site.call("POST", ROOT, FULL, token=ADMIN).status == 201
    return site


def names(site: Site, part: str, query: str = "") -> list[str]:
    reply = site.call("GET", f"{PATH}/{part}{query}")
    assert reply.status == 200, reply.body
    return [each["name"] for each in reply.decoded()[part]]


def test_an_object_lives(site: Site) -> None:
    new = {"name": "new", "description": "d", "required": ["p"], "properties": {"p": NUMBER}}
    reply = site.call("POST", f"{PATH}/objects", new, token=ADMIN)
    assert reply.status == 201
    assert without_moments(reply.decoded()) == new
    assert reply.decoded()["schema"] == "/v2/schemas/metadefs/object"
    assert site.call("GET", f"{PATH}/objects/new").decoded() == reply.decoded()
    assert site.call("POST", f"{PATH}/objects", new, token=ADMIN).status == 409
    changed = site.call("PUT", f"{PATH}/objects/new", {"name": "newer"}, token=ADMIN)
    assert (changed.status, without_moments(changed.decoded())) == (200, {"name": "newer", "properties": {}})
    assert names(site, "objects") == ["newer", "both"]
    assert names(site, "objects", "?sort_key=name&sort_dir=asc&limit=1") == ["both"]
    assert names(site, "objects", "?marker=newer") == ["both"]
    assert site.call("PUT", f"{PATH}/objects/newer", {"name": "both"}, token=ADMIN).status == 409
    assert site.call("DELETE", f"{PATH}/objects/newer", token=ADMIN).status == 204
    assert site.call("GET", f"{PATH}/objects/newer").status == 404


def test_a_property_lives(site: Site) -> None:
    new = {"name": "new", **WORDS, "operators": ["<or>"], "default": "a", "readonly": True}
    reply = site.call("POST", f"{PATH}/properties", new, token=ADMIN)
    assert (reply.status, reply.decoded()) == (201, new)
    assert site.call("GET", f"{PATH}/properties/new").decoded() == new
    assert site.call("POST", f"{PATH}/properties", new, token=ADMIN).status == 409
    newer = {"name": "newer", **NUMBER}
    changed = site.call("PUT", f"{PATH}/properties/new", newer, token=ADMIN)
    assert (changed.status, changed.decoded()) == (200, newer)
    shown = site.call("GET", f"{PATH}/properties").decoded()["properties"]
    assert shown.keys() == {"newer", "number", "words"}
    assert shown["newer"] == newer
    assert site.call("DELETE", f"{PATH}/properties/newer", token=ADMIN).status == 204
    assert site.call("PUT", f"{PATH}/properties/newer", newer, token=ADMIN).status == 404


def test_a_property_is_found_by_what_it_is_called_on_a_resource(site: Site) -> None:
    def status(name: str, resource_type: str) -> int:
        return site.call("GET", f"{PATH}/properties/{name}?resource_type={resource_type}").status

    assert site.call("GET", f"{PATH}/properties/hw_number?resource_type=OS::Glance::Image").decoded() == {
        "name": "number",
        **NUMBER,
    }
    assert status("number", "OS::Glance::Image") == 404
    assert status("number", "OS::Nova::Server") == 404  # it has no prefix, and so no names of its own
    assert status("number", "OS::Nova::Flavor") == 404


def test_a_tag_lives(site: Site) -> None:
    reply = site.call("POST", f"{PATH}/tags/new", token=ADMIN)
    assert reply.status == 201
    assert reply.decoded().keys() == {"name", "created_at", "updated_at"}
    assert site.call("GET", f"{PATH}/tags/new").decoded() == reply.decoded()
    assert site.call("POST", f"{PATH}/tags/new", token=ADMIN).status == 409
    assert site.call("POST", f"{PATH}/tags/{'x' * 81}", token=ADMIN).status == 400
    assert site.call("PUT", f"{PATH}/tags/new", {"name": "one"}, token=ADMIN).status == 409
    assert site.call("PUT", f"{PATH}/tags/new", {"name": "newer"}, token=ADMIN).decoded()["name"] == "newer"
    assert names(site, "tags", "?sort_key=name&sort_dir=asc") == ["newer", "one", "two"]
    assert names(site, "tags", "?sort_key=name&sort_dir=asc&marker=newer&limit=1") == ["one"]
    assert site.call("DELETE", f"{PATH}/tags/newer", token=ADMIN).status == 204
    assert site.call("DELETE", f"{PATH}/tags/newer", token=ADMIN).status == 404


def test_many_tags_take_the_place_of_others_unless_they_are_appended(site: Site) -> None:
    def post(*tags: str, **headers: str) -> int:
        body = {"tags": [{"name": tag} for tag in tags]}
        reply = site.call("POST", f"{PATH}/tags", body, token=ADMIN, **headers)
        assert reply.status != 201 or reply.decoded() == body
        return reply.status

    assert post("a", "b") == 201
    assert sorted(names(site, "tags")) == ["a", "b"]
    assert post("c", x_openstack_append="True") == 201
    assert post("c", x_openstack_append="true") == 409
    assert sorted(names(site, "tags")) == ["a", "b", "c"]
    assert post("d", "d") == 409
    assert post("d", x_openstack_append="False") == 201
    assert names(site, "tags") == ["d"]


def test_a_namespace_is_meant_for_types_of_resources(site: Site) -> None:
    new = {"name": "OS::Nova::Flavor", "prefix": "hw:", "properties_target": "t"}
    reply = site.call("POST", f"{PATH}/resource_types", new, token=ADMIN)
    assert (reply.status, without_moments(reply.decoded())) == (201, new)
    assert site.call("POST", f"{PATH}/resource_types", new, token=ADMIN).status == 409
    shown = site.call("GET", f"{PATH}/resource_types").decoded()["resource_type_associations"]
    assert [each["name"] for each in shown] == ["OS::Glance::Image", "OS::Nova::Flavor", "OS::Nova::Server"]
    assert site.call("DELETE", f"{PATH}/resource_types/OS::Nova::Flavor", token=ADMIN).status == 204
    assert site.call("DELETE", f"{PATH}/resource_types/OS::Nova::Flavor", token=ADMIN).status == 404
    types = site.call("GET", "/v2/metadefs/resource_types").decoded()["resource_types"]
    assert [each["name"] for each in types] == ["OS::Glance::Image", "OS::Nova::Flavor", "OS::Nova::Server"]
    assert types[0].keys() == {"name", "created_at", "updated_at"}


@pytest.mark.parametrize(
    ("part", "body", "status"),
    [
        ("objects", {}, 400),
        ("objects", {"name": "x" * 81}, 400),
        ("objects", {"name": "x", "required": ["a", "a"]}, 400),
        ("objects", {"name": "x", "properties": {"p": {"title": "t", "type": "string", "colour": 1}}}, 400),
        ("objects", {"name": "x", "schema": "s"}, 403),
        ("properties", WORDS, 400),
        ("properties", {"name": "x", **WORDS, "minLength": -1}, 400),
        ("properties", {"name": "x", **WORDS, "pattern": "("}, 400),
        ("properties", {"name": "x", **WORDS, "updated_at": "now"}, 403),
        ("tags", {"tags": [{"name": "x", "colour": "red"}]}, 400),
        ("tags", {"tags": [{"name": "x" * 81}]}, 400),
        ("tags", {"tags": "x"}, 400),
        ("resource_types", {"prefix": "p"}, 400),
        ("resource_types", {"name": "x", "prefix": "p" * 81}, 400),
    ],
)
def test_a_bad_body_is_refused(site: Site, part: str, body: Any, status: int) -> None:
    before = site.call("GET", PATH).decoded()
    assert site.call("POST", f"{PATH}/{part}", body, token=ADMIN).status == status
    assert site.call("GET", PATH).decoded() == before


@pytest.mark.parametrize(
    ("method", "part", "body"),
    [
        ("POST", "objects", {"name": "x"}),
        ("PUT", "objects/both", {"name": "x"}),
        ("DELETE", "objects/both", None),
        ("POST", "properties", {"name": "x", **WORDS}),
        ("PUT", "properties/words", {"name": "x", **WORDS}),
        ("DELETE", "properties/words", None),
        ("POST", "tags", {"tags": []}),
        ("POST", "tags/x", None),
        ("PUT", "tags/one", {"name": "x"}),
        ("DELETE", "tags/one", None),
        ("POST", "resource_types", {"name": "x"}),
        ("DELETE", "resource_types/OS::Glance::Image", None),
    ],
)
def test_only_an_administrator_changes_what_a_namespace_holds(site: Site, method: str, part: str, body: Any) -> None:
    before = site.call("GET", PATH).decoded()
    assert site.call(method, f"{PATH}/{part}", body, token=OWNER).status == 403
    hidden = {"namespace": "OS::Test", "owner": "p-own"}
    site.call("PUT", PATH, hidden, token=ADMIN)
    assert site.call(method, f"{PATH}/{part}", body, token=OTHER).status == 404
    after = site.call("GET", PATH).decoded()
    assert after.keys() | {"description", "display_name"} == before.keys()
    assert after["objects"] == before["objects"]


@pytest.mark.parametrize("part", ["objects/x", "properties/x", "tags/x"])
def test_what_is_not_there_is_not_found(site: Site, part: str) -> None:
    assert site.call("GET", f"{PATH}/{part}").status == 404
    assert site.call("GET", f"{ROOT}/nowhere/{part}").status == 404
    assert site.call("DELETE", f"{PATH}/{part}", token=ADMIN).status == 404

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from tests.image.bench import ADMIN, OTHER, OWNER, READER, Site
from tests.image.metadefs import FULL, NUMBER, WORDS, without_moments

PATH = "/v2/metadefs/namespaces"


def make(site: Site, name: str, **more: Any) -> dict[str, Any]:
    reply = site.call("POST", PATH, {"namespace": name, **more}, token=ADMIN)
    assert reply.status == 201, reply.body
    return dict(reply.decoded())


def listed(site: Site, query: str = "", token: str = ADMIN) -> list[str]:
    reply = site.call("GET", f"{PATH}{query}", token=token)
    assert reply.status == 200, reply.body
    return [each["namespace"] for each in reply.decoded()["namespaces"]]


def test_a_namespace_is_made_and_shown_with_all_that_it_holds(site: Site) -> None:
    reply = site.call("POST", PATH, FULL, token=ADMIN)
    assert reply.status == 201
    assert reply.headers["location"] == "http://cloud:9292/v2/metadefs/namespaces/OS::Test"
    shown = site.call("GET", f"{PATH}/OS::Test").decoded()
    properties = {name: {"name": name, **each} for name, each in FULL["properties"].items()}
    assert without_moments(reply.decoded()) == without_moments(shown) == {**FULL, "properties": properties}
    assert shown["self"] == "/v2/metadefs/namespaces/OS::Test"
    assert shown["schema"] == "/v2/schemas/metadefs/namespace"
    assert shown["created_at"] == shown["updated_at"] == "2026-01-01T12:00:00Z"
    assert shown["objects"][0]["self"] == "/v2/metadefs/namespaces/OS::Test/objects/both"
    assert shown["resource_type_associations"][0].keys() >= {"created_at", "updated_at"}


def test_a_new_namespace_is_private_unprotected_and_the_callers(site: Site) -> None:
    made = make(site, "a b/c")
    assert without_moments(made) == {
        "namespace": "a b/c",
        "visibility": "private",
        "protected": False,
        "owner": "p-admin",
    }
    assert made["self"] == "/v2/metadefs/namespaces/a%20b%2Fc"
    assert site.call("GET", made["self"], token=ADMIN).decoded() == made
    assert site.call("POST", PATH, {"namespace": "a b/c"}, token=ADMIN).status == 409


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "'namespace' is a required property"),
        ([], 400, "is not of type 'object'"),
        ({"namespace": "x" * 81}, 400, "is too long"),
        ({"namespace": "x", "display_name": "x" * 81}, 400, "is too long"),
        ({"namespace": "x", "description": "x" * 501}, 400, "is too long"),
        ({"namespace": "x", "visibility": "shared"}, 400, "'shared' is not one of ['public', 'private']"),
        ({"namespace": "x", "protected": "yes"}, 400, "'yes' is not of type 'boolean'"),
        ({"namespace": "x", "colour": "red"}, 400, "'colour' was unexpected"),
        ({"namespace": "x", "properties": {"p": {"type": "string"}}}, 400, "'title' is a required property"),
        ({"namespace": "x", "properties": {"p": {**WORDS, "type": "date"}}}, 400, "'date' is not one of"),
        ({"namespace": "x", "properties": {"p" * 81: WORDS}}, 400, "is too long"),
        ({"namespace": "x", "objects": [{"description": "no name"}]}, 400, "'name' is a required property"),
        ({"namespace": "x", "tags": [{"name": "t"}, {"name": "t"}]}, 409, "tag with name=t already exists"),
        ({"namespace": "x", "self": "/"}, 403, "Attribute 'self' is read-only."),
        ({"namespace": "x", "created_at": "now"}, 403, "Attribute 'created_at' is read-only."),
        (b"{", 400, "Malformed JSON"),
    ],
)
def test_a_bad_namespace_is_refused_and_leaves_nothing(site: Site, body: Any, status: int, sentence: str) -> None:
    reply = site.call("POST", PATH, body, token=ADMIN)
    assert reply.status == status, reply.body
    assert sentence in reply.decoded()["message"]
    assert listed(site) == []


def test_only_an_administrator_writes_and_who_may_not_see_it_gets_404(site: Site) -> None:
    make(site, "public", visibility="public", owner="p-own")
    make(site, "private", owner="p-own")
    assert site.call("POST", PATH, {"namespace": "x"}).status == 403
    for token, private in ((OWNER, 403), (READER, 403), (OTHER, 404)):
        for method, body in (("PUT", {"namespace": "y"}), ("DELETE", None)):
            assert site.call(method, f"{PATH}/public", body, token=token).status == 403
            assert site.call(method, f"{PATH}/private", body, token=token).status == private
        assert site.call("GET", f"{PATH}/private", token=token).status == (200 if private == 403 else 404)
        assert listed(site, token=token) == (["private", "public"] if private == 403 else ["public"])
    assert site.call("GET", f"{PATH}/private", token="p-own:nothing").status == 404
    assert site.call("GET", PATH, token="p-own:nothing").status == 403


def test_an_update_replaces_everything_that_can_change(site: Site) -> None:
    make(site, "old", display_name="Old", protected=True, visibility="public", tags=[{"name": "t"}])
    make(site, "taken")
    reply = site.call("PUT", f"{PATH}/old", {"namespace": "new", "description": "d"}, token=ADMIN)
    assert reply.status == 200
    wanted = {"namespace": "new", "description": "d", "visibility": "private", "protected": False, "owner": "p-admin"}
    assert without_moments(reply.decoded()) == wanted
    assert site.call("GET", f"{PATH}/old", token=ADMIN).status == 404
    assert site.call("GET", f"{PATH}/new", token=ADMIN).decoded()["tags"] == [{"name": "t"}]
    assert site.call("PUT", f"{PATH}/new", {"namespace": "taken"}, token=ADMIN).status == 409
    assert site.call("PUT", f"{PATH}/old", {"namespace": "old"}, token=ADMIN).status == 404
    assert site.call("PUT", f"{PATH}/new", {"description": "d"}, token=ADMIN).status == 400


def test_a_protected_namespace_is_not_deleted(site: Site) -> None:
    site.call("POST", PATH, {**FULL, "protected": True}, token=ADMIN)
    parts = ("", "/objects", "/properties", "/tags", "/objects/both", "/properties/words", "/tags/one")
    for part in (*parts, "/resource_types/OS::Glance::Image"):
        reply = site.call("DELETE", f"{PATH}/OS::Test{part}", token=ADMIN)
        assert reply.status == 403, part
        assert "protected" in reply.decoded()["message"]
    site.call("PUT", f"{PATH}/OS::Test", {"namespace": "OS::Test"}, token=ADMIN)
    assert site.call("DELETE", f"{PATH}/OS::Test", token=ADMIN).status == 204
    assert site.call("GET", f"{PATH}/OS::Test", token=ADMIN).status == 404


@pytest.mark.parametrize("kind", ["objects", "properties", "tags"])
def test_all_of_a_kind_is_deleted_at_once(site: Site, kind: str) -> None:
    site.call("POST", PATH, FULL, token=ADMIN)
    assert site.call("DELETE", f"{PATH}/OS::Test/{kind}").status == 403
    assert site.call("DELETE", f"{PATH}/OS::Test/{kind}", token=ADMIN).status == 204
    left = site.call("GET", f"{PATH}/OS::Test").decoded().keys()
    assert {"objects", "properties", "tags"} - left == {kind}


def test_a_list_is_paged_sorted_and_narrowed(site: Site) -> None:
    flavor = [{"name": "OS::Nova::Flavor", "prefix": "hw:"}]
    make(site, "a", display_name="z", visibility="public", resource_type_associations=flavor)
    make(site, "b", display_name="y")
    make(site, "c", display_name="x", visibility="public")
    assert listed(site) == ["c", "b", "a"]
    assert listed(site, "?sort_key=display_name&sort_dir=asc") == ["c", "b", "a"]
    assert listed(site, "?sort_key=namespace&sort_dir=asc&marker=a") == ["b", "c"]
    assert listed(site, "?visibility=public") == ["c", "a"]
    assert listed(site, "?resource_types=OS::Glance::Image,OS::Nova::Flavor") == ["a"]
    assert listed(site, "?limit=0") == []
    document = site.call("GET", f"{PATH}?limit=2&sort_dir=asc", token=ADMIN).decoded()
    assert document["first"] == f"{PATH}?limit=2&sort_dir=asc"
    assert document["next"] == f"{PATH}?limit=2&sort_dir=asc&marker=b"
    assert document["schema"] == "/v2/schemas/metadefs/namespaces"
    assert document["namespaces"][0]["resource_type_associations"][0]["prefix"] == "hw:"
    rest = site.call("GET", document["next"], token=ADMIN).decoded()
    assert [each["namespace"] for each in rest["namespaces"]] == ["c"]
    assert "next" not in rest


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?limit=x", 400),
        ("?limit=-1", 400),
        ("?sort_key=colour", 400),
        ("?sort_dir=up", 400),
        ("?visibility=shared", 400),
        ("?marker=nowhere", 404),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(site: Site, query: str, status: int) -> None:
    assert site.call("GET", f"{PATH}{query}").status == status


def test_properties_are_shown_as_they_are_called_on_a_resource(site: Site) -> None:
    site.call("POST", PATH, FULL, token=ADMIN)
    shown = site.call("GET", f"{PATH}/OS::Test?resource_type=OS::Glance::Image").decoded()
    assert shown["properties"].keys() == {"hw_number", "hw_words"}
    assert shown["objects"][0]["properties"] == {"hw_n": NUMBER, "hw_w": WORDS}
    assert shown["objects"][0]["required"] == ["hw_n"]
    for resource_type in ("OS::Nova::Server", "unknown"):
        shown = site.call("GET", f"{PATH}/OS::Test?resource_type={resource_type}").decoded()
        assert shown["properties"].keys() == {"number", "words"}


def test_a_list_asks_the_database_as_often_for_many_as_for_one(site: Site) -> None:
    for number in range(12):
        make(site, f"n{number}", resource_type_associations=[{"name": "OS::Nova::Flavor"}])
    statements: list[str] = []
    event.listen(site.backend.database._reader, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(listed(site)) == 12
    assert len([each for each in statements if each.startswith("SELECT")]) == 2

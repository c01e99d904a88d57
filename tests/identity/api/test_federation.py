from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity.api import schema_federation
from tests.identity.world import BASE, message, project

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
F = "/v3/OS-FEDERATION"
RULES: list[dict[str, Any]] = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "UserName"}]}]
SP = {"auth_url": "https://there/v3/OS-FEDERATION/x", "sp_url": "https://there/ECP"}


def put(world: World, path: str, **body: Any) -> dict[str, Any]:
    reply = world("PUT", f"{F}/{path}", body)
    assert reply.status == 201, reply.decoded()
    made: dict[str, Any] = next(iter(reply.decoded().values()))
    return made


def idp(world: World, name: str, **body: Any) -> dict[str, Any]:
    return put(world, f"identity_providers/{name}", identity_provider=body)


# --- identity providers ---------------------------------------------------------------------------


def test_an_identity_provider_is_disabled_and_has_a_domain_of_its_own(world: World) -> None:
    made = idp(world, "acme")
    assert made == {
        "id": "acme",
        "domain_id": made["domain_id"],
        "enabled": False,
        "description": None,
        "authorization_ttl": None,
        "remote_ids": [],
        "links": {
            "self": f"{BASE}{F}/identity_providers/acme",
            "protocols": f"{BASE}{F}/identity_providers/acme/protocols",
        },
    }
    assert world.shown(f"{F}/identity_providers/acme") == made
    assert world.shown(f"/v3/domains/{made['domain_id']}")["name"] == made["domain_id"]


def test_an_identity_provider_may_be_of_a_domain_that_there_is(world: World) -> None:
    assert idp(world, "acme", domain_id="default", enabled=True)["domain_id"] == "default"
    reply = world("PUT", f"{F}/identity_providers/b", {"identity_provider": {"domain_id": "nope"}})
    assert (reply.status, message(reply)) == (404, "Could not find domain: nope.")
    assert world("PATCH", f"{F}/identity_providers/acme", {"identity_provider": {"domain_id": "x"}}).status == 400


def test_an_identity_provider_changes_in_what_it_is_told(world: World) -> None:
    idp(world, "acme", remote_ids=["b", "a"], description="d", authorization_ttl=5)
    change = {"enabled": True, "remote_ids": ["c"], "authorization_ttl": None}
    changed = world("PATCH", f"{F}/identity_providers/acme", {"identity_provider": change}).decoded()
    shown = changed["identity_provider"]
    assert {name: shown[name] for name in change} == change
    assert shown["description"] == "d"
    assert world("PATCH", f"{F}/identity_providers/acme", {"identity_provider": {}}).status == 400
    assert world("PATCH", f"{F}/identity_providers/nope", {"identity_provider": change}).status == 404


def test_a_remote_id_is_of_one_identity_provider(world: World) -> None:
    idp(world, "one", remote_ids=["a", "b"])
    reply = world("PUT", f"{F}/identity_providers/two", {"identity_provider": {"remote_ids": ["c", "b"]}})
    assert reply.status == 409
    assert message(reply) == "Conflict occurred attempting to store identity_provider - Duplicate remote ID: b."
    idp(world, "two", remote_ids=["c"])
    for name, wanted, status in (
        ("two", ["a"], 409),
        ("one", ["b", "a"], 200),
        ("one", None, 200),
        ("two", ["a"], 200),
    ):
        body = {"identity_provider": {"remote_ids": wanted}}
        assert world("PATCH", f"{F}/identity_providers/{name}", body).status == status
    assert world("PUT", f"{F}/identity_providers/two", {"identity_provider": {}}).status == 409


@pytest.mark.parametrize(
    "body",
    [
        {"enabled": "perhaps"},
        {"remote_ids": ["a", "a"]},
        {"remote_ids": ["x" * 65]},
        {"authorization_ttl": -1},
        {"cow": "moo"},
    ],
)
def test_an_identity_provider_that_makes_no_sense_is_refused(body: dict[str, Any]) -> None:
    assert schema_federation.IDP_CREATE.mismatch({"identity_provider": body}) is not None


def test_identity_providers_are_listed_and_filtered(world: World) -> None:
    for name, is_enabled in (("b", True), ("a", False), ("c", True)):
        idp(world, name, enabled=is_enabled, remote_ids=[f"r-{name}"])
    listed = world.shown(f"{F}/identity_providers")
    assert [(row["id"], row["remote_ids"]) for row in listed] == [("a", ["r-a"]), ("b", ["r-b"]), ("c", ["r-c"])]
    assert listed[0]["links"].keys() == {"self", "protocols"}
    for query, found in (("enabled=true", "bc"), ("enabled=false", "a"), ("id=b", "b"), ("id=b&enabled=0", "")):
        assert "".join(row["id"] for row in world.shown(f"{F}/identity_providers?{query}")) == found


def test_an_identity_provider_goes_with_its_protocols_and_with_its_domain(world: World) -> None:
    made = idp(world, "acme", remote_ids=["a"])
    put(world, "mappings/m", mapping={"rules": RULES})
    put(world, "identity_providers/acme/protocols/saml2", protocol={"mapping_id": "m"})
    assert world("DELETE", f"{F}/identity_providers/acme").status == 204
    assert world("DELETE", f"{F}/identity_providers/acme").status == 404
    assert world("GET", f"{F}/identity_providers/acme/protocols/saml2").status == 404
    assert world("GET", f"/v3/domains/{made['domain_id']}").status == 200
    other = idp(world, "other", remote_ids=["a"])["domain_id"]
    assert world("PATCH", f"/v3/domains/{other}", {"domain": {"enabled": False}}).status == 200
    assert world("DELETE", f"/v3/domains/{other}").status == 204
    assert world("GET", f"{F}/identity_providers/other").status == 404


def test_a_user_is_found_by_whom_he_is_known_and_stays_when_they_go(world: World) -> None:
    idp(world, "acme")
    put(world, "mappings/m", mapping={"rules": RULES})
    put(world, "identity_providers/acme/protocols/saml2", protocol={"mapping_id": "m"})
    known = [{"idp_id": "acme", "protocols": [{"protocol_id": "saml2", "unique_id": "jane@acme"}]}]
    user, other = world.user("jane", federated=known), world.user("joe")
    assert world.shown(f"/v3/users/{user}")["federated"] == known
    for question in ("idp_id=acme", "protocol_id=saml2", "unique_id=jane@acme", "idp_id=acme&unique_id__startswith=j"):
        assert [row["id"] for row in world.shown(f"/v3/users?{question}")] == [user], question
    assert world.shown("/v3/users?idp_id=other") == []
    assert world("PATCH", f"/v3/users/{other}", {"user": {"federated": known}}).status == 409
    for part in ({"idp_id": "none"}, {"protocols": [{"protocol_id": "none", "unique_id": "x"}]}):
        assert world("PATCH", f"/v3/users/{other}", {"user": {"federated": [{**known[0], **part}]}}).status == 400
    assert world("DELETE", f"{F}/identity_providers/acme").status == 204
    assert "federated" not in world.shown(f"/v3/users/{user}")


# --- protocols ------------------------------------------------------------------------------------


def test_a_protocol_has_a_mapping_that_exists(world: World) -> None:
    idp(world, "acme")
    for name in ("m1", "m2"):
        put(world, f"mappings/{name}", mapping={"rules": RULES})
    path = "identity_providers/acme/protocols/saml2"
    reply = world("PUT", f"{F}/{path}", {"protocol": {"mapping_id": "nope"}})
    assert (reply.status, message(reply)) == (400, "Invalid mapping id: nope")
    made = put(world, path, protocol={"mapping_id": "m1", "remote_id_attribute": "HTTP_X"})
    links = {"self": f"{BASE}{F}/{path}", "identity_provider": f"{BASE}{F}/identity_providers/acme"}
    assert made == world.shown(f"{F}/{path}") == {"id": "saml2", "mapping_id": "m1", "links": links}
    listed = world.shown(f"{F}/identity_providers/acme/protocols")
    assert listed == [{**made, "idp_id": "acme", "remote_id_attribute": "HTTP_X"}]
    assert world("PUT", f"{F}/{path}", {"protocol": {"mapping_id": "m1"}}).status == 409
    for mapping_id, status in (("m2", 200), ("nope", 400)):
        assert world("PATCH", f"{F}/{path}", {"protocol": {"mapping_id": mapping_id}}).status == status
    assert world.shown(f"{F}/{path}")["mapping_id"] == "m2"
    assert world("DELETE", f"{F}/{path}").status == 204


def test_a_protocol_that_there_is_not_is_named_with_its_identity_provider(world: World) -> None:
    put(world, "mappings/m", mapping={"rules": RULES})
    sentence = "Could not find federated protocol p for Identity Provider: nope."
    for method, body in (("GET", None), ("PATCH", {"protocol": {"mapping_id": "m"}}), ("DELETE", None)):
        reply = world(method, f"{F}/identity_providers/nope/protocols/p", body)
        assert (reply.status, message(reply)) == (404, sentence)
    reply = world("PUT", f"{F}/identity_providers/nope/protocols/p", {"protocol": {"mapping_id": "m"}})
    assert (reply.status, message(reply)) == (404, "Could not find Identity Provider: nope.")


# --- mappings -------------------------------------------------------------------------------------


def test_a_mapping_is_kept_with_its_version(world: World) -> None:
    made = put(world, "mappings/m", mapping={"rules": RULES})
    self_link = {"self": f"{BASE}{F}/mappings/m"}
    assert made == {"id": "m", "rules": RULES, "schema_version": "1.0", "links": self_link}
    assert world.shown(f"{F}/mappings") == [made]
    newer = {"mapping": {"rules": RULES, "schema_version": "2.0"}}
    assert world("PATCH", f"{F}/mappings/m", newer).decoded()["mapping"]["schema_version"] == "2.0"
    assert world("PUT", f"{F}/mappings/m", newer).status == 409
    assert world("PATCH", f"{F}/mappings/nope", newer).status == 404
    assert world("DELETE", f"{F}/mappings/m").status == 204
    assert world("GET", f"{F}/mappings/m").status == 404


USER = [{"user": {"name": "{0}"}}]
LOCALS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a user": (
        {"user": {"id": "a", "name": "b", "email": "c", "domain": {"id": "d"}, "type": "local"}},
        {"1.0", "2.0"},
    ),
    "a type that there is not": ({"user": {"type": "alien"}}, set()),
    "a member that there is not": ({"user": {"shoe": "42"}}, set()),
    "a group by id": ({"group": {"id": "g"}}, {"1.0", "2.0"}),
    "a group by name": ({"group": {"name": "g", "domain": {"name": "d"}}}, {"1.0", "2.0"}),
    "a group without a domain": ({"group": {"name": "g"}}, set()),
    "a group twice named": ({"group": {"id": "g", "name": "g", "domain": {"name": "d"}}}, set()),
    "groups": ({"groups": "{0}", "group_ids": "{1}", "domain": {"id": "d"}}, {"1.0", "2.0"}),
    "groups in a list": ({"groups": ["a"]}, set()),
    "projects": ({"projects": [{"name": "p", "roles": [{"name": "r"}]}]}, {"1.0", "2.0"}),
    "projects without roles": ({"projects": [{"name": "p"}]}, set()),
    "projects with a domain": ({"projects": [{"name": "p", "roles": [], "domain": {"id": "d"}}]}, {"2.0"}),
    "listed projects": ({"projects_json": "{0}"}, set()),
    "something else": ({"cow": "moo"}, set()),
}


@pytest.mark.parametrize("name", LOCALS)
@pytest.mark.parametrize("version", ["1.0", "2.0", "3.0"])
def test_what_a_rule_may_give(name: str, version: str) -> None:
    local, versions = LOCALS[name]
    is_known = version in versions or (version == "3.0" and ("2.0" in versions or name == "listed projects"))
    rules = [{"local": [local], "remote": [{"type": "a"}]}]
    mismatch = schema_federation.MAPPING.mismatch({"mapping": {"rules": rules, "schema_version": version}})
    assert (mismatch is None) == is_known


@pytest.mark.parametrize(
    ("remote", "is_known"),
    [
        ({"type": "a"}, True),
        ({"type": "a", "any_one_of": ["x"]}, True),
        ({"type": "a", "not_any_of": ["x"], "regex": False}, True),
        ({"type": "a", "blacklist": ["x"]}, True),
        ({"type": "a", "whitelist": ["x", "^y"], "regex": True}, True),
        ({"type": "a", "whitelist": ["["]}, True),
        ({"type": "a", "whitelist": [1]}, False),
        ({"type": "a", "whitelist": "x"}, False),
        ({"type": "a", "whitelist": ["x"], "blacklist": ["y"]}, False),
        ({"type": "a", "any_one_of": ["x"], "not_any_of": ["y"]}, False),
        ({"type": "a", "regex": True}, False),
        ({"type": "a", "any_one_of": ["x"], "regex": "yes"}, False),
        ({"any_one_of": ["x"]}, False),
        ({}, False),
    ],
)
def test_what_a_rule_may_require(remote: dict[str, Any], is_known: bool) -> None:
    mismatch = schema_federation.MAPPING.mismatch({"mapping": {"rules": [{"local": USER, "remote": [remote]}]}})
    assert (mismatch is None) == is_known


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"rules": []},
        {"rules": [{"local": USER}]},
        {"rules": [{"local": USER, "remote": []}]},
        {"rules": [{**RULES[0], "extra": 1}]},
        {"rules": RULES, "schema_version": "4.0"},
    ],
)
def test_a_mapping_without_whole_rules_is_refused(mapping: dict[str, Any]) -> None:
    assert schema_federation.MAPPING.mismatch({"mapping": mapping}) is not None


def test_a_pattern_that_is_none_is_refused_when_it_is_written_and_not_at_each_login(world: World) -> None:
    for is_pattern, status in ((True, 400), (False, 201)):
        remote = {"type": "a", "whitelist": ["["], "regex": is_pattern}
        body = {"mapping": {"rules": [{"local": USER, "remote": [remote]}]}}
        assert world("PUT", f"{F}/mappings/m", body).status == status


# --- service providers ----------------------------------------------------------------------------


def test_a_service_provider_is_disabled_unless_it_is_said(world: World) -> None:
    made = put(world, "service_providers/there", service_provider=SP)
    assert made == {
        "id": "there",
        **SP,
        "enabled": False,
        "description": None,
        "relay_state_prefix": "ss:mem:",
        "links": {"self": f"{BASE}{F}/service_providers/there"},
    }
    change = {"service_provider": {"enabled": True, "relay_state_prefix": "x:"}}
    changed = world("PATCH", f"{F}/service_providers/there", change).decoded()["service_provider"]
    assert changed == world.shown(f"{F}/service_providers/there") == {**made, **change["service_provider"]}
    default = {"service_provider": {"relay_state_prefix": None}}
    assert (
        world("PATCH", f"{F}/service_providers/there", default).decoded()["service_provider"]["relay_state_prefix"]
        == "ss:mem:"
    )
    assert world("PUT", f"{F}/service_providers/there", {"service_provider": SP}).status == 409
    assert world("DELETE", f"{F}/service_providers/there").status == 204
    reply = world("GET", f"{F}/service_providers/there")
    assert (reply.status, message(reply)) == (404, "Could not find Service Provider: there.")


@pytest.mark.parametrize("body", [{}, {"auth_url": "http://x"}, {**SP, "sp_url": "nowhere"}, {**SP, "cow": 1}])
def test_a_service_provider_that_makes_no_sense_is_refused(body: dict[str, Any]) -> None:
    assert schema_federation.SERVICE_PROVIDER_CREATE.mismatch({"service_provider": body}) is not None


def test_service_providers_are_listed_and_filtered(world: World) -> None:
    for name, is_enabled in (("b", True), ("a", False)):
        put(world, f"service_providers/{name}", service_provider={**SP, "enabled": is_enabled})
    for query, found in (("", "ab"), ("?enabled=true", "b"), ("?id=a", "a"), ("?id=a&enabled=true", "")):
        assert "".join(row["id"] for row in world.shown(f"{F}/service_providers{query}")) == found


def test_a_token_names_the_service_providers_that_are_enabled_at_once(world: World) -> None:
    assert "service_providers" not in world.validated(world.admin).decoded()["token"]
    put(world, "service_providers/off", service_provider=SP)
    put(world, "service_providers/on", service_provider={**SP, "enabled": True})
    named = [{"id": "on", **SP}]
    assert world.validated(world.admin).decoded()["token"]["service_providers"] == named
    assert world.login("demo", "secret", project("demo")).decoded()["token"]["service_providers"] == named
    assert world.login("demo", "secret", "unscoped").decoded()["token"]["service_providers"] == named
    world("DELETE", f"{F}/service_providers/on")
    assert "service_providers" not in world.validated(world.admin).decoded()["token"]


# --- the rest -------------------------------------------------------------------------------------


def test_what_one_may_scope_to_has_a_second_address(world: World) -> None:
    for noun in ("projects", "domains"):
        mine = [row["id"] for row in world.shown(f"{F}/{noun}")]
        assert mine == [row["id"] for row in world.shown(f"/v3/auth/{noun}")]
        assert mine


def test_there_is_no_saml_metadata(world: World) -> None:
    assert world("GET", f"{F}/saml2/metadata", token="").status == 500


def test_federation_is_for_administrators_and_readers_of_the_system(world: World) -> None:
    member = world.token("demo", "secret", project("demo"))
    idp(world, "acme")
    for path in ("identity_providers", "identity_providers/acme", "mappings", "service_providers"):
        assert world("GET", f"{F}/{path}", token=member).status == 403

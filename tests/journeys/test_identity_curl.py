"""Keystone's "API examples using curl"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.curl import Reply, curl, curl_json

if TYPE_CHECKING:
    from tests.journeys.client import Client

SECRET = "a password"


@pytest.fixture(scope="module")
def url(admin: Client) -> str:
    """The identity API."""
    return admin.auth["auth_url"]


@pytest.fixture(scope="module")
def token(admin: Client, url: str) -> str:
    """The administrator's token, for the administrator's project."""
    project = {"name": admin.auth["project_name"], "domain": {"id": "default"}}
    reply = authenticate(url, password(admin), {"project": project})
    assert reply.status == 201, reply
    return reply.headers["x-subject-token"]


def password(user: Client) -> dict[str, Any]:
    auth = user.auth
    named = {"name": auth["username"], "domain": {"id": "default"}, "password": auth["password"]}
    return {"methods": ["password"], "password": {"user": named}}


def authenticate(url: str, identity: dict[str, Any], scope: Any = None) -> Reply:
    auth = {"identity": identity} if scope is None else {"identity": identity, "scope": scope}
    return curl_json("", "POST", f"{url}/auth/tokens", {"auth": auth})


def test_versions_are_found_without_a_token(url: str) -> None:
    root = url.removesuffix("/v3")
    choices = curl(root)
    assert choices.status == 300
    assert [version["status"] for version in choices.json["versions"]["values"]] == ["stable"]
    assert curl(f"{url}/").json["version"]["links"][0]["href"] == f"{url}/"


def test_an_unscoped_token_knows_no_project(member: Client, url: str) -> None:
    reply = authenticate(url, password(member), "unscoped")
    assert reply.status == 201
    assert reply.json["token"]["methods"] == ["password"]
    assert not {"project", "roles", "catalog"} & set(reply.json["token"])
    projects = curl("-H", f"X-Auth-Token: {reply.headers['x-subject-token']}", f"{url}/auth/projects")
    assert [project["name"] for project in projects.json["projects"]] == ["demo"]


def test_a_token_for_a_project_brings_roles_and_the_catalog(member: Client, url: str) -> None:
    reply = authenticate(url, password(member), {"project": {"name": "demo", "domain": {"name": "Default"}}})
    token = reply.json["token"]
    assert token["project"]["domain"] == {"id": "default", "name": "Default"}
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    assert {service["type"] for service in token["catalog"]} >= {"identity", "image", "placement", "compute"}
    again = {"methods": ["token"], "token": {"id": reply.headers["x-subject-token"]}}
    other = authenticate(url, again, {"project": {"id": token["project"]["id"]}})
    assert (other.status, other.json["token"]["audit_ids"][1]) == (201, token["audit_ids"][0])
    assert other.json["token"]["expires_at"] == token["expires_at"]


def test_a_token_for_a_domain_needs_a_role_there(admin: Client, member: Client, url: str) -> None:
    scope = {"domain": {"id": "default"}}
    assert authenticate(url, password(member), scope).status == 401
    assert authenticate(url, password(admin), scope).json["token"]["domain"]["id"] == "default"


def test_a_token_for_the_system_is_for_the_administrator(admin: Client, member: Client, url: str) -> None:
    assert authenticate(url, password(member), {"system": {"all": True}}).status == 401
    assert authenticate(url, password(admin), {"system": {"all": True}}).json["token"]["system"] == {"all": True}


def test_a_wrong_password_and_an_unknown_user_look_the_same(member: Client, url: str) -> None:
    answers = []
    for name in (member.auth["username"], "nobody"):
        user = {"name": name, "domain": {"id": "default"}, "password": "wrong"}
        reply = authenticate(url, {"methods": ["password"], "password": {"user": user}})
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == f'Keystone uri="{url}"'
        answers.append(reply.json["error"]["message"])
    assert answers[0] == answers[1]


def test_a_token_is_validated_and_revoked(member: Client, token: str, url: str) -> None:
    subject = authenticate(url, password(member), {"project": {"name": "demo", "domain": {"id": "default"}}})
    headers = ("-H", f"X-Auth-Token: {token}", "-H", f"X-Subject-Token: {subject.headers['x-subject-token']}")
    shown = curl(*headers, f"{url}/auth/tokens")
    assert (shown.status, shown.json["token"]["user"]["name"]) == (200, "demo")
    assert shown.headers["x-subject-token"] == subject.headers["x-subject-token"]
    assert "catalog" not in curl(*headers, f"{url}/auth/tokens?nocatalog").json["token"]
    assert curl("-I", *headers, f"{url}/auth/tokens").status == 200
    assert curl("-X", "DELETE", *headers, f"{url}/auth/tokens").status == 204
    assert curl(*headers, f"{url}/auth/tokens").status == 404
    assert curl("-H", f"X-Auth-Token: {subject.headers['x-subject-token']}", f"{url}/auth/tokens").status == 401


def test_a_revoked_token_opens_no_door_any_more(member: Client, url: str) -> None:
    issued = authenticate(url, password(member), {"project": {"name": "demo", "domain": {"id": "default"}}})
    token = issued.headers["x-subject-token"]
    catalog = {each["type"]: each["endpoints"][0]["url"] for each in issued.json["token"]["catalog"]}
    doors = (
        f"{catalog['image']}/v2/images",
        f"{catalog['compute']}/servers",
        f"{catalog['placement']}/resource_providers",
    )
    for _ in range(2):
        assert [curl_json(token, "GET", door).status in (200, 400, 403) for door in doors] == [True] * 3
    assert curl("-X", "DELETE", "-H", f"X-Auth-Token: {token}", "-H", f"X-Subject-Token: {token}",
                f"{url}/auth/tokens").status == 204  # fmt: skip
    assert [curl_json(token, "GET", door).status for door in doors] == [401] * 3


def test_a_domain_goes_only_when_it_is_disabled(token: str, url: str) -> None:
    made = curl_json(token, "POST", f"{url}/domains", {"domain": {"name": "newdomain"}})
    assert (made.status, made.json["domain"]["enabled"]) == (201, True)
    domain = f"{url}/domains/{made.json['domain']['id']}"
    assert made.json["domain"]["links"]["self"] == domain
    assert curl_json(token, "DELETE", domain).status == 403
    assert curl_json(token, "PATCH", domain, {"domain": {"enabled": False}}).json["domain"]["enabled"] is False
    assert curl_json(token, "DELETE", domain).status == 204
    assert curl_json(token, "GET", domain).status == 404


def test_a_project_is_disabled(token: str, url: str) -> None:
    made = curl_json(token, "POST", f"{url}/projects", {"project": {"name": "curl-project"}})
    assert (made.status, made.json["project"]["domain_id"]) == (201, "default")
    project = f"{url}/projects/{made.json['project']['id']}"
    assert curl_json(token, "PATCH", project, {"project": {"enabled": False}}).json["project"]["enabled"] is False
    listed = curl_json(token, "GET", f"{url}/projects?name=curl-project&enabled=false").json
    assert [one["id"] for one in listed["projects"]] == [made.json["project"]["id"]]
    assert listed["links"] == {
        "self": f"{url}/projects?name=curl-project&enabled=false",
        "previous": None,
        "next": None,
    }
    assert curl_json(token, "DELETE", project).status == 204


def test_a_user_changes_its_password(token: str, url: str) -> None:
    document = {"user": {"name": "curl-user", "password": SECRET, "email": "user@example.com"}}
    made = curl_json(token, "POST", f"{url}/users", document)
    assert made.status == 201
    assert "password" not in made.json["user"]
    user = f"{url}/users/{made.json['user']['id']}"
    change = {"user": {"password": "another", "original_password": SECRET}}
    assert curl_json("", "POST", f"{user}/password", change).status == 204
    named = {"id": made.json["user"]["id"], "password": SECRET}
    assert authenticate(url, {"methods": ["password"], "password": {"user": named}}).status == 401
    named["password"] = "another"
    assert authenticate(url, {"methods": ["password"], "password": {"user": named}}).status == 201
    assert curl_json(token, "PATCH", user, {"user": {"enabled": False}}).json["user"]["enabled"] is False
    assert curl_json(token, "DELETE", user).status == 204


def test_a_role_is_granted_and_taken_away(token: str, url: str) -> None:
    role = curl_json(token, "POST", f"{url}/roles", {"role": {"name": "curl-role"}}).json["role"]["id"]
    user = curl_json(token, "GET", f"{url}/users?name=demo").json["users"][0]["id"]
    project = curl_json(token, "GET", f"{url}/projects?name=demo").json["projects"][0]["id"]
    grant = f"{url}/projects/{project}/users/{user}/roles/{role}"
    assert curl_json(token, "PUT", grant).status == 204
    assert curl("-I", "-H", f"X-Auth-Token: {token}", grant).status == 204
    held = curl_json(token, "GET", f"{url}/role_assignments?user.id={user}&scope.project.id={project}").json
    assert role in [one["role"]["id"] for one in held["role_assignments"]]
    assert curl_json(token, "DELETE", grant).status == 204
    assert curl_json(token, "GET", grant).status == 404
    assert curl_json(token, "DELETE", f"{url}/roles/{role}").status == 204


def test_services_and_endpoints_are_listed(token: str, url: str) -> None:
    services = curl_json(token, "GET", f"{url}/services?type=image").json["services"]
    endpoints = curl_json(token, "GET", f"{url}/endpoints?service_id={services[0]['id']}").json["endpoints"]
    assert {one["interface"] for one in endpoints} == {"public", "internal", "admin"}
    assert curl_json(token, "GET", f"{url}/services/{services[0]['id']}").json["service"]["name"] == "glance"


def test_nobody_looks_around_without_a_token(url: str) -> None:
    for path in ("users", "projects", "services", "auth/projects", "auth/catalog"):
        assert curl(f"{url}/{path}").status == 401

"""What Keystone's documents teach: projects, users, roles, the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.journeys.client import Client
    from tests.running import RunningCloud


def test_a_token_is_issued_and_revoked(member: Client) -> None:
    token = member.json("token issue")
    assert set(token) == {"id", "expires", "project_id", "user_id"}
    member.do(f"token revoke {token['id']}")
    revoked = member.as_user(auth_type="v3token", token=token["id"], username="", password="", user_domain_name="")
    assert "404" in revoked.refused("token issue")


def test_a_project_is_created_changed_and_deleted(admin: Client) -> None:
    made = admin.json("project create --description 'my new project' --domain default new-project")
    assert (made["name"], made["description"], made["enabled"]) == ("new-project", "my new project", True)
    assert (made["domain_id"], made["parent_id"], made["is_domain"]) == ("default", "default", False)
    assert {"ID": made["id"], "Name": "new-project"} in admin.json("project list")
    admin.do(f"project set {made['id']} --disable")
    assert admin.json("project show new-project")["enabled"] is False
    admin.do(f"project set {made['id']} --enable --name project-new --property cost=7")
    shown = admin.json("project show project-new")
    assert (shown["id"], shown["enabled"], shown["cost"]) == (made["id"], True, "7")
    assert "409" in admin.refused("project create project-new")
    admin.do("project create --or-show project-new")
    admin.do(f"project delete {made['id']}")
    assert "No Project" in admin.refused("project show project-new")


def test_a_user_works_once_it_has_a_role_in_a_project(admin: Client) -> None:
    project = admin.value("project create work-project -c id")
    user = admin.json("user create --project work-project --password PASSWORD --email w@example.com worker")
    assert (user["name"], user["email"], user["default_project_id"]) == ("worker", "w@example.com", project)
    worker = admin.as_user(username="worker", password="PASSWORD", project_name="work-project")
    assert "401" in worker.refused("token issue")
    admin.do("role add --user worker --project work-project member")
    assert worker.json("token issue")["project_id"] == project
    names = admin.json("role assignment list --user worker --project work-project --names")
    assert [(row["Role"], row["User"], row["Project"]) for row in names] == [
        ("member", "worker@Default", "work-project@Default")
    ]
    assert worker.json("server list") == []
    assert "403" in worker.refused("user list")
    admin.do("user set worker --disable")
    assert "401" in worker.refused("token issue")
    admin.do("user set worker --enable --name user-new --email new-user@example.com")
    renamed = worker.as_user(username="user-new")
    assert renamed.json("token issue")["user_id"] == user["id"]
    admin.do("role remove --user user-new --project work-project member")
    assert admin.json("role assignment list --user user-new --project work-project --names") == []
    admin.do("user delete user-new")
    admin.do("project delete work-project")


def test_a_user_changes_its_own_password(admin: Client) -> None:
    admin.do("user create --password first changer")
    admin.do("role add --user changer --project demo reader")
    changer = admin.as_user(username="changer", password="first", project_name="demo")
    changer.do("user password set --original-password first --password second")
    assert "401" in changer.refused("token issue")
    changer.as_user(password="second").do("token issue")
    admin.do("user delete changer")


def test_a_domain_has_users_and_projects_of_its_own(admin: Client) -> None:
    admin.do("domain create --description 'another company' other")
    admin.do("project create --domain other shop")
    admin.do("user create --domain other --password pw boss")
    admin.do("role add --user boss --user-domain other --project shop --project-domain other manager")
    admin.do("role add --user boss --user-domain other --domain other admin")
    boss = admin.as_user(username="boss", password="pw", project_name="shop").as_user(
        user_domain_name="other", project_domain_name="other"
    )
    assert boss.json("token issue")["project_id"] == admin.json("project show --domain other shop")["id"]
    of_domain = boss.as_user(project_name="", project_domain_name="", domain_name="other")
    assert of_domain.json("token issue")["domain_id"] == admin.json("domain show other")["id"]
    assert [row["Name"] for row in admin.json("user list --domain other")] == ["boss"]
    assert "403" in admin.refused("domain delete other")
    admin.do("domain set --disable other")
    assert "401" in boss.refused("token issue")
    admin.do("domain delete other")
    assert "other" not in [row["Name"] for row in admin.json("domain list")]


def test_the_catalog_lists_the_four_services(admin: Client, member: Client) -> None:
    rows = member.json("catalog list")
    assert {row["Type"] for row in rows} >= {"identity", "image", "placement", "compute"}
    for row in rows:
        interfaces = {endpoint["interface"] for endpoint in row["Endpoints"]}
        assert interfaces == {"public", "internal", "admin"}
    assert member.json("catalog show compute")["name"] == "nova"
    assert [row["Region"] for row in admin.json("region list")] == ["RegionOne"]


def test_a_service_and_its_endpoints_are_registered(admin: Client, member: Client) -> None:
    made = admin.json("service create --name swift --description 'object store service' object-store")
    assert (made["type"], made["enabled"]) == ("object-store", True)
    for interface in ("public", "internal"):
        url = "'http://swift.example.com/v1/AUTH_%(project_id)s'"
        admin.do(f"endpoint create --region RegionOne swift {interface} {url}")
    rows = admin.json("endpoint list --service object-store")
    assert {row["Interface"] for row in rows} == {"public", "internal"}
    endpoints = member.json("catalog show object-store")["endpoints"]
    assert all(one["url"].endswith(member.json("token issue")["project_id"]) for one in endpoints)
    public = next(row["ID"] for row in rows if row["Interface"] == "public")
    admin.do(f"endpoint set --disable {public}")
    assert len(member.json("catalog show object-store")["endpoints"]) == 1
    assert admin.json(f"endpoint show {public}")["enabled"] is False
    admin.do("service set --description 'no more' object-store")
    assert admin.json("service show swift")["description"] == "no more"
    admin.do("service delete swift")
    assert "object-store" not in [row["Type"] for row in admin.json("catalog list")]


def test_versions_are_discovered(admin: Client) -> None:
    rows = admin.json("versions show")
    assert {row["Service Type"] for row in rows} == {"identity", "image", "placement", "compute"}
    current = {row["Service Type"]: row for row in rows if row["Status"] == "CURRENT"}
    assert current["identity"]["Version"].startswith("3")
    assert current["compute"]["Endpoint"].endswith("/v2.1/")
    assert [int(part) for part in current["placement"]["Max Microversion"].split(".")] >= [1, 31]


@pytest.mark.parametrize("cloud", ["pileus", "pileus-demo"])
def test_clouds_yaml_is_enough_to_log_in(admin: Client, journey_cloud: RunningCloud, cloud: str) -> None:
    user = admin.with_nothing().as_user(client_config_file=str(journey_cloud.clouds_yaml), cloud=cloud)
    assert user.json("token issue")["project_id"]


@pytest.mark.parametrize("name", ["admin", "demo"])
def test_an_openrc_file_is_enough_to_log_in(admin: Client, journey_cloud: RunningCloud, name: str) -> None:
    lines = (journey_cloud.state.path / f"{name}-openrc").read_text().splitlines()
    values = dict(line.removeprefix("export OS_").split("=", 1) for line in lines)
    assert admin.with_nothing().as_user(**values).json("token issue")["project_id"]

"""What the operator's policy file says holds wherever a caller's power is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.compute.cloud import ADMIN, IMAGE_ID, MEMBER, OTHER, READER, Cloud, server_body

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "os_compute_api:"


def policy(tmp_path: Path, rules: dict[str, str]) -> Cloud:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(rules))
    return Cloud(f"sqlite:///{tmp_path}/compute.sqlite", policy_file=file)


def test_one_verb_may_be_opened_to_other_projects(tmp_path: Path) -> None:
    cloud = policy(tmp_path, {f"{PREFIX}servers:show": "role:reader"})
    server_id = cloud.new_server()
    assert cloud.ask("GET", f"/servers/{server_id}", who=OTHER).status == 200
    assert cloud.ask("DELETE", f"/servers/{server_id}", who=OTHER).status == 404
    cloud.database.close()


def test_a_verb_may_be_closed_to_administrators(tmp_path: Path) -> None:
    cloud = policy(tmp_path, {f"{PREFIX}servers:delete": "rule:project_member_api"})
    server_id = cloud.new_server()
    assert cloud.ask("DELETE", f"/servers/{server_id}", who=ADMIN).status == 404
    assert cloud.ask("DELETE", f"/servers/{server_id}", who=READER).status == 403
    assert cloud.ask("DELETE", f"/servers/{server_id}").status == 204
    cloud.database.close()


def test_lists_of_every_project_go_by_their_own_rules(tmp_path: Path) -> None:
    cloud = policy(tmp_path, {f"{PREFIX}servers:detail:get_all_tenants": "role:member"})
    server_id = cloud.new_server(who=OTHER)
    wanted = "all_tenants=1&tenant_id=p-two"
    assert [row["id"] for row in cloud.get(f"/servers/detail?{wanted}")["servers"]] == [server_id]
    assert cloud.ask("GET", f"/servers?{wanted}").status == 403
    assert cloud.get("/servers/detail?tenant_id=p-two")["servers"] == []  # it says nothing without all_tenants
    assert cloud.ask("GET", f"/servers/detail?marker={server_id}").status == 200
    assert cloud.ask("GET", f"/servers?marker={server_id}").status == 400
    cloud.database.close()


def test_whoever_may_see_whose_a_flavor_is_may_use_it(tmp_path: Path) -> None:
    body = {"flavor": {"name": "big", "id": "b", "ram": 64, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": False}}
    cloud = policy(tmp_path, {f"{PREFIX}os-flavor-access": "user_id:u-member"})
    assert cloud.ask("POST", "/flavors", body, who=ADMIN).status == 200
    for who, statuses in ((MEMBER, (200, 202)), (OTHER, (404, 400)), (ADMIN, (404, 400))):
        made = cloud.ask("POST", "/servers", server_body(flavorRef="b", imageRef=IMAGE_ID), who=who)
        assert (cloud.ask("GET", "/flavors/b", who=who).status, made.status) == statuses
    assert "b" in [flavor["id"] for flavor in cloud.get("/flavors?is_public=none")["flavors"]]
    assert "b" not in [flavor["id"] for flavor in cloud.get("/flavors?is_public=none", who=ADMIN)["flavors"]]
    cloud.database.close()


def test_another_role_may_be_the_administrators(tmp_path: Path) -> None:
    cloud = policy(tmp_path, {"context_is_admin": "user_id:u-other"})
    server_id = cloud.new_server()
    assert cloud.ask("GET", f"/servers/{server_id}", who=OTHER).status == 200
    assert cloud.ask("GET", f"/servers/{server_id}", who=ADMIN).status == 404
    cloud.database.close()

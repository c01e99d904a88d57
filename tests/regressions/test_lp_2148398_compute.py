"""What a caller wrote decided what he might do: here bodies and queries that name another owner than the row."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compute.cloud import ADMIN, MEMBER, OTHER, READER, Cloud

FORGED = {"project_id": "p-two", "user_id": "u-other", "tenant_id": "p-two"}


def test_a_body_does_not_pass_for_the_server(cloud: Cloud) -> None:
    server_id = cloud.active_server(who=MEMBER)
    for extra in (FORGED, {"target": FORGED}, {"server": FORGED}):
        for action in ("os-start", "os-stop", "pause", "forceDelete", "lock"):
            reply = cloud.ask("POST", f"/servers/{server_id}/action", {action: None, **extra}, who=OTHER)
            assert reply.status in (400, 404), (action, extra)
        reply = cloud.ask("PUT", f"/servers/{server_id}", {"server": {"name": "mine", **extra}}, who=OTHER)
        assert reply.status in (400, 404)
    assert cloud.get(f"/servers/{server_id}")["server"]["name"] == "vm"
    assert cloud.work.begun[1:] == []  # but the boot


def test_a_query_does_not_pass_for_the_server(cloud: Cloud) -> None:
    server_id = cloud.active_server(who=MEMBER)
    for query in ("project_id=p-two", "tenant_id=p-two&user_id=u-other", "all_tenants=1"):
        assert cloud.ask("GET", f"/servers/{server_id}?{query}", who=OTHER).status == 404
        listed = cloud.ask("GET", f"/servers?{query}", who=OTHER)
        assert listed.status == 403 or listed.decoded()["servers"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/os-quota-sets/p-one", {"quota_set": {"cores": 1000, **FORGED}}),
        ("GET", "/os-quota-sets/p-one?user_id=u-other&tenant_id=p-two", None),
        ("GET", "/os-simple-tenant-usage/p-one?project_id=p-two", None),
        ("GET", "/limits?tenant_id=p-one&project_id=p-two", None),
        ("GET", "/os-keypairs?user_id=u-member&project_id=p-two", None),
        ("POST", "/os-keypairs", {"keypair": {"name": "k", "user_id": "u-member"}}),
    ],
)
def test_nobody_speaks_of_another_project_by_naming_his_own(cloud: Cloud, method: str, path: str, body: Any) -> None:
    assert cloud.ask(method, path, body, who=OTHER, version="2.10").status in (400, 403)


def test_metadata_does_not_pass_for_the_owner(cloud: Cloud) -> None:
    server_id = cloud.active_server(who=MEMBER)
    metadata = {"metadata": FORGED}
    assert cloud.ask("POST", f"/servers/{server_id}/metadata", metadata, who=MEMBER).status == 200
    assert cloud.ask("GET", f"/servers/{server_id}", who=OTHER).status == 404
    assert cloud.ask("POST", f"/servers/{server_id}/metadata", metadata, who=READER).status == 403
    assert cloud.get(f"/servers/{server_id}", who=ADMIN)["server"]["tenant_id"] == "p-one"

from __future__ import annotations

from tests.compute.cloud import ADMIN, Cloud


def test_limits_tell_what_is_used(cloud: Cloud) -> None:
    cloud.new_server()
    absolute = cloud.get("/limits")["limits"]["absolute"]
    assert (absolute["totalInstancesUsed"], absolute["totalCoresUsed"], absolute["totalRAMUsed"]) == (1, 1, 512)
    assert cloud.ask("GET", "/limits?tenant_id=p-two").status == 403
    assert cloud.ask("GET", "/limits?tenant_id=p-two", who=ADMIN).status == 200


def test_a_project_gets_a_quota_of_its_own(cloud: Cloud) -> None:
    cloud.new_server()
    path = "/os-quota-sets/p-one"
    assert cloud.ask("PUT", path, {"quota_set": {"instances": 2}}).status == 403
    assert cloud.ask("PUT", path, {"quota_set": {"instances": 0}}, who=ADMIN).status == 400
    assert cloud.ask("PUT", path, {"quota_set": {"instances": 2}}, who=ADMIN).decoded()["quota_set"]["instances"] == 2
    assert cloud.get(path)["quota_set"]["instances"] == 2
    assert cloud.get(f"{path}/detail", who=ADMIN)["quota_set"]["instances"] == {"limit": 2, "in_use": 1, "reserved": 0}
    assert cloud.get(f"{path}/defaults")["quota_set"]["instances"] == 100
    assert cloud.ask("DELETE", path, who=ADMIN).status == 202
    assert cloud.get(path)["quota_set"]["instances"] == 100
    assert cloud.ask("GET", "/os-quota-sets/p-two").status == 403


def test_usage_counts_hours(cloud: Cloud) -> None:
    cloud.active_server()
    cloud.clock.sleep(7200)
    usage = cloud.get("/os-simple-tenant-usage/p-one")["tenant_usage"]
    assert (usage["total_hours"], usage["total_memory_mb_usage"]) == (2.0, 1024.0)
    assert cloud.get("/os-simple-tenant-usage?detailed=1", who=ADMIN)["tenant_usages"][0]["server_usages"]


def test_extensions_are_listed(cloud: Cloud) -> None:
    assert "os-keypairs" in [row["alias"] for row in cloud.get("/extensions")["extensions"]]
    assert cloud.ask("GET", "/extensions/none").status == 404

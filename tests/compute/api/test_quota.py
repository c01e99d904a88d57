from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.compute.operations.unified_quota import UnifiedQuotas
from pileus.compute.settings import QuotaSettings
from tests.compute.cloud import ADMIN, Cloud, message_of, server_body

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_user_gets_a_part_of_his_projects_quota(cloud: Cloud) -> None:
    whole, own = "/os-quota-sets/p-one", "/os-quota-sets/p-one?user_id=u-member"
    assert cloud.ask("PUT", whole, {"quota_set": {"instances": 3}}, who=ADMIN).status == 200
    assert cloud.ask("PUT", own, {"quota_set": {"instances": 1}}, who=ADMIN).status == 200
    other = "/os-quota-sets/p-one?user_id=u-friend"
    refused = cloud.ask("PUT", other, {"quota_set": {"instances": 3}}, who=ADMIN)
    assert message_of(refused) == "Quota limit 3 for instances must be less than or equal to 2."
    assert cloud.ask("PUT", other, {"quota_set": {"instances": 3, "force": True}}, who=ADMIN).status == 200
    assert (cloud.get(whole)["quota_set"]["instances"], cloud.get(own)["quota_set"]["instances"]) == (3, 1)
    cloud.new_server()
    refused = cloud.ask("POST", "/servers", server_body())
    assert (refused.status, message_of(refused)) == (
        403, "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances",
    )  # fmt: skip
    assert cloud.ask("DELETE", own, who=ADMIN).status == 202
    assert cloud.get(own)["quota_set"]["instances"] == 3
    cloud.new_server()


def test_the_default_class_is_what_projects_have(cloud: Cloud) -> None:
    path = "/os-quota-class-sets/default"
    changed = cloud.ask("PUT", path, {"quota_class_set": {"cores": 7}}, who=ADMIN).decoded()["quota_class_set"]
    assert (changed["cores"], "id" in changed, "server_groups" in changed) == (7, False, False)
    assert cloud.get("/os-quota-sets/p-one/defaults")["quota_set"]["cores"] == 7
    assert cloud.get("/os-quota-sets/p-one")["quota_set"]["cores"] == 7
    assert cloud.get("/os-quota-class-sets/other", who=ADMIN)["quota_class_set"]["cores"] == 400
    shown = cloud.get(path, who=ADMIN, version="2.50")["quota_class_set"]
    assert (shown["id"], shown["server_groups"], "fixed_ips" in shown) == ("default", 10, False)
    assert cloud.ask("GET", path).status == 403


def test_quotas_name_less_and_less(cloud: Cloud) -> None:
    path, networks, files = "/os-quota-sets/p-one", {"fixed_ips", "floating_ips"}, {"injected_files"}
    assert cloud.get(path)["quota_set"].keys() >= networks | files
    assert not cloud.get(path, version="2.36")["quota_set"].keys() & networks
    assert not cloud.get(path, version="2.57")["quota_set"].keys() & (networks | files)
    body = {"quota_set": {"fixed_ips": 1}}
    assert cloud.ask("PUT", path, body, who=ADMIN).decoded()["quota_set"]["fixed_ips"] == 1
    assert cloud.ask("PUT", path, body, who=ADMIN, version="2.36").status == 400
    assert cloud.get("/limits")["limits"]["absolute"].keys() >= {"maxImageMeta", "maxPersonality", "maxSecurityGroups"}
    last = cloud.get("/limits", version="2.57")["limits"]["absolute"]
    assert not last.keys() & {"maxImageMeta", "maxPersonality", "maxSecurityGroups", "totalFloatingIpsUsed"}
    assert cloud.ask("GET", "/limits?colour=red", version="2.75").status == 400


def test_a_quota_is_for_a_project_that_there_is(cloud: Cloud) -> None:
    reply = cloud.ask("PUT", "/os-quota-sets/nobody", {"quota_set": {"cores": 1}}, who=ADMIN)
    assert (reply.status, message_of(reply)) == (400, "Project ID nobody is not a valid project.")


def test_identity_may_keep_the_limits(tmp_path: Path) -> None:
    said = {"servers": 2, "class:VCPU": 3, "server_key_pairs": 4}
    quotas = UnifiedQuotas(FixedLimits(said), QuotaSettings(is_unified=True))
    cloud = Cloud(f"sqlite:///{tmp_path}/unified.sqlite", quota_of=quotas.of_project)
    try:
        assert cloud.ask("PUT", "/os-quota-sets/p-one", {"quota_set": {"instances": 9}}, who=ADMIN).status == 200
        shown = cloud.get("/os-quota-sets/p-one")["quota_set"]
        assert [shown[name] for name in ("instances", "cores", "ram", "key_pairs")] == [2, 3, -1, 4]
        cloud.new_server()
        cloud.new_server()
        assert cloud.ask("POST", "/servers", server_body()).status == 403
        said.clear()
        assert cloud.get("/limits")["limits"]["absolute"]["maxTotalInstances"] == 0
    finally:
        cloud.database.close()


class FixedLimits:
    """An identity service that says the same of every project."""

    def __init__(self, said: dict[str, int]) -> None:
        self.said = said

    def of_project(self, project_id: str) -> dict[str, int]:
        return self.said


def test_usage_counts_hours(cloud: Cloud) -> None:
    cloud.active_server()
    cloud.clock.sleep(7200)
    usage = cloud.get("/os-simple-tenant-usage/p-one")["tenant_usage"]
    assert (usage["total_hours"], usage["total_memory_mb_usage"]) == (2.0, 1024.0)
    assert cloud.get("/os-simple-tenant-usage?detailed=1", who=ADMIN)["tenant_usages"][0]["server_usages"]


def test_extensions_are_listed(cloud: Cloud) -> None:
    assert "os-keypairs" in [row["alias"] for row in cloud.get("/extensions")["extensions"]]
    assert cloud.ask("GET", "/extensions/none").status == 404

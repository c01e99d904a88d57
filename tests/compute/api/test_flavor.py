from __future__ import annotations

from tests.compute.cloud import ADMIN, OTHER, Cloud, message_of, server_body

BODY = {"flavor": {"name": "big", "ram": 1024, "vcpus": "2", "disk": 10, "os-flavor-access:is_public": False}}


def test_a_new_cloud_has_the_standard_flavors(cloud: Cloud) -> None:
    assert [flavor["name"] for flavor in cloud.get("/flavors")["flavors"]] == [
        "m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge",
    ]  # fmt: skip
    flavor = cloud.get("/flavors/5")["flavor"]
    assert (flavor["ram"], flavor["disk"], flavor["vcpus"], flavor["swap"]) == (16384, 160, 8, "")


def test_flavors_are_paged_and_filtered(cloud: Cloud) -> None:
    page = cloud.get("/flavors?limit=2&marker=1")
    assert [flavor["id"] for flavor in page["flavors"]] == ["2", "3"]
    assert page["flavors_links"][0]["href"].endswith("limit=2&marker=3")
    assert [flavor["id"] for flavor in cloud.get("/flavors/detail?minRam=8000")["flavors"]] == ["4", "5"]
    assert cloud.ask("GET", "/flavors?marker=99").status == 400


def test_a_private_flavor_is_seen_by_its_projects(cloud: Cloud) -> None:
    made = cloud.ask("POST", "/flavors", BODY, who=ADMIN)
    assert made.status == 200
    flavor_id = made.decoded()["flavor"]["id"]
    assert cloud.ask("GET", f"/flavors/{flavor_id}").status == 404
    grant = {"addTenantAccess": {"tenant": "p-one"}}
    assert cloud.ask("POST", f"/flavors/{flavor_id}/action", grant, who=ADMIN).decoded() == {
        "flavor_access": [{"flavor_id": flavor_id, "tenant_id": "p-one"}]
    }
    assert cloud.ask("POST", f"/flavors/{flavor_id}/action", grant, who=ADMIN).status == 409
    assert cloud.ask("POST", f"/flavors/{flavor_id}/action", grant).status == 403
    assert cloud.ask("GET", f"/flavors/{flavor_id}").status == 200
    assert cloud.ask("GET", f"/flavors/{flavor_id}", who=OTHER).status == 404
    assert "big" in [flavor["name"] for flavor in cloud.get("/flavors")["flavors"]]
    assert "big" not in [flavor["name"] for flavor in cloud.get("/flavors", who=ADMIN)["flavors"]]
    assert "big" in [flavor["name"] for flavor in cloud.get("/flavors?is_public=None", who=ADMIN)["flavors"]]
    assert cloud.get(f"/flavors/{flavor_id}/os-flavor-access", who=ADMIN)["flavor_access"]
    revoke = {"removeTenantAccess": {"tenant": "p-one"}}
    assert cloud.ask("POST", f"/flavors/{flavor_id}/action", revoke, who=ADMIN).status == 200
    assert cloud.ask("DELETE", f"/flavors/{flavor_id}", who=ADMIN).status == 202


def test_names_and_ids_are_taken_once(cloud: Cloud) -> None:
    taken = {"flavor": {**BODY["flavor"], "name": "m1.tiny"}}
    assert message_of(cloud.ask("POST", "/flavors", taken, who=ADMIN)) == "Flavor with name m1.tiny already exists."
    same = {"flavor": {**BODY["flavor"], "id": "1"}}
    assert message_of(cloud.ask("POST", "/flavors", same, who=ADMIN)) == "Flavor with ID 1 already exists."
    assert cloud.ask("POST", "/flavors", BODY).status == 403
    assert cloud.ask("DELETE", "/flavors/none", who=ADMIN).status == 404


def test_extra_specs_have_their_verbs(cloud: Cloud) -> None:
    path = "/flavors/1/os-extra_specs"
    specs = {"extra_specs": {"hw:cpu_policy": "shared"}}
    assert cloud.ask("POST", path, specs, who=ADMIN).decoded() == specs
    assert cloud.get(path) == specs
    change = {"hw:cpu_policy": "dedicated"}
    assert cloud.ask("PUT", f"{path}/hw:cpu_policy", change, who=ADMIN).decoded() == change
    assert cloud.get(f"{path}/hw:cpu_policy") == change
    assert cloud.ask("DELETE", f"{path}/hw:cpu_policy", who=ADMIN).status == 200
    assert cloud.ask("DELETE", f"{path}/hw:cpu_policy", who=ADMIN).status == 404


def test_a_flavor_without_a_root_disk_is_for_administrators(cloud: Cloud) -> None:
    body = {"flavor": {"name": "diskless", "id": "d", "ram": 512, "vcpus": 1, "disk": 0}}
    assert cloud.ask("POST", "/flavors", body, who=ADMIN).status == 200
    refused = cloud.ask("POST", "/servers", server_body(flavorRef="d"))
    assert refused.status == 403
    assert message_of(refused) == "Only volume-backed servers are allowed for flavors with zero disk."
    assert cloud.ask("POST", "/servers", server_body(flavorRef="d"), who=ADMIN).status == 202

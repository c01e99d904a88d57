from __future__ import annotations

import pytest

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


def test_a_flavor_is_described_and_described_anew(cloud: Cloud) -> None:
    body = {"flavor": {**BODY["flavor"], "description": "roomy"}}
    assert cloud.ask("POST", "/flavors", body, who=ADMIN, version="2.54").status == 400
    flavor_id = cloud.ask("POST", "/flavors", body, who=ADMIN, version="2.55").decoded()["flavor"]["id"]
    change = {"flavor": {"description": "roomier"}}
    assert cloud.ask("PUT", f"/flavors/{flavor_id}", change, who=ADMIN, version="2.54").status == 404
    assert cloud.ask("PUT", f"/flavors/{flavor_id}", change, version="2.55").status == 403
    changed = cloud.ask("PUT", f"/flavors/{flavor_id}", change, who=ADMIN, version="2.55").decoded()["flavor"]
    assert changed["description"] == "roomier"
    assert "description" not in cloud.get(f"/flavors/{flavor_id}", who=ADMIN)["flavor"]
    assert {row["description"] for row in cloud.get("/flavors", version="2.55")["flavors"]} == {None}


def test_a_flavor_shows_more_and_less_over_time(cloud: Cloud) -> None:
    cloud.ask("POST", "/flavors/1/os-extra_specs", {"extra_specs": {"colour": "red"}}, who=ADMIN)
    first = cloud.get("/flavors/1")["flavor"]
    assert (first["swap"], first["rxtx_factor"], first["OS-FLV-DISABLED:disabled"]) == ("", 1.0, False)
    assert "extra_specs" not in cloud.get("/flavors/1", version="2.60")["flavor"]
    assert cloud.get("/flavors/1", version="2.61")["flavor"]["extra_specs"] == {"colour": "red"}
    assert cloud.get("/flavors/detail", version="2.75")["flavors"][0]["swap"] == 0
    last = cloud.get("/flavors/1", version="2.102")["flavor"]
    assert not last.keys() & {"rxtx_factor", "OS-FLV-DISABLED:disabled"}
    body = {"flavor": {**BODY["flavor"], "rxtx_factor": 2}}
    assert cloud.ask("POST", "/flavors", body, who=ADMIN, version="2.102").status == 400


def test_flavors_are_listed_by_name_in_the_end(cloud: Cloud) -> None:
    assert [row["name"] for row in cloud.get("/flavors?name=^m1.s", version="2.102")["flavors"]] == ["m1.small"]
    assert len(cloud.get("/flavors?name=small")["flavors"]) == 5
    assert cloud.ask("GET", "/flavors?name=small", version="2.75").status == 400
    assert cloud.ask("GET", "/flavors?sort_key=rxtx_factor", version="2.75").status == 200
    assert cloud.ask("GET", "/flavors?sort_key=rxtx_factor", version="2.102").status == 400
    assert cloud.ask("GET", "/flavors?sort_dir=up").status == 400


def test_nobody_is_given_access_to_a_public_flavor_or_for_a_project_that_there_is_not(cloud: Cloud) -> None:
    grant = {"addTenantAccess": {"tenant": "p-two"}}
    assert cloud.ask("POST", "/flavors/1/action", grant, who=ADMIN, version="2.6").status == 200
    refused = cloud.ask("POST", "/flavors/1/action", grant, who=ADMIN, version="2.7")
    assert (refused.status, message_of(refused)) == (409, "Can not add access to a public flavor.")
    strange = cloud.ask("POST", "/flavors/1/action", {"addTenantAccess": {"tenant": "nobody"}}, who=ADMIN)
    assert (strange.status, message_of(strange)) == (400, "Project ID nobody is not a valid project.")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("hw:cpu_policy", "sharing", "'sharing' is not one of: dedicated, shared, mixed."),
        ("hw:numa_nodes", "0", "'0' is less than the min value of '1'."),
        ("hw:numa_nodes", "many", "'many' is not a valid integer value."),
        ("hw:redirected_usb_ports", "16", "'16' is greater than the max value of '15'."),
        ("hw:boot_menu", "perhaps", "'perhaps' is not a valid boolean-like value."),
        ("hw:colour", "red", "extra spec 'hw:colour' does not appear to be a valid extra spec."),
        ("trait1:NO_SUCH_TRAIT", "required", "extra spec 'trait1:NO_SUCH_TRAIT' does not appear to be a valid"),
        ("hw:cpu_dedicated_mask", "1-2,3-4," * 31 + "x", "is not of the format"),
    ],
)
def test_an_extra_spec_that_is_known_is_checked(cloud: Cloud, name: str, value: str, reason: str) -> None:
    specs = {"extra_specs": {name: value}}
    assert cloud.ask("POST", "/flavors/1/os-extra_specs", specs, who=ADMIN, version="2.85").status == 200
    refused = cloud.ask("POST", "/flavors/1/os-extra_specs", specs, who=ADMIN, version="2.86")
    assert refused.status == 400
    assert reason in message_of(refused)
    assert cloud.ask("PUT", f"/flavors/1/os-extra_specs/{name}", {name: value}, who=ADMIN, version="2.86").status == 400


def test_extra_specs_of_ones_own_mean_what_one_likes(cloud: Cloud) -> None:
    specs = {
        "colour": "red", "mine:colour": "red", "hw:numa_cpus.1": "0-3,^2", "trait:HW_CPU_X86_AVX": "required",
        "resources2:CUSTOM_FPGA": 3, "capabilities:cpu_info:features": "<in> aes", "hw:pmem": "a,b",
    }  # fmt: skip
    reply = cloud.ask("POST", "/flavors/1/os-extra_specs", {"extra_specs": specs}, who=ADMIN, version="2.86")
    assert (reply.status, reply.decoded()["extra_specs"]) == (200, specs)
    assert cloud.get("/flavors/1/os-extra_specs")["extra_specs"]["resources2:CUSTOM_FPGA"] == "3"
    endless = {"extra_specs": {"colour": 10**300}}
    assert cloud.ask("POST", "/flavors/1/os-extra_specs", endless, who=ADMIN).status == 400

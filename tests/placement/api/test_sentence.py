"""The sentences of refusals, word for word: clients and people read them, and they name what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.placement.conftest import Client

pytestmark = pytest.mark.databases("sqlite")
NEWEST = "1.39"
ROOT, CHILD, GRANDCHILD, OTHER_CHILD, OTHER_GRANDCHILD, MISSING = (
    f"{number}0000000-0000-4000-8000-000000000000" for number in "123459"
)
PARENTS = {ROOT: None, CHILD: ROOT, GRANDCHILD: CHILD, OTHER_CHILD: ROOT, OTHER_GRANDCHILD: OTHER_CHILD}
FAMILY = ("root", "child", "grandchild", "other child", "other grandchild")
STOCK = f"/resource_providers/{ROOT}/inventories"
SANE = {"resource_provider_generation": 1, "total": 4}


@pytest.fixture
def tree(client: Client) -> Client:
    """A root with two children who have a child each; the root has VCPUs and things of a class of one's own."""
    client("PUT", "/resource_classes/CUSTOM_A")
    client("PUT", "/resource_classes/CUSTOM_B")
    client("PUT", "/traits/CUSTOM_T")
    for (uuid, parent), name in zip(PARENTS.items(), FAMILY, strict=True):
        body = {"uuid": uuid, "name": name, "parent_provider_uuid": parent}
        assert client("POST", "/resource_providers", body).status == 200
    stock = {"VCPU": {"total": 8}, "CUSTOM_A": {"total": 8}}
    assert client("PUT", STOCK, {"resource_provider_generation": 0, "inventories": stock}).status == 200
    return client


def move(parent: str | None, name: str = "root") -> dict[str, Any]:
    return {"name": name, "parent_provider_uuid": parent}


def reshape(uuid: str, generation: int, name: str, **fields: int) -> dict[str, Any]:
    shape = {"resource_provider_generation": generation, "inventories": {name: {"total": 4, **fields}}}
    return {"inventories": {uuid: shape}, "allocations": {}}


INVALID = f"Invalid inventory for 'VCPU' on resource provider '{ROOT}'. The reserved value is"
STALE = f"resource provider generation conflict for resource provider {ROOT}: actual: 1, given: 7"
UNDEFINED, CONCURRENT = "placement.undefined_code", "placement.concurrent_update"
# (version, method, path, body, status, code, sentence)
REFUSALS: list[tuple[str, str, str, Any, int, str, str]] = [
    (NEWEST, "POST", "/resource_classes", {"name": "CUSTOM_A"}, 409, UNDEFINED,
     "Conflicting resource class already exists: CUSTOM_A"),
    ("1.6", "PUT", "/resource_classes/CUSTOM_A", {"name": "CUSTOM_B"}, 409, "",
     "Resource class already exists: CUSTOM_B"),
    ("1.6", "PUT", "/resource_classes/VCPU", {"name": "CUSTOM_C"}, 400, "",
     "Cannot update standard resource class VCPU."),
    ("1.6", "PUT", "/resource_classes/CUSTOM_C", {"name": "CUSTOM_D"}, 404, "", "No such resource class CUSTOM_C."),
    (NEWEST, "DELETE", "/resource_classes/VCPU", None, 400, UNDEFINED, "Cannot delete standard resource class VCPU."),
    (NEWEST, "DELETE", "/resource_classes/CUSTOM_A", None, 409, UNDEFINED,
     "Cannot delete resource class CUSTOM_A. Class is in use in inventory."),
    (NEWEST, "DELETE", "/traits/HW_CPU_X86_VMX", None, 400, UNDEFINED, "Cannot delete standard trait HW_CPU_X86_VMX."),
    (NEWEST, "DELETE", "/traits/CUSTOM_U", None, 404, UNDEFINED, "No such trait(s): CUSTOM_U."),
    (NEWEST, "PUT", f"/resource_providers/{MISSING}", move(None), 404, UNDEFINED,
     f"No resource provider with uuid {MISSING} found"),
    (NEWEST, "DELETE", f"/resource_providers/{MISSING}", None, 404, UNDEFINED,
     f"No resource provider with uuid {MISSING} found for delete"),
    (NEWEST, "PUT", f"/resource_providers/{ROOT}", move(None, "child"), 409, "placement.duplicate_name",
     "Conflicting resource provider name: child already exists."),
    (NEWEST, "PUT", f"/resource_providers/{ROOT}", move(MISSING), 400, UNDEFINED,
     f"Unable to save resource provider {ROOT}: parent provider UUID does not exist."),
    *((NEWEST, "PUT", f"/resource_providers/{ROOT}", move(below), 400, UNDEFINED,
       f"Unable to save resource provider {ROOT}: creating loop in the provider tree is not allowed.")
      for below in PARENTS),
    ("1.36", "PUT", f"/resource_providers/{CHILD}", move(None, "child"), 400, UNDEFINED,
     f"Unable to save resource provider {CHILD}: un-parenting a provider is not currently allowed."),
    ("1.36", "PUT", f"/resource_providers/{GRANDCHILD}", move(ROOT, "grandchild"), 400, UNDEFINED,
     f"Unable to save resource provider {GRANDCHILD}: re-parenting a provider is not currently allowed."),
    (NEWEST, "POST", STOCK, {**SANE, "resource_class": "VCPU"}, 409, UNDEFINED,
     f"Update conflict: Inventory of class VCPU for {ROOT} already exists"),
    (NEWEST, "POST", STOCK, {**SANE, "resource_class": "CUSTOM_C"}, 400, UNDEFINED, "No such resource class CUSTOM_C."),
    (NEWEST, "POST", STOCK, {**SANE, "resource_class": "VCPU", "reserved": 5}, 400, UNDEFINED,
     f"Unable to create inventory for resource provider {ROOT}: {INVALID} greater than total."),
    ("1.25", "POST", STOCK, {**SANE, "resource_class": "VCPU", "reserved": 4}, 400, UNDEFINED,
     f"Unable to create inventory for resource provider {ROOT}: {INVALID} greater than or equal to total."),
    (NEWEST, "PUT", f"{STOCK}/VCPU", {**SANE, "reserved": 5}, 400, UNDEFINED,
     f"Unable to update inventory for resource provider {ROOT}: {INVALID} greater than total."),
    ("1.25", "PUT", f"{STOCK}/VCPU", {**SANE, "reserved": 4}, 400, UNDEFINED,
     f"Unable to update inventory for resource provider {ROOT}: {INVALID} greater than or equal to total."),
    (NEWEST, "PUT", f"{STOCK}/DISK_GB", SANE, 400, UNDEFINED,
     f"No inventory record with resource class DISK_GB for resource provider {ROOT}."),
    (NEWEST, "PUT", f"{STOCK}/VCPU", {**SANE, "resource_provider_generation": 7}, 409, CONCURRENT, STALE),
    (NEWEST, "DELETE", f"{STOCK}/DISK_GB", None, 404, UNDEFINED, "No inventory of class DISK_GB found for delete"),
    (NEWEST, "DELETE", f"/allocations/{MISSING}", None, 404, UNDEFINED, f"No allocations for consumer '{MISSING}'"),
    (NEWEST, "POST", "/reshaper", reshape(MISSING, 1, "VCPU"), 400, "placement.resource_provider.not_found",
     f"Resource provider {MISSING} of the inventories to reshape does not exist"),
    (NEWEST, "POST", "/reshaper", reshape(ROOT, 7, "VCPU"), 409, CONCURRENT, STALE),
    (NEWEST, "POST", "/reshaper", reshape(ROOT, 1, "CUSTOM_C"), 400, UNDEFINED,
     f"Unknown resource class in inventory for resource provider {ROOT}: No such resource class CUSTOM_C."),
    (NEWEST, "POST", "/reshaper", reshape(ROOT, 1, "VCPU", reserved=5), 400, UNDEFINED,
     f"Unable to update inventory for resource provider {ROOT}: {INVALID} greater than total."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "method", "path", "body", "status", "code", "sentence"),
    REFUSALS,
    ids=[f"{row[1]} {row[2]} {number}" for number, row in enumerate(REFUSALS)],
)
def test_a_refusal_says_what_is_wrong(
    tree: Client, version: str, method: str, path: str, body: Any, status: int, code: str, sentence: str
) -> None:
    reply = tree(method, path, body, version=version, token="service")
    error = reply.decoded()["errors"][0]
    assert (reply.status, error["detail"], error.get("code", "")) == (status, sentence, code)


def test_a_trait_is_made_once_and_goes_when_nobody_has_it(tree: Client) -> None:
    assert [tree("PUT", "/traits/CUSTOM_U").status for _ in range(2)] == [201, 204]
    body = {"resource_provider_generation": 1, "traits": ["CUSTOM_T"]}
    assert tree("PUT", f"/resource_providers/{ROOT}/traits", body).status == 200
    refused = tree("DELETE", "/traits/CUSTOM_T")
    assert (refused.status, refused.decoded()["errors"][0]["detail"]) == (
        409,
        "The trait CUSTOM_T is in use by a resource provider.",
    )
    assert tree("DELETE", "/traits/CUSTOM_U").status == 204
    assert tree("GET", "/traits?name=startswith:CUSTOM_").decoded()["traits"] == ["CUSTOM_T"]


def test_a_renamed_class_is_renamed_wherever_it_is_used_and_nowhere_else(tree: Client) -> None:
    assert tree("PUT", "/resource_classes/CUSTOM_A", {"name": "CUSTOM_A"}, version="1.6").status == 200
    assert tree("PUT", "/resource_classes/CUSTOM_A", {"name": "CUSTOM_C"}, version="1.6").status == 200
    names = {one["name"] for one in tree("GET", "/resource_classes").decoded()["resource_classes"]}
    assert {name for name in names if name.startswith("CUSTOM_")} == {"CUSTOM_B", "CUSTOM_C"}
    assert set(tree("GET", STOCK).decoded()["inventories"]) == {"VCPU", "CUSTOM_C"}


def test_all_of_a_total_may_be_reserved_since_its_version(tree: Client) -> None:
    for version, status in (("1.25", 400), ("1.26", 200)):
        assert tree("PUT", f"{STOCK}/VCPU", {**SANE, "reserved": 4}, version=version).status == status
    new = {"resource_class": "DISK_GB", "total": 4, "reserved": 4}
    for version, status in (("1.25", 400), ("1.26", 201)):
        assert tree("POST", STOCK, new, version=version).status == status
    assert (
        tree("POST", "/reshaper", reshape(ROOT, 3, "VCPU", reserved=4), version="1.30", token="service").status == 204
    )

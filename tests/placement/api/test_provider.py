from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from placement.conftest import Client

pytestmark = pytest.mark.databases("sqlite")
UUID = "a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e55"


def test_a_new_provider_is_shown_since_its_version(client: Client) -> None:
    old = client("POST", "/resource_providers", {"name": "old"}, version="1.19")
    assert (old.status, old.body) == (201, b"")
    new = client("POST", "/resource_providers", {"name": "new", "uuid": UUID}, version="1.20")
    assert new.headers["location"].endswith(f"/resource_providers/{UUID}")
    assert new.decoded()["root_provider_uuid"] == UUID


@pytest.mark.parametrize(("version", "links"), [("1.0", 3), ("1.1", 4), ("1.6", 5), ("1.11", 6)])
def test_links_grew_with_the_api(client: Client, version: str, links: int) -> None:
    uuid = client.provider("host")
    assert len(client("GET", f"/resource_providers/{uuid}", version=version).decoded()["links"]) == links


def test_a_name_and_a_uuid_are_given_once(client: Client) -> None:
    client("POST", "/resource_providers", {"name": "host", "uuid": UUID})
    reply = client("POST", "/resource_providers", {"name": "host", "uuid": UUID.replace("-", "")})
    found = reply.decoded()["errors"][0]
    assert (found["status"], found["code"]) == (409, "placement.duplicate_name")
    assert found["detail"] == f"Conflicting resource provider name: host, uuid: {UUID} already exists."


def test_a_provider_in_use_is_not_deleted(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 1})
    client.allocate(UUID, {host: {"VCPU": 1}})
    found = client("DELETE", f"/resource_providers/{host}").decoded()["errors"][0]
    assert (found["status"], found["code"]) == (409, "placement.resource_provider.inuse")


def test_providers_are_listed_by_all_that_is_asked(client: Client) -> None:
    for name, total in (("small", 1), ("large", 8)):
        client.provider(name, VCPU={"total": total})
    listed = client("GET", "/resource_providers?resources=VCPU:4&required=!HW_CPU_X86_VMX").decoded()
    assert [one["name"] for one in listed["resource_providers"]] == ["large"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("cow=moo", "Invalid query string parameters"),
        ("resources=", "Got: empty string."),
        ("resources=VCPU:many", "expected positive integer amount. Got: many."),
        ("resources=VCPU:0", "requires amount >= 1. Got: 0."),
        ("resources=COW:1", "Invalid resource class in resources parameter"),
        ("required=", "Expected 'required' parameter value of the form: HW_CPU_X86_VMX,!CUSTOM_MAGIC. Got: "),
        ("required=CUSTOM_NONE", "No such trait(s): CUSTOM_NONE."),
        ("required=HW_CPU_X86_VMX,!HW_CPU_X86_VMX", "Conflicting required and forbidden traits"),
        ("member_of=cow", "Expected 'member_of' parameter to contain valid UUID(s)."),
    ],
)
def test_a_query_that_makes_no_sense_is_explained(client: Client, query: str, detail: str) -> None:
    reply = client("GET", f"/resource_providers?{query}")
    assert reply.status == 400
    assert detail in reply.decoded()["errors"][0]["detail"]

"""Generations: who looked before somebody else wrote is refused, and every accepted write counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.placement.conftest import Client

CONSUMER = "a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e55"
AGGREGATE = "b2c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e66"
NEWEST = "1.39"
# (method, path below the provider, what to send besides the generation)
GUARDED: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "inventories", {"inventories": {"VCPU": {"total": 4}}}),
    ("PUT", "inventories/VCPU", {"total": 4}),
    ("POST", "inventories", {"resource_class": "DISK_GB", "total": 4}),
    ("PUT", "traits", {"traits": ["HW_CPU_X86_VMX"]}),
    ("PUT", "aggregates", {"aggregates": [AGGREGATE]}),
]


def see(client: Client, host: str) -> Any:
    """Return everything that hangs on a provider, with its generation."""
    path = f"/resource_providers/{host}"
    return [
        client("GET", f"{path}/{what}", version=NEWEST).decoded() for what in ("inventories", "traits", "aggregates")
    ]


def test_a_stale_generation_changes_nothing_and_the_right_one_counts(client: Client) -> None:
    for number, (method, what, fields) in enumerate(GUARDED):
        host = client.provider(f"host{number}", VCPU={"total": 8})
        path, before = f"/resource_providers/{host}/{what}", see(client, host)
        for stale in (0, 2, -1):
            body = {"resource_provider_generation": stale, **fields}
            reply = client(method, path, body, version=NEWEST)
            assert (reply.status, reply.decoded()["errors"][0]["code"]) == (409, "placement.concurrent_update"), what
            assert see(client, host) == before
        reply = client(method, path, {"resource_provider_generation": 1, **fields}, version=NEWEST)
        assert reply.decoded()["resource_provider_generation"] == 2
        after = see(client, host)
        assert after != before
        assert {one["resource_provider_generation"] for one in after} == {2}


@pytest.mark.databases("sqlite")
def test_a_reshape_with_one_stale_generation_changes_nothing(client: Client) -> None:
    hosts = [client.provider(name, VCPU={"total": 8}) for name in ("right", "stale")]
    before = [see(client, host) for host in hosts]
    new = [{"resource_provider_generation": generation, "inventories": {"VCPU": {"total": 4}}} for generation in (1, 2)]
    body = {"inventories": dict(zip(hosts, new, strict=True)), "allocations": {}}
    reply = client("POST", "/reshaper", body, version=NEWEST, token="service")
    assert (reply.status, reply.decoded()["errors"][0]["code"]) == (409, "placement.concurrent_update")
    assert [see(client, host) for host in hosts] == before
    new[1]["resource_provider_generation"] = 1
    assert client("POST", "/reshaper", body, version=NEWEST, token="service").status == 204
    assert all(one[0]["inventories"]["VCPU"]["total"] == 4 for one in (see(client, host) for host in hosts))


def claim(generation: int | None, *hosts: str, amount: int = 1) -> dict[str, Any]:
    owner = {"project_id": "p", "user_id": "u", "consumer_type": "INSTANCE"}
    wanted = {host: {"resources": {"VCPU": amount}} for host in hosts}
    return {"allocations": wanted, "consumer_generation": generation, **owner}


def put(client: Client, body: dict[str, Any]) -> int:
    return client("PUT", f"/allocations/{CONSUMER}", body, version=NEWEST).status


def test_generations_count_every_accepted_change_and_no_refused_one(client: Client) -> None:
    """A provider's: each write that names it. A consumer's: each claim of it."""
    host, other = (client.provider(name, VCPU={"total": 8}) for name in ("host", "other"))

    def seen() -> tuple[int, ...]:
        return tuple(client("GET", f"/resource_providers/{one}").decoded()["generation"] for one in (host, other))

    assert seen() == (1, 1)
    assert put(client, claim(None, host)) == 204
    assert seen() == (2, 1)
    assert put(client, claim(1, host, amount=9)) == 409
    assert put(client, claim(0, host)) == 409
    assert seen() == (2, 1)
    assert put(client, claim(1, other)) == 204
    assert seen() == (2, 2)  # what is given back is no change of the provider that the caller must know of
    stale = {"resource_provider_generation": 1, "inventories": {}}
    assert client("PUT", f"/resource_providers/{other}/inventories", stale).status == 409
    assert seen() == (2, 2)
    assert put(client, claim(2, host, other)) == 204
    assert seen() == (3, 3)
    assert client("GET", f"/allocations/{CONSUMER}", version=NEWEST).decoded()["consumer_generation"] == 3

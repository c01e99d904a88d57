"""Consumers come with their first allocation, go with their last, and belong to whom the last claim said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from pileus.placement.db import tables

if TYPE_CHECKING:
    from pileus.kit.db import Database
    from tests.placement.conftest import Client

CONSUMER = "a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e55"
OTHER = "b2c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e66"
MISSING = "5d0d4ea1-8d3a-44f4-a1a1-6d0a7d4e8f10"
NEWEST = "1.39"


def claim(
    host: str, generation: int | None = None, name: str = "VCPU", amount: int = 1, **owner: str
) -> dict[str, Any]:
    whose = {"project_id": "p", "user_id": "u", "consumer_type": "INSTANCE", **owner}
    return {"allocations": {host: {"resources": {name: amount}}}, "consumer_generation": generation, **whose}


def put(client: Client, body: Any) -> int:
    return client("PUT", f"/allocations/{CONSUMER}", body, version=NEWEST).status


def rows(database: Database) -> list[Any]:
    with database.read() as tx:
        found = tx.all(select(tables.consumer))
        assert len(tx.all(select(tables.allocation.c.consumer_id).distinct())) == len(found)
        return list(found)


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"amount": 9}, 409),
    ({"host": MISSING}, 400),
    ({"name": "DISK_GB"}, 409),
    ({"name": "CUSTOM_MISSING"}, 400),
    ({"generation": 1}, 409),
]


def test_a_refused_claim_leaves_no_consumer(client: Client, database: Database) -> None:
    host = client.provider("host", VCPU={"total": 8})
    shape = {"inventories": {host: {"resource_provider_generation": 1, "inventories": {"VCPU": {"total": 7}}}}}
    for wanted, status in REFUSED:
        body = claim(**{"host": host, **wanted})
        assert put(client, body) == status
        several = {CONSUMER: body, OTHER: claim(host)}
        assert client("POST", "/allocations", several, version=NEWEST).status == status
        reshaped = client("POST", "/reshaper", {**shape, "allocations": several}, version=NEWEST, token="service")
        assert reshaped.status == status
        assert rows(database) == []
    shown = client("GET", f"/resource_providers/{host}/inventories").decoded()
    assert (shown["resource_provider_generation"], shown["inventories"]["VCPU"]["total"]) == (1, 8)
    assert put(client, claim(host)) == 204


def test_a_consumer_goes_with_its_last_allocation_however_that_goes(client: Client, database: Database) -> None:
    host = client.provider("host", VCPU={"total": 8})
    nothing = {**claim(host, 1), "allocations": {}}
    path = f"/allocations/{CONSUMER}"
    for method, where, body in (
        ("DELETE", path, None),
        ("PUT", path, nothing),
        ("POST", path[:12], {CONSUMER: nothing}),
    ):
        assert put(client, claim(host)) == 204
        assert len(rows(database)) == 1
        assert client(method, where, body, version=NEWEST).status == 204
        assert rows(database) == []


def test_a_consumer_is_named_once_however_its_uuid_is_written(client: Client, database: Database) -> None:
    host = client.provider("host", VCPU={"total": 8})
    spellings = (CONSUMER, CONSUMER.replace("-", ""), CONSUMER.upper())
    for version, fields in (
        ("1.13", ()),
        ("1.28", ("consumer_generation",)),
        (NEWEST, ("consumer_generation", "consumer_type")),
    ):
        body = {
            name: value for name, value in claim(host).items() if not name.startswith("consumer_") or name in fields
        }
        for spelling in spellings[1:]:
            reply = client("POST", "/allocations", {CONSUMER: body, spelling: body}, version=version)
            detail = reply.decoded()["errors"][0]["detail"]
            assert (reply.status, detail) == (400, f"Consumer {CONSUMER} is given more than once.")
    both = {"inventories": {}, "allocations": {CONSUMER: claim(host), spellings[1]: claim(host)}}
    assert client("POST", "/reshaper", both, version=NEWEST, token="service").status == 400
    assert rows(database) == []


@pytest.mark.databases("sqlite")
def test_a_consumer_changes_hands(client: Client, database: Database) -> None:
    host = client.provider("host", VCPU={"total": 8})
    for generation, (project, user, kind) in enumerate(
        (("p", "u", "INSTANCE"), ("q", "u", "MIGRATION"), ("q", "v", "X"))
    ):
        body = claim(host, generation or None, project_id=project, user_id=user, consumer_type=kind)
        assert put(client, body) == 204
        shown = client("GET", f"/allocations/{CONSUMER}", version=NEWEST).decoded()
        assert (shown["project_id"], shown["user_id"], shown["consumer_type"]) == (project, user, kind)
        assert shown["consumer_generation"] == generation + 1
        assert client("GET", f"/usages?project_id={project}&user_id={user}").decoded() == {"usages": {"VCPU": 1}}
    assert client("GET", "/usages?project_id=p").decoded() == {"usages": {}}
    assert client("GET", "/usages?project_id=q&user_id=u").decoded() == {"usages": {}}
    assert len(rows(database)) == 1


@pytest.mark.databases("sqlite")
def test_a_refused_claim_does_not_change_whose_a_consumer_is(client: Client, database: Database) -> None:
    host = client.provider("host", VCPU={"total": 8})
    assert put(client, claim(host)) == 204
    before = rows(database)
    assert put(client, claim(host, 1, amount=9, project_id="q", user_id="v", consumer_type="X")) == 409
    assert put(client, claim(host, 7, project_id="q", user_id="v", consumer_type="X")) == 409
    assert rows(database) == before


@pytest.mark.databases("sqlite")
def test_before_owners_were_said_a_consumer_keeps_the_one_it_has(client: Client) -> None:
    host = client.provider("host", VCPU={"total": 8})
    assert put(client, claim(host)) == 204
    body = {"allocations": [{"resource_provider": {"uuid": host}, "resources": {"VCPU": 2}}]}
    assert client("PUT", f"/allocations/{CONSUMER}", body, version="1.0").status == 204
    shown = client("GET", f"/allocations/{CONSUMER}", version=NEWEST).decoded()
    assert (shown["project_id"], shown["user_id"], shown["consumer_type"]) == ("p", "u", "INSTANCE")
    assert shown["consumer_generation"] == 2

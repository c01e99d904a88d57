"""Many writers at once: nothing is given out twice, and nobody is told of our troubles."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from pileus.placement.db.tables import resource_provider

if TYPE_CHECKING:
    from pileus.kit.db import Database
    from placement.conftest import Client

WRITERS, PROVIDERS, VCPUS, WANTED = 64, 20, 5, 160


def test_writers_fill_providers_to_the_brim_and_no_further(client: Client) -> None:
    hosts = [client.provider(f"host{number}", VCPU={"total": VCPUS}) for number in range(PROVIDERS)]

    def take(number: int) -> int:
        """Want one VCPU from any host, asked in turn from a different one."""
        consumer = str(uuid.uuid4())
        for step in range(PROVIDERS):
            status = client.allocate(consumer, {hosts[(number + step) % PROVIDERS]: {"VCPU": 1}}).status
            if status != 409:
                return status
        return 409

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = Counter(pool.map(take, range(WANTED)))
    used = [client("GET", f"/resource_providers/{host}/usages").decoded()["usages"]["VCPU"] for host in hosts]
    assert statuses == {204: PROVIDERS * VCPUS, 409: WANTED - PROVIDERS * VCPUS}
    assert used == [VCPUS] * PROVIDERS


def test_allocations_across_providers_do_not_lock_each_other_out(client: Client) -> None:
    left, right = (client.provider(name, VCPU={"total": 100}) for name in ("left", "right"))

    def take(number: int) -> int:
        pair = [left, right] if number % 2 else [right, left]
        return client.allocate(str(uuid.uuid4()), {host: {"VCPU": 1} for host in pair}).status

    with ThreadPoolExecutor(WRITERS) as pool:
        assert set(pool.map(take, range(WRITERS))) == {204}


@pytest.mark.databases("postgresql", "mariadb")
def test_who_gives_back_waits_for_who_holds_the_provider(client: Client, database: Database) -> None:
    hosts, holders = [client.provider(name, VCPU={"total": 9}) for name in "ab"], [str(uuid.uuid4()) for _ in "ab"]
    for host, holder in zip(hosts, holders, strict=True):
        assert client.allocate(holder, {host: {"VCPU": 1}}).status == 204
    with ThreadPoolExecutor(2) as pool:
        with database.engine.connect() as other, other.begin():
            other.execute(select(resource_provider).where(resource_provider.c.uuid.in_(hosts)).with_for_update())
            going = pool.submit(client, "DELETE", f"/allocations/{holders[0]}")
            moving = pool.submit(client.allocate, holders[1], {}, 1)
            assert wait([going, moving], timeout=0.5).done == set()
        assert (going.result(30).status, moving.result(30).status) == (204, 204)


def test_one_new_consumer_is_made_once(client: Client) -> None:
    host, consumer = client.provider("host", VCPU={"total": 100}), str(uuid.uuid4())
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: client.allocate(consumer, {host: {"VCPU": 1}}), range(16)))
    assert Counter(reply.status for reply in replies) == {204: 1, 409: 15}
    assert {reply.decoded()["errors"][0]["code"] for reply in replies if reply.status == 409} == {
        "placement.concurrent_update"
    }


def test_one_name_is_given_once(client: Client) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: client("POST", "/resource_providers", {"name": "host"}), range(16)))
    assert Counter(reply.status for reply in replies) == {200: 1, 409: 15}


def test_inventory_and_allocation_do_not_pass_each_other(client: Client) -> None:
    """Either the inventory goes and nothing is held of it, or something is held and it stays."""
    for round_number in range(8):
        host = client.provider(f"host{round_number}", VCPU={"total": 1})
        with ThreadPoolExecutor(2) as pool:
            taking = pool.submit(client.allocate, str(uuid.uuid4()), {host: {"VCPU": 1}})
            going = pool.submit(client, "DELETE", f"/resource_providers/{host}/inventories/VCPU")
        assert {taking.result().status, going.result().status} == {204, 409}


def test_a_provider_and_its_child_do_not_pass_each_other(client: Client) -> None:
    for round_number in range(8):
        parent = client.provider(f"parent{round_number}")
        child = {"name": f"child{round_number}", "parent_provider_uuid": parent}
        with ThreadPoolExecutor(2) as pool:
            making = pool.submit(client, "POST", "/resource_providers", child)
            going = pool.submit(client, "DELETE", f"/resource_providers/{parent}")
        assert (making.result().status, going.result().status) in {(200, 409), (400, 204)}


def test_a_class_and_its_first_inventory_do_not_pass_each_other(client: Client) -> None:
    for round_number in range(8):
        host, name = client.provider(f"host{round_number}"), f"CUSTOM_C{round_number}"
        client("PUT", f"/resource_classes/{name}")
        stock = {"resource_class": name, "total": 1}
        with ThreadPoolExecutor(2) as pool:
            making = pool.submit(client, "POST", f"/resource_providers/{host}/inventories", stock)
            going = pool.submit(client, "DELETE", f"/resource_classes/{name}")
        assert (making.result().status, going.result().status) in {(201, 409), (400, 204)}


@pytest.mark.databases("sqlite")
def test_a_refused_allocation_leaves_no_consumer_behind(client: Client) -> None:
    host, consumer = client.provider("host", VCPU={"total": 1}), str(uuid.uuid4())
    assert client.allocate(consumer, {host: {"VCPU": 2}}).status == 409
    assert client.allocate(consumer, {host: {"VCPU": 1}}).status == 204

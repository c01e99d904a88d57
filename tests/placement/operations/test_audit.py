"""Books that do not add up are found, and put right where nobody has to choose."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, text, update

from pileus.clients.compute import Compute, ComputeFailed
from pileus.kit.clock import SystemClock
from pileus.kit.http.message import Reply
from pileus.placement.db import tables
from pileus.placement.model.audit import (
    Finding,
    Held,
    IdleConsumer,
    OrphanedConsumer,
    OverCapacity,
    ProviderRing,
    UnstockedAllocation,
    WrongRoot,
    WrongUse,
)
from pileus.placement.model.errors import ComputeForeign
from pileus.placement.operations import audit
from tests.clients.nova import Nova

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pileus.kit.db import Database, Transaction
    from placement.conftest import Client

WRITES, RECOUNTS = 200, 20


def now() -> datetime:
    return SystemClock().now()


def orphans(database: Database, nova: Nova, *, age: timedelta = timedelta(0)) -> Sequence[OrphanedConsumer]:
    return audit.list_orphans(database, Compute(nova.session()), before=now() - age)


def faults(database: Database) -> list[Finding]:
    with database.read() as tx:
        return list(audit.list_faults(tx))


def mend(database: Database, *findings: Finding) -> list[bool]:
    return [audit.mend(database, finding, now=now()) for finding in findings]


def changed_providers(database: Database) -> list[str]:
    """Return the providers that the log of changes has named, the oldest first."""
    p, c = tables.resource_provider, tables.change
    with database.read() as tx:
        return [row.uuid for row in tx.all(select(p.c.uuid).join(c, c.c.provider_id == p.c.id).order_by(c.c.id))]


def compute_host(client: Client, name: str = "host") -> str:
    host = client.provider(name, VCPU={"total": 8}, MEMORY_MB={"total": 4096})
    body = {"resource_provider_generation": 1, "traits": ["COMPUTE_NODE"]}
    assert client("PUT", f"/resource_providers/{host}/traits", body).status == 200
    return host


def hold(client: Client, host: str, consumer_type: str | None = None, **amounts: int) -> str:
    """Let a new consumer hold something."""
    consumer = str(uuid.uuid4())
    if consumer_type is None:
        assert client.allocate(consumer, {host: amounts}).status == 204
        return consumer
    body = {
        "allocations": {host: {"resources": amounts}},
        "consumer_generation": None,
        "project_id": "p",
        "user_id": "u",
        "consumer_type": consumer_type,
    }
    assert client("PUT", f"/allocations/{consumer}", body, version="1.38").status == 204
    return consumer


def usage(client: Client, host: str) -> dict[str, int]:
    return dict(client("GET", f"/resource_providers/{host}/usages").decoded()["usages"])


def test_books_as_the_api_writes_them_add_up(client: Client, database: Database) -> None:
    host = compute_host(client)
    child = client("POST", "/resource_providers", {"name": "child", "parent_provider_uuid": host})
    assert child.status == 200
    servers = [hold(client, host, VCPU=1, MEMORY_MB=512) for _ in range(3)]
    client("DELETE", f"/allocations/{servers.pop()}")
    assert faults(database) == []
    assert orphans(database, Nova(servers=servers)) == []


# --- orphans ----------------------------------------------------------------------------------------------------------


def test_what_compute_does_not_know_any_more_is_given_back(client: Client, database: Database) -> None:
    host = compute_host(client)
    server, gone, typed = hold(client, host, VCPU=1), hold(client, host, VCPU=2), hold(client, host, "INSTANCE", VCPU=3)
    nova = Nova(servers=[server])
    found = orphans(database, nova)
    assert [(one.consumer_uuid, one.consumer_type) for one in found] == [(gone, None), (typed, "INSTANCE")]
    assert found[0].held == (Held(provider_uuid=host, provider_name="host", resource_class="VCPU", used=2),)
    before = len(changed_providers(database))
    assert mend(database, *found) == [True, True]
    assert usage(client, host)["VCPU"] == 1
    assert changed_providers(database)[before:] == [host, host]
    assert orphans(database, nova) == []
    assert faults(database) == []


def test_reservations_migrations_and_what_is_not_on_a_host_are_no_orphans(client: Client, database: Database) -> None:
    host, storage = compute_host(client), client.provider("storage", DISK_GB={"total": 100})
    hold(client, host, "RESERVATION", VCPU=1)
    hold(client, storage, DISK_GB=10)
    running, ended = hold(client, host, VCPU=1), hold(client, host, VCPU=1)
    nova = Nova(migrations={running: "running", ended: "confirmed"})
    assert [one.consumer_uuid for one in orphans(database, nova)] == [ended]


def test_what_hangs_below_a_host_is_of_the_host(client: Client, database: Database) -> None:
    host = compute_host(client)
    body = {"name": "numa0", "parent_provider_uuid": host}
    numa = client("POST", "/resource_providers", body).decoded()["uuid"]
    body = {"resource_provider_generation": 0, "inventories": {"VGPU": {"total": 4}}}
    assert client("PUT", f"/resource_providers/{numa}/inventories", body).status == 200
    server, gone = hold(client, host, VCPU=1), hold(client, numa, VGPU=1)
    assert [one.consumer_uuid for one in orphans(database, Nova(servers=[server]))] == [gone]


def test_a_server_that_waits_for_its_deletion_keeps_what_it_holds(client: Client, database: Database) -> None:
    consumer = hold(client, compute_host(client), VCPU=1)
    assert orphans(database, Nova(unlisted=[consumer])) == []


def test_young_allocations_may_be_of_a_server_on_its_way(client: Client, database: Database) -> None:
    hold(client, compute_host(client), VCPU=1)
    nova = Nova()
    assert orphans(database, nova, age=timedelta(minutes=10)) == []
    assert len(orphans(database, nova)) == 1


def test_who_changed_since_it_was_judged_is_left_alone(client: Client, database: Database) -> None:
    host = compute_host(client)
    changed, gone = hold(client, host, VCPU=1), hold(client, host, VCPU=1)
    found = orphans(database, Nova())
    assert client.allocate(changed, {host: {"VCPU": 2}}, generation=1).status == 204
    client("DELETE", f"/allocations/{gone}")
    assert mend(database, *found) == [False, False]
    assert usage(client, host)["VCPU"] == 2


def test_what_goes_while_compute_is_asked_is_no_orphan(client: Client, database: Database) -> None:
    consumer = hold(client, compute_host(client), VCPU=1)
    nova = Nova(when_listed=lambda: client("DELETE", f"/allocations/{consumer}"))
    assert orphans(database, nova) == []


def test_nobody_is_judged_if_compute_cannot_say(client: Client, database: Database) -> None:
    hold(client, compute_host(client), VCPU=1)
    with pytest.raises(ComputeFailed):
        orphans(database, Nova(answer=Reply.json({"computeFault": {"code": 500}}, 500)))


def test_another_compute_judges_nobody(client: Client, database: Database) -> None:
    first, _ = hold(client, compute_host(client), VCPU=1), hold(client, compute_host(client, "host-2"), VCPU=1)
    with pytest.raises(ComputeForeign, match="none of the 2 consumers"):
        orphans(database, Nova(servers=["elsewhere"], hosts=("foreign",)))
    assert len(orphans(database, Nova(hosts=("host-2",)))) == 2, "it has one of the hosts"
    assert len(orphans(database, Nova(servers=[first], hosts=()))) == 1, "it has one of the servers"


# --- the sums ---------------------------------------------------------------------------------------------------------


def set_used(tx: Transaction, provider: str, resource_class: str, used: int) -> None:
    p, i = tables.resource_provider, tables.inventory
    which = select(p.c.id).where(p.c.uuid == provider).scalar_subquery()
    tx.execute(update(i).where(i.c.provider_id == which, i.c.resource_class == resource_class).values(used=used))


def test_what_counts_wrong_is_counted_anew(client: Client, database: Database) -> None:
    host, other = compute_host(client), compute_host(client, "other")
    hold(client, host, VCPU=3, MEMORY_MB=512)
    database.write(set_used, host, "VCPU", 5)
    database.write(set_used, other, "MEMORY_MB", 1)
    found = faults(database)
    common = {"provider_uuid": host, "provider_name": "host"}
    assert found == [
        WrongUse(**common, resource_class="VCPU", used=5, held=3),
        WrongUse(provider_uuid=other, provider_name="other", resource_class="MEMORY_MB", used=1, held=0),
    ]
    before = len(changed_providers(database))
    assert mend(database, *found) == [True, True]
    assert faults(database) == []
    assert usage(client, host) == {"VCPU": 3, "MEMORY_MB": 512}
    assert changed_providers(database)[before:] == [host, other]
    assert mend(database, *found) == [True, True], "it is right already"
    assert len(changed_providers(database)) == before + 2


def test_counting_anew_loses_nothing_that_is_written_meanwhile(client: Client, database: Database) -> None:
    host = client.provider("host", VCPU={"total": 10_000})
    finding = WrongUse(provider_uuid=host, provider_name="host", resource_class="VCPU", used=-1, held=0)

    def disturb(number: int) -> None:
        if number % (WRITES // RECOUNTS):
            hold(client, host, VCPU=1)
        else:
            database.write(set_used, host, "VCPU", 7)
            assert mend(database, finding) == [True]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(disturb, range(WRITES)))
    mend(database, finding)
    assert faults(database) == []
    assert usage(client, host)["VCPU"] == WRITES - RECOUNTS


def test_more_than_there_is_is_reported_and_left(client: Client, database: Database) -> None:
    host = compute_host(client)
    hold(client, host, VCPU=6)
    body = {"resource_provider_generation": 3, "total": 4, "reserved": 1, "allocation_ratio": 1.5}
    assert client("PUT", f"/resource_providers/{host}/inventories/VCPU", body).status == 200
    common = {"provider_uuid": host, "provider_name": "host", "resource_class": "VCPU"}
    assert faults(database) == [OverCapacity(**common, capacity=4.5, held=6)]
    assert mend(database, *faults(database)) == [False]
    assert len(faults(database)) == 1


# --- what the schema does not enforce ---------------------------------------------------------------------------------


def row_of(database: Database, table: Any, uuid_: str) -> Any:
    with database.read() as tx:
        return tx.first(select(table).where(table.c.uuid == uuid_))


def test_an_allocation_without_an_inventory_is_reported_and_left(client: Client, database: Database) -> None:
    host = compute_host(client)
    consumer = hold(client, host, VCPU=2)
    database.write(lambda tx: tx.execute(text("DELETE FROM inventory WHERE resource_class = 'VCPU'")))
    common = {"provider_uuid": host, "provider_name": "host", "resource_class": "VCPU"}
    found = faults(database)
    assert found == [UnstockedAllocation(consumer_uuid=consumer, **common, held=2)]
    assert mend(database, *found) == [False]
    [orphan] = orphans(database, Nova())
    assert mend(database, orphan) == [True]
    assert faults(database) == []


def test_a_consumer_that_holds_nothing_goes(client: Client, database: Database) -> None:
    moment = now()
    row = {"project_id": "p", "user_id": "u", "generation": 0, "created_at": moment, "updated_at": moment}
    idle, busy = str(uuid.uuid4()), str(uuid.uuid4())
    rows = [{"uuid": one, **row} for one in (idle, busy)]
    database.write(lambda tx: tx.execute(insert(tables.consumer), rows))
    found = faults(database)
    assert found == [IdleConsumer(consumer_uuid=idle), IdleConsumer(consumer_uuid=busy)]
    assert client.allocate(busy, {compute_host(client): {"VCPU": 1}}, generation=0).status == 204
    assert mend(database, *found) == [True, False]
    assert row_of(database, tables.consumer, idle) is None
    assert faults(database) == []


def test_a_provider_gets_the_root_that_it_hangs_below(client: Client, database: Database) -> None:
    root, other = client.provider("root"), client.provider("other")
    child = client("POST", "/resource_providers", {"name": "child", "parent_provider_uuid": root}).decoded()["uuid"]
    grandchild = client("POST", "/resource_providers", {"name": "grandchild", "parent_provider_uuid": child}).decoded()
    p = tables.resource_provider
    wrong = update(p).where(p.c.uuid.in_([child, grandchild["uuid"]])).values(root_uuid=other)
    database.write(lambda tx: tx.execute(wrong))
    found = faults(database)
    assert found == [
        WrongRoot(provider_uuid=one, provider_name=name, root_uuid=other, right_root_uuid=root)
        for one, name in ((child, "child"), (grandchild["uuid"], "grandchild"))
    ]
    before = len(changed_providers(database))
    assert mend(database, *found) == [True, True]
    assert faults(database) == []
    assert {child, grandchild["uuid"]} <= set(changed_providers(database)[before:])
    assert row_of(database, p, grandchild["uuid"]).root_uuid == root
    assert mend(database, *found) == [False, False], "they have their root already"


def test_providers_in_a_ring_are_reported_and_left(client: Client, database: Database) -> None:
    root = client.provider("root")
    child = client("POST", "/resource_providers", {"name": "child", "parent_provider_uuid": root}).decoded()["uuid"]
    p = tables.resource_provider
    database.write(lambda tx: tx.execute(update(p).where(p.c.uuid == root).values(parent_uuid=child)))
    found = faults(database)
    assert {one.provider_uuid for one in found if isinstance(one, ProviderRing)} == {root, child}
    assert mend(database, *found) == [False, False]

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, insert, select, update

from pileus.kit.clock import SystemClock
from pileus.placement.db import change as changes
from pileus.placement.db import state as states
from pileus.placement.db.change import MANY_GAPS
from pileus.placement.db.tables import change as c
from pileus.placement.db.tables import inventory as i
from pileus.placement.index import index as module
from pileus.placement.index.index import Index
from pileus.placement.model.state import ProviderState

if TYPE_CHECKING:
    from pileus.kit.db import Database, Transaction
    from tests.placement.conftest import Client

VCPU = {"VCPU": {"total": 8}}


def known(index: Index) -> dict[str, ProviderState]:
    """Return what an index knows, by name."""
    return {one.name: one for page in index.snapshot().pages for one in page.list_states(page.alive)}


@pytest.fixture
def index(database: Database) -> Index:
    """An index of another process than the client's, which knows the empty database."""
    index = Index(database, SystemClock())
    index.snapshot()
    return index


def truth(database: Database) -> dict[str, ProviderState]:
    with database.read() as tx:
        return {one.name: one for one in states.list_all(tx)}


def test_an_index_follows_every_kind_of_write(client: Client, database: Database, index: Index) -> None:
    host = client.provider("host", VCPU={"total": 8}, DISK_GB={"total": 100})
    assert known(index) == truth(database)
    consumer = str(uuid4())
    assert client.allocate(consumer, {host: {"VCPU": 3}}).status == 204
    assert known(index)["host"].used == {"VCPU": 3}
    path = f"/resource_providers/{host}"
    traits = {"traits": ["HW_CPU_X86_AVX2"], "resource_provider_generation": 2}
    assert client("PUT", f"{path}/traits", traits).status == 200
    members = {"aggregates": [str(uuid4())], "resource_provider_generation": 3}
    assert client("PUT", f"{path}/aggregates", members).status == 200
    assert known(index) == truth(database)
    assert known(index)["host"].traits == {"HW_CPU_X86_AVX2"}
    assert client("DELETE", f"/allocations/{consumer}").status == 204
    assert client("DELETE", f"{path}/inventories/DISK_GB").status == 204
    assert known(index) == truth(database)
    assert known(index)["host"].used == {}
    assert client("DELETE", path).status == 204
    assert known(index) == {}


def test_a_tree_that_moves_under_another_is_found_there(client: Client, database: Database, index: Index) -> None:
    uuids = [client.provider(name, **VCPU) for name in ("a", "b", "c")]
    client("PUT", f"/resource_providers/{uuids[2]}", {"name": "c", "parent_provider_uuid": uuids[1]}, version="1.37")
    assert known(index) == truth(database)
    client("PUT", f"/resource_providers/{uuids[1]}", {"name": "b", "parent_provider_uuid": uuids[0]}, version="1.37")
    assert known(index) == truth(database)
    place = index.snapshot().find(uuids[2])
    assert place is not None
    assert place.root.uuid == uuids[0]
    client("PUT", f"/resource_providers/{uuids[1]}", {"name": "b", "parent_provider_uuid": None}, version="1.37")
    assert known(index) == truth(database)


def test_a_provider_that_has_the_place_and_number_of_one_that_went_is_another(client: Client, index: Index) -> None:
    host = client.provider("host", **VCPU)
    for name in ("first", "second"):
        body = {"name": name, "parent_provider_uuid": host}
        child = client("POST", "/resource_providers", body).decoded()["uuid"]
        if name == "first":
            assert set(known(index)) == {"host", "first"}
            assert client("DELETE", f"/resource_providers/{child}").status == 204
    assert set(known(index)) == {"host", "second"}
    place = index.snapshot().find(host)
    assert place is not None
    assert [one.name for one in place.page.tree(place.slot)[0].states] == ["host", "second"]


def test_ids_that_a_cluster_leaves_out_are_no_burden(client: Client, database: Database, index: Index) -> None:
    client.provider("host", **VCPU)
    host = known(index)["host"].id
    now = SystemClock().now()
    ids = range(10, 10 + 3 * (MANY_GAPS + 10), 3)
    rows = [{"id": _id, "provider_id": host, "created_at": now} for _id in ids]
    database.write(lambda tx: tx.execute(insert(c), rows))
    assert known(index) == truth(database)
    late = {"id": ids[3] + 1, "provider_id": host, "created_at": now}  # committed long after its neighbours
    database.write(lambda tx: (tx.execute(update(i).values(total=5)), tx.execute(insert(c), [late])))
    assert known(index)["host"].inventories["VCPU"].total == 5


def test_an_unchanged_database_gives_the_same_snapshot(client: Client, index: Index) -> None:
    client.provider("host", **VCPU)
    assert index.snapshot() is index.snapshot()


@pytest.mark.databases("postgresql", "mariadb")  # on SQLite there is one writer at a time
def test_a_commit_that_comes_late_with_an_early_id_is_seen(client: Client, database: Database, index: Index) -> None:
    host, other = client.provider("host", **VCPU), client.provider("other", **VCPU)
    with database.engine.connect() as late, late.begin():
        which = select(i.c.provider_id).where(i.c.provider_id == known(index)["host"].id).scalar_subquery()
        late.execute(update(i).where(i.c.provider_id == which).values(total=4))
        late.execute(insert(c).values(provider_id=known(index)["host"].id, created_at=SystemClock().now()))
        for amount in (1, 2, 3):
            assert client.allocate(str(uuid4()), {other: {"VCPU": 1}}).status == 204
            assert known(index)["other"].used == {"VCPU": amount}
        assert known(index)["host"].inventories["VCPU"].total == 8
        fresh = Index(database, SystemClock())
        fresh.snapshot()  # loads everything while that transaction is under way
    for one in (index, fresh):
        assert known(one)["host"].inventories["VCPU"].total == 4
        assert known(one) == truth(database)
    assert host


def test_an_index_that_fell_behind_the_end_of_the_log_loads_again(
    client: Client, database: Database, index: Index
) -> None:
    client.provider("one", **VCPU)
    client.provider("two", **VCPU)
    assert set(known(index)) == {"one", "two"}
    client.provider("three", **VCPU)
    database.write(lambda tx: tx.execute(delete(c).where(c.c.id < _newest(tx))))
    assert known(index) == truth(database)
    assert set(known(index)) == {"one", "two", "three"}


def _newest(tx: Transaction) -> int:
    return int(tx.scalar(select(func.max(c.c.id))))


def test_trimming_leaves_an_index_that_kept_up_alone(client: Client, database: Database, index: Index) -> None:
    client.provider("one", **VCPU)
    snapshot = index.snapshot()
    database.write(changes.trim, SystemClock().now() + timedelta(hours=1))
    assert index.snapshot() is snapshot
    client.provider("two", **VCPU)
    assert set(known(index)) == {"one", "two"}


def test_slots_that_were_given_up_are_swept_together(
    client: Client, database: Database, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECENT", 2)
    for number in range(8):
        uuid = client.provider(f"host{number}", **VCPU)
        if number:
            assert client("DELETE", f"/resource_providers/{uuid}").status == 204
        assert known(index) == truth(database)
    assert len(index.snapshot().pages[0].states) < 8

"""Two processes on one database: whoever is asked after a commit has seen it."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, insert, select, update

from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.placement.db import tables
from pileus.placement.service import new_backend, new_service
from tests.placement.conftest import Client, Tokens
from tests.placement.load.serving import Process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

AGGREGATE = "b2c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e66"
ROUNDS = 12
HELD = 30  # VCPUs that a host shall have once an open transaction is committed


@pytest.fixture
def pair(tmp_path: Path, database_url: str) -> Iterator[tuple[Process, Process]]:
    with ExitStack() as stack:
        processes = []
        for _ in range(2):
            processes.append(Process(tmp_path, database_url))
            stack.callback(processes[-1].stop)
        for process in processes:
            process.wait()
        yield processes[0], processes[1]


def test_what_one_process_has_committed_another_shows(pair: tuple[Process, Process]) -> None:
    host = pair[0].add_host("host", 1)
    generation, used = 1, 0
    for number in range(ROUNDS):
        writer, reader = pair if number % 2 else pair[::-1]
        total = 10 + 2 * number
        assert writer.set_vcpus(host, total, generation).status == 200
        assert reader.get(f"/resource_providers/{host}/inventories")["inventories"]["VCPU"]["total"] == total
        assert reader.candidates(total - used) == {host}
        assert reader.candidates(total - used + 1) == set()
        assert writer.claim(str(uuid.uuid4()), host, 1).status == 204
        used, generation = used + 1, generation + 2
        assert reader.candidates(total - used) == {host}
        assert reader.candidates(total - used + 1) == set()
        assert reader.used(host) == used
    other = pair[0].add_host("other", 99)
    assert pair[1].candidates(99) == {other}
    assert pair[0].ask("DELETE", f"/resource_providers/{other}").status == 204
    assert pair[1].candidates(99) == set()


@pytest.fixture
def clients(client: Client, database_url: str) -> Iterator[tuple[Client, Client]]:
    """Two that share nothing but the database."""
    other = Database(database_url)
    yield client, Client(App(new_service(new_backend(other, SystemClock()), Tokens())))
    other.close()


def test_every_kind_of_write_of_one_is_seen_by_the_other(clients: tuple[Client, Client]) -> None:
    """Those that change who may serve a search: each is followed by one, of the other."""
    writer, reader = clients
    host, child = (writer.provider(name, VCPU={"total": 8}) for name in ("host", "child"))
    path, consumer = f"/resource_providers/{host}", str(uuid.uuid4())

    def write(method: str, where: str, body: Any = None, version: str = "1.39", token: str = "admin") -> None:  # noqa: S107
        reply = writer(method, where, body, version=version, token=token)
        assert reply.status < 300, reply.body

    def guarded(where: str, **fields: Any) -> None:
        generation = writer("GET", path).decoded()["generation"]
        write("PUT", f"{path}/{where}", {"resource_provider_generation": generation, **fields})

    def found(query: str) -> set[str]:
        reply = reader("GET", f"/allocation_candidates?{query}", version="1.39")
        assert reply.status == 200, reply.body
        return {uuid for one in reply.decoded()["allocation_requests"] for uuid in one["allocations"]}

    assert found("resources=VCPU:8") == {host, child}
    guarded("traits", traits=["HW_CPU_X86_VMX"])
    assert found("resources=VCPU:8&required=HW_CPU_X86_VMX") == {host}
    write("DELETE", f"{path}/traits")
    assert found("resources=VCPU:8&required=HW_CPU_X86_VMX") == set()
    guarded("aggregates", aggregates=[AGGREGATE])
    assert found(f"resources=VCPU:8&member_of={AGGREGATE}") == {host}
    guarded("aggregates", aggregates=[])
    assert found(f"resources=VCPU:8&member_of={AGGREGATE}") == set()
    write("PUT", f"/resource_providers/{child}", {"name": "child", "parent_provider_uuid": host})
    assert found(f"resources=VCPU:8&in_tree={host}") == {host, child}
    write("PUT", f"/resource_providers/{child}", {"name": "child", "parent_provider_uuid": None})
    assert found(f"resources=VCPU:8&in_tree={host}") == {host}
    write("PUT", "/resource_classes/CUSTOM_A")
    guarded("inventories", inventories={"VCPU": {"total": 8}, "CUSTOM_A": {"total": 2}})
    assert found("resources=CUSTOM_A:2") == {host}
    write("PUT", "/resource_classes/CUSTOM_A", {"name": "CUSTOM_B"}, version="1.6")
    assert found("resources=CUSTOM_B:2") == {host}
    write("DELETE", f"{path}/inventories/CUSTOM_B")
    assert found("resources=CUSTOM_B:2") == set()
    for taken, left in ((3, {child}), (0, {host, child})):
        held = {host: {"resources": {"VCPU": taken}}} if taken else {}
        generation = None if taken else 1
        owner = {"project_id": "p", "user_id": "u", "consumer_type": "X", "consumer_generation": generation}
        write("POST", "/allocations", {consumer: {"allocations": held, **owner}})
        assert found("resources=VCPU:8") == left
    writer.allocate(consumer, {child: {"VCPU": 1}})
    assert found("resources=VCPU:8") == {host}
    write("DELETE", f"/allocations/{consumer}")
    assert found("resources=VCPU:8") == {host, child}
    generation = writer("GET", path).decoded()["generation"]
    shape = {"inventories": {host: {"resource_provider_generation": generation, "inventories": {"VCPU": {"total": 9}}}}}
    write("POST", "/reshaper", {**shape, "allocations": {}}, token="service")
    assert found("resources=VCPU:9") == {host}
    write("DELETE", f"{path}/inventories")
    assert found("resources=VCPU:1") == {child}
    write("DELETE", f"/resource_providers/{child}")
    assert found("resources=VCPU:1") == set()


@pytest.fixture
def slow(database_url: str) -> Iterator[Connection]:
    """A third, whose commits are in nobody's hands but the test's."""
    engine = create_engine(database_url, isolation_level="READ COMMITTED")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def give_slowly(slow: Connection, host: str) -> None:
    """Change an inventory as a write does, and do not commit."""
    p, i, c = tables.resource_provider, tables.inventory, tables.change
    which = slow.execute(select(p.c.id).where(p.c.uuid == host)).scalar_one()
    slow.execute(insert(c), {"provider_id": which, "created_at": SystemClock().now()})
    slow.execute(update(i).where(i.c.provider_id == which).values(total=HELD))


def candidates(client: Client, vcpus: int) -> set[str]:
    found = client("GET", f"/allocation_candidates?resources=VCPU:{vcpus}").decoded()["allocation_requests"]
    return {host for one in found for host in one["allocations"]}


def grow(client: Client, host: str, vcpus: int, generation: int) -> None:
    body = {"resource_provider_generation": generation, "inventories": {"VCPU": {"total": vcpus}}}
    assert client("PUT", f"/resource_providers/{host}/inventories", body).status == 200


@pytest.mark.databases("postgresql", "mariadb")
def test_a_commit_that_comes_late_is_seen_by_all_who_have_read_on(
    clients: tuple[Client, Client], slow: Connection
) -> None:
    late, other = (clients[0].provider(name, VCPU={"total": 4}) for name in ("late", "other"))
    assert candidates(clients[1], 4) == {late, other}
    give_slowly(slow, late)
    for number in range(ROUNDS):
        grow(clients[0], other, 5 + number, 1 + number)
        for client in clients:
            assert candidates(client, 5 + number) == {other}
    slow.commit()
    for client in clients:
        assert candidates(client, HELD) == {late}


@pytest.mark.databases("postgresql", "mariadb")
def test_two_commits_that_come_late_and_in_the_wrong_order_are_seen(
    clients: tuple[Client, Client], slow: Connection
) -> None:
    first, second, other = (clients[0].provider(name, VCPU={"total": 4}) for name in ("first", "second", "other"))
    with slow.engine.connect() as slower:
        give_slowly(slower, first)
        give_slowly(slow, second)
        grow(clients[0], other, 5, 1)
        assert candidates(clients[1], 5) == {other}
        slow.commit()
        assert candidates(clients[1], HELD) == {second}
        slower.commit()
        assert candidates(clients[1], HELD) == {first, second}


@pytest.mark.databases("postgresql", "mariadb")
def test_what_is_taken_back_leaves_a_gap_that_holds_nobody_up(clients: tuple[Client, Client], slow: Connection) -> None:
    taken_back, other = (clients[0].provider(name, VCPU={"total": 4}) for name in ("back", "other"))
    for number in range(3):
        give_slowly(slow, taken_back)
        grow(clients[0], other, 5 + number, 1 + number)
        slow.rollback()
        for client in clients:
            assert candidates(client, 5 + number) == {other}
            assert candidates(client, HELD) == set()

"""Every write names the providers that it touched, in the log that indexes follow; and what is used is always right."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from pileus.placement.api.routes import ROUTES
from pileus.placement.db.tables import allocation, change, inventory, resource_provider

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.kit.db import Database
    from placement.conftest import Client

CONSUMER = "c0000000-0000-4000-8000-000000000000"
ONE = "/resource_providers/{uuid}"
P = "/resource_providers"


@dataclass
class World:
    """Two hosts with inventories, a child of the first one, and a consumer that holds something of both hosts."""

    client: Client
    database: Database

    def __post_init__(self) -> None:
        self.client("PUT", "/resource_classes/CUSTOM_A")
        self.client("PUT", "/traits/CUSTOM_T")
        self.names = {
            name: self.client.provider(name, VCPU={"total": 8}, DISK_GB={"total": 8}, CUSTOM_A={"total": 1})
            for name in ("first", "second")
        }
        body = {"name": "child", "parent_provider_uuid": self.names["first"]}
        self.names["child"] = self.client("POST", P, body).decoded()["uuid"]
        wanted = {self.names[name]: {"VCPU": 1} for name in ("first", "second")}
        assert self.client.allocate(CONSUMER, wanted).status == 204

    def __getitem__(self, name: str) -> str:
        return self.names[name]

    def ask(self, method: str, path: str, body: Any = None, version: str = "1.38") -> None:
        token = "service" if path == "/reshaper" else "admin"
        reply = self.client(method, path.format(uuid=self["first"]), body, version=version, token=token)
        assert reply.status < 300, reply.decoded()
        if (method, path) == ("POST", P):
            self.names[body["name"]] = reply.decoded()["uuid"]

    def generation(self, name: str = "first") -> int:
        return int(self.client("GET", f"{P}/{self[name]}").decoded()["generation"])

    def claim(self, generation: int | None = 1, **amounts: int) -> dict[str, Any]:
        return {
            "allocations": {self[name]: {"resources": {"VCPU": amount}} for name, amount in amounts.items()},
            "consumer_generation": generation,
            "consumer_type": "INSTANCE",
            "project_id": "p",
            "user_id": "u",
        }

    def shape(self, name: str, total: int) -> dict[str, Any]:
        stock = {"VCPU": {"total": total}, "DISK_GB": {"total": 8}, "CUSTOM_A": {"total": 1}}
        return {"resource_provider_generation": self.generation(name), "inventories": stock}


def guarded(world: World, **fields: Any) -> dict[str, Any]:
    return {"resource_provider_generation": world.generation(), **fields}


def delete_inventory(world: World) -> None:
    world.ask("DELETE", ONE + "/inventories/DISK_GB")


def delete_inventories(world: World) -> None:
    world.ask("DELETE", f"/allocations/{CONSUMER}")
    world.ask("DELETE", ONE + "/inventories")


def put_traits(world: World, *names: str) -> None:
    world.ask("PUT", ONE + "/traits", guarded(world, traits=names))


def delete_traits(world: World) -> None:
    put_traits(world, "CUSTOM_T")
    forget(world.database)
    world.ask("DELETE", ONE + "/traits")


def put_aggregates(world: World) -> None:
    world.ask("PUT", ONE + "/aggregates", guarded(world, aggregates=[CONSUMER]))


def put_aggregates_unguarded(world: World) -> None:
    before = world.generation()
    world.ask("PUT", ONE + "/aggregates", [CONSUMER], version="1.18")
    assert world.generation() == before


def move(world: World) -> None:
    world.ask("PUT", ONE, {"name": "first", "parent_provider_uuid": world["second"]})


def reshape(world: World) -> None:
    """The consumer leaves the second host, whose inventories stay, for a child that has none yet."""
    body = {
        "inventories": {world["child"]: world.shape("child", 4)},
        "allocations": {CONSUMER: world.claim(first=1, child=2)},
    }
    world.ask("POST", "/reshaper", body)


NEW = {"name": "new"}
STOCK = {"resource_class": "MEMORY_MB", "total": 1}
WRITES: list[tuple[str, str, Callable[[World], None], set[str]]] = [
    ("POST", P, lambda w: w.ask("POST", P, NEW), {"new"}),
    ("PUT", ONE, lambda w: w.ask("PUT", ONE, {"name": "other"}), {"first"}),
    ("PUT", ONE, move, {"first", "child"}),
    ("DELETE", ONE, lambda w: w.ask("DELETE", f"{P}/{w['child']}"), {"child"}),
    ("POST", ONE + "/inventories", lambda w: w.ask("POST", ONE + "/inventories", STOCK), {"first"}),
    ("PUT", ONE + "/inventories", lambda w: w.ask("PUT", ONE + "/inventories", w.shape("first", 9)), {"first"}),
    ("DELETE", ONE + "/inventories", delete_inventories, {"first", "second"}),
    (
        "PUT",
        ONE + "/inventories/{resource_class}",
        lambda w: w.ask("PUT", ONE + "/inventories/VCPU", guarded(w, total=9)),
        {"first"},
    ),
    ("DELETE", ONE + "/inventories/{resource_class}", delete_inventory, {"first"}),
    ("PUT", ONE + "/aggregates", put_aggregates, {"first"}),
    ("PUT", ONE + "/aggregates", put_aggregates_unguarded, {"first"}),
    ("PUT", ONE + "/traits", lambda w: put_traits(w, "CUSTOM_T"), {"first"}),
    ("PUT", ONE + "/traits", put_traits, set()),  # as they were
    ("DELETE", ONE + "/traits", delete_traits, {"first"}),
    ("POST", "/resource_classes", lambda w: w.ask("POST", "/resource_classes", {"name": "CUSTOM_B"}), set()),
    (
        "PUT",
        "/resource_classes/{name}",
        lambda w: w.ask("PUT", "/resource_classes/CUSTOM_A", {"name": "CUSTOM_B"}, version="1.6"),
        {"first", "second"},
    ),
    ("PUT", "/resource_classes/{name}", lambda w: w.ask("PUT", "/resource_classes/CUSTOM_B"), set()),
    ("DELETE", "/resource_classes/{name}", lambda w: drop(w, "/resource_classes/CUSTOM_B"), set()),
    ("PUT", "/traits/{name}", lambda w: w.ask("PUT", "/traits/CUSTOM_B"), set()),
    ("DELETE", "/traits/{name}", lambda w: drop(w, "/traits/CUSTOM_B"), set()),
    (
        "POST",
        "/allocations",
        lambda w: w.ask("POST", "/allocations", {CONSUMER: w.claim(first=2)}),
        {"first", "second"},
    ),
    (
        "PUT",
        "/allocations/{consumer_uuid}",
        lambda w: w.ask("PUT", f"/allocations/{CONSUMER}", w.claim(second=2)),
        {"first", "second"},
    ),
    (
        "PUT",
        "/allocations/{consumer_uuid}",
        lambda w: w.ask("PUT", f"/allocations/{CONSUMER}", w.claim()),
        {"first", "second"},
    ),
    (
        "DELETE",
        "/allocations/{consumer_uuid}",
        lambda w: w.ask("DELETE", f"/allocations/{CONSUMER}"),
        {"first", "second"},
    ),
    ("POST", "/reshaper", reshape, {"first", "second", "child"}),
]


def drop(world: World, path: str) -> None:
    world.ask("PUT", path)
    world.ask("DELETE", path)


def forget(database: Database) -> None:
    database.write(lambda tx: tx.execute(change.delete()))


def test_no_route_that_writes_is_missing_here() -> None:
    assert {(row.method, row.path) for row in ROUTES.rows if row.method != "GET"} == {write[:2] for write in WRITES}


@pytest.mark.parametrize(
    ("act", "expected"),
    [pytest.param(*write[2:], id=f"{number} {write[0]} {write[1]}") for number, write in enumerate(WRITES)],
)
def test_a_write_appends_the_providers_that_it_touched(
    client: Client, database: Database, act: Callable[[World], None], expected: set[str]
) -> None:
    world = World(client, database)
    with database.read() as tx:
        ids = {row.uuid: row.id for row in tx.all(select(resource_provider))}
    forget(database)
    act(world)
    with database.read() as tx:
        ids |= {row.uuid: row.id for row in tx.all(select(resource_provider))}
        logged = {row.provider_id for row in tx.all(select(change))}
    assert logged == {ids[world[name]] for name in expected}
    require_right_use(database)


def require_right_use(database: Database) -> None:
    with database.read() as tx:
        used = {(row.provider_id, row.resource_class): row.used for row in tx.all(select(inventory))}
        columns = (allocation.c.provider_id, allocation.c.resource_class)
        held = tx.all(select(*columns, func.sum(allocation.c.used).label("used")).group_by(*columns))
    assert {key: amount for key, amount in used.items() if amount} == {
        (row.provider_id, row.resource_class): row.used for row in held
    }


def test_a_write_that_is_refused_appends_nothing(client: Client, database: Database) -> None:
    world = World(client, database)
    forget(database)
    assert client.allocate(CONSUMER, {world["first"]: {"VCPU": 99}}, generation=1).status == 409
    with database.read() as tx:
        assert tx.all(select(change)) == []


def test_one_write_appends_a_provider_once(client: Client, database: Database) -> None:
    world = World(client, database)
    forget(database)
    reshape(world)
    with database.read() as tx:
        assert len(tx.all(select(change))) == 3


def test_what_is_used_stays_right_while_many_give_and_take(client: Client, database: Database) -> None:
    hosts = [client.provider(f"host{number}", VCPU={"total": 10}, DISK_GB={"total": 10}) for number in range(4)]
    holders = [str(uuid.uuid4()) for _ in range(8)]

    def work(seed: int) -> set[int]:
        dice, statuses = random.Random(seed), set()  # noqa: S311 (no secret)
        for _ in range(8):
            holder, host = dice.choice(holders), dice.choice(hosts)
            generation = client("GET", f"/allocations/{holder}").decoded().get("consumer_generation")
            wanted = {one: {"VCPU": dice.randint(1, 3), "DISK_GB": 1} for one in dice.sample(hosts, 2)}
            match dice.randrange(4):
                case 0:
                    reply = client("DELETE", f"/allocations/{holder}")
                case 1:
                    stock = {"VCPU": {"total": 9}, "DISK_GB": {"total": 9}}
                    seen = client("GET", f"/resource_providers/{host}").decoded()["generation"]
                    body = {"resource_provider_generation": seen, "inventories": stock}
                    reply = client("PUT", f"/resource_providers/{host}/inventories", body)
                case _:
                    reply = client.allocate(holder, wanted, generation)
            statuses.add(reply.status)
        return statuses

    with ThreadPoolExecutor(16) as pool:
        assert set().union(*pool.map(work, range(16))) <= {200, 204, 404, 409}
    require_right_use(database)

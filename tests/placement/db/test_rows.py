from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from pileus.placement.db import aggregate as aggregates
from pileus.placement.db import consumer as consumers
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.db import trait as traits
from pileus.placement.model.consumer import Owner
from pileus.placement.model.errors import ProviderChanged
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.request_group import AggregateWish, ProviderQuery, TraitWish

if TYPE_CHECKING:
    from pileus.kit.db import Database, Transaction
    from pileus.placement.model.provider import Provider

NOW = datetime(2026, 1, 31, 12, 0, 0, 123456)


def add(tx: Transaction, name: str, **totals: int) -> Provider:
    provider = providers.add(tx, uuid=name, name=name, root_uuid=name, parent_uuid=None, now=NOW)
    inventories.add(tx, provider, [Inventory(resource_class=key, total=total) for key, total in totals.items()], NOW)
    return provider


def list_names(tx: Transaction, **wanted: object) -> list[str]:
    return [one.name for one in providers.list_matching(tx, ProviderQuery(**wanted))]  # type: ignore[arg-type]


def test_a_provider_comes_back_as_it_was_written(database: Database) -> None:
    provider = database.write(add, "host")
    with database.read() as tx:
        assert providers.get(tx, "host") == provider
    assert provider.modified_at == NOW


def test_names_differ_by_case_and_accent(database: Database) -> None:
    for name in ("host", "Host", "höst"):
        database.write(add, name)
    with database.read() as tx:
        assert list_names(tx, name="Host") == ["Host"]


def test_a_generation_is_counted_only_from_the_one_that_was_seen(database: Database) -> None:
    provider = database.write(add, "host")
    assert database.write(providers.bump_generation, provider, NOW) == 1
    with pytest.raises(ProviderChanged):
        database.write(providers.bump_generation, provider, NOW)


def test_inventories_come_in_the_order_of_their_classes(database: Database) -> None:
    provider = database.write(add, "host", CUSTOM_B=1, DISK_GB=3, CUSTOM_A=2, VCPU=4)
    with database.read() as tx:
        found = [one.resource_class for one in inventories.list_of(tx, provider)]
    assert found == ["VCPU", "DISK_GB", "CUSTOM_A", "CUSTOM_B"]


def test_a_changed_inventory_comes_back(database: Database) -> None:
    provider = database.write(add, "host", VCPU=4)
    new = Inventory(resource_class="VCPU", total=8, reserved=1, allocation_ratio=1.1, modified_at=NOW)
    database.write(inventories.change, provider, [new], NOW)
    with database.read() as tx:
        assert inventories.list_of(tx, provider) == [new]


def test_what_is_used_is_counted_from_nothing_and_outlives_a_change(database: Database) -> None:
    provider = database.write(add, "host", DISK_GB=4, VCPU=4)
    database.write(inventories.use, {(provider.id, "VCPU"): 3}, NOW)
    database.write(inventories.use, {(provider.id, "VCPU"): -1, (provider.id, "DISK_GB"): 1}, NOW)
    database.write(inventories.change, provider, [Inventory(resource_class="VCPU", total=8)], NOW)
    with database.read() as tx:
        assert inventories.used_of(tx, provider) == {"VCPU": 2, "DISK_GB": 1}
        assert list_names(tx, resources={"VCPU": 6}) == ["host"]
        assert list_names(tx, resources={"VCPU": 7}) == []


@pytest.mark.parametrize("wanted", [["b"], ["b", "a"], ["b", "nobody", "a"], ["nobody"], []])
def test_providers_are_locked_in_the_order_of_their_ids(database: Database, wanted: list[str]) -> None:
    for name in "ab":
        database.write(add, name)
    assert list(database.write(providers.lock_many, wanted)) == sorted({*wanted} - {"nobody"})


def test_a_new_consumer_comes_back_as_it_was_written(database: Database) -> None:
    owner = Owner(project_id="p", user_id="u", type=None)
    consumer = database.write(consumers.add, "c", owner=owner, now=NOW)
    with database.read() as tx:
        assert consumers.find(tx, "c") == consumer
    assert consumer.generation == 1


def test_providers_are_listed_by_what_they_can_give(database: Database) -> None:
    def fill(tx: Transaction) -> None:
        small = Inventory(resource_class="VCPU", total=4)
        stepped = Inventory(resource_class="VCPU", total=100, step_size=3)
        reserved = Inventory(resource_class="VCPU", total=100, reserved=95, allocation_ratio=1.9)
        for name, one in (("small", small), ("stepped", stepped), ("reserved", reserved)):
            inventories.add(tx, add(tx, name), [one], NOW)

    database.write(fill)
    with database.read() as tx:
        assert list_names(tx, resources={"VCPU": 4}) == ["small", "reserved"]
        assert list_names(tx, resources={"VCPU": 9}) == ["stepped", "reserved"]
        assert list_names(tx, resources={"VCPU": 10}) == []


def test_providers_are_listed_by_traits_and_aggregates(database: Database) -> None:
    def fill(tx: Transaction) -> None:
        for name, has, member_of in (("a", ["T1", "T2"], ["x"]), ("b", ["T1"], ["y"]), ("c", [], [])):
            provider = add(tx, name)
            traits.give(tx, provider, has)
            aggregates.replace(tx, provider, member_of, NOW)

    database.write(fill)
    with database.read() as tx:
        assert list_names(tx, traits=TraitWish((frozenset(["T1"]),), frozenset(["T2"]))) == ["b"]
        assert list_names(tx, aggregates=AggregateWish((frozenset(["x", "y"]),))) == ["a", "b"]
        assert list_names(tx, aggregates=AggregateWish((), frozenset(["x"]))) == ["b", "c"]


def test_only_custom_classes_are_rows(database: Database) -> None:
    database.write(resource_classes.add, "CUSTOM_GOLD", NOW)
    with database.read() as tx:
        assert resource_classes.find_unknown(tx, ["VCPU", "CUSTOM_GOLD"]) is None
        assert resource_classes.find_unknown(tx, ["VCPU", "CUSTOM_LEAD"], holding=False) == "CUSTOM_LEAD"
        assert resource_classes.list_custom(tx) == [("CUSTOM_GOLD", NOW)]

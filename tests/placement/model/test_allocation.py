from __future__ import annotations

import pytest

from pileus.placement.model.allocation import Allocation, Claim, Stock, list_changes, require_fit
from pileus.placement.model.errors import CapacityExceeded, ConstraintsViolated, NoInventory
from pileus.placement.model.inventory import Inventory

HOST = "host"


def claim(amount: int, consumer: str = "c") -> Claim:
    return Claim(consumer_uuid=consumer, wanted={HOST: {"VCPU": amount}})


def holding(amount: int, consumer: str = "c") -> Allocation:
    return Allocation(consumer_uuid=consumer, provider_uuid=HOST, resource_class="VCPU", used=amount)


def stock(used: int, total: int = 10, **fields: int) -> Stock:
    return Stock({(HOST, "VCPU"): Inventory(resource_class="VCPU", total=total, **fields)}, {(HOST, "VCPU"): used})


def test_what_is_left_is_given() -> None:
    require_fit([claim(4)], [], stock(used=6))


def test_more_than_is_left_is_refused() -> None:
    with pytest.raises(CapacityExceeded, match="would exceed the capacity"):
        require_fit([claim(5)], [], stock(used=6))


def test_what_is_reserved_is_not_given() -> None:
    with pytest.raises(CapacityExceeded):
        require_fit([claim(4)], [], stock(used=6, reserved=1))


def test_a_replaced_allocation_makes_room_for_its_successor() -> None:
    require_fit([claim(10)], [holding(6)], stock(used=6))


def test_claims_of_one_request_are_added_up() -> None:
    with pytest.raises(CapacityExceeded):
        require_fit([claim(3, "a"), claim(3, "b")], [], stock(used=5))


def test_an_over_full_provider_takes_less() -> None:
    require_fit([claim(6)], [holding(8)], stock(used=14))


def test_an_over_full_provider_lets_a_holding_change_hands() -> None:
    require_fit([claim(8, "migration")], [holding(8, "server")], stock(used=14))


def test_an_over_full_provider_takes_no_more() -> None:
    with pytest.raises(CapacityExceeded):
        require_fit([claim(9)], [holding(8)], stock(used=14))


def test_an_improvement_still_keeps_to_the_units() -> None:
    with pytest.raises(ConstraintsViolated, match="would violate inventory constraints"):
        require_fit([claim(5)], [holding(8)], stock(used=14, step_size=2))


def test_a_class_without_inventory_is_refused() -> None:
    with pytest.raises(NoInventory, match="Inventory for 'VCPU' on resource provider 'host' invalid"):
        require_fit([claim(1)], [], Stock({}, {}))


def test_what_changes_is_what_is_wanted_less_what_is_returned() -> None:
    other = Allocation(consumer_uuid="c", provider_uuid="other", resource_class="VCPU", used=2)
    assert list_changes([claim(4), claim(1, "d")], [holding(3), other]) == {(HOST, "VCPU"): 2, ("other", "VCPU"): -2}


def test_what_stays_the_same_is_no_change() -> None:
    assert list_changes([claim(4)], [holding(4)]) == {}

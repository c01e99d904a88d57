from __future__ import annotations

import pytest

from pileus.placement.model.inventory import Inventory


def test_capacity_is_what_is_not_reserved_times_the_ratio() -> None:
    assert Inventory(resource_class="VCPU", total=8, reserved=2, allocation_ratio=16.0).capacity == 96.0


@pytest.mark.parametrize(
    ("amount", "is_allowed"), [(3, False), (4, True), (5, False), (6, True), (12, True), (14, False)]
)
def test_amounts_keep_to_the_smallest_the_largest_and_the_step(amount: int, is_allowed: bool) -> None:
    inventory = Inventory(resource_class="VCPU", total=100, min_unit=4, max_unit=12, step_size=2)
    assert inventory.is_amount_allowed(amount) is is_allowed


def test_the_last_unit_fits_and_one_more_does_not() -> None:
    inventory = Inventory(resource_class="VCPU", total=4, reserved=1, allocation_ratio=1.5)
    assert inventory.has_room(used=3, amount=1)
    assert not inventory.has_room(used=4, amount=1)


@pytest.mark.parametrize(
    ("reserved", "may_reserve_all", "is_sane"),
    [(3, False, True), (4, False, False), (4, True, True), (5, True, False)],
)
def test_all_may_be_reserved_only_where_that_is_known(reserved: int, may_reserve_all: bool, is_sane: bool) -> None:
    inventory = Inventory(resource_class="VCPU", total=4, reserved=reserved)
    assert inventory.is_reservation_sane(may_reserve_all=may_reserve_all) is is_sane

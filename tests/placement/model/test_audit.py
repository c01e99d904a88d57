"""The judgements of an audit."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pileus.placement.model.audit import (
    Holder,
    OverCapacity,
    Place,
    ProviderRing,
    StockCount,
    WrongRoot,
    WrongUse,
    is_suspect,
    judge_places,
    judge_stock,
)

NOW = datetime(2026, 1, 31, 12, 0, 0)


def holder(consumer_type: str | None, *, is_on_host: bool = True, age_s: float = 60) -> Holder:
    modified_at = NOW - timedelta(seconds=age_s)
    return Holder(uuid="c", type=consumer_type, generation=1, is_on_host=is_on_host, modified_at=modified_at)


@pytest.mark.parametrize(
    ("consumer", "expected"),
    [
        (holder("INSTANCE"), True),
        (holder("INSTANCE", is_on_host=False), True),
        (holder(None), True),
        (holder(None, is_on_host=False), False),
        (holder("MIGRATION"), False),
        (holder("RESERVATION"), False),
        (holder("INSTANCE", age_s=0), False),
        (holder(None, age_s=-5), False),
    ],
)
def test_compute_is_asked_about_what_may_be_its_own_and_is_not_on_its_way(consumer: Holder, expected: bool) -> None:
    assert is_suspect(consumer, NOW) is expected


def place(uuid: str, parent: str | None, root: str) -> Place:
    return Place(uuid=uuid, name=uuid.upper(), root_uuid=root, parent_uuid=parent)


def test_a_tree_that_is_written_down_right_is_no_finding() -> None:
    assert list(judge_places([place("b", "a", "a"), place("c", "b", "a"), place("d", "a", "a")])) == []


def test_whoever_names_another_root_than_the_one_above_all_parents_is_found() -> None:
    places = [place("b", "a", "x"), place("c", "b", "x"), place("d", "c", "a"), place("e", None, "a")]
    found = {one.provider_uuid: one for one in judge_places(places)}
    assert all(isinstance(one, WrongRoot) for one in found.values())
    assert {uuid: (one.root_uuid, one.right_root_uuid) for uuid, one in found.items()} == {
        "b": ("x", "a"),
        "c": ("x", "a"),
        "e": ("a", "e"),
    }


def test_a_ring_and_what_hangs_on_it_have_no_root() -> None:
    places = [place("a", "c", "r"), place("b", "a", "r"), place("c", "b", "r"), place("d", "a", "r")]
    places += [place("own", "own", "own"), place("fine", "r", "r")]
    found = list(judge_places(places))
    assert {type(one) for one in found} == {ProviderRing}
    assert {one.provider_uuid for one in found} == {"a", "b", "c", "d", "own"}


def test_a_deep_tree_is_walked_without_recursion() -> None:
    chain = [place(str(number + 1), str(number), "0") for number in range(5000)]
    assert list(judge_places(reversed(chain))) == []


def stock(**more: float) -> StockCount:
    return StockCount(provider_uuid="p", provider_name="P", resource_class="VCPU", **more)  # type: ignore[arg-type]


def test_an_inventory_may_count_wrong_and_hold_too_much_at_a_time() -> None:
    assert list(judge_stock([stock(capacity=8.0, used=8, held=8)])) == []
    [wrong, over] = judge_stock([stock(capacity=8.0, used=7, held=9)])
    assert isinstance(wrong, WrongUse)
    assert (wrong.used, wrong.held) == (7, 9)
    assert isinstance(over, OverCapacity)
    assert (over.capacity, over.held) == (8.0, 9)

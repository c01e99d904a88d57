from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pileus.placement.index.page import PAGE, Page
from pileus.placement.model.state import ProviderState
from tests.placement.worlds import AGGREGATES, CLASSES, TRAITS, state, worlds


def shown(page: Page) -> dict[str, object]:
    """Return all that a page answers, by uuid, so that two pages compare whatever their slots."""

    def names(found: int) -> frozenset[str]:
        return frozenset(one.uuid for one in page.list_states(found))

    return {
        "states": {one.uuid: one for one in page.list_states(page.alive)},
        "roots": names(page.roots),
        "childless": names(page.childless),
        "traits": {name: names(page.with_any_trait([name])) for name in TRAITS},
        "aggregates": {name: names(page.with_any_aggregate([name])) for name in AGGREGATES},
        "able": {(name, amount): names(page.able({name: amount})) for name in CLASSES for amount in range(1, 5)},
        "trees": {
            page.at(slot).uuid: {one.uuid for one in page.tree(slot)[0].states} for slot in page.list_slots(page.roots)
        },
        "root of each": {one.uuid: names(page.roots_of(page.find_many({one.uuid}))) for one in page.states if one},
    }


def filled(states: list[ProviderState]) -> Page:
    page = Page()
    for one in states:
        page.put(one)
    return page


@settings(max_examples=100)
@given(worlds(), worlds(), st.data())
def test_a_page_that_was_changed_answers_like_one_made_anew(
    before: list[ProviderState], after: list[ProviderState], data: st.DataObject
) -> None:
    page = filled(before)
    first = shown(page)
    copy = page.copy()
    for one in reversed(before):
        copy.remove(one.uuid)
    for one in after:
        copy.put(replace(one, used={}))
    for one in data.draw(st.permutations(after)):
        copy.put(one)
    assert shown(copy) == shown(filled(after))
    assert shown(page) == first  # which searches may be looking at


def test_a_tree_that_is_larger_than_a_page_makes_it_longer() -> None:
    children = [state(f"child{number}", root="root", VCPU=1 + number % 2) for number in range(3 * PAGE)]
    page = filled([state("root", DISK_GB=5), *children])
    assert page.able({"VCPU": 2}).bit_count() == 3 * PAGE // 2
    assert [one.uuid for one in page.list_states(page.able({"DISK_GB": 5}))] == ["root"]
    assert page.list_states(page.roots_of(page.able({"VCPU": 2}))) == [page.at(0)]
    assert len(page.tree(0)[0].states) == 3 * PAGE + 1


def test_capacity_beyond_what_a_column_holds_is_still_room() -> None:
    inventory = replace(state("x", VCPU=2**31 - 1).inventories["VCPU"], allocation_ratio=3.4e38)
    page = filled([state("huge", stock={"VCPU": inventory})])
    assert page.able({"VCPU": 2**31 - 1})
    assert not page.able({"VCPU": 2**31})

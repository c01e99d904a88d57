from __future__ import annotations

from hypothesis import given, settings

from pileus.placement.index.explanation import MISSES, explain
from pileus.placement.index.search import search
from pileus.placement.model.explanation import Kind
from pileus.placement.model.request_group import AggregateWish, CandidateRequest, RequestGroup, TraitWish
from pileus.placement.model.state import SHARES, ProviderState
from tests.placement.worlds import requests, snapshot, state, worlds

AVX = TraitWish((frozenset(["AVX"]),))


def ask(*groups: RequestGroup) -> CandidateRequest:
    return CandidateRequest(groups=groups)


def test_each_requirement_says_who_meets_it_and_how_many_trees_are_left() -> None:
    hosts = [
        state("good", VCPU=8, traits=("AVX",)),
        state("full", VCPU=8, used={"VCPU": 7}, traits=("AVX",)),
        state("plain", VCPU=8),
        state("disk", DISK_GB=100),
    ]
    found = explain(snapshot(hosts), ask(RequestGroup(suffix="1", resources={"VCPU": 2}, traits=AVX)))
    assert (found.trees, found.trees_for_each_group, found.trees_with_candidates) == (4, 1, 1)
    shown = [(one.requirement.kind, one.providers, one.trees, one.trees_left) for one in found.groups[0].narrowings]
    assert shown == [
        (Kind.TRAIT, 2, 2, 2),
        (Kind.INVENTORY, 3, 3, 2),
        (Kind.UNIT, 3, 3, 2),
        (Kind.CAPACITY, 2, 2, 1),
    ]


def test_the_nearest_misses_come_first_and_say_what_they_lack() -> None:
    hosts = [
        state("both", VCPU=8, used={"VCPU": 8}),
        state("full", VCPU=8, used={"VCPU": 7}, traits=("AVX",)),
        state("disk", DISK_GB=100),
    ]
    found = explain(snapshot(hosts), ask(RequestGroup(resources={"VCPU": 2}, traits=AVX)))
    assert [(miss.provider.name, miss.lacks) for miss in found.groups[0].misses] == [
        ("full", ["VCPU: 2 asked, 1 of 8 left"]),
        ("both", ["VCPU: 2 asked, 0 of 8 left", "has no trait AVX"]),
    ]


def test_a_tree_lacks_what_none_of_its_providers_has() -> None:
    tree = [state("host", MEMORY_MB=8), state("numa", root="host", VCPU=4, used={"VCPU": 3})]
    found = explain(snapshot(tree), ask(RequestGroup(resources={"VCPU": 2, "MEMORY_MB": 4})))
    assert [(miss.provider.name, miss.lacks) for miss in found.groups[0].misses] == [
        ("host", ["VCPU: 2 asked, 1 of 4 left"])
    ]


def test_what_is_shared_with_a_tree_is_not_lacking() -> None:
    disk = state("disk", traits=(SHARES,), aggregates=("agg",), DISK_GB=100)
    world = snapshot([state("host", VCPU=8, aggregates=("agg",)), state("other", VCPU=8), disk])
    found = explain(world, ask(RequestGroup(resources={"VCPU": 2, "DISK_GB": 4})))
    by_kind = {(one.requirement.kind, *one.requirement.names): one for one in found.groups[0].narrowings}
    assert by_kind[Kind.INVENTORY, "DISK_GB"].trees_left == 1
    assert found.trees_with_candidates == 1


def test_groups_that_only_fail_together_are_told_apart() -> None:
    request = CandidateRequest(
        groups=[RequestGroup(suffix=suffix, resources={"VCPU": 3}) for suffix in ("1", "2")], isolates_groups=True
    )
    found = explain(snapshot([state("host", VCPU=8)]), request)
    assert (found.trees_for_each_group, found.trees_with_candidates) == (1, 0)
    assert not any(group.misses for group in found.groups)


def test_an_aggregate_and_a_tree_are_named() -> None:
    wish = AggregateWish((frozenset(["agg1", "agg2"]),), frozenset(["agg3"]))
    hosts = [state("host", VCPU=8, aggregates=("agg3",)), state("other", VCPU=8)]
    group = RequestGroup(resources={"VCPU": 1}, aggregates=wish, in_tree="other")
    (miss,) = [one for one in explain(snapshot(hosts), ask(group)).groups[0].misses if one.provider.name == "host"]
    assert miss.lacks == ["is not in the tree of other", "is not a member of agg1 or agg2", "is a member of agg3"]


def test_only_some_misses_are_named_however_many_there_are() -> None:
    hosts = [state(f"host{number}", VCPU=1) for number in range(3 * MISSES)]
    assert len(explain(snapshot(hosts), ask(RequestGroup(resources={"VCPU": 2}))).groups[0].misses) == MISSES


@settings(max_examples=60)
@given(worlds(), requests())
def test_an_explanation_agrees_with_the_search(states: list[ProviderState], request: CandidateRequest) -> None:
    world = snapshot(states)
    found = explain(world, request)
    assert (found.trees_with_candidates > 0) == any(True for _ in search(world, request))
    assert found.trees_with_candidates <= found.trees_for_each_group <= found.trees
    for group in found.groups:
        for one in group.narrowings:
            assert one.trees_left <= one.trees <= found.trees
        if group.narrowings:
            assert group.narrowings[-1].trees_left >= found.trees_for_each_group

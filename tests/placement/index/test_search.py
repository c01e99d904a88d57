from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings

from pileus.placement.index.search import search
from pileus.placement.model.candidate import Candidate
from pileus.placement.model.request_group import AggregateWish, CandidateRequest, RequestGroup, TraitWish
from pileus.placement.model.state import SHARES, ProviderState
from tests.placement.worlds import every_candidate, identity, requests, snapshot, state, worlds


def ask(*groups: RequestGroup, isolates: bool = False, limit: int | None = None) -> CandidateRequest:
    return CandidateRequest(groups=groups, isolates_groups=isolates, limit=limit)


def group(suffix: str = "", *, required: str = "", forbidden: str = "", **resources: int) -> RequestGroup:
    wish = TraitWish((frozenset([required]),) if required else (), frozenset([forbidden] if forbidden else []))
    return RequestGroup(suffix=suffix, resources=resources, traits=wish)


def find(states: list[ProviderState], request: CandidateRequest) -> list[Candidate]:
    return list(search(snapshot(states), request))


def shown(found: list[Candidate]) -> list[object]:
    return [candidate.allocations for candidate in found]


@settings(max_examples=300)
@given(worlds(), requests())
def test_the_search_finds_what_trying_everything_finds(states: list[ProviderState], request: CandidateRequest) -> None:
    found = [identity(one) for one in find(states, request)]
    assert len(found) == len(set(found))
    assert set(found) == {identity(one) for one in every_candidate(states, request)}


@settings(max_examples=60)
@given(worlds(), requests())
def test_a_limit_cuts_the_same_list_short(states: list[ProviderState], request: CandidateRequest) -> None:
    everything = find(states, request)
    for limit in range(1, 5):
        assert find(states, replace(request, limit=limit)) == everything[:limit]


def test_a_provider_that_has_it_all_is_found() -> None:
    hosts = [state("a", VCPU=4, MEMORY_MB=8), state("b", VCPU=4)]
    assert shown(find(hosts, ask(group(VCPU=1, MEMORY_MB=8)))) == [{"a": {"VCPU": 1, "MEMORY_MB": 8}}]


def test_a_forbidden_trait_keeps_a_provider_out() -> None:
    hosts = [state("a", VCPU=4, traits=("T",)), state("b", VCPU=4)]
    assert shown(find(hosts, ask(group(VCPU=1, forbidden="T")))) == [{"b": {"VCPU": 1}}]


def test_resources_may_be_spread_over_a_tree_and_its_traits_are_counted_together() -> None:
    hosts = [state("root", MEMORY_MB=8, traits=("T",)), state("numa", root="root", VCPU=4)]
    found = find(hosts, ask(group(VCPU=2, MEMORY_MB=8, required="T")))
    assert shown(found) == [{"root": {"MEMORY_MB": 8}, "numa": {"VCPU": 2}}]


def test_a_sharing_provider_serves_trees_of_its_aggregate() -> None:
    disk = state("disk", traits=(SHARES,), aggregates=("agg",), DISK_GB=100)
    hosts = [state("a", aggregates=("agg",), VCPU=4), state("b", VCPU=4), disk]
    assert shown(find(hosts, ask(group(VCPU=1, DISK_GB=10)))) == [{"a": {"VCPU": 1}, "disk": {"DISK_GB": 10}}]


def test_what_only_sharing_providers_give_is_found_once_however_many_trees_they_share_with() -> None:
    disk = state("disk", traits=(SHARES,), aggregates=("agg",), DISK_GB=100)
    hosts = [state(name, aggregates=("agg",), VCPU=4) for name in "abcdefgh"]
    assert shown(find([*hosts, disk], ask(group(DISK_GB=10)))) == [{"disk": {"DISK_GB": 10}}]


def test_isolated_groups_take_different_providers() -> None:
    tree = [state("root"), state("n1", root="root", VF=4), state("n2", root="root", VF=4)]
    together = find(tree, ask(group("1", VF=1), group("2", VF=1)))
    apart = find(tree, ask(group("1", VF=1), group("2", VF=1), isolates=True))
    assert len(together) == 4
    assert [sorted(one.allocations) for one in apart] == [["n1", "n2"], ["n1", "n2"]]


def test_groups_that_meet_must_fit_together() -> None:
    assert not find([state("a", VCPU=3)], ask(group("1", VCPU=2), group("2", VCPU=2)))


def test_a_limit_spreads_over_trees() -> None:
    trees = [
        one for root in ("x", "y") for one in (state(root), *(state(f"{root}{n}", root=root, VF=1) for n in range(3)))
    ]
    found = find(trees, ask(group("1", VF=1), limit=2))
    assert {uuid[0] for candidate in found for uuid in candidate.allocations} == {"x", "y"}


def test_a_limit_hides_no_host_that_fits() -> None:
    hosts = [state(f"full{n}", VCPU=1) for n in range(50)] + [state("free", VCPU=8)]
    assert shown(find(hosts, ask(group(VCPU=8), limit=1))) == [{"free": {"VCPU": 8}}]


def test_the_memberships_of_a_root_are_those_of_its_tree() -> None:
    tree = [state("root", aggregates=("agg",)), state("numa", root="root", VCPU=4)]
    wish = AggregateWish((frozenset(["agg"]),))
    assert find(tree, ask(RequestGroup(resources={"VCPU": 1}, aggregates=wish)))
    assert not find(tree, ask(RequestGroup(suffix="1", resources={"VCPU": 1}, aggregates=wish)))


def test_an_amount_beyond_every_number_finds_nobody() -> None:
    assert not find([state("a", VCPU=4)], ask(group(VCPU=10**30)))


@pytest.mark.parametrize("isolates", [False, True])
def test_groups_that_cannot_all_be_seated_are_given_up_at_once(isolates: bool) -> None:
    gpus = [state("host"), *(state(f"gpu{number}", root="host", PGPU=1) for number in range(16))]
    groups = [group(str(number), PGPU=1) for number in range(17)]
    started = time.process_time()
    assert not find(gpus, ask(*groups, isolates=isolates))
    assert time.process_time() - started < 2  # there are 16! ways to seat all but one


@pytest.mark.parametrize("count", [9, 14])
def test_groups_that_want_two_classes_of_each_seat_are_given_up_at_once(count: int) -> None:
    ports = [state(f"port{number}", root="host", NET_BW_EGR_KILOBIT_PER_SEC=9, VF=1) for number in range(count)]
    wanted = [group(str(number), NET_BW_EGR_KILOBIT_PER_SEC=1, VF=1) for number in range(count + 1)]
    started = time.process_time()
    assert not find([state("host"), *ports], ask(*wanted))
    assert time.process_time() - started < 2


def test_providers_in_a_ring_end_a_search_too() -> None:
    ring = [state("a", root="a", VF=1), state("b", root="a", parent="c", VF=1), state("c", root="a", parent="b", VF=1)]
    request = CandidateRequest(
        groups=[group("1", VF=1), group("2", VF=1)], subtrees=[frozenset(["1", "2"])], isolates_groups=True
    )
    assert find(ring, request)


def test_ways_to_seat_groups_that_compete_are_found_without_trying_all_others() -> None:
    shared = [state(f"gpu{number}", root="host", PGPU=1) for number in range(12)]
    rare = state("rare", root="host", PGPU=1, traits=("T",))
    groups = [group(str(number), PGPU=1) for number in range(12)] + [group("99", PGPU=1, required="T")]
    started = time.process_time()
    found = list(itertools.islice(search(snapshot([state("host"), rare, *shared]), ask(*groups)), 50))
    assert len(found) == 50
    assert all(candidate.mappings["99"] == ["rare"] for candidate in found)
    assert time.process_time() - started < 2  # whoever takes the rare one first leaves 12! ways that come to nothing

from __future__ import annotations

from datetime import datetime

from pileus.placement.model.candidate import Candidate, search
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.provider import Provider
from pileus.placement.model.request_group import AggregateWish, CandidateRequest, RequestGroup, TraitWish
from pileus.placement.model.snapshot import SHARES, ProviderState, Snapshot


def state(
    uuid: str,
    *,
    root: str | None = None,
    parent: str | None = None,
    traits: tuple[str, ...] = (),
    aggregates: tuple[str, ...] = (),
    **totals: int,
) -> ProviderState:
    moment = datetime(2026, 1, 1)
    provider = Provider(
        id=1, uuid=uuid, name=uuid, generation=0, root_uuid=root or uuid, parent_uuid=parent, modified_at=moment
    )
    stock = {name: Inventory(resource_class=name, total=total) for name, total in totals.items()}
    return ProviderState(provider, stock, {}, frozenset(traits), frozenset(aggregates))


def ask(*groups: RequestGroup, isolates: bool = False, limit: int | None = None) -> CandidateRequest:
    return CandidateRequest(groups=groups, isolates_groups=isolates, limit=limit)


def group(suffix: str = "", *, required: str = "", forbidden: str = "", **resources: int) -> RequestGroup:
    wish = TraitWish((frozenset([required]),) if required else (), frozenset([forbidden] if forbidden else []))
    return RequestGroup(suffix=suffix, resources=resources, traits=wish)


def shown(found: list[Candidate]) -> list[dict[str, dict[str, int]]]:
    return [candidate.by_provider() for candidate in found]


def test_a_provider_that_has_it_all_is_found() -> None:
    snapshot = Snapshot([state("a", VCPU=4, MEMORY_MB=8), state("b", VCPU=4)])
    assert shown([*search(snapshot, ask(group(VCPU=1, MEMORY_MB=8)))]) == [{"a": {"VCPU": 1, "MEMORY_MB": 8}}]


def test_a_forbidden_trait_keeps_a_provider_out() -> None:
    snapshot = Snapshot([state("a", VCPU=4, traits=("T",)), state("b", VCPU=4)])
    assert shown([*search(snapshot, ask(group(VCPU=1, forbidden="T")))]) == [{"b": {"VCPU": 1}}]


def test_resources_may_be_spread_over_a_tree_and_its_traits_are_counted_together() -> None:
    snapshot = Snapshot([state("root", MEMORY_MB=8, traits=("T",)), state("numa", root="root", parent="root", VCPU=4)])
    found = search(snapshot, ask(group(VCPU=2, MEMORY_MB=8, required="T")))
    assert shown([*found]) == [{"root": {"MEMORY_MB": 8}, "numa": {"VCPU": 2}}]


def test_a_sharing_provider_serves_trees_of_its_aggregate() -> None:
    disk = state("disk", traits=(SHARES,), aggregates=("agg",), DISK_GB=100)
    snapshot = Snapshot([state("a", aggregates=("agg",), VCPU=4), state("b", VCPU=4), disk])
    assert shown([*search(snapshot, ask(group(VCPU=1, DISK_GB=10)))]) == [{"a": {"VCPU": 1}, "disk": {"DISK_GB": 10}}]


def test_isolated_groups_take_different_providers() -> None:
    snapshot = Snapshot([
        state("root"),
        state("n1", root="root", parent="root", VF=4),
        state("n2", root="root", parent="root", VF=4),
    ])  # fmt: skip
    together = search(snapshot, ask(group("1", VF=1), group("2", VF=1)))
    apart = search(snapshot, ask(group("1", VF=1), group("2", VF=1), isolates=True))
    assert len(together) == 4
    assert all(len(candidate.by_provider()) == 2 for candidate in apart)


def test_groups_that_meet_must_fit_together() -> None:
    snapshot = Snapshot([state("a", VCPU=3)])
    assert not search(snapshot, ask(group("1", VCPU=2), group("2", VCPU=2)))


def test_a_limit_spreads_over_trees() -> None:
    trees = [
        one
        for root in ("x", "y")
        for one in (state(root), *(state(f"{root}{n}", root=root, parent=root, VF=1) for n in range(3)))
    ]
    found = search(Snapshot(trees), ask(group("1", VF=1), limit=2))
    assert {uuid[0] for candidate in found for uuid in candidate.by_provider()} == {"x", "y"}


def test_a_limit_hides_no_host_that_fits() -> None:
    hosts = [state(f"full{n}", VCPU=1) for n in range(50)] + [state("free", VCPU=8)]
    assert shown([*search(Snapshot(hosts), ask(group(VCPU=8), limit=1))]) == [{"free": {"VCPU": 8}}]


def test_the_memberships_of_a_root_are_those_of_its_tree() -> None:
    snapshot = Snapshot([state("root", aggregates=("agg",)), state("numa", root="root", parent="root", VCPU=4)])
    wish = AggregateWish((frozenset(["agg"]),))
    spread = RequestGroup(resources={"VCPU": 1}, aggregates=wish)
    single = RequestGroup(suffix="1", resources={"VCPU": 1}, aggregates=wish)
    assert search(snapshot, ask(spread))
    assert not search(snapshot, ask(single))

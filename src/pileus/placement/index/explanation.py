"""Why a search found what it found: the same page-wide set operations, one requirement at a time, and counted."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np

from pileus.placement.index import bits
from pileus.placement.index.page import Page
from pileus.placement.index.search import list_served, member_in, satisfying, shared_with, tree_in
from pileus.placement.index.snapshot import Snapshot
from pileus.placement.model.candidate import list_parts
from pileus.placement.model.explanation import (
    Explanation,
    GroupExplanation,
    Kind,
    Miss,
    Narrowing,
    Requirement,
    class_requirements,
    shared_requirements,
    trait_requirements,
)
from pileus.placement.model.request_group import AggregateWish, CandidateRequest, RequestGroup

MISSES = 10
"""How many of the nearest misses are named for each group."""

_Chain = Sequence[Requirement]
"""What a single provider must meet, all of it."""


def explain(snapshot: Snapshot, request: CandidateRequest) -> Explanation:
    """Count who meets what of a request, and name who nearly does."""
    served = list(list_served(snapshot, request))
    return Explanation(
        trees=sum(page.roots.bit_count() for page in snapshot.pages),
        trees_with_root=sum(satisfying(page, request.root_traits, page.roots).bit_count() for page in snapshot.pages),
        trees_for_each_group=len(served),
        trees_with_candidates=sum(any(True for _ in ways) for ways in served),
        groups=[_explain_group(snapshot, group) for group in request.groups],
    )


def _explain_group(snapshot: Snapshot, group: RequestGroup) -> GroupExplanation:
    chains = _chains(group)
    asked = list(dict.fromkeys(one for chain in chains for one in chain))
    narrowings = [_narrow(snapshot, group, one, _up_to(chains, asked, number)) for number, one in enumerate(asked, 1)]
    misses = _misses(snapshot, group, asked) if asked else iter(())
    nearest = heapq.nsmallest(MISSES, misses, key=lambda miss: len(miss.lacks))
    return GroupExplanation(group, narrowings, nearest)


def _chains(group: RequestGroup) -> Sequence[_Chain]:
    shared = shared_requirements(group)
    chains = [
        [*shared, *(one for name, amount in part.resources.items() for one in class_requirements(name, amount))]
        for part in list_parts(CandidateRequest(groups=[group]))
    ]
    if group.is_of_one_provider:
        return chains
    return [*chains, *([*shared, one] for one in trait_requirements(group))]


def _up_to(chains: Sequence[_Chain], asked: Sequence[Requirement], number: int) -> Sequence[_Chain]:
    """Return the chains with no more than the first so many of all requirements."""
    looked_at = set(asked[:number])
    return [[one for one in chain if one in looked_at] for chain in chains]


def _narrow(snapshot: Snapshot, group: RequestGroup, one: Requirement, so_far: Sequence[_Chain]) -> Narrowing:
    providers = trees = left = 0
    for page in snapshot.pages:
        providers += _meeting(snapshot, page, group, [one]).bit_count()
        trees += _serving(snapshot, page, group, [one]).bit_count()
        roots = page.roots
        for chain in so_far:
            roots &= _serving(snapshot, page, group, chain)
        left += roots.bit_count()
    return Narrowing(one, providers, trees, left)


def _serving(snapshot: Snapshot, page: Page, group: RequestGroup, chain: _Chain) -> int:
    """Return the roots of those trees that have, or share with, somebody who meets all of a chain."""
    roots = page.roots_of(_meeting(snapshot, page, group, chain))
    for place in snapshot.sharing:
        if _meeting(snapshot, place.page, group, chain) >> place.slot & 1:
            roots |= shared_with(place, page)
    return roots


def _meeting(snapshot: Snapshot, page: Page, group: RequestGroup, chain: _Chain) -> int:
    found = page.alive
    for one in chain:
        found &= _meeting_one(snapshot, page, group, one)
    return found


def _meeting_one(snapshot: Snapshot, page: Page, group: RequestGroup, one: Requirement) -> int:
    if one.kind is Kind.TREE:
        return tree_in(snapshot, page, group)
    if one.kind is Kind.TRAIT:
        return page.with_any_trait(one.names)
    if one.kind is Kind.FORBIDDEN_TRAIT:
        return page.alive & ~page.with_any_trait(one.names)
    if one.kind is Kind.AGGREGATE:
        wish = AggregateWish((frozenset(one.names),))
        return member_in(page, wish, is_of_one_provider=group.is_of_one_provider)
    if one.kind is Kind.FORBIDDEN_AGGREGATE:
        wish = AggregateWish((), frozenset(one.names))
        return member_in(page, wish, is_of_one_provider=group.is_of_one_provider)
    return _having(page, one)


def _having(page: Page, one: Requirement) -> int:
    """Return who has an inventory, in the amounts or with the room that is asked for."""
    column = page.column(one.names[0])
    if column is None:
        return 0
    if one.kind is Kind.INVENTORY:
        return column.having()
    return column.allowing(one.amount) if one.kind is Kind.UNIT else column.with_room(one.amount)


def _misses(snapshot: Snapshot, group: RequestGroup, asked: Sequence[Requirement]) -> Iterator[Miss]:
    """Yield the nearest misses of each page: providers, or the roots of trees for a group that may be spread."""
    for page in snapshot.pages:
        met = [_met(snapshot, page, group, one) for one in asked]
        some = [met[number] for number, one in enumerate(asked) if one.kind is Kind.INVENTORY]
        candidates = 0
        for having in some or [page.alive]:
            candidates |= having
        unmet = len(met) - np.sum([bits.to_mask(one, page.length) for one in met], axis=0)
        slots = [slot for slot in page.list_slots(candidates) if unmet[slot]]
        for slot in heapq.nsmallest(MISSES, slots, key=lambda slot: int(unmet[slot])):
            states = [page.at(slot)] if group.is_of_one_provider else page.tree(slot)[0].states
            lacks = [one.lack(states) for one, found in zip(asked, met, strict=True) if not found >> slot & 1]
            yield Miss(page.at(slot), lacks)


def _met(snapshot: Snapshot, page: Page, group: RequestGroup, one: Requirement) -> int:
    if group.is_of_one_provider:
        return _meeting(snapshot, page, group, [one])
    return _serving(snapshot, page, group, [one]) & page.roots

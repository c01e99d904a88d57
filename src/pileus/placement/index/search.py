"""The search for allocation candidates over a snapshot: whole pages at a time, then the trees that may serve.

For each page one set operation after the other leaves the trees in which every part has somebody who could serve it;
`model.candidate` tries those. A tree on its own without children, asked for a single group, needs no trying.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from pileus.placement.index import bits
from pileus.placement.index.page import Page
from pileus.placement.index.snapshot import Place, Snapshot
from pileus.placement.model.candidate import Candidate, Options, Part, combine, list_parts
from pileus.placement.model.request_group import AggregateWish, CandidateRequest, RequestGroup, TraitWish
from pileus.placement.model.state import ProviderState

_Serving: TypeAlias = Iterator[Candidate]  # the ways of one tree


@dataclass(frozen=True)
class _Seeker:
    """A part of a request within one page: who here could give it, and who could give it to some roots here."""

    page: Page
    part: Part
    able: int
    sharing: Sequence[tuple[ProviderState, int]]

    @cached_property
    def is_able(self) -> Sequence[bool]:
        """The same as `able`, by slot: asked for every provider of every tree."""
        flags: list[bool] = bits.to_mask(self.able, self.page.length).tolist()
        return flags

    def options(self, members: Sequence[tuple[int, ProviderState]], root_slot: int) -> Options:
        """Return who could give the part to a tree of these members."""
        is_able = self.is_able
        here = [state for slot, state in members if is_able[slot]]
        if self.sharing:
            here += [state for state, roots in self.sharing if roots >> root_slot & 1]
        return here


def search(snapshot: Snapshot, request: CandidateRequest) -> Iterator[Candidate]:
    """Yield the candidates, each once, up to the request's limit.

    Trees take turns, oldest first, so that a limit spreads over hosts before it gives many ways of one host, and hides
    no host that fits.
    """
    found = _in_turns(list_served(snapshot, request))
    if snapshot.sharing:  # all resources of a request may come from those, whichever tree they are shared with
        found = _each_once(found)
    for number, candidate in enumerate(found, 1):
        yield candidate
        if number == request.limit:
            return


def _in_turns(trees: Iterator[_Serving]) -> Iterator[Candidate]:
    waiting: Iterable[_Serving] = trees
    while waiting:
        still: list[_Serving] = []
        for tree in waiting:
            for candidate in tree:
                yield candidate
                still.append(tree)
                break
        waiting = still


def _each_once(candidates: Iterator[Candidate]) -> Iterator[Candidate]:
    seen: set[object] = set()
    for candidate in candidates:
        amounts = frozenset((uuid, *one) for uuid, given in candidate.allocations.items() for one in given.items())
        identity = (amounts, tuple((suffix, *uuids) for suffix, uuids in candidate.mappings.items()))
        if identity not in seen:
            seen.add(identity)
            yield candidate


def list_served(snapshot: Snapshot, request: CandidateRequest) -> Iterator[_Serving]:
    """Yield the ways of each tree in which every group could be served if it were the only one; there may be none."""
    parts = list_parts(request)
    sharing = [_list_sharing(snapshot, part) for part in parts]
    for page in snapshot.pages:
        seekers = _list_seekers(snapshot, page, request, list(zip(parts, sharing, strict=True)))
        simple = _simple_roots(page, request, seekers)
        for slot in page.list_slots(_serving_roots(page, request, seekers)):
            if simple >> slot & 1:
                yield iter([_alone(page.at(slot), request.groups[0])])
            else:
                tree, members = page.tree(slot)
                options = [seeker.options(members, slot) for seeker in seekers]
                yield combine(parts, options, tree, spreads_over_trees=request.spreads_over_trees)


def _simple_roots(page: Page, request: CandidateRequest, seekers: Sequence[_Seeker]) -> int:
    """Return the roots that need no trying: if they serve a request at all, there is one way."""
    if len(request.groups) > 1:
        return 0
    roots = page.childless
    for seeker in seekers:
        for _, shared_with in seeker.sharing:
            roots &= ~shared_with
    return roots


def _alone(state: ProviderState, group: RequestGroup) -> Candidate:
    return Candidate({state.uuid: group.resources}, {group.suffix: [state.uuid]})


def _list_sharing(snapshot: Snapshot, part: Part) -> Sequence[Place]:
    """Return who could give a part to trees that it shares with."""
    return [
        place
        for place in snapshot.sharing
        if place.state.is_welcome(part.group, place.root)
        and place.state.can_give_all(part.resources)
        and tree_in(snapshot, place.page, part.group) >> place.slot & 1
    ]


def _serving_roots(page: Page, request: CandidateRequest, seekers: Sequence[_Seeker]) -> int:
    """Return the roots of those trees in which every part has somebody who could serve it."""
    roots = page.roots & satisfying(page, request.root_traits, page.alive)
    for seeker in seekers:
        served = page.roots_of(seeker.able)
        for _, shared_with in seeker.sharing:
            served |= shared_with
        roots &= served
    for group in request.groups:
        if not group.is_indivisible:
            for any_of in group.traits.required:
                roots &= _roots_with_trait(page, any_of, [one for one in seekers if one.part.group is group])
    return roots


def _roots_with_trait(page: Page, any_of: frozenset[str], seekers: Sequence[_Seeker]) -> int:
    """Return the roots of those trees in which somebody who could serve a part has a trait that its group requires."""
    having = page.with_any_trait(any_of)
    roots = 0
    for seeker in seekers:
        roots |= page.roots_of(seeker.able & having)
        for state, shared_with in seeker.sharing:
            if not any_of.isdisjoint(state.traits):
                roots |= shared_with
    return roots


def _list_seekers(
    snapshot: Snapshot, page: Page, request: CandidateRequest, parts: Sequence[tuple[Part, Sequence[Place]]]
) -> Sequence[_Seeker]:
    welcome = {group.suffix: welcome_in(snapshot, page, group) for group in request.groups}
    return [
        _Seeker(
            page,
            part,
            welcome[part.group.suffix] & page.able(part.resources),
            [(place.state, shared_with(place, page)) for place in sharing],
        )
        for part, sharing in parts
    ]


def shared_with(place: Place, page: Page) -> int:
    """Return the roots of those trees in a page, other than its own, that a provider shares with."""
    roots = page.roots_of(page.with_any_aggregate(place.state.aggregates))
    return roots & ~(1 << page.root_slot(place.slot)) if place.page is page else roots


def welcome_in(snapshot: Snapshot, page: Page, group: RequestGroup) -> int:
    """Return the providers of a page that nothing which a group says of each of its providers speaks against."""
    found = page.alive & ~page.with_any_trait(group.traits.forbidden)
    if group.is_indivisible:
        found = satisfying(page, group.traits, found)
    members = member_in(page, group.aggregates, is_of_one_provider=group.is_of_one_provider)
    return found & members & tree_in(snapshot, page, group)


def tree_in(snapshot: Snapshot, page: Page, group: RequestGroup) -> int:
    """Return the providers of a page that are in the tree that a group names; all if it names none."""
    if group.in_tree is None:
        return page.alive
    place = snapshot.find(group.in_tree)
    if place is None or place.page is not page:
        return 0
    return page.members(page.root_slot(place.slot))


def member_in(page: Page, wish: AggregateWish, *, is_of_one_provider: bool) -> int:
    """Return the providers of a page that are members of what a group requires, and of no aggregate that it forbids.

    For a group that may be spread over a tree, the root's memberships are those of the whole tree.
    """
    members = page.alive
    for any_of in wish.required:
        members &= page.with_any_aggregate(any_of)
    forbidden = page.with_any_aggregate(wish.forbidden)
    if not is_of_one_provider:
        members |= page.trees_of(members & page.roots)
        forbidden |= page.trees_of(forbidden & page.roots)
    return members & ~forbidden


def satisfying(page: Page, wish: TraitWish, found: int) -> int:
    """Return those of some providers that have every required trait and no forbidden one."""
    for any_of in wish.required:
        found &= page.with_any_trait(any_of)
    return found & ~page.with_any_trait(wish.forbidden)

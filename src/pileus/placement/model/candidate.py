"""Allocation candidates: every way to serve a request from one tree, found by trying.

A way is a choice of a provider for each part of the request. What cannot end well is given up early: a provider that is
full, a group too close to another, a subtree that cannot be closed any more. It proposes; the guarded write of an
allocation decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pileus.placement.model.request_group import CandidateRequest, RequestGroup
from pileus.placement.model.state import ProviderState, Tree


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to serve a request."""

    allocations: Mapping[str, Mapping[str, int]]  # provider's uuid → resource class → amount
    mappings: Mapping[str, Sequence[str]]  # suffix → uuids of the providers that serve that group


@dataclass(frozen=True, slots=True)
class Part:
    """What a single provider must give: all of a group with a suffix, or one class of the group without."""

    group: RequestGroup
    resources: Mapping[str, int]
    is_alone: bool  # no other such part may be served by the same provider
    subtrees: Sequence[frozenset[str]]  # of suffixes, among them its own: one's provider is above or at all the others'
    is_tied: bool  # who serves it depends on who serves others, besides what they leave


_ASIDE = (0, 0)  # the line of a provider that is not of the tree: nobody else is on it

Options = Sequence[ProviderState]
"""Who could serve a part, if nobody else wanted anything."""


_Seat = tuple[str, tuple[str, ...]]
"""A provider's uuid, and the resource classes of the parts that it seats there."""


def list_parts(request: CandidateRequest) -> Sequence[Part]:
    """Return the parts of a request, group by group."""
    return [part for group in request.groups for part in _divide(request, group)]


def _divide(request: CandidateRequest, group: RequestGroup) -> Iterator[Part]:
    is_whole = group.is_of_one_provider
    subtrees = [suffixes for suffixes in request.subtrees if group.suffix in suffixes]
    is_tied = bool(subtrees) or (not group.is_indivisible and bool(group.traits.required))
    for resources in [group.resources] if is_whole else [{name: amount} for name, amount in group.resources.items()]:
        yield Part(group, resources, request.isolates_groups and is_whole, subtrees, is_tied)


def combine(
    parts: Sequence[Part], options: Sequence[Options], tree: Tree, *, spreads_over_trees: bool = True
) -> Iterator[Candidate]:
    """Yield every way to serve the parts of a request by their options, in or beside a tree, each way once.

    Unless it spreads over trees, no candidate takes from two providers of one tree.
    """
    return _Search(parts, options, tree, spreads_over_trees=spreads_over_trees).candidates()


class _Search:
    """A depth-first walk: the first part's provider, then the second's, and back."""

    def __init__(
        self, parts: Sequence[Part], options: Sequence[Options], tree: Tree, *, spreads_over_trees: bool
    ) -> None:
        self._parts = parts
        self._options = options
        self._tree = tree
        self._is_one_per_tree = not spreads_over_trees
        self._chosen: list[ProviderState] = []  # for the first so many parts
        self._left: dict[tuple[str, str], int] = {}  # (uuid, resource class) of what was taken from → how much is left
        self._alone: set[str] = set()  # who serves a part that wants no other beside it
        self._is_wary = False

    def candidates(self) -> Iterator[Candidate]:
        """Yield what can be chosen for all parts.

        After the first choice that came to nothing, each is examined before it is followed, so that a host on which
        groups cannot all be placed costs little, however many ways there are to place all but one.
        """
        walk = [iter(self._options[0])]  # for each part so far, the options that have not been tried
        is_fruitful = [False]
        while walk:
            depth = len(walk) - 1
            option = self._next(depth, walk[-1])
            if option is None:
                walk.pop()
                self._end(walk, is_fruitful)
                continue
            self._choose(self._parts[depth], option)
            if depth + 1 == len(self._parts):
                is_fruitful[-1] = True
                yield self._candidate()
                self._unchoose()
            elif self._is_wary and not self._may_end_well():
                self._unchoose()
            else:
                walk.append(iter(self._options[depth + 1]))
                is_fruitful.append(False)

    def _next(self, depth: int, untried: Iterator[ProviderState]) -> ProviderState | None:
        part = self._parts[depth]
        for option in untried:
            if self._fits(part, option) and (not part.is_tied or self._may_follow(part, option)):
                return option
        return None

    def _end(self, walk: list[Iterator[ProviderState]], is_fruitful: list[bool]) -> None:
        """Go back to the part before, and look whether anything can come of what was chosen before that."""
        was_fruitful = is_fruitful.pop()
        if not walk:
            return
        self._unchoose()
        is_fruitful[-1] |= was_fruitful
        if not was_fruitful and not self._is_wary:
            self._is_wary = True
            if not self._may_end_well():
                walk[-1] = iter(())

    def _choose(self, part: Part, option: ProviderState) -> None:
        self._chosen.append(option)
        for name, amount in part.resources.items():
            self._left[option.uuid, name] = self._left_of(option, name) - amount
        if part.is_alone:
            self._alone.add(option.uuid)

    def _unchoose(self) -> None:
        option = self._chosen.pop()
        part = self._parts[len(self._chosen)]
        for name, amount in part.resources.items():
            self._left[option.uuid, name] += amount
        if part.is_alone:
            self._alone.remove(option.uuid)

    def _fits(self, part: Part, option: ProviderState) -> bool:
        """Tell whether a provider can serve a part besides what is taken from it."""
        uuid = option.uuid
        if part.is_alone and uuid in self._alone:
            return False
        if self._is_one_per_tree and self._is_beside_kin(option):
            return False
        for name, amount in part.resources.items():  # noqa: SIM110 (a generator would cost as much as all the rest)
            if self._left.get((uuid, name), amount) < amount:
                return False
        return True

    def _is_beside_kin(self, option: ProviderState) -> bool:
        return any(one.root_uuid == option.root_uuid and one is not option for one in self._chosen)

    def _left_of(self, option: ProviderState, name: str) -> int:
        left = self._left.get((option.uuid, name))
        return option.most(name) if left is None else left

    # --- what is asked of several choices together ---

    def _may_follow(self, part: Part, option: ProviderState) -> bool:
        """Tell whether the next choice leaves a way to meet what is asked of several choices together."""
        for suffixes in part.subtrees:
            if not self._may_be_close(option, suffixes):
                return False
        return part.group.is_indivisible or self._may_have_traits(part.group, option)

    def _may_be_close(self, option: ProviderState, suffixes: frozenset[str]) -> bool:
        """Tell whether a provider of some groups can still be above, or at, all the others."""
        lines = self._tree.lines
        heads, line = lines.get(option.uuid, _ASIDE)
        is_single = True
        for one, part in zip(self._chosen, self._parts, strict=False):
            if part.group.suffix in suffixes and one is not option:
                its_own, its_line = lines.get(one.uuid, _ASIDE)
                heads |= its_own
                line &= its_line
                is_single = False
        if is_single or heads & line:
            return True
        for part, others in self._to_come(1):
            if part.group.suffix in suffixes and any(lines.get(other.uuid, _ASIDE)[0] & line for other in others):
                return True
        return False

    def _may_have_traits(self, group: RequestGroup, option: ProviderState) -> bool:
        """Tell whether the providers of a group that may be spread can have, together, the traits that it requires."""
        chosen = zip(self._chosen, self._parts, strict=False)
        givers = [option, *(one for one, part in chosen if part.group is group)]
        givers += [other for part, others in self._to_come(1) if part.group is group for other in others]
        return group.traits.is_satisfied_by(frozenset[str]().union(*(giver.traits for giver in givers)))

    def _to_come(self, ahead: int = 0) -> Sequence[tuple[Part, Options]]:
        first = len(self._chosen) + ahead
        return list(zip(self._parts[first:], self._options[first:], strict=True))

    # --- whether all that is still wanted can be had at once ---

    def _may_end_well(self) -> bool:
        """Tell whether there is a seat for each part to come (a bipartite matching with seats for several).

        What is left of a provider's classes, or its being alone, says how many parts of one kind it can seat. That is a
        necessary condition, and where all parts are of one kind and size a sufficient one.
        """
        to_come = self._to_come()
        smallest: dict[str, int] = {}
        for part, _ in to_come:
            for name, amount in part.resources.items():
                smallest[name] = min(amount, smallest.get(name, amount))
        seats: dict[_Seat, list[tuple[Part, Options]]] = {}
        return all(self._seat(one, seats, smallest, set()) for one in to_come)

    def _seat(
        self,
        wanting: tuple[Part, Options],
        seats: dict[_Seat, list[tuple[Part, Options]]],
        smallest: Mapping[str, int],
        tried: set[_Seat],
    ) -> bool:
        """Give a part a seat, letting those who have one move; tell whether that worked."""
        part, options = wanting
        kind = () if part.is_alone else tuple(part.resources)
        for option in options:
            seat = (option.uuid, kind)
            if seat in tried or not self._fits(part, option):
                continue
            tried.add(seat)
            sitting = seats.setdefault(seat, [])
            if len(sitting) < self._count_seats(part, option, smallest):
                sitting.append(wanting)
                return True
            for number, other in enumerate(sitting):
                if self._seat(other, seats, smallest, tried):
                    sitting[number] = wanting
                    return True
        return False

    def _count_seats(self, part: Part, option: ProviderState, smallest: Mapping[str, int]) -> int:
        if part.is_alone:
            return 1
        if not part.resources:
            return len(self._parts)  # to be there costs nothing
        return min(self._left_of(option, name) // smallest[name] for name in part.resources)

    def _candidate(self) -> Candidate:
        allocations: dict[str, dict[str, int]] = {}
        mappings: dict[str, list[str]] = {}
        for part, option in zip(self._parts, self._chosen, strict=True):
            uuid = option.uuid
            uuids = mappings.get(part.group.suffix)
            if uuids is None:
                mappings[part.group.suffix] = [uuid]
            elif uuid not in uuids:
                uuids.append(uuid)
                uuids.sort()
            if part.resources:
                given = allocations.setdefault(uuid, {})
                for name, amount in part.resources.items():
                    given[name] = given.get(name, 0) + amount
        return Candidate(allocations, mappings)

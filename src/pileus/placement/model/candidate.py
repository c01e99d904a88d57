"""The search for allocation candidates: every way to serve a request, tree by tree.

It proposes; the guarded write of an allocation decides.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pileus.placement.model.request_group import CandidateRequest, RequestGroup
from pileus.placement.model.snapshot import ProviderState, Snapshot

Amounts = Mapping[tuple[str, str], int]
"""(provider's uuid, resource class) → amount."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to serve a request."""

    amounts: Amounts
    mappings: Mapping[str, Sequence[str]]  # suffix → uuids of the providers that serve that group

    def by_provider(self) -> dict[str, dict[str, int]]:
        """Return provider's uuid → resource class → amount."""
        grouped: dict[str, dict[str, int]] = {}
        for (uuid, resource_class), amount in self.amounts.items():
            grouped.setdefault(uuid, {})[resource_class] = amount
        return grouped


@dataclass(frozen=True, slots=True)
class _Share:
    """One way to serve one group: resource class → who gives it."""

    group: RequestGroup
    givers: Mapping[str, ProviderState]
    bystander: ProviderState | None = None  # who serves a group that wants no resources

    def uuids(self) -> frozenset[str]:
        present = frozenset(giver.uuid for giver in self.givers.values())
        return present if self.bystander is None else present | {self.bystander.uuid}


def search(snapshot: Snapshot, request: CandidateRequest) -> Sequence[Candidate]:
    """Return the candidates, each once, up to the request's limit; trees take turns, so that a limit spreads them."""
    found: dict[object, Candidate] = {}
    streams = [_of_tree(snapshot, root_uuid, request) for root_uuid in snapshot.trees]
    for candidate in _in_turns(streams):
        found.setdefault(_identity(candidate), candidate)
        if request.limit is not None and len(found) >= request.limit:
            break
    return list(found.values())


def _identity(candidate: Candidate) -> object:
    return frozenset(candidate.amounts.items()), tuple(sorted((k, tuple(v)) for k, v in candidate.mappings.items()))


def _in_turns(streams: Sequence[Iterator[Candidate]]) -> Iterator[Candidate]:
    waiting = list(streams)
    while waiting:
        still: list[Iterator[Candidate]] = []
        for stream in waiting:
            candidate = next(stream, None)
            if candidate is not None:
                yield candidate
                still.append(stream)
        waiting = still


def _of_tree(snapshot: Snapshot, root_uuid: str, request: CandidateRequest) -> Iterator[Candidate]:
    """Yield every way to serve a request on one tree."""
    root = snapshot.states.get(root_uuid)
    if root is None or not request.root_traits.is_allowed_with(root.traits):
        return
    sources = snapshot.sources_of(root_uuid)
    choices = []
    for group in request.groups:
        shares = list(_shares(snapshot, sources, group))
        if not shares:
            return
        choices.append(shares)
    for shares_taken in itertools.product(*choices):
        if not all(_is_close(snapshot, shares_taken, suffixes) for suffixes in request.subtrees):
            continue
        candidate = _combine(snapshot, shares_taken, isolates=request.isolates_groups)
        if candidate is not None and (request.spreads_over_trees or not _is_spread(snapshot, candidate)):
            yield candidate


def _is_close(snapshot: Snapshot, shares: Sequence[_Share], suffixes: frozenset[str]) -> bool:
    """Tell whether one provider of some groups is above or at all the others."""
    uuids = frozenset[str]().union(*(share.uuids() for share in shares if share.group.suffix in suffixes))
    return any(all(snapshot.is_at_or_below(uuid, head) for uuid in uuids) for head in uuids)


def _is_spread(snapshot: Snapshot, candidate: Candidate) -> bool:
    """Tell whether a candidate takes from several providers of one tree."""
    uuids = {uuid for uuid, _ in candidate.amounts}
    return len({snapshot.states[uuid].provider.root_uuid for uuid in uuids}) < len(uuids)


def _shares(snapshot: Snapshot, sources: Sequence[ProviderState], group: RequestGroup) -> Iterator[_Share]:
    """Yield every way to serve one group from the sources of a tree."""
    usable = [source for source in sources if _is_usable(snapshot, source, group)]
    if group.is_of_one_provider:
        for source in usable:
            gives_all = all(source.can_give(name, amount) for name, amount in group.resources.items())
            if gives_all and group.traits.is_satisfied_by(source.traits):
                bystander = None if group.resources else source
                yield _Share(group, dict.fromkeys(group.resources, source), bystander)
        return
    names = list(group.resources)
    able = [[source for source in usable if source.can_give(name, group.resources[name])] for name in names]
    for givers in itertools.product(*able):
        traits = frozenset[str]().union(*(giver.traits for giver in givers))
        if group.traits.is_satisfied_by(traits):
            yield _Share(group, dict(zip(names, givers, strict=True)))


def _is_usable(snapshot: Snapshot, source: ProviderState, group: RequestGroup) -> bool:
    """Tell whether nothing that a group says of every one of its providers speaks against one."""
    if group.traits.is_broken_by(source.traits):
        return False
    if group.in_tree is not None:
        wanted = snapshot.states.get(group.in_tree)
        if wanted is None or wanted.provider.root_uuid != source.provider.root_uuid:
            return False
    # For a group that may be spread over a tree, the root's memberships are those of the whole tree.
    aggregates = source.aggregates
    root = snapshot.states.get(source.provider.root_uuid)
    if not group.is_of_one_provider and root is not None:
        if group.aggregates.is_broken_by(root.aggregates):
            return False
        if group.aggregates.is_satisfied_by(root.aggregates):
            return not group.aggregates.is_broken_by(aggregates)
    return group.aggregates.is_satisfied_by(aggregates) and not group.aggregates.is_broken_by(aggregates)


def _combine(snapshot: Snapshot, shares: Sequence[_Share], *, isolates: bool) -> Candidate | None:
    """Return what the groups take together, or None if that is too much or too close."""
    if isolates:
        alone = [share.uuids() for share in shares if share.group.is_of_one_provider]
        if len(frozenset[str]().union(*alone)) < len(alone):
            return None
    amounts: Counter[tuple[str, str]] = Counter()
    for share in shares:
        for name, giver in share.givers.items():
            amounts[giver.uuid, name] += share.group.resources[name]
    if len(shares) > 1:
        for (uuid, name), amount in amounts.items():
            if not snapshot.states[uuid].can_give_in_all(name, amount):
                return None
    return Candidate(dict(amounts), {share.group.suffix: sorted(share.uuids()) for share in shares})

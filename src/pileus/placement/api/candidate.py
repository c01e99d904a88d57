"""/allocation_candidates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from msgspec import Raw, Struct, json

from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.placement.api import candidate_query, versions, view
from pileus.placement.backend import Backend
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.db import trait as traits
from pileus.placement.index.explanation import explain as explain_search
from pileus.placement.index.page import Page
from pileus.placement.index.search import search
from pileus.placement.index.snapshot import Snapshot
from pileus.placement.model.candidate import Candidate
from pileus.placement.model.errors import ResourceClassUnknown, TraitUnknown
from pileus.placement.model.explanation import Explanation, GroupExplanation
from pileus.placement.model.request_group import CandidateRequest, RequestGroup
from pileus.placement.model.state import ProviderState


def list_(request: Request, backend: Backend) -> Reply:
    """GET /allocation_candidates."""
    wanted = candidate_query.read(request)
    with backend.database.read() as tx:
        _require_known(tx, wanted)
    snapshot = backend.index.snapshot()
    found = list(islice(search(snapshot, wanted), backend.max_candidates))
    shape = _Shape.of(request)
    document = {
        "allocation_requests": [shape.allocation_request(one) for one in found],
        "provider_summaries": _summaries(shape, wanted, snapshot, found),
    }
    return view.fresh(document, backend.clock.now())


def explain(request: Request, backend: Backend) -> Reply:
    """GET /allocation_candidates/explanation: why the same query to /allocation_candidates finds what it finds."""
    wanted = candidate_query.read(request)
    with backend.database.read() as tx:
        _require_known(tx, wanted)
    explanation = explain_search(backend.index.snapshot(), wanted)
    return view.fresh(_explanation(explanation), backend.clock.now())


def _explanation(one: Explanation) -> dict[str, Any]:
    return {
        "trees": one.trees,
        "trees_with_root_required": one.trees_with_root,
        "trees_for_each_group": one.trees_for_each_group,
        "trees_with_candidates": one.trees_with_candidates,
        "groups": [_explained_group(group) for group in one.groups],
    }


def _explained_group(one: GroupExplanation) -> dict[str, Any]:
    return {
        "suffix": one.group.suffix,
        "requirements": [
            {
                "requirement": narrowing.requirement.kind.value,
                "names": narrowing.requirement.names,
                "amount": narrowing.requirement.amount or None,
                "providers": narrowing.providers,
                "trees": narrowing.trees,
                "trees_left": narrowing.trees_left,
            }
            for narrowing in one.narrowings
        ],
        "nearest_misses": [
            {"uuid": miss.provider.uuid, "name": miss.provider.name, "lacks": miss.lacks} for miss in one.misses
        ],
    }


def _require_known(tx: Transaction, wanted: CandidateRequest) -> None:
    for group in (*wanted.groups, RequestGroup(traits=wanted.root_traits)):
        unknown = resource_classes.find_unknown(tx, group.resources)
        if unknown:
            raise ResourceClassUnknown(
                f"Invalid resource class in resources parameter: No such resource class {unknown}."
            )
        missing = traits.list_unknown(tx, sorted(group.traits.names()))
        if missing:
            raise TraitUnknown(names=", ".join(missing))


def _summaries(
    shape: _Shape, wanted: CandidateRequest, snapshot: Snapshot, found: Sequence[Candidate]
) -> Raw | dict[str, Any]:
    """Show who gives something; since version 1.29 all providers of their trees."""
    uuids = {uuid for candidate in found for uuid in candidate.allocations}
    if shape.has_trees:
        return Raw(b"{%s}" % b",".join(_member(page, slot) for page, slot in snapshot.list_trees(uuids)))
    asked = wanted.least_amounts()
    return {state.uuid: shape.summary(state, asked) for state in snapshot.list_providers(uuids)}


def _member(page: Page, slot: int) -> bytes:
    """Return a summary as a member of a JSON object. Since trees are shown all versions have the same: made once."""
    made: bytes | None = page.memo.get(slot)
    if made is None:
        state = page.at(slot)
        summary = {
            "resources": _resources(state, state.inventories),
            "traits": sorted(state.traits),
            "parent_provider_uuid": state.parent_uuid,
            "root_provider_uuid": state.root_uuid,
        }
        made = page.memo[slot] = json.encode(state.uuid) + b":" + json.encode(summary)
    return made


def _resources(state: ProviderState, names: Iterable[str]) -> dict[str, dict[str, int]]:
    return {
        name: {"capacity": int(state.inventories[name].capacity), "used": state.used.get(name, 0)} for name in names
    }


class _Given(Struct, gc=False):
    """What a provider gives: a JSON object like others, but there may be tens of thousands."""

    resources: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a version shows; asked of the request once and not for every candidate."""

    is_dict: bool
    has_mappings: bool
    has_all_classes: bool
    has_traits: bool
    has_trees: bool

    @classmethod
    def of(cls, request: Request) -> _Shape:
        return cls(
            is_dict=request.since(versions.ALLOCATION_DICT),
            has_mappings=request.since(versions.MAPPINGS),
            has_all_classes=request.since(versions.ALL_SUMMARIES),
            has_traits=request.since(versions.CANDIDATES_BY_TRAITS),
            has_trees=request.since(versions.CANDIDATE_TREES),
        )

    def allocation_request(self, candidate: Candidate) -> dict[str, Any]:
        if not self.is_dict:
            given = [
                {"resource_provider": {"uuid": uuid}, "resources": resources}
                for uuid, resources in candidate.allocations.items()
            ]
            return {"allocations": given}
        allocations = {uuid: _Given(resources) for uuid, resources in candidate.allocations.items()}
        if self.has_mappings:
            return {"allocations": allocations, "mappings": candidate.mappings}
        return {"allocations": allocations}

    def summary(self, state: ProviderState, asked: Iterable[str]) -> dict[str, Any]:
        names = state.inventories if self.has_all_classes else [name for name in asked if name in state.inventories]
        resources = _resources(state, names)
        return {"resources": resources, "traits": sorted(state.traits)} if self.has_traits else {"resources": resources}

"""/allocation_candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.placement.api import candidate_query, versions, view
from pileus.placement.backend import Backend
from pileus.placement.db import candidate as candidates
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.db import trait as traits
from pileus.placement.model.candidate import Candidate, search
from pileus.placement.model.errors import ResourceClassUnknown, TraitUnknown
from pileus.placement.model.request_group import CandidateRequest, RequestGroup
from pileus.placement.model.snapshot import ProviderState, Snapshot


def list_(request: Request, backend: Backend) -> Reply:
    """GET /allocation_candidates."""
    wanted = candidate_query.read(request)
    with backend.database.read() as tx:
        _require_known(tx, wanted)
        snapshot = candidates.load(tx, wanted)
    found = search(snapshot, wanted)
    document = {
        "allocation_requests": [_allocation_request(request, one) for one in found],
        "provider_summaries": _summaries(request, wanted, snapshot, found),
    }
    return view.fresh(document, backend.clock.now())


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


def _allocation_request(request: Request, candidate: Candidate) -> dict[str, Any]:
    by_provider = candidate.by_provider()
    if request.since(versions.ALLOCATION_DICT):
        allocations = {uuid: {"resources": resources} for uuid, resources in by_provider.items()}
        mappings = {"mappings": candidate.mappings} if request.since(versions.MAPPINGS) else {}
        return {"allocations": allocations, **mappings}
    return {
        "allocations": [
            {"resource_provider": {"uuid": uuid}, "resources": resources} for uuid, resources in by_provider.items()
        ]
    }


def _summaries(
    request: Request, wanted: CandidateRequest, snapshot: Snapshot, found: Sequence[Candidate]
) -> dict[str, Any]:
    uuids = {uuid for candidate in found for uuid, _ in candidate.amounts}
    states: Iterable[ProviderState] = (snapshot.states[uuid] for uuid in sorted(uuids))
    if request.since(versions.CANDIDATE_TREES):
        roots = {snapshot.states[uuid].provider.root_uuid for uuid in uuids}
        states = (state for root_uuid in sorted(roots) for state in snapshot.trees[root_uuid])
    asked = wanted.least_amounts()
    return {state.uuid: _summary(request, state, asked) for state in states}


def _summary(request: Request, state: ProviderState, asked: Iterable[str]) -> dict[str, Any]:
    shown = state.inventories if request.since(versions.ALL_SUMMARIES) else [*asked]
    resources = {
        name: {"capacity": int(state.inventories[name].capacity), "used": state.used.get(name, 0)}
        for name in shown
        if name in state.inventories
    }
    summary: dict[str, Any] = {"resources": resources}
    if request.since(versions.CANDIDATES_BY_TRAITS):
        summary["traits"] = sorted(state.traits)
    if request.since(versions.CANDIDATE_TREES):
        provider = state.provider
        summary |= {"parent_provider_uuid": provider.parent_uuid, "root_provider_uuid": provider.root_uuid}
    return summary

"""The query of /allocation_candidates: groups of parameters that belong together by their suffix."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pileus.kit import ids
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Request
from pileus.placement.api import query, query_schema, versions
from pileus.placement.api.query import QueryInvalid
from pileus.placement.model.request_group import CandidateRequest, RequestGroup, TraitWish

_DIGITS = 18
_GROUPED = re.compile(r"(resources|required|member_of|in_tree)([a-zA-Z0-9_-]{1,64})?")


class GroupMissing(Invalid):
    """Nothing is asked for."""

    message = "At least one request group (`resources` or `resources{{$S}}`) is required."


class Orphaned(QueryInvalid):
    """A group that says what its providers shall be like and not what it wants of them."""

    def __init__(self, what: str, names: list[str]) -> None:
        super().__init__(
            f"All request groups must specify resources. Found the following orphaned {what} keys: " + ", ".join(names)
        )


class PolicyMissing(Invalid):
    """Several groups must say whether they may meet."""

    message = 'The "group_policy" parameter is required when specifying more than one "resources{{N}}" parameter.'


class RootRequiredAgain(QueryInvalid):
    """`root_required` given twice."""

    message = "Query parameter 'root_required' may be specified at most once."


class SameSubtreeInvalid(QueryInvalid):
    """`same_subtree` names groups that are not there, or none."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause=cause)


class InTreeInvalid(QueryInvalid):
    """`in_tree` is no uuid."""

    def __init__(self, got: str) -> None:
        super().__init__(cause=f"Expected 'in_tree' parameter to be a format of uuid. Got: {got}")


def read(request: Request) -> CandidateRequest:
    """Return what is searched for. Raises QueryInvalid and its kin."""
    names = query.read(request, query_schema.CANDIDATES)
    subtrees = _subtrees(request)
    served = _suffixes(names, "resources")
    # A group that shall only be close to others may want no resources, just a provider with some traits.
    suffixes = served | (_suffixes(names, "required") & frozenset[str]().union(*subtrees))
    _require_no_orphans(names, suffixes)
    _require_known(subtrees, suffixes)
    if not served:
        raise GroupMissing
    policy = names.get("group_policy")
    if len(served - {""}) > 1 and policy is None:
        raise PolicyMissing
    return CandidateRequest(
        groups=[_group(request, names, suffix) for suffix in sorted(suffixes, key=lambda one: (len(one), one))],
        isolates_groups=policy == "isolate",
        limit=_limit(names.get("limit")),
        root_traits=_root_required(request),
        subtrees=subtrees,
        spreads_over_trees=request.since(versions.CANDIDATE_TREES),
    )


def _limit(text: str | None) -> int | None:
    """Return a limit; one of more digits than there will ever be candidates is none."""
    return None if text is None or len(text) > _DIGITS else int(text)


def _group(request: Request, names: dict[str, str], suffix: str) -> RequestGroup:
    in_tree = names.get(f"in_tree{suffix}")
    if in_tree is not None and not ids.is_uuid(in_tree):
        raise InTreeInvalid(in_tree)
    return RequestGroup(
        suffix=suffix,
        resources=query.resources(names[f"resources{suffix}"]) if f"resources{suffix}" in names else {},
        traits=query.required(request, f"required{suffix}"),
        aggregates=query.member_of(request, request.query.all(f"member_of{suffix}")),
        in_tree=in_tree,
    )


def _suffixes(names: dict[str, str], kind: str) -> frozenset[str]:
    matches = (_GROUPED.fullmatch(name) for name in names)
    return frozenset(match[2] or "" for match in matches if match and match[1] == kind)


def _root_required(request: Request) -> TraitWish:
    if len(request.query.all("root_required")) > 1:
        raise RootRequiredAgain
    return query.required(request, "root_required")


def _subtrees(request: Request) -> Sequence[frozenset[str]]:
    subtrees = []
    for text in request.query.all("same_subtree"):
        suffixes = text.split(",")
        if not all(suffixes):
            raise SameSubtreeInvalid(
                f"Empty string (unsuffixed group) can not be specified in `same_subtree`. Got: {text}"
            )
        subtrees.append(frozenset(suffixes))
    return subtrees


def _require_known(subtrees: Sequence[frozenset[str]], suffixes: frozenset[str]) -> None:
    unknown = sorted(frozenset[str]().union(*subtrees) - suffixes)
    if unknown:
        raise SameSubtreeInvalid(
            f"Real suffixes should be specified in `same_subtree`: {', '.join(unknown)} not found."
        )


def _require_no_orphans(names: dict[str, str], suffixes: frozenset[str]) -> None:
    orphans: dict[str, list[str]] = {}
    for name in names:
        match = _GROUPED.fullmatch(name)
        if match and (match[2] or "") not in suffixes:
            orphans.setdefault(match[1], []).append(name)
    for what, said in (("required", "traits"), ("member_of", "member_of"), ("in_tree", "in_tree")):
        if what in orphans:
            raise Orphaned(said, sorted(orphans[what]))

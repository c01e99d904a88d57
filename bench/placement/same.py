"""Requires that both sides answer the same, for else their times say nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bench.placement.client import fetch
from bench.placement.sides import Side


class Different(Exception):
    """The sides do not answer the same."""


def require_same(sides: Sequence[Side], path: str) -> None:
    """Compare what a path has. Raises Different."""
    _require_equal(path, [fetch(side.port, path) for side in sides])


def require_same_candidates(sides: Sequence[Side], path: str, count: int) -> None:
    """Compare candidates and summaries, in whatever order; there must be so many candidates. Raises Different."""
    answers = [fetch(side.port, path) for side in sides]
    found = [sorted(map(_canonical, answer["allocation_requests"])) for answer in answers]
    for each in found:
        if len(set(each)) != count or len(each) != count:
            raise Different(f"{path}: {len(each)} candidates, {len(set(each))} of them different, instead of {count}")
    _require_equal(path, found)
    _require_equal(path, [_canonical(answer["provider_summaries"]) for answer in answers])


def require_some_candidates(sides: Sequence[Side], path: str, count: int) -> None:
    """Require so many different candidates of each side; which of them a limit leaves is its own choice."""
    for side in sides:
        found = {_canonical(each) for each in fetch(side.port, path)["allocation_requests"]}
        if len(found) != count:
            raise Different(f"{path}: {len(found)} candidates instead of {count}")


def _require_equal(path: str, answers: Sequence[Any]) -> None:
    if any(answer != answers[0] for answer in answers):
        raise Different(f"{path}: the sides answer differently")


def _canonical(value: Any) -> str:
    return json.dumps(_sorted(value), sort_keys=True)


def _sorted(value: Any) -> Any:
    """Return it with every list of words sorted, for such a list is a set."""
    if isinstance(value, dict):
        return {key: _sorted(member) for key, member in value.items()}
    return sorted(value) if isinstance(value, list) else value

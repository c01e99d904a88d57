"""What a project may hold in images, beside what it holds: counts, and sizes in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pileus.image.model.quota_errors import ProjectOverLimit, QuotaInvalid, StorageQuotaFull

COUNT_TOTAL = "image_count_total"
SIZE_TOTAL = "image_size_total"  # of images, in every store that has them, and of what uploads have reserved
STAGE_TOTAL = "image_stage_total"  # of what was staged and is not imported yet
COUNT_UPLOADING = "image_count_uploading"  # on their way in, staged ones too

UNITS: Mapping[str, int] = {SIZE_TOTAL: 2**20, STAGE_TOTAL: 2**20, COUNT_TOTAL: 1, COUNT_UPLOADING: 1}
"""What one of a limit is, as the identity service keeps it."""

Usage = Mapping[str, int]
"""Resource → how much of it."""

STEP_BYTES = 64 * 2**20  # at most so much is reserved before it is needed
_SHARE = 8  # and at most this part of what is free
_LITERALS = {"": 1, "B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}


@dataclass(frozen=True, slots=True)
class Quota:
    """The limits of one project. What has none, or a negative one, is not limited."""

    limits: Usage = field(default_factory=dict)
    is_of_settings: bool = False  # and not of the identity service: it is refused in other words

    def is_limited(self, *resources: str) -> bool:
        """Tell whether there is a limit of any of them."""
        return any(self.limits.get(resource, -1) >= 0 for resource in resources)


UNLIMITED = Quota()


def of_unified_limits(limits: Mapping[str, int]) -> Quota:
    """Return the quota that the identity service's numbers mean; what is not registered there is none at all."""
    return Quota({resource: limits.get(resource, 0) * unit for resource, unit in UNITS.items()})


def of_storage(text: str) -> Quota:
    """Return the quota that a setting such as `20GB` means; 0 is no limit. Raises QuotaInvalid."""
    number = text.rstrip("BKMGT")
    if not (number.isascii() and number.isdigit() and text[len(number) :] in _LITERALS):
        raise QuotaInvalid(text=text)
    limit_bytes = int(number) * _LITERALS[text[len(number) :]]
    return Quota({SIZE_TOTAL: limit_bytes} if limit_bytes else {}, is_of_settings=True)


def require_room(quota: Quota, project_id: str, usage: Usage, deltas: Usage) -> None:
    """Raise ProjectOverLimit or StorageQuotaFull if a project would hold more than it may."""
    over = [
        resource
        for resource, delta in sorted(deltas.items())
        if quota.is_limited(resource) and usage[resource] + delta > quota.limits[resource]
    ]
    if not over:
        return
    if quota.is_of_settings:
        remaining = max(0, quota.limits[SIZE_TOTAL] - usage[SIZE_TOTAL])
        raise StorageQuotaFull(size=deltas[SIZE_TOTAL], remaining=remaining)
    facts = ", ".join(_fact(resource, quota, usage, deltas[resource]) for resource in over)
    raise ProjectOverLimit(project_id=project_id, facts=facts)


def _fact(resource: str, quota: Quota, usage: Usage, delta: int) -> str:
    unit = UNITS[resource]
    limit, used = quota.limits[resource] // unit, usage[resource] // unit
    return f"Resource {resource} is over limit of {limit} due to current usage {used} and delta {-(-delta // unit)}"


def in_advance(quota: Quota, resource: str, usage: Usage, needed_bytes: int) -> int:
    """Return how much to reserve for bytes whose end is not known: more than is needed now, where there is plenty.

    The last of it is given out by what is needed, so that nobody is refused for what another only might need.
    """
    free_bytes = quota.limits[resource] - usage[resource] - needed_bytes
    return needed_bytes + max(0, min(STEP_BYTES, free_bytes // _SHARE))

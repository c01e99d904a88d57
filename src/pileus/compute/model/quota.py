"""Quotas: how much of each resource a project may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pileus.compute.model.error.quota import QuotaExceeded
from pileus.compute.model.error.server import (
    PersonalityContentTooLarge,
    PersonalityLimitExceeded,
    PersonalityPathTooLong,
)

UNLIMITED = -1
DEFAULT_CLASS = "default"
"""The quota class of projects that have no quota of their own."""

NETWORK_LIMITS = {"fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1}
"""What the API still names though a network service has long counted it."""

FILE_LIMITS = frozenset(("injected_files", "injected_file_content_bytes", "injected_file_path_bytes"))
GROUP_LIMITS = frozenset(("server_groups", "server_group_members"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a project's servers take, the deleted ones left out; or what new ones would."""

    instances: int = 0
    cores: int = 0
    ram_mb: int = 0

    def times(self, count: int) -> Usage:
        """Return so many of this."""
        return Usage(instances=self.instances * count, cores=self.cores * count, ram_mb=self.ram_mb * count)

    def as_resources(self) -> dict[str, int]:
        """Return the figures by the names that the API has for them."""
        return {"instances": self.instances, "cores": self.cores, "ram": self.ram_mb}


def exceeded(limits: Mapping[str, int], used: Usage, wanted: Usage) -> list[str]:
    """Return the resources of which there is too little left for `wanted`."""
    has, asks = used.as_resources(), wanted.as_resources()
    return [name for name in has if limits[name] != UNLIMITED and has[name] + asks[name] > limits[name]]


def require_room(limits: Mapping[str, int], used: Usage, wanted: Usage) -> None:
    """Raise QuotaExceeded, about everything that would be exceeded, unless `wanted` fits beside `used`."""
    over = exceeded(limits, used, wanted)
    if over:
        has, asks = used.as_resources(), wanted.as_resources()
        raise QuotaExceeded(
            resource=", ".join(over),
            requested=", ".join(str(asks[name]) for name in over),
            used=", ".join(str(has[name]) for name in over),
            limit=", ".join(str(limits[name]) for name in over),
        )


def most_that_fit(limits: Mapping[str, int], used: Usage, one: Usage, *, fewest: int, most: int) -> int:
    """Return how many of `one` fit, up to `most`. Raises QuotaExceeded if not even the fewest do."""
    require_room(limits, used, one.times(fewest))
    return next(count for count in range(most, fewest - 1, -1) if not exceeded(limits, used, one.times(count)))


def require_personality_allowed(limits: Mapping[str, int], personality: Mapping[str, str]) -> None:
    """Raise PersonalityLimitExceeded, PersonalityPathTooLong or PersonalityContentTooLarge if a limit is passed."""
    if _is_over(limits["injected_files"], len(personality)):
        raise PersonalityLimitExceeded
    allowed = limits["injected_file_path_bytes"]
    if any(_is_over(allowed, len(path.encode())) for path in personality):
        raise PersonalityPathTooLong(allowed=allowed)
    allowed = limits["injected_file_content_bytes"]
    if any(_is_over(allowed, len(contents)) for contents in personality.values()):
        raise PersonalityContentTooLarge(allowed=allowed)


def _is_over(allowed: int, amount: int) -> bool:
    return allowed != UNLIMITED and amount > allowed

"""The scheduler: a pure function from what is asked and what there is to a ranking, with reasons against the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pileus.compute.scheduler.ask import Ask, HostView

Filter = Callable[[Ask, HostView], str | None]
Weigher = Callable[[Ask, HostView], float]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one host will not do."""

    host: str
    filter: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Hosts that will do, the best first, and why the others will not."""

    ranked: tuple[HostView, ...]
    refused: tuple[Refusal, ...]

    def summary(self) -> str:
        """Return the refusals counted per filter, for the server's owner, who must not know the hosts."""
        counts = Counter(refusal.filter for refusal in self.refused)
        return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))


def choose(
    ask: Ask,
    hosts: Sequence[HostView],
    filters: Sequence[Filter],
    weighers: Sequence[tuple[Weigher, float]],
) -> Choice:
    """Rank the hosts that pass every filter by the weighted sum of normalised weights; equals go by name."""
    refused: list[Refusal] = []
    passed: list[HostView] = []
    for host in hosts:
        refusal = _refusal(ask, host, filters)
        if refusal is None:
            passed.append(host)
        else:
            refused.append(refusal)
    scores = [0.0] * len(passed)
    for weigher, multiplier in weighers:
        for index, weight in enumerate(_normalised([weigher(ask, host) for host in passed])):
            scores[index] += multiplier * weight
    order = sorted(range(len(passed)), key=lambda index: (-scores[index], passed[index].host))
    return Choice(tuple(passed[index] for index in order), tuple(refused))


def _refusal(ask: Ask, host: HostView, filters: Sequence[Filter]) -> Refusal | None:
    for check in filters:
        reason = check(ask, host)
        if reason is not None:
            return Refusal(host.host, check.__name__, reason)
    return None


def _normalised(weights: Sequence[float]) -> list[float]:
    """Map weights to 0…1, so that a multiplier means the same for memory as for a count."""
    if not weights:
        return []
    low, high = min(weights), max(weights)
    return [0.0 if high == low else (weight - low) / (high - low) for weight in weights]

"""The scheduler: a pure function from what is asked and what there is to a ranking, with reasons against the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pileus.compute.scheduler.ask import Ask, HostView

Filter = Callable[[Ask, HostView], str | None]
Weigher = Callable[[Ask, HostView], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """A weigher, and how much it counts: by a multiplier that an aggregate's metadata may replace."""

    weigher: Weigher
    multiplier: float
    option: str = ""  # the multiplier's name, in the settings and in metadata
    least: float | None = None  # what counts as nothing; None: as much as the host has that has the least

    def multiplier_of(self, host: HostView) -> float:
        """Return how much it counts for a host."""
        if not any(self.option in metadata for metadata in host.aggregates):
            return self.multiplier
        return host.aggregate_number(self.option, self.multiplier)


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

    def report(self, limit: int) -> str:
        """Return a line for each host that will not do, at most `limit`, for administrators."""
        lines = [f"{refusal.host}: {refusal.filter}: {refusal.reason}" for refusal in self.refused[:limit]]
        left_out = len(self.refused) - len(lines)
        return "\n".join([*lines, f"and {left_out} more"] if left_out else lines)


def refusals_in(report: str) -> tuple[Sequence[Refusal], str]:
    """Return the refusals that a choice's report tells of, and what it says of those that it leaves out."""
    lines = [line.split(": ", 2) for line in report.splitlines()]
    return [Refusal(*parts) for parts in lines if len(parts) == 3], "".join(p[0] for p in lines if len(p) == 1)


def choose(ask: Ask, hosts: Sequence[HostView], filters: Mapping[str, Filter], weighings: Sequence[Weighing]) -> Choice:
    """Rank the hosts that pass every filter by the weighted sum of normalised weights; equals go by name."""
    refused: list[Refusal] = []
    passed: list[HostView] = []
    for host in hosts:
        refusal = _refusal(ask, host, filters)
        if refusal is None:
            passed.append(host)
        else:
            refused.append(refusal)
    scores = _scores(ask, passed, weighings)
    order = sorted(range(len(passed)), key=lambda index: (-scores[index], passed[index].host))
    return Choice(tuple(passed[index] for index in order), tuple(refused))


def _refusal(ask: Ask, host: HostView, filters: Mapping[str, Filter]) -> Refusal | None:
    for name, check in filters.items():
        reason = check(ask, host)
        if reason is not None:
            return Refusal(host.host, name, reason)
    return None


def _scores(ask: Ask, hosts: Sequence[HostView], weighings: Sequence[Weighing]) -> Sequence[float]:
    """Return each host's sum of weights, mapped to 0…1: a multiplier means the same for memory as for a count."""
    scores = [0.0] * len(hosts)
    is_said = any(host.aggregates for host in hosts)
    for weighing in weighings if hosts else ():
        weights = [weighing.weigher(ask, host) for host in hosts]
        low, high = min(weights) if weighing.least is None else weighing.least, max(weights)
        if high <= low or (weighing.multiplier == 0 and not is_said):  # it tells no host from another
            continue
        span = high - low
        for index, weight in enumerate(weights):
            if weight > low:
                multiplier = weighing.multiplier_of(hosts[index]) if is_said else weighing.multiplier
                scores[index] += multiplier * (weight - low) / span
    return scores

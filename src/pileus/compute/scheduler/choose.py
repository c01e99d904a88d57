"""The scheduler: a pure function from what is asked and what there is to a ranking, with reasons against the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.facts import Filter, look_of
from pileus.compute.scheduler.hosts import Hosts, Indices, Numbers
from pileus.kit import log
from pileus.kit.errors import PileusError

logger = log.get_logger("pileus.compute.choose")

Weigher = Callable[[Ask, Hosts], Numbers]
HostWeigher = Callable[[Ask, HostView], float]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which of the hosts will do, how well, and which filter refused each of the others."""

    ask: Ask
    hosts: Hosts
    filters: Mapping[str, Filter]
    passed: Indices  # ascending, which is by name
    scores: Numbers  # of those
    refusals: Mapping[str, Indices]  # the filter's name → whom it refused

    def best(self, count: int) -> Sequence[HostView]:
        """Return the best hosts, the very best first; equals go by name."""
        return [self.hosts.view(index) for index in self.passed[self.order(count)]]

    def order(self, count: int) -> Indices:
        """Return the positions of the best among those that passed, the very best first."""
        scores = self.scores
        if count < len(scores):  # far fewer than all need to be sorted
            least = np.partition(scores, len(scores) - count)[len(scores) - count]
            better = np.flatnonzero(scores > least)
            chosen = np.concatenate([better, np.flatnonzero(scores == least)[: count - len(better)]])
        else:
            chosen = np.arange(len(scores))
        return np.asarray(chosen[np.lexsort((chosen, -scores[chosen]))], dtype=np.intp)

    def count_best(self) -> int:
        """Return how many hosts are as good as the best."""
        return int(np.count_nonzero(self.scores == self.scores.max())) if len(self.scores) else 0

    @property
    def ranked(self) -> tuple[HostView, ...]:
        """All hosts that will do, the best first."""
        return tuple(self.best(len(self.passed)))

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Why each of the others will not do, by name."""
        return self.reasons(sum(map(len, self.refusals.values())))

    def reasons(self, limit: int) -> tuple[Refusal, ...]:
        """Return why some of the others will not do, the first by name."""
        by = [(int(index), name) for name, indices in self.refusals.items() for index in indices[:limit]]
        return tuple(self._refusal(index, name) for index, name in sorted(by)[:limit])

    def _refusal(self, index: int, name: str) -> Refusal:
        host = self.hosts.view(index)
        return Refusal(host.host, name, self.filters[name](self.ask, host) or "")

    def summary(self) -> str:
        """Return the refusals counted per filter, for the server's owner, who must not know the hosts."""
        return ", ".join(f"{name}: {len(refused)}" for name, refused in sorted(self.refusals.items()))

    def report(self, limit: int) -> str:
        """Return a line for each host that will not do, at most `limit`, for administrators."""
        lines = [f"{refusal.host}: {refusal.filter}: {refusal.reason}" for refusal in self.reasons(limit)]
        left_out = sum(map(len, self.refusals.values())) - len(lines)
        return "\n".join([*lines, f"and {left_out} more"] if left_out else lines)


def refusals_in(report: str) -> tuple[Sequence[Refusal], str]:
    """Return the refusals that a choice's report tells of, and what it says of those that it leaves out."""
    lines = [line.split(": ", 2) for line in report.splitlines()]
    return [Refusal(*parts) for parts in lines if len(parts) == 3], "".join(p[0] for p in lines if len(p) == 1)


def choose(ask: Ask, hosts: Hosts, filters: Mapping[str, Filter], weighings: Sequence[Weighing]) -> Choice:
    """Rank the hosts that pass every filter by the weighted sum of normalised weights; equals go by name."""
    passed: Indices = np.arange(len(hosts), dtype=np.intp)
    left, refusals = hosts, {}
    for name, check in filters.items():
        with _named("filter", name):
            is_refused = _refused(ask, left, check)
        if is_refused.any():
            kept = np.flatnonzero(~is_refused)
            refusals[name] = passed[is_refused]
            passed, left = passed[kept], left.take(kept)
    return Choice(
        ask=ask, hosts=hosts, filters=filters, passed=passed, refusals=refusals, scores=_scores(ask, left, weighings)
    )  # fmt: skip


class PartFailed(PileusError):
    """A filter or a weigher, such as an operator's own, raised what it should not: the log has it."""

    message = "The scheduler's {kind} {name} failed."


@contextmanager
def _named(kind: str, name: str) -> Iterator[None]:
    """Say which part of the scheduler it is that fails."""
    try:
        yield
    except PileusError:
        raise
    except Exception as error:
        logger.exception("a part of the scheduler failed", kind=kind, name=name)
        raise PartFailed(kind=kind, name=name) from error


# --- filters --------------------------------------------------------------------------------------


def _refused(ask: Ask, hosts: Hosts, check: Filter) -> Numbers:
    """Return which hosts a filter refuses. Of those that look the same to it, it is asked about one."""
    facts, named = look_of(check, ask)
    if facts is None:
        return np.array([check(ask, hosts.view(index)) is not None for index in range(len(hosts))], dtype=bool)
    kinds = hosts.kinds(facts, named, ask)
    if kinds is None:
        return np.full(len(hosts), len(hosts) > 0 and check(ask, hosts.view(0)) is not None)
    one_of = np.full(int(kinds.max(initial=-1)) + 1, -1, dtype=np.intp)
    one_of[kinds] = np.arange(len(hosts))
    is_refused = np.zeros(len(one_of), dtype=bool)
    for kind in np.flatnonzero(one_of >= 0):
        is_refused[kind] = check(ask, hosts.view(int(one_of[kind]))) is not None
    return is_refused[kinds]


# --- weighers -------------------------------------------------------------------------------------


def by_host(weigher: HostWeigher) -> Weigher:
    """Return a weigher of columns that asks one host after the other."""
    return lambda ask, hosts: np.array([weigher(ask, hosts.view(index)) for index in range(len(hosts))], dtype=float)


def _scores(ask: Ask, hosts: Hosts, weighings: Sequence[Weighing]) -> Numbers:
    """Return each host's sum of weights, mapped to 0…1: a multiplier means the same for memory as for a count."""
    scores = np.zeros(len(hosts))
    said = _said(hosts)
    for weighing in weighings if len(hosts) else ():
        if not weighing.multiplier and weighing.option not in said:
            continue
        with _named("weigher", weighing.option.removesuffix("_weight_multiplier")):
            weights = weighing.weigher(ask, hosts)
        low, high = weights.min() if weighing.least is None else weighing.least, weights.max()
        if high > low:  # or it tells no host from another
            scores += _multipliers(hosts, weighing, said) * np.maximum((weights - low) / (high - low), 0.0)
    return scores


def _said(hosts: Hosts) -> frozenset[str]:
    """Return what any aggregate says something of."""
    column = hosts.words.get("aggregates")
    values = () if column is None else column.values
    return frozenset(key for aggregates in values for metadata in aggregates for key in metadata)


def _multipliers(hosts: Hosts, weighing: Weighing, said: frozenset[str]) -> Numbers | float:
    """Return how much a weighing counts for each host."""
    if weighing.option not in said:
        return weighing.multiplier
    codes = hosts.codes("aggregates")
    kinds, firsts = np.unique(codes, return_index=True)
    multipliers = np.zeros(int(kinds.max()) + 1)
    multipliers[kinds] = [weighing.multiplier_of(hosts.view(int(index))) for index in firsts]
    return multipliers[codes]

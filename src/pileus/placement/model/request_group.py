"""What somebody looks for: resources, and what the providers of them must be like."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TraitWish:
    """Traits that must be there (of each set at least one) and traits that must not."""

    required: Sequence[frozenset[str]] = ()
    forbidden: frozenset[str] = frozenset()

    def is_satisfied_by(self, traits: Collection[str]) -> bool:
        """Tell whether every required trait is among `traits`."""
        return all(not any_of.isdisjoint(traits) for any_of in self.required)

    def is_broken_by(self, traits: Collection[str]) -> bool:
        """Tell whether a forbidden trait is among `traits`."""
        return not self.forbidden.isdisjoint(traits)

    def names(self) -> frozenset[str]:
        """Return every trait that is spoken of."""
        return self.forbidden.union(*self.required)


@dataclass(frozen=True, slots=True)
class AggregateWish:
    """Aggregates to be a member of (of each set at least one) and aggregates not to be a member of."""

    required: Sequence[frozenset[str]] = ()
    forbidden: frozenset[str] = frozenset()

    def is_satisfied_by(self, aggregates: Collection[str]) -> bool:
        """Tell whether every required membership is among `aggregates`."""
        return all(not any_of.isdisjoint(aggregates) for any_of in self.required)

    def is_broken_by(self, aggregates: Collection[str]) -> bool:
        """Tell whether a forbidden membership is among `aggregates`."""
        return not self.forbidden.isdisjoint(aggregates)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestGroup:
    """Resources that are wanted together.

    Those of the group without a suffix may come from several providers of a tree and from those that share with it;
    those of a group with a suffix come from one provider.
    """

    suffix: str = ""
    resources: Mapping[str, int] = field(default_factory=dict)
    traits: TraitWish = TraitWish()
    aggregates: AggregateWish = AggregateWish()
    in_tree: str | None = None  # a provider of the only tree that will do

    @property
    def is_of_one_provider(self) -> bool:
        """Whether a single provider must have it all."""
        return bool(self.suffix)

    @property
    def is_indivisible(self) -> bool:
        """Whether a single provider will have it all, be it because there is nothing to divide."""
        return self.is_of_one_provider or len(self.resources) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRequest:
    """One search for allocation candidates."""

    groups: Sequence[RequestGroup]
    isolates_groups: bool = False  # groups with a suffix take different providers
    root_traits: TraitWish = TraitWish()
    subtrees: Sequence[frozenset[str]] = ()  # suffixes of groups of which one's provider is above or at all the others'
    limit: int | None = None
    spreads_over_trees: bool = True  # else no candidate takes from two providers of one tree

    def least_amounts(self) -> Mapping[str, int]:
        """Return what a provider must at least have left of a class to be of any use."""
        least: dict[str, int] = {}
        for group in self.groups:
            for name, amount in group.resources.items():
                least[name] = min(amount, least.get(name, amount))
        return least


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderQuery:
    """Which providers a list shall show."""

    name: str | None = None
    uuid: str | None = None
    in_tree: str | None = None
    resources: Mapping[str, int] = field(default_factory=dict)
    traits: TraitWish = TraitWish()
    aggregates: AggregateWish = AggregateWish()

"""All providers at one moment, as pages: what searches run on. It never changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from pileus.placement.index.page import Page
from pileus.placement.model.state import SHARES, ProviderState


@dataclass(frozen=True, slots=True)
class Place:
    """Where a provider is."""

    page: Page
    slot: int

    @property
    def state(self) -> ProviderState:
        """The provider itself."""
        return self.page.at(self.slot)

    @property
    def root(self) -> ProviderState:
        """The root of its tree."""
        return self.page.at(self.page.root_slot(self.slot))


@dataclass(frozen=True)
class Snapshot:
    """Pages in order."""

    pages: Sequence[Page]

    def find(self, uuid: str) -> Place | None:
        """Return where a provider is."""
        for page in self.pages:
            slot = page.slots.get(uuid)
            if slot is not None:
                return Place(page, slot)
        return None

    def list_providers(self, uuids: AbstractSet[str]) -> Iterator[ProviderState]:
        """Yield those of some providers that exist, in order."""
        for page in self.pages:
            yield from page.list_states(page.find_many(uuids))

    def list_trees(self, uuids: AbstractSet[str]) -> Iterator[tuple[Page, int]]:
        """Yield page and slot of all providers of the trees of some providers, in order."""
        for page in self.pages:
            for slot in page.list_slots(page.trees_of(page.roots_of(page.find_many(uuids)))):
                yield page, slot

    @cached_property
    def sharing(self) -> Sequence[Place]:
        """The providers that serve other trees than their own."""
        return list(self._sharing())

    def _sharing(self) -> Iterator[Place]:
        for page in self.pages:
            for slot in page.list_slots(page.traits.get(SHARES, 0)):
                yield Place(page, slot)

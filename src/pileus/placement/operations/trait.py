"""Making and removing traits, and changing which provider has which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pileus.kit.db import Transaction
from pileus.placement.db import provider as providers
from pileus.placement.db import trait as traits
from pileus.placement.model.errors import (
    TraitInUse,
    TraitIsStandard,
    TraitNotFound,
    TraitsGenerationStale,
    TraitUnknown,
)
from pileus.placement.model.provider import Provider


def ensure(tx: Transaction, name: str, *, now: datetime) -> bool:
    """Make a custom trait unless it exists; return whether it is new."""
    if traits.exists(tx, name):
        return False
    traits.add(tx, name, now)
    return True


def delete(tx: Transaction, name: str) -> None:
    """Remove a custom trait. Raises TraitIsStandard, TraitNotFound, TraitInUse."""
    if name in traits.standard():
        raise TraitIsStandard(name=name)
    if not traits.lock(tx, name):
        raise TraitNotFound(names=name)
    if traits.is_in_use(tx, name):
        raise TraitInUse(name=name)
    traits.remove(tx, name)


def replace_of_provider(tx: Transaction, uuid: str, names: Sequence[str], *, generation: int, now: datetime) -> int:
    """Let a provider have these traits and no other; return its generation.

    Raises ProviderNotFound, TraitsGenerationStale, TraitUnknown.
    """
    provider = providers.lock(tx, uuid)
    if provider.generation != generation:
        raise TraitsGenerationStale(provider=uuid, actual=provider.generation, given=generation)
    unknown = traits.list_unknown(tx, names, holding=True)
    if unknown:
        raise TraitUnknown(names=", ".join(unknown))
    return _write(tx, provider, frozenset(names), now)


def clear_of_provider(tx: Transaction, uuid: str, *, now: datetime) -> None:
    """Take all traits from a provider. Raises ProviderNotFound."""
    _write(tx, providers.lock(tx, uuid), frozenset(), now)


def _write(tx: Transaction, provider: Provider, wanted: frozenset[str], now: datetime) -> int:
    present = frozenset(traits.list_of(tx, provider))
    if wanted == present:
        return provider.generation
    traits.take(tx, provider, present - wanted)
    traits.give(tx, provider, wanted - present)
    return providers.bump_generation(tx, provider, now)

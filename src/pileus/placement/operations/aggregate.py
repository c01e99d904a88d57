"""Changing of which aggregates a provider is a member."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pileus.kit.db import Transaction
from pileus.placement.db import aggregate as aggregates
from pileus.placement.db import provider as providers
from pileus.placement.operations.inventory import lock_at


def replace(tx: Transaction, uuid: str, members_of: Sequence[str], *, generation: int | None, now: datetime) -> int:
    """Make a provider a member of these aggregates and of no other; return its generation.

    Without a generation nothing is checked, and the change is not counted.
    Raises ProviderNotFound, ProviderGenerationStale.
    """
    provider = lock_at(tx, uuid, generation)
    aggregates.replace(tx, provider, members_of, now)
    return provider.generation if generation is None else providers.bump_generation(tx, provider, now)

"""What placement's handlers work with."""

from __future__ import annotations

from dataclasses import dataclass

from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.placement.index.index import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The second argument of every handler."""

    database: Database
    clock: Clock
    index: Index
    max_candidates: int | None = None

"""What workflows work with."""

from __future__ import annotations

from dataclasses import dataclass

from pileus.clients.image import Images
from pileus.clients.placement import Placement
from pileus.compute.scheduler.catalog import Scheduler
from pileus.compute.settings import Settings
from pileus.kit.bus.bus import Bus
from pileus.kit.clock import Clock
from pileus.kit.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The second argument of every step."""

    database: Database
    clock: Clock
    settings: Settings
    bus: Bus
    images: Images
    placement: Placement
    scheduler: Scheduler

"""What the image service's handlers work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pileus.image.model.image import Limits
from pileus.image.stores.store import Store
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.http.threads import Threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things may take, in seconds."""

    upload_lease_s: float = 60  # after which a receiver that was not heard of counts as dead
    stall_s: float = 300  # after which a client that sends nothing is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The second argument of every handler."""

    database: Database
    clock: Clock
    stores: Mapping[str, Store]
    default_store: str
    threads: Threads
    owner: str = ""  # what this process signs its uploads with, the same after a restart
    limits: Limits = field(default_factory=Limits)
    timing: Timing = field(default_factory=Timing)

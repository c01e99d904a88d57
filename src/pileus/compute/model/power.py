"""Power states, with the numbers that Nova's API shows."""

from __future__ import annotations

from enum import IntEnum


class PowerState(IntEnum):
    """What the hypervisor says of a guest."""

    NO_STATE = 0
    RUNNING = 1
    PAUSED = 3
    SHUTDOWN = 4
    CRASHED = 6
    SUSPENDED = 7

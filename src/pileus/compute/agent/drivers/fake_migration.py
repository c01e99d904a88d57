"""Live migrations that move nothing, but take their time and can be given up or hurried."""

from __future__ import annotations

import threading
import time

from pileus.compute.agent.drivers.driver import HypervisorFailed

ABORT, COMPLETE = "abort", "complete"
_TICK_S = 0.02


class FakeMigrations:
    """Those that are under way, and what somebody wishes of each; each takes `length_s`."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._wishes: dict[str, str] = {}  # of a server whose migration is under way; empty: none yet
        self._lock = threading.Lock()

    def begin(self, server_id: str) -> None:
        """Begin to move a server."""
        with self._lock:
            self._wishes[server_id] = ""

    def await_end(self, server_id: str) -> None:
        """Return when it has moved. Raises HypervisorFailed if that was given up."""
        until, wish = time.monotonic() + self._length_s, ""
        while not wish and time.monotonic() < until:
            time.sleep(_TICK_S)
            wish = self._wishes[server_id]
        with self._lock:
            if self._wishes.pop(server_id) == ABORT:
                raise HypervisorFailed("The live migration was aborted.")

    def wish(self, server_id: str, wish: str) -> None:
        """Wish something of a migration. Raises HypervisorFailed if none is under way."""
        with self._lock:
            if server_id not in self._wishes:
                raise HypervisorFailed("No live migration is under way.")
            self._wishes[server_id] = wish

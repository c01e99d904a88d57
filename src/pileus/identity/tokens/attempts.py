"""How often somebody may try: failures are counted in this process, by whom they were for and where they came from."""

from __future__ import annotations

import math
import threading
from collections import deque

from pileus.identity.model.errors import TooManyAttempts
from pileus.kit.clock import Clock

PERIOD_S = 60
FORGET_ABOVE = 50_000  # keys; beyond it those that could be forgotten are


class Attempts:
    """Lets a user be tried from an address so many times a minute in vain, and an address try anybody so many times.

    0 lets everybody try. Lasting lockout is another thing: it is in the database, and holds for all addresses.
    """

    def __init__(self, clock: Clock, *, of_user: int, of_address: int) -> None:
        self._clock = clock
        self._of_user = of_user
        self._of_address = of_address
        self._failures: dict[tuple[str, str], deque[float]] = {}
        self._guard = threading.Lock()

    def require(self, user: str, address: str) -> None:
        """Let somebody try. Raises TooManyAttempts."""
        with self._guard:
            wait_s = max(self._wait_s((user, address), self._of_user), self._wait_s(("", address), self._of_address))
        if wait_s > 0:
            raise TooManyAttempts(retry_after_s=math.ceil(wait_s))

    def fail(self, user: str, address: str) -> None:
        """Count a failure."""
        now = self._clock.monotonic()
        with self._guard:
            if len(self._failures) > FORGET_ABOVE:
                recent = {key: times for key, times in self._failures.items() if times[-1] > now - PERIOD_S}
                self._failures = recent
            for key, limit in (((user, address), self._of_user), (("", address), self._of_address)):
                if limit:
                    self._failures.setdefault(key, deque(maxlen=limit)).append(now)

    def _wait_s(self, key: tuple[str, str], limit: int) -> float:
        times = self._failures.get(key)
        if not limit or times is None or len(times) < limit:
            return 0.0
        return times[0] + PERIOD_S - self._clock.monotonic()

"""How often somebody may try: failures are counted in this process, by whom they were for and where they came from."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import threading
from collections import deque

from pileus.identity.model.login_errors import TooManyAttempts
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
        self._failures: dict[bytes, deque[float]] = {}
        self._guard = threading.Lock()

    def require(self, user: str, address: str) -> None:
        """Let somebody try. Raises TooManyAttempts."""
        of_user, of_address = _keys(user, address)
        with self._guard:
            wait_s = max(self._wait_s(of_user, self._of_user), self._wait_s(of_address, self._of_address))
        if wait_s > 0:
            raise TooManyAttempts(retry_after_s=math.ceil(wait_s))

    def fail(self, user: str, address: str) -> None:
        """Count a failure."""
        now = self._clock.monotonic()
        with self._guard:
            if len(self._failures) > FORGET_ABOVE:
                recent = {key: times for key, times in self._failures.items() if times[-1] > now - PERIOD_S}
                self._failures = recent
            for key, limit in zip(_keys(user, address), (self._of_user, self._of_address), strict=True):
                if limit:
                    self._failures.setdefault(key, deque(maxlen=limit)).append(now)

    def _wait_s(self, key: bytes, limit: int) -> float:
        times = self._failures.get(key)
        if not limit or times is None or len(times) < limit:
            return 0.0
        return times[0] + PERIOD_S - self._clock.monotonic()


def _keys(user: str, address: str) -> tuple[bytes, bytes]:
    """Return what failures are counted under. Digests: a name may be as long as a request."""
    home = _home(address)
    return _digest(f"{home} {user}"), _digest(home)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _home(address: str) -> str:
    """Return from where somebody came: of IPv6, the network of which everybody has all addresses."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address) or known.ipv4_mapped is not None:
        return str(getattr(known, "ipv4_mapped", None) or known)
    return str(ipaddress.IPv6Network((known, 64), strict=False))

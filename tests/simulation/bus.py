"""A bus that loses, doubles, delays and reorders what it is given."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pileus.compute.messages import CONTROL, Heartbeat
from pileus.kit.bus.bus import NoAnswer
from tests.compute.effects import DiedError
from tests.compute.still_bus import StillBus

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from datetime import datetime

    from pileus.kit.clock import Clock
    from tests.simulation.trace import Trace

LOST, DOUBLED, LATE = 0.08, 0.08, 0.2
LATEST_S = 25.0


class StormyBus(StillBus):
    """Every message has a fate, unless it is calm. Who dies over a message is reported to `bury`."""

    def __init__(self, clock: Clock, chance: random.Random, trace: Trace, bury: Callable[[str, str], None]) -> None:
        super().__init__()
        self._clock, self._chance, self._trace, self._bury = clock, chance, trace, bury
        self.is_calm = True
        self._due: list[tuple[datetime, str, bytes]] = []

    def tell(self, address: str, message: object) -> None:
        fate = 1.0 if self.is_calm else self._chance.random()
        copies = 0 if fate < LOST else 2 if fate < LOST + DOUBLED else 1
        if copies != 1:
            self._trace.add(self._clock.now(), "lost" if copies == 0 else "doubled", _told(address, message))
        for _ in range(copies):
            is_late = not self.is_calm and self._chance.random() < LATE
            delay_s = self._chance.uniform(0, LATEST_S) if is_late else 0.0
            due = self._clock.now() + timedelta(seconds=delay_s)
            self._due.append((due, address, self.codec.encode(message)))

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        if address not in self.handlers:
            raise NoAnswer
        return super().ask(address, question, timeout_s)

    def deliver(self) -> int:
        """Hand out what is due, in any order, but not what comes of it."""
        now = self._clock.now()
        due = [(address, data) for at, address, data in self._due if at <= now]
        self._due = [one for one in self._due if one[0] > now]
        if not self.is_calm:
            self._chance.shuffle(due)
        for address, data in due:
            self._hand_out(address, self.codec.decode(data))
        return len(due)

    def _hand_out(self, address: str, message: Any) -> None:
        handler = self.handlers.get(address)
        if handler is None:
            return
        if not isinstance(message, Heartbeat):
            self._trace.add(self._clock.now(), "told", _told(address, message))
        try:
            handler(message)
        except DiedError as died:
            self._bury(address, str(died))


def _told(address: str, message: Any) -> str:
    about = getattr(message, "server_id", getattr(message, "host", ""))
    turn = getattr(message, "turn", getattr(message, "order_id", ""))
    return f"{type(message).__name__} {about} {turn} {getattr(message, 'reason', '')}" + (
        "" if address == CONTROL else f" to {address}"
    )

"""What was heard of the hosts lately."""

from __future__ import annotations

import threading

from pileus.compute.messages import Heartbeat


class Heard:
    """The last heartbeat of each host that this process got. Lost at a restart; the next ones come within seconds."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._beats: dict[str, Heartbeat] = {}

    def remember(self, beat: Heartbeat) -> bool:
        """Keep a heartbeat; tell whether it says something new."""
        with self._guard:
            last = self._beats.get(beat.host)
            self._beats[beat.host] = beat
        return last is None or (last.resources, last.guests) != (beat.resources, beat.guests)

    def take(self) -> list[Heartbeat]:
        """Return the heartbeats, and forget them, so that each is judged once and never when it is old."""
        with self._guard:
            beats, self._beats = list(self._beats.values()), {}
        return beats

    def latest(self) -> list[Heartbeat]:
        """Return the heartbeats."""
        with self._guard:
            return list(self._beats.values())

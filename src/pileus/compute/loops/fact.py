"""Facts that agents send: outcomes wake the workflow that waits, heartbeats keep the hosts' rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pileus.compute.db import action, host
from pileus.compute.loops.heard import Heard
from pileus.compute.messages import Done, Failed, Heartbeat, Percentage
from pileus.compute.model.watch import Progress
from pileus.kit import log
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.workflow import read_order_id

logger = log.get_logger("pileus.compute.fact")


class FactReceiver:
    """The control plane's end of the bus. A fact may come twice, or late: then it finds nobody waiting."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        heard: Heard,
        answer: Callable[[str, Any], bool],
        *,
        new_resources: Callable[[], None],
        new_guests: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._heard = heard
        self._answer = answer
        self._new_resources = new_resources
        self._new_guests = new_guests

    def receive(self, fact: Any) -> None:
        """Take one fact."""
        if isinstance(fact, Done):
            self._outcome(fact, {"power_state": fact.power_state})
        elif isinstance(fact, Failed):
            self._outcome(fact, {"reason": fact.reason})
        elif isinstance(fact, Heartbeat):
            self._beat(fact)
        elif isinstance(fact, Percentage):
            self._progress(fact)
        else:
            raise TypeError(f"{type(fact).__name__} is no fact")

    def _beat(self, beat: Heartbeat) -> None:
        now = self._clock.now()
        news = self._heard.remember(beat, now)
        if news.is_due:
            self._write(beat, now)
        if news.of_resources:
            self._new_resources()
        if news.of_guests:
            self._new_guests()

    def _write(self, beat: Heartbeat, now: datetime) -> None:
        try:
            self._database.write(host.upsert, beat.host, beat.resources, now, uptime=beat.uptime)
        except Exception:
            self._heard.forget(beat.host)  # the next heartbeat is news once more
            raise

    def _progress(self, fact: Percentage) -> None:
        step = read_order_id(fact.order_id)
        if step is not None and step.direction == "do":
            progress = Progress(fact.of, fact.percent, step.position)
            self._database.write(action.set_progress, fact.server_id, step.workflow_id, progress)

    def _outcome(self, fact: Done | Failed, value: dict[str, Any]) -> None:
        if not self._answer(fact.order_id, value):
            logger.info("nobody waits for an outcome any more", order=fact.order_id, server=fact.server_id)

"""Loops: work that is done again and again, and at once when somebody nudges.

A loop's round takes no input, so there is one code path whether or not we know what changed; a round may run twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pileus.kit import log
from pileus.kit.errors import in_words
from pileus.kit.lease import Leases
from pileus.kit.metrics import LOOP_FAILURES, LOOP_SECONDS

logger = log.get_logger("pileus.loop")


class Loop:
    """One round function, its period, and the thread that runs it."""

    def __init__(self, name: str, round_: Callable[[], None], period_s: float, leases: Leases | None = None) -> None:
        self.name = name
        self._round = round_
        self._period_s = period_s
        self._leases = leases
        self.trouble: str | None = None
        """Why the last round failed; None if it did not."""
        self._nudged = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name=f"loop-{name}", daemon=True)

    def start(self) -> None:
        """Run the first round now."""
        self._thread.start()

    def nudge(self) -> None:
        """Run a round as soon as possible."""
        self._nudged.set()

    def stop(self) -> None:
        """End after the current round."""
        self._ending = True
        self._nudged.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    def run_once(self) -> None:
        """Run one round on the caller's thread. A failure is logged; the next round tries again."""
        try:
            if self._leases is None or self._leases.take(f"loop:{self.name}", self._period_s * 3):
                with LOOP_SECONDS.labels(self.name).time():
                    self._round()
            self.trouble = None
        except Exception as error:
            self.trouble = in_words(error)
            LOOP_FAILURES.labels(self.name).inc()
            logger.exception("a round of a loop failed", loop=self.name)

    def _run(self) -> None:
        while not self._ending:
            self._nudged.clear()
            self.run_once()
            if not self._ending:
                self._nudged.wait(self._period_s)

"""Waiting to be told to end."""

from __future__ import annotations

import os
import signal


class Ending:
    """Turns SIGINT and SIGTERM into the end of a wait.

    By a pipe that the signal itself writes to. A handler in Python runs on the main thread when that gets to it: if it
    is just about to wait it never does, or, for an Event, holds the lock that the handler then waits for.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # without a handler of Python's nothing is written

    def wait(self) -> None:
        """Return once a signal has come, also one that came before."""
        os.read(self._read, 1)

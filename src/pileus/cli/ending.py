"""Waiting to be told to end."""

from __future__ import annotations

import os
import signal


class Ending:
    """Turns SIGINT and SIGTERM into the end of a wait.

    By a pipe and not by an Event: a handler runs on the main thread, and if that is just about to wait it holds the
    Event's lock, which the handler would then wait for, for ever.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: os.write(self._write, b"."))

    def wait(self) -> None:
        """Return once a signal has come, also one that came before."""
        os.read(self._read, 1)

"""Work that takes long has threads of its own, and work that takes no time at all needs none.

A handler finds out only on its way that it has something slow to compute, such as the hash of a password. On a thread
that others wait for, `require_patience` then ends it, and it begins again on a thread where waiting hurts nobody. So
what comes before must have had no effect. In the same way a handler that mostly finds its answer in memory is tried on
the event loop itself, where nothing may wait, and begins again on a thread if it has to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_thread = threading.local()


class TakesLong(Exception):
    """What is to be done takes long, and this thread has no time for it."""


@contextmanager
def at_once() -> Iterator[None]:
    """Let nothing be done here that waits, for a disk, a network or a lock, and nothing that takes long."""
    before = getattr(_thread, "is_hurried", False), getattr(_thread, "may_not_wait", False)
    _thread.is_hurried = _thread.may_not_wait = True
    try:
        yield
    finally:
        _thread.is_hurried, _thread.may_not_wait = before


def require_time_to_wait() -> None:
    """Say that what follows may wait. Raises TakesLong where nothing may."""
    if getattr(_thread, "may_not_wait", False):
        raise TakesLong


def hurry() -> None:
    """Let nothing that takes long run on this thread."""
    _thread.is_hurried = True


@contextmanager
def patiently() -> Iterator[None]:
    """Let what takes long be done here all the same: who asks another service may have had an effect already."""
    was_hurried = getattr(_thread, "is_hurried", False)
    _thread.is_hurried = False
    try:
        yield
    finally:
        _thread.is_hurried = was_hurried


def require_patience() -> None:
    """Say that what follows takes long. Raises TakesLong on a thread that is in a hurry."""
    if getattr(_thread, "is_hurried", False):
        raise TakesLong

"""Powering servers on and off."""

from __future__ import annotations

from datetime import datetime

from pileus.compute.backend import Work
from pileus.compute.model.server import REBOOT_HARD, REBOOT_SOFT, START, STOP, Server
from pileus.compute.operations.task import Asker, begin, claim
from pileus.kit.db import Transaction


def start(tx: Transaction, work: Work, server: Server, asker: Asker, now: datetime) -> None:
    """Power a stopped server on. Raises InstanceInvalidState."""
    claim(tx, server, START, now)
    begin(tx, work, server, "start", "start", {}, asker, now)


def stop(tx: Transaction, work: Work, server: Server, asker: Asker, now: datetime) -> None:
    """Power a server off. Raises InstanceInvalidState."""
    claim(tx, server, STOP, now)
    begin(tx, work, server, "stop", "stop", {}, asker, now)


def reboot(tx: Transaction, work: Work, server: Server, asker: Asker, now: datetime, *, is_hard: bool) -> None:
    """Restart a server. Raises InstanceInvalidState."""
    claim(tx, server, REBOOT_HARD if is_hard else REBOOT_SOFT, now)
    begin(tx, work, server, "reboot", "reboot", {"hard": is_hard}, asker, now)

"""Heartbeats that say nothing new are written together: what is written is only that their hosts live."""

from __future__ import annotations

from pileus.compute.db import host
from pileus.compute.loops.heard import Heard
from pileus.kit.db import Database

PERIOD_S = 2.0
"""How late a row may say that its host lives."""


def write_beats(database: Database, heard: Heard) -> None:
    """Write down whom we heard of since the last time; if that fails, the next time is to do it."""
    reports = heard.take_unwritten()
    if not reports:
        return
    try:
        database.write(host.note_alive, [(report.beat, report.came_at) for report in reports])
    except Exception:
        heard.put_back(reports)
        raise

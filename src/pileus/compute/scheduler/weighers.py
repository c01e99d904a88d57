"""Weighers: `(Ask, HostView) → how good this host is`; more is better."""

from __future__ import annotations

from pileus.compute.scheduler.ask import Ask, HostView


def ram(_ask: Ask, host: HostView) -> float:
    """Spread: prefer the host with the most free memory."""
    return float(host.free.get("MEMORY_MB", 0))


DEFAULT = ((ram, 1.0),)

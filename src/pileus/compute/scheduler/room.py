"""Placement's answer as columns: the hosts that have room, what is used of them and what is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pileus.clients.placement import Room
from pileus.compute.scheduler.hosts import Hosts, Indices, Numbers


def with_room(hosts: Hosts, room: Room, of_image: Mapping[str, int]) -> Hosts:
    """Return those hosts that have room, with what is used of them, and how many servers of the asked image are there.

    All hosts are given. A provider that no host stands for is somebody else's.
    """
    at = hosts.names.rows_of(room.providers)
    columns: dict[str, Numbers] = {}
    for name, capacity in room.capacity.items():
        used = room.used[name]
        columns |= {f"used:{name}": _placed(hosts, at, used), f"free:{name}": _placed(hosts, at, capacity - used)}
    if of_image:
        columns["image_servers"] = hosts.counted(of_image)
    has_room = _placed(hosts, at, np.ones(len(at), dtype=bool))
    return hosts.with_numbers(columns).take(np.flatnonzero(has_room))


def _placed(hosts: Hosts, at: Indices, values: Numbers) -> Numbers:
    """Return a column with these values in these rows."""
    column = np.zeros(len(hosts) + 1, dtype=values.dtype)
    column[at] = values  # the last is nobody's: it is that of -1
    return column[:-1]

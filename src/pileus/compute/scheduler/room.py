"""Placement's answer as columns: the hosts that have room, what is used of them and what is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pileus.clients.placement import Room
from pileus.compute.scheduler.hosts import Hosts, Numbers


def with_room(hosts: Hosts, room: Room, of_image: Mapping[str, int]) -> Hosts:
    """Return those hosts that have room, with what is used of them, and how many servers of the asked image are there.

    A provider that no host stands for is somebody else's.
    """
    row_of = hosts.names.row_of_provider
    rows = np.fromiter((row_of.get(provider, -1) for provider in room.providers), np.intp, len(room.providers))
    order = np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]
    found = hosts.take(rows[order])
    columns: dict[str, Numbers] = {}
    for name, capacity in room.capacity.items():
        used = room.used[name][order]
        columns |= {f"used:{name}": used, f"free:{name}": capacity[order] - used}
    if of_image:
        columns["image_servers"] = found.counted(of_image)
    return found.with_numbers(columns)

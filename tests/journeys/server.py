"""Waiting for servers, as often as it takes and not for five seconds at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.client import Client

    NewServer = Callable[..., str]  # by name and options; returns the id

PATIENCE_S = 30


def wait_for(member: Client, server: str, status: str) -> None:
    """Wait as `--wait` does."""
    deadline = time.monotonic() + PATIENCE_S
    while (seen := member.value(f"server show {server} -c status")) != status:
        assert time.monotonic() < deadline, f"it is {seen}, not {status}"
        time.sleep(0.1)


def remove(member: Client, *servers: str) -> None:
    """Delete servers, which may be gone, and wait until they are."""
    deadline = time.monotonic() + PATIENCE_S
    member.run(f"server delete {' '.join(servers)}")
    while set(servers) & {text for row in member.json("server list") for text in (row["ID"], row["Name"])}:
        assert time.monotonic() < deadline, f"{servers} are not gone"
        time.sleep(0.1)

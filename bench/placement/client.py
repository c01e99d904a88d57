"""What is asked of a placement, as it goes over the wire; the caller is taken at his word."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

from bench import wire

HEADERS = {"X-Auth-Token": "admin", "OpenStack-API-Version": "placement 1.39"}


def get(path: str) -> bytes:
    """Return a request for something."""
    return wire.request("GET", path, HEADERS)


def put(path: str, body: object) -> bytes:
    """Return a request that writes something."""
    return wire.request("PUT", path, HEADERS, body)


def fetch(port: int, path: str, timeout_s: float = 120) -> Any:
    """Return the JSON that a path has. Raises Refused and TooLate."""
    return json.loads(wire.ask(port, get(path), timeout_s).body)


def repeated(path: str) -> Callable[[object], Iterator[bytes]]:
    """Return what makes the same request of any side for ever."""
    return lambda _side: itertools.repeat(get(path))

"""Identifiers."""

from __future__ import annotations

import uuid

from pileus.kit import ids


def test_a_request_is_named_by_a_random_uuid() -> None:
    named = {ids.new_request_id() for _ in range(1000)}
    assert len(named) == 1000
    for name in named:
        number = uuid.UUID(name.removeprefix("req-"))
        assert (number.version, number.variant, f"req-{number}") == (4, uuid.RFC_4122, name)

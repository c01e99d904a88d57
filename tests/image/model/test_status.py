from __future__ import annotations

import re
from pathlib import Path

import pytest

from pileus.image.model import status
from pileus.image.model.errors import TransitionRefused


def test_every_way_leads_to_a_known_state() -> None:
    assert {new for ways in status.WAYS.values() for new in ways} <= set(status.STATUSES)


def test_the_picture_in_the_docs_shows_every_way() -> None:
    picture = Path(__file__).parents[3] / "docs" / "pictures" / "image-states.svg"
    drawn = {tuple(way.split()) for way in re.findall(r'data-way="([^"]+)"', picture.read_text(encoding="utf-8"))}
    said = {(old, status.DELETED) for old in status.STATUSES if old != status.DELETED}  # in the box of that state
    assert drawn | said == {(old, new) for old, ways in status.WAYS.items() for new in ways}


def test_bytes_come_in_only_once() -> None:
    status.require_way(status.QUEUED, status.SAVING)
    status.require_way(status.SAVING, status.QUEUED)
    with pytest.raises(TransitionRefused, match="from active to saving is not allowed"):
        status.require_way(status.ACTIVE, status.SAVING)


def test_nothing_comes_back_from_deletion() -> None:
    assert not status.WAYS[status.DELETED]

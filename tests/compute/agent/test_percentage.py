from __future__ import annotations

import pytest

from pileus.compute.agent import percentage
from pileus.compute.agent.percentage import Telling


def test_what_is_quick_is_not_told_of() -> None:
    told: list[int] = []
    telling = Telling(told.append)
    for moved in range(100):
        telling(moved, 100)
    assert told == []


def test_what_takes_long_is_told_when_it_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(percentage, "PAUSE_S", 0.0)
    told: list[int] = []
    telling = Telling(told.append)
    for moved in (1, 50, 50, 504, 2000):
        telling(moved, 1000)
    assert told == [5, 50, 100]


def test_of_an_unknown_whole_there_is_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(percentage, "PAUSE_S", 0.0)
    told: list[int] = []
    Telling(told.append)(5, 0)
    assert told == []

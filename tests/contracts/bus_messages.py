"""What the tests of the bus say to each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """Something told."""

    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something asked."""

    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Something answered."""

    text: str

"""Moments in tokens: whole microseconds since 1970. A float would lose some."""

from __future__ import annotations

from datetime import datetime, timedelta

_EPOCH, _MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Return a naive UTC moment as a number."""
    return (moment - _EPOCH) // _MICROSECOND


def microseconds_or_none(moment: datetime | None) -> int | None:
    """Return the same of a moment that need not be there."""
    return None if moment is None else microseconds(moment)


def moment(number: int) -> datetime:
    """Return the moment of a number."""
    return _EPOCH + number * _MICROSECOND


def moment_or_none(number: int | None) -> datetime | None:
    """Return the same of a number that need not be there."""
    return None if number is None else moment(number)

"""Moments as clients write them."""

from __future__ import annotations

from datetime import datetime

from pileus.identity.model.delegation_errors import MomentPast
from pileus.identity.model.errors import TimestampInvalid
from pileus.kit.clock import parse_moment


def read_moment(text: str) -> datetime:
    """Return a moment: naive, in UTC, which it is in if it names no zone. Raises TimestampInvalid."""
    try:
        return parse_moment(text)
    except ValueError:
        raise TimestampInvalid from None


def read_expiry(text: str | None, now: datetime) -> datetime | None:
    """Return when something shall expire; None: never. Raises TimestampInvalid, MomentPast."""
    if text is None:
        return None
    moment = read_moment(text)
    if moment < now:
        raise MomentPast
    return moment

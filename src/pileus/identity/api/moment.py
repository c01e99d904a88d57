"""Moments in bodies."""

from __future__ import annotations

from datetime import UTC, datetime

from pileus.identity.model.errors import MomentInvalid, MomentPast


def read_expiry(text: str | None, now: datetime) -> datetime | None:
    """Return when something shall expire: naive, in UTC; None: never. Raises MomentInvalid, MomentPast."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        naive = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise MomentInvalid from None
    if naive < now:
        raise MomentPast
    return naive

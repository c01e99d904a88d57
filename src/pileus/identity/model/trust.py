"""Trusts: one user lets another act with some of his roles on one project."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pileus.identity.model.delegation_errors import RedelegationForbidden

MAX_REDELEGATION_COUNT = 3
"""How long a chain of trusts may become beyond the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a trustor lets a trustee do. Roles are those named, without what they imply."""

    id: str
    trustor_user_id: str
    trustee_user_id: str
    project_id: str | None
    role_ids: tuple[str, ...]
    is_impersonation: bool  # tokens are the trustor's
    expires_at: datetime | None = None
    remaining_uses: int | None = None  # tokens that may still be issued; None: any number
    redelegated_trust_id: str | None = None  # of what this one passes on
    redelegation_count: int = 0  # how often it may still be passed on
    extra: dict[str, Any] = field(default_factory=dict)

    def is_live(self, now: datetime) -> bool:
        """Tell whether it has neither expired nor been used up."""
        return (self.expires_at is None or now <= self.expires_at) and self.remaining_uses != 0


def redelegation_count_of(parent: Trust | None, *, is_allowed: bool, wanted: int | None) -> int:
    """Return how often a new trust may be passed on; `parent` is the one that it passes on itself.

    Raises RedelegationForbidden.
    """
    if not is_allowed or wanted == 0:
        return 0
    if parent is None:
        most = MAX_REDELEGATION_COUNT
        if wanted is not None and wanted > most:
            raise RedelegationForbidden(why=f"the redelegation count of {wanted} is greater than {most}")
        return most if wanted is None else wanted
    if wanted not in (None, parent.redelegation_count - 1):
        raise RedelegationForbidden(why="the redelegation count of a trust that is passed on is not for choice")
    return parent.redelegation_count - 1


def require_within(parent: Trust, new: Trust) -> None:
    """Make sure that a new trust passes on no more than its parent gives. Raises RedelegationForbidden."""
    reasons = {
        "the trust may not be passed on any further": parent.redelegation_count < 1,
        "a trust that passes on another cannot limit its uses": new.remaining_uses is not None,
        "the trust that it passes on expires earlier": parent.expires_at is not None
        and (new.expires_at is None or new.expires_at > parent.expires_at),
        "some of the roles are not in the trust that it passes on": not set(new.role_ids) <= set(parent.role_ids),
        "the trust that it passes on is without impersonation": new.is_impersonation and not parent.is_impersonation,
        "the trust that it passes on is for another project": new.project_id != parent.project_id,
    }
    for reason, is_so in reasons.items():
        if is_so:
            raise RedelegationForbidden(why=reason)

"""Inventories: how much of a resource class a provider has, and how it gives it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

MAX_INT = 0x7FFFFFFF


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """One provider's stock of one resource class, in the class's own unit."""

    resource_class: str
    total: int
    reserved: int = 0
    min_unit: int = 1
    max_unit: int = MAX_INT
    step_size: int = 1
    allocation_ratio: float = 1.0
    modified_at: datetime | None = None  # None until it is stored

    @cached_property
    def capacity(self) -> float:
        """How much may be given out in all."""
        return (self.total - self.reserved) * self.allocation_ratio

    def is_reservation_sane(self, *, may_reserve_all: bool) -> bool:
        """Tell whether something is left besides what is reserved, or at least nothing is missing."""
        return self.reserved < self.total or (may_reserve_all and self.reserved == self.total)

    def is_amount_allowed(self, amount: int) -> bool:
        """Tell whether the provider gives out such an amount at a time, room or not."""
        return self.min_unit <= amount <= self.max_unit and amount % self.step_size == 0

    def has_room(self, used: int, amount: int) -> bool:
        """Tell whether `amount` fits on top of `used`."""
        return used + amount <= self.capacity

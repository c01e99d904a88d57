"""How full everything is, summed up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All inventories of one resource class, everywhere or in one aggregate, in the class's own unit."""

    resource_class: str
    providers: int
    capacity: float  # what may be allocated: of every inventory (total - reserved) * allocation_ratio
    reserved: int
    used: int
    free: float  # headroom: what is left wherever something is left; one that is over capacity takes none from others
    fullest: str  # the name of the provider of which the largest share is used
    fullest_share: float

    @property
    def share(self) -> float:
        """How much of the capacity is used, from 0 on; of a capacity of nothing it is all."""
        return self.used / self.capacity if self.capacity > 0 else 1.0

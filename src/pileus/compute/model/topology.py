"""What a host's machine is made of, as far as guests may ask for parts of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """CPUs and the memory that is near to them: a NUMA cell of a host, or one that a guest shall have."""

    cpus: int
    memory_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """A host's cells, CPUs for guests that keep theirs for themselves, and devices for guests."""

    cells: tuple[Cell, ...] = ()
    dedicated_cpus: int = 0  # of all its CPUs
    pci_devices: Mapping[str, int] = field(default_factory=dict)  # resource class → how many


def pci_class(vendor_id: str, product_id: str) -> str:
    """Return the resource class of PCI devices of a kind, by the hexadecimal numbers of vendor and product."""
    return f"CUSTOM_PCI_{vendor_id.upper()}_{product_id.upper()}"


def numbers_in(text: str) -> set[int]:
    """Return the numbers of a list such as `2-5,8,^3`. Raises ValueError."""
    found: set[int] = set()
    dropped: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, dash, last = part.removeprefix("^").partition("-")
        (dropped if part.startswith("^") else found).update(range(int(first), int(last if dash else first) + 1))
    return found - dropped


def may_hold(cells: Iterable[Cell], wanted: Iterable[Cell]) -> bool:
    """Whether each wanted cell finds one of the host's for itself that is large enough."""
    free = sorted(cells, key=lambda cell: (cell.cpus, cell.memory_mb))
    for wish in sorted(wanted, key=lambda cell: (cell.cpus, cell.memory_mb), reverse=True):
        found = next((cell for cell in free if cell.cpus >= wish.cpus and cell.memory_mb >= wish.memory_mb), None)
        if found is None:
            return False
        free.remove(found)
    return True

"""What a host's machine is made of, as far as guests may ask for parts of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MOST_CPUS = 2**13  # of one machine: Linux knows no more


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCell:
    """CPUs of a host, by the host's numbers, and the memory that is near to them: one of its NUMA cells."""

    id: int = 0
    memory_mb: int  # in pages of the usual size
    shared_cpus: tuple[int, ...] = ()
    dedicated_cpus: tuple[int, ...] = ()  # each for one guest at a time
    cores: tuple[tuple[int, ...], ...] = ()  # CPUs that are threads of one core, where a core has several
    large_pages: Mapping[int, int] = field(default_factory=dict)  # of how many KiB each → how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """A host's cells, and devices for guests."""

    cells: tuple[HostCell, ...] = ()
    pci_devices: Mapping[str, int] = field(default_factory=dict)  # resource class → how many

    @property
    def shared_cpus(self) -> int:
        """How many CPUs all guests share."""
        return sum(len(cell.shared_cpus) for cell in self.cells)

    @property
    def dedicated_cpus(self) -> int:
        """How many CPUs there are for guests that keep theirs for themselves."""
        return sum(len(cell.dedicated_cpus) for cell in self.cells)


def pci_class(vendor_id: str, product_id: str) -> str:
    """Return the resource class of PCI devices of a kind, by the hexadecimal numbers of vendor and product."""
    return f"CUSTOM_PCI_{vendor_id.upper()}_{product_id.upper()}"


def numbers_in(text: str) -> set[int]:
    """Return the numbers of a list such as `2-5,8,^3`. Raises ValueError, also for one that no CPU has."""
    found: set[int] = set()
    dropped: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, dash, last = part.removeprefix("^").partition("-")
        end = int(last if dash else first)
        if end >= MOST_CPUS:  # the list may be anybody's, and to write down so many would take all memory
            raise ValueError(f"{end} is no CPU's number")
        (dropped if part.startswith("^") else found).update(range(int(first), end + 1))
    return found - dropped


def list_of(numbers: Iterable[int]) -> str:
    """Return such a list of numbers, without ranges."""
    return ",".join(map(str, sorted(numbers)))


def sorted_out(cpus: Iterable[int], shared: str, dedicated: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return which CPUs are shared, and which are dedicated, by the settings of these two names.

    Without either all are shared. Of a host that names only dedicated ones none is. Raises ValueError.
    """
    every, own = set(cpus), numbers_in(dedicated)
    common = numbers_in(shared) if shared or dedicated else every
    return tuple(sorted(common & every)), tuple(sorted(own & every))

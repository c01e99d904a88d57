"""Parts of a host for one guest: what it wishes, what it gets, and how that is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pileus.compute.model.topology import HostCell, Topology

USUAL_PAGE_KIB = 4
ANY, LARGE, SMALL = "any", "large", "small"
PREFER, ISOLATE, REQUIRE = "prefer", "isolate", "require"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellWish:
    """A NUMA cell that a guest shall have, by the guest's own numbers."""

    cpus: tuple[int, ...]
    dedicated_cpus: tuple[int, ...] = ()  # of those: each is to have a CPU of the host for itself
    memory_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopologyWish:
    """The cells that a guest shall have, and how."""

    cells: tuple[CellWish, ...]
    thread_policy: str = PREFER
    page_size: str = ""  # KiB, or any, large, small; empty: it does not care
    has_own_emulator_cpu: bool = False  # one CPU more for what the hypervisor does for it
    shares_emulator_cpus: bool = False  # what the hypervisor does for it runs on shared CPUs


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCell:
    """A NUMA cell of a guest, and what it has of its host's cell."""

    host_cell: int
    cpus: tuple[int, ...]  # the guest's
    pins: Mapping[int, int] = field(default_factory=dict)  # of those that are its own → the host's
    shared_cpus: tuple[int, ...] = ()  # the host's, on which the others run
    emulator_cpus: tuple[int, ...] = ()  # the host's, its own for what the hypervisor does for it
    siblings: tuple[tuple[int, ...], ...] = ()  # its CPUs that are threads of one core
    memory_mb: int
    page_kib: int | None = None

    @property
    def own_cpus(self) -> set[int]:
        """The host's CPUs that nobody else may have."""
        return {*self.pins.values(), *self.emulator_cpus}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestTopology:
    """The cells of a guest."""

    cells: tuple[GuestCell, ...]
    shares_emulator_cpus: bool = False


def fit(host: Topology, held: Iterable[GuestTopology], wish: TopologyWish) -> GuestTopology | None:
    """Return what a guest gets of a host where others hold something; None if too little is left.

    Each of its cells gets one of the host's for itself, and the roomiest are taken first.
    """
    taken = [cell for guest in held for cell in guest.cells]
    left = sorted((_left(cell, taken) for cell in host.cells), key=lambda c: (-len(c.dedicated_cpus), -c.memory_mb))
    options: list[dict[int, GuestCell]] = []
    for number, want in enumerate(wish.cells):
        found = ((cell.id, _take(cell, want, wish, is_first=not number)) for cell in left)
        options.append({cell_id: cell for cell_id, cell in found if cell is not None})
    owners = _matched(options)
    if owners is None:
        return None
    cells = {number: options[number][cell_id] for cell_id, number in owners.items()}
    return GuestTopology(
        cells=tuple(cells[number] for number in range(len(options))), shares_emulator_cpus=wish.shares_emulator_cpus
    )  # fmt: skip


def _left(cell: HostCell, taken: Iterable[GuestCell]) -> HostCell:
    """Return what others have left of a cell. Its memory is promised once."""
    cpus, memory_mb, pages = set(cell.dedicated_cpus), cell.memory_mb, dict(cell.large_pages)
    for one in taken:
        if one.host_cell != cell.id:
            continue
        cpus -= one.own_cpus
        if one.page_kib in pages:
            pages[one.page_kib] -= _pages(one.memory_mb, one.page_kib)
        else:
            memory_mb -= one.memory_mb
    return replace(cell, dedicated_cpus=tuple(sorted(cpus)), memory_mb=memory_mb, large_pages=pages)


def _take(left: HostCell, want: CellWish, wish: TopologyWish, *, is_first: bool) -> GuestCell | None:
    """Return what a guest's cell gets of one of the host's, None if that has too little left."""
    pinned = sorted(want.dedicated_cpus)
    shared = len(want.cpus) - len(pinned)
    own = _own_cpus(left, len(pinned), wish.thread_policy)
    page_kib = next(_page_sizes(left, want.memory_mb, wish.page_size), 0)
    if own is None or not page_kib or shared > len(left.shared_cpus):
        return None
    threads, cpus = own
    spare = sorted(set(left.dedicated_cpus) - set(cpus))
    emulator = 1 if is_first and wish.has_own_emulator_cpu else 0
    if emulator > len(spare):
        return None
    return GuestCell(
        host_cell=left.id,
        cpus=want.cpus,
        pins=dict(zip(pinned, cpus, strict=True)),
        shared_cpus=left.shared_cpus,
        emulator_cpus=tuple(spare[:emulator]),
        siblings=tuple(_chunks(want.cpus, threads)) if threads > 1 else (),
        memory_mb=want.memory_mb,
        page_kib=page_kib if wish.page_size else None,
    )


def _own_cpus(left: HostCell, count: int, policy: str) -> tuple[int, Sequence[int]] | None:
    """Return so many of the CPUs that are left, and how many of each core: the most, and two at least if required."""
    cores = _cores(left)
    for threads in range(max(map(len, cores), default=1), 1, -1):
        whole = [core[:threads] for core in cores if len(core) >= threads]
        if policy != ISOLATE and count and not count % threads and len(whole) >= count // threads:
            return threads, [cpu for core in whole for cpu in core][:count]
    if (policy == REQUIRE and count) or sum(map(len, cores)) < count:
        return None
    return 1, [cpu for core in sorted(cores, key=len) for cpu in core][:count]  # whole cores are kept for others


def _cores(left: HostCell) -> list[tuple[int, ...]]:
    """Return the CPUs that are left, by core."""
    cores = [*left.cores, *((cpu,) for cpu in set(left.dedicated_cpus) - {cpu for core in left.cores for cpu in core})]
    return sorted(filter(None, (tuple(cpu for cpu in core if cpu in left.dedicated_cpus) for core in cores)))


def _page_sizes(left: HostCell, memory_mb: int, wanted: str) -> Iterator[int]:
    """Yield the sizes of pages that will do and of which enough is left, the largest first."""
    for size in sorted(left.large_pages, reverse=True):
        is_wanted = wanted in (ANY, LARGE) or wanted == str(size)
        if is_wanted and not memory_mb * 1024 % size and _pages(memory_mb, size) <= left.large_pages[size]:
            yield size
    if wanted in ("", ANY, SMALL, str(USUAL_PAGE_KIB)) and memory_mb <= left.memory_mb:
        yield USUAL_PAGE_KIB


def _pages(memory_mb: int, page_kib: int) -> int:
    return -(-memory_mb * 1024 // page_kib)


def _chunks(cpus: Sequence[int], size: int) -> Iterator[tuple[int, ...]]:
    for first in range(0, len(cpus), size):
        yield tuple(cpus[first : first + size])


def _matched(options: Sequence[Mapping[int, GuestCell]]) -> dict[int, int] | None:
    """Return which wish each host's cell is for, if there is one for each of them: a matching, by augmenting paths."""
    owners: dict[int, int] = {}

    def give(number: int, tried: set[int]) -> bool:
        for cell_id in options[number]:
            if cell_id in tried:
                continue
            tried.add(cell_id)
            if cell_id not in owners or give(owners[cell_id], tried):
                owners[cell_id] = number
                return True
        return False

    return owners if all(give(number, set()) for number in range(len(options))) else None

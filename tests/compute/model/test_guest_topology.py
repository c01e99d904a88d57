"""Parts of a host for one guest, and for the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pileus.compute.model.guest_topology import CellWish, GuestCell, GuestTopology, TopologyWish, fit
from pileus.compute.model.topology import HostCell, Topology

CELL = HostCell(memory_mb=1024, shared_cpus=(0, 1), dedicated_cpus=(2, 3))
HOST = Topology(cells=(CELL, HostCell(id=1, memory_mb=2048, shared_cpus=(4, 5), dedicated_cpus=(6, 7))))
THREADED = Topology(
    cells=(HostCell(memory_mb=4096, dedicated_cpus=(0, 1, 2, 3, 4, 5), cores=((0, 4), (1, 5), (2, 6), (3, 7))),)
)


def pinned(count: int, memory_mb: int = 256, **how: Any) -> TopologyWish:
    """Of so many CPUs in one cell, all its own."""
    cpus = tuple(range(count))
    return TopologyWish(cells=(CellWish(cpus=cpus, dedicated_cpus=cpus, memory_mb=memory_mb),), **how)


def floating(count: int, memory_mb: int = 256, **how: Any) -> TopologyWish:
    return TopologyWish(cells=(CellWish(cpus=tuple(range(count)), memory_mb=memory_mb),), **how)


def only(found: GuestTopology | None) -> GuestCell:
    assert found is not None
    (cell,) = found.cells
    return cell


def test_a_guest_gets_cpus_that_nobody_else_has() -> None:
    held: list[GuestTopology] = []
    for _ in range(2):
        found = fit(HOST, held, pinned(2))
        assert found is not None
        held.append(found)
    assert [(cell.host_cell, cell.pins) for guest in held for cell in guest.cells] == [
        (1, {0: 6, 1: 7}), (0, {0: 2, 1: 3})
    ]  # fmt: skip
    assert fit(HOST, held, pinned(1)) is None
    assert only(fit(HOST, held[:1], pinned(1))).pins == {0: 2}


def test_cpus_of_two_cells_are_none_of_one() -> None:
    assert fit(HOST, (), pinned(3)) is None


def test_a_cell_without_cpus_of_its_own_runs_on_the_shared_ones() -> None:
    cell = only(fit(HOST, (), floating(2)))
    assert (cell.host_cell, cell.pins, cell.shared_cpus, cell.page_kib) == (1, {}, (4, 5), None)
    assert fit(HOST, (), floating(3)) is None


def test_some_cpus_may_be_ones_own_and_some_shared() -> None:
    wish = TopologyWish(cells=(CellWish(cpus=(0, 1), dedicated_cpus=(1,), memory_mb=1),))
    cell = only(fit(HOST, (), wish))
    assert (cell.pins, cell.shared_cpus) == ({1: 6}, (4, 5))


def test_each_cell_of_a_guest_needs_one_of_the_hosts_for_itself() -> None:
    small, large = CellWish(cpus=(0,), memory_mb=512), CellWish(cpus=(1,), memory_mb=2048)
    found = fit(HOST, (), TopologyWish(cells=(small, large)))
    assert found is not None
    assert [cell.host_cell for cell in found.cells] == [0, 1]  # the small one makes way
    assert fit(HOST, (), TopologyWish(cells=(large, large))) is None
    assert fit(HOST, (), TopologyWish(cells=(small,) * 3)) is None


def test_memory_of_a_cell_is_promised_once() -> None:
    first = fit(HOST, (), floating(1, 2000))
    assert first is not None
    assert only(fit(HOST, (first,), floating(1, 1000))).host_cell == 0
    assert fit(HOST, (first,), floating(1, 1025)) is None


def test_the_hypervisors_own_work_may_have_a_cpu_too() -> None:
    found = only(fit(HOST, (), pinned(1, has_own_emulator_cpu=True)))
    assert (found.pins, found.emulator_cpus, found.own_cpus) == ({0: 6}, (7,), {6, 7})
    assert fit(HOST, (), pinned(2, has_own_emulator_cpu=True)) is None
    held = fit(HOST, (), pinned(1, shares_emulator_cpus=True))
    assert held is not None
    assert held.shares_emulator_cpus


# --- threads --------------------------------------------------------------------------------------


def test_threads_of_a_core_go_to_one_guest_where_they_can() -> None:
    cell = only(fit(THREADED, (), pinned(4)))
    assert (cell.pins, cell.siblings) == ({0: 0, 1: 4, 2: 1, 3: 5}, ((0, 1), (2, 3)))


def test_an_odd_number_takes_single_threads_first() -> None:
    cell = only(fit(THREADED, (), pinned(3)))
    assert (sorted(cell.pins.values()), cell.siblings) == ([0, 2, 3], ())


def test_threads_that_are_required_must_be_there() -> None:
    assert fit(THREADED, (), pinned(4, thread_policy="require")) is not None
    assert fit(THREADED, (), pinned(6, thread_policy="require")) is None
    assert fit(THREADED, (), pinned(1, thread_policy="require")) is None
    assert fit(HOST, (), pinned(2, thread_policy="require")) is None
    assert fit(THREADED, (), pinned(6)) is not None


def test_who_wants_no_threads_is_told_of_none() -> None:
    assert only(fit(HOST, (), pinned(2, thread_policy="isolate"))).siblings == ()


# --- pages ----------------------------------------------------------------------------------------

PAGED = Topology(cells=(replace(CELL, large_pages={2048: 300, 1048576: 1}),))


@pytest.mark.parametrize(
    ("wanted", "memory_mb", "page_kib"),
    [
        ("", 256, None),
        ("small", 256, 4),
        ("4", 256, 4),
        ("large", 256, 2048),
        ("large", 1024, 1048576),
        ("any", 1024, 1048576),
        ("any", 255, 4),
        ("2048", 600, 2048),
    ],
)
def test_a_guest_gets_pages_of_the_size_that_it_wants(wanted: str, memory_mb: int, page_kib: int | None) -> None:
    assert only(fit(PAGED, (), floating(1, memory_mb, page_size=wanted))).page_kib == page_kib


@pytest.mark.parametrize(("wanted", "memory_mb"), [("large", 255), ("2048", 602), ("16384", 16), ("small", 1025)])
def test_a_host_without_enough_such_pages_does_not_hold_it(wanted: str, memory_mb: int) -> None:
    assert fit(PAGED, (), floating(1, memory_mb, page_size=wanted)) is None
    assert fit(HOST, (), floating(1, 512, page_size="large")) is None


def test_pages_are_used_up() -> None:
    held = fit(PAGED, (), floating(1, 400, page_size="2048"))
    assert held is not None
    assert fit(PAGED, (held,), floating(1, 400, page_size="2048")) is None
    assert only(fit(PAGED, (held,), floating(1, 200, page_size="2048"))).page_kib == 2048
    assert only(fit(PAGED, (held,), floating(1, 1024))).page_kib is None


# --- whatever is asked for ------------------------------------------------------------------------

wishes = st.builds(
    pinned,
    st.integers(1, 3),
    st.integers(1, 1024),
    thread_policy=st.sampled_from(("prefer", "require", "isolate")),
    has_own_emulator_cpu=st.booleans(),
)


@given(st.lists(st.tuples(wishes, st.booleans()), max_size=12), st.sampled_from((HOST, THREADED, PAGED)))
def test_no_cpu_is_ever_anybody_elses_too(asked: list[tuple[TopologyWish, bool]], host: Topology) -> None:
    held: list[GuestTopology] = []
    for wish, leaves in asked:
        found = fit(host, held, wish)
        if found is not None:
            held.append(found)
        if leaves and held:
            held.pop(0)
        taken = [cpu for guest in held for cell in guest.cells for cpu in cell.own_cpus]
        assert len(taken) == len(set(taken))
        assert set(taken) <= {cpu for cell in host.cells for cpu in cell.dedicated_cpus}


def test_it_can_be_written_down() -> None:
    found = fit(THREADED, (), pinned(4, has_own_emulator_cpu=True))
    assert msgspec.json.decode(msgspec.json.encode(found), type=GuestTopology) == found

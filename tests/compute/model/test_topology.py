from __future__ import annotations

import pytest

from pileus.compute.model.topology import HostCell, Topology, list_of, numbers_in, pci_class, sorted_out


def test_a_list_of_numbers_has_ranges_and_exceptions() -> None:
    assert numbers_in("2-5,8,^3") == {2, 4, 5, 8}
    assert numbers_in("") == set()
    assert list_of({4, 2}) == "2,4"


@pytest.mark.parametrize("text", ["0-99999999999", "^0-99999999999", "8192", "5-", "x"])
def test_a_list_of_numbers_that_no_machine_has_is_refused_before_it_is_written_down(text: str) -> None:
    with pytest.raises(ValueError, match=r"no CPU's number|invalid literal"):
        numbers_in(text)


@pytest.mark.parametrize(
    ("shared", "dedicated", "found"),
    [
        ("", "", ((0, 1, 2, 3), ())),
        ("0", "", ((0,), ())),
        ("", "2-9", ((), (2, 3))),
        ("0-1", "2,3", ((0, 1), (2, 3))),
    ],
)
def test_settings_sort_out_which_cpus_are_shared_and_which_dedicated(
    shared: str, dedicated: str, found: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    assert sorted_out(range(4), shared, dedicated) == found


def test_a_hosts_cpus_are_those_of_its_cells() -> None:
    cells = (
        HostCell(memory_mb=1, shared_cpus=(0, 1)),
        HostCell(id=1, memory_mb=1, shared_cpus=(2,), dedicated_cpus=(3,)),
    )
    assert (Topology(cells=cells).shared_cpus, Topology(cells=cells).dedicated_cpus) == (3, 1)


def test_devices_of_a_kind_are_a_resource_class() -> None:
    assert pci_class("8086", "15ab") == "CUSTOM_PCI_8086_15AB"

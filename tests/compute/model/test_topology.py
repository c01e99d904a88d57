from __future__ import annotations

from pileus.compute.model.topology import Cell, may_hold, numbers_in, pci_class

SMALL, WIDE, LARGE = Cell(cpus=2, memory_mb=1024), Cell(cpus=8, memory_mb=1024), Cell(cpus=8, memory_mb=8192)


def test_a_list_of_numbers_has_ranges_and_exceptions() -> None:
    assert numbers_in("2-5,8,^3") == {2, 4, 5, 8}
    assert numbers_in("") == set()


def test_each_cell_of_a_guest_needs_one_of_the_hosts_for_itself() -> None:
    assert may_hold((LARGE, LARGE), (SMALL, SMALL))
    assert not may_hold((LARGE,), (SMALL, SMALL))
    assert may_hold((WIDE, LARGE), (LARGE, SMALL))
    assert not may_hold((WIDE, WIDE), (LARGE,))
    assert may_hold((), ())


def test_devices_of_a_kind_are_a_resource_class() -> None:
    assert pci_class("8086", "15ab") == "CUSTOM_PCI_8086_15AB"

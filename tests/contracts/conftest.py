"""What the contract suites ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.driver_bench import Bench, fake_bench, libvirt_bench, require_libvirt
from tests.lacking import LackingError, skip_outside_ci

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import libvirt

    from pileus.compute.agent.drivers.libvirt.cells import CpuSets


@pytest.fixture(scope="session")
def kvm_verdict(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whether guests run on KVM here, found out once for all tests of a worker."""
    scratch = tmp_path_factory.mktemp("libvirt")
    try:
        require_libvirt(scratch)
    except LackingError as lacking:
        skip_outside_ci(str(lacking))
    from pileus.compute.agent.drivers.libvirt.probe import probe

    verdict = scratch / "kvm.json"
    probe(verdict)
    verdict.touch()
    return verdict


@pytest.fixture
def connection(kvm_verdict: Path) -> Iterator[libvirt.virConnect]:
    """Libvirt itself, beside the driver."""
    import libvirt

    opened = libvirt.open("qemu:///system")
    yield opened
    opened.close()


@pytest.fixture
def new_libvirt_bench(kvm_verdict: Path, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Makes a bench on libvirt, with a cloud of its own; its guests go when the test ends."""
    made: list[Bench] = []

    def make(sector: bytes | None = None, *, name: str = "", cpu_sets: CpuSets | None = None) -> Bench:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        made.append(libvirt_bench(directory, kvm_verdict, sector, cpu_sets))
        return made[-1]

    yield make
    for bench in made:
        bench.clear()


@pytest.fixture(params=["fake", pytest.param("libvirt", marks=[pytest.mark.real, pytest.mark.long])])
def patient_bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Each driver in turn, for what takes too long on a real one to be tried with every change."""
    return _bench(request, tmp_path)


@pytest.fixture(params=["fake", pytest.param("libvirt", marks=pytest.mark.real)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Each driver in turn."""
    return _bench(request, tmp_path)


def _bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    if request.param == "fake":
        return fake_bench(tmp_path)
    made: Bench = request.getfixturevalue("new_libvirt_bench")()
    return made

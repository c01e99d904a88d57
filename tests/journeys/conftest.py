"""One cloud for all journeys of a worker, with the fake hypervisor, and the real clients."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.contracts.driver_bench import require_libvirt
from tests.journeys.client import Client, Clients
from tests.journeys.real_guest import GUEST, remove_guests
from tests.journeys.server import remove, wait_for
from tests.lacking import LackingError, skip_outside_ci
from tests.running import RunningCloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.journeys.server import NewServer


@pytest.fixture(scope="session")
def journey_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    cloud = RunningCloud(tmp_path_factory.mktemp("journeys") / "state")
    cloud.start()
    yield cloud
    cloud.stop()


@pytest.fixture(scope="session")
def clients(journey_cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    made = Clients(journey_cloud.clouds_yaml, tmp_path_factory.mktemp("here"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def admin(clients: Clients, journey_cloud: RunningCloud) -> Client:
    """The administrator."""
    return Client(clients, journey_cloud.clouds_yaml, "pileus")


@pytest.fixture(scope="session")
def member(clients: Clients, journey_cloud: RunningCloud) -> Client:
    """A plain member of the project demo."""
    return Client(clients, journey_cloud.clouds_yaml, "pileus-demo")


@pytest.fixture(scope="session")
def here(clients: Clients) -> Path:
    """The directory in which the clients run."""
    return clients.directory


@pytest.fixture(scope="session")
def data_file(here: Path) -> Path:
    """A file to make an image of, with bytes that are never the same twice."""
    file = here / "disk.raw"
    file.write_bytes(os.urandom(300_000))
    return file


@pytest.fixture
def new_server(member: Client, image: str) -> Iterator[NewServer]:
    """Boots servers as a plain member, of the image of the test's module; they go when the test ends."""
    made: list[str] = []

    def create(name: str, options: str = "") -> str:
        made.append(member.value(f"server create --flavor m1.tiny --image {image} {options} {name} -c id"))
        wait_for(member, made[-1], "ACTIVE")
        return made[-1]

    yield create
    remove(member, *made)


@pytest.fixture
def real_cloud(new_real_cloud: Callable[..., RunningCloud]) -> RunningCloud:
    """A cloud with libvirt, of a test's own."""
    return new_real_cloud()


@pytest.fixture
def new_real_cloud(tmp_path: Path) -> Iterator[Callable[..., RunningCloud]]:
    """Makes such a cloud, with settings in its environment."""
    try:
        require_libvirt(tmp_path / "libvirt")
    except LackingError as lacking:
        skip_outside_ci(str(lacking))
    if not GUEST.exists():
        skip_outside_ci(f"there is no {GUEST}; `make guest` builds it")
    made: list[RunningCloud] = []

    def make(**changes: str) -> RunningCloud:
        made.append(RunningCloud(tmp_path / "state", "--driver", "libvirt", **changes))
        made[-1].start()
        return made[-1]

    yield make
    for cloud in made:
        cloud.stop()
        remove_guests(cloud)

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.driver import HypervisorFailed
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.messages import GuestSpec
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from pathlib import Path

GUEST = GuestSpec(
    server_id=str(uuid.UUID(int=1)),
    name="web",
    hostname="web-1",
    vcpus=1,
    memory_mb=64,
    root_gb=1,
    project_id="project",
    user_id="user",
    flavor_name="m1.tiny",
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base"
    path.touch()
    return path


def test_a_fault_fails_the_verb_that_it_names(base: Path) -> None:
    driver = FakeDriver(fault=lambda verb, server_id: f"no {verb} today" if verb == "spawn" else None)
    with pytest.raises(HypervisorFailed, match="no spawn today"):
        driver.spawn(GUEST, base, "raw", None)
    driver.destroy(GUEST.server_id)


def test_a_verb_takes_as_long_as_it_is_told_to(base: Path) -> None:
    driver, begun = FakeDriver(latency_s=0.05), time.monotonic()
    driver.spawn(GUEST, base, "raw", None)
    assert time.monotonic() - begun >= 0.05


def test_a_test_can_let_a_guest_speak_and_crash(base: Path) -> None:
    driver = FakeDriver()
    driver.spawn(GUEST, base, "raw", None)
    driver.write_console(GUEST.server_id, "Kernel panic\n")
    driver.set_power_state(GUEST.server_id, PowerState.CRASHED)
    assert driver.console_output(GUEST.server_id, lines=1) == "Kernel panic\n"
    assert driver.power_state(GUEST.server_id) == PowerState.CRASHED


def test_without_a_directory_guests_end_with_the_driver(base: Path) -> None:
    FakeDriver().spawn(GUEST, base, "raw", None)
    assert FakeDriver().list_guests() == []

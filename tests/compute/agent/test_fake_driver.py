from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.driver import HypervisorFailed
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.messages import GuestSpec
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from collections.abc import Callable
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


@pytest.mark.parametrize("wish", ["abort", "complete"])
def test_a_live_migration_under_way_is_given_up_or_brought_to_an_end(base: Path, wish: str) -> None:
    driver = FakeDriver(migration_s=60.0)
    driver.spawn(GUEST, base, "raw", None)
    verb = driver.abort_migration if wish == "abort" else driver.complete_migration
    with pytest.raises(HypervisorFailed, match="under way"):
        verb(GUEST.server_id)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(driver.send_away, GUEST.server_id, "h2")
        while not _is_taken(verb):
            time.sleep(0.01)
        assert (sending.exception(10) is not None) is (wish == "abort")
    assert (GUEST.server_id in driver.guests) is (wish == "abort")


def _is_taken(verb: Callable[[str], None]) -> bool:
    try:
        verb(GUEST.server_id)
    except HypervisorFailed:  # it has not begun
        return False
    return True


def test_what_is_set_aside_survives_a_restart(base: Path, tmp_path: Path) -> None:
    driver = FakeDriver(directory=tmp_path)
    driver.spawn(GUEST, base, "raw", None)
    driver.set_aside(GUEST.server_id, None)
    again = FakeDriver(directory=tmp_path)
    assert list(again.list_aside()) == [GUEST.server_id]
    assert again.guests == {}

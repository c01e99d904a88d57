"""What every hypervisor driver does."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.driver import GuestNotFound, HypervisorFailed
from pileus.compute.agent.image_format import require_safe
from pileus.compute.model.power import PowerState
from tests.contracts.driver_bench import guest_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.compute.agent.drivers.driver import Driver
    from tests.contracts.driver_bench import Bench


def test_a_host_tells_what_it_has(bench: Bench) -> None:
    resources = bench.driver.resources()
    assert resources.vcpus > 0
    assert resources.memory_mb > 0
    assert 0 <= resources.disk_available_gb <= resources.disk_gb
    assert resources.hypervisor_hostname
    assert "COMPUTE_NODE" in resources.traits


def test_a_spawned_guest_runs_and_is_listed(bench: Bench) -> None:
    server_id = bench.spawn()
    assert bench.driver.power_state(server_id) == PowerState.RUNNING
    assert [(guest.server_id, guest.power_state) for guest in bench.driver.list_guests()] == [(server_id, 1)]


def test_a_guest_shows_a_login_prompt_on_its_console(bench: Bench) -> None:
    server_id = bench.spawn()
    assert "login:" in bench.driver.console_output(server_id)
    assert "login:" in bench.driver.console_output(server_id, lines=1)
    assert bench.driver.console_output(server_id, lines=0) == ""


def test_a_second_spawn_leaves_the_running_guest_alone(bench: Bench) -> None:
    server_id = bench.spawn()
    bench.driver.spawn(guest_spec(server_id=server_id), bench.base, bench.base_format, None)
    assert bench.driver.power_state(server_id) == PowerState.RUNNING
    assert bench.driver.console_output(server_id).count("login:") == 1


def test_a_late_spawn_leaves_a_stopped_guest_stopped(bench: Bench) -> None:
    server_id = bench.spawn()
    bench.driver.stop(server_id, 0)
    bench.driver.spawn(guest_spec(server_id=server_id), bench.base, bench.base_format, None)
    assert bench.driver.power_state(server_id) == PowerState.SHUTDOWN


def test_a_spawn_without_an_image_leaves_nothing(bench: Bench) -> None:
    guest = guest_spec()
    with pytest.raises(HypervisorFailed):
        bench.driver.spawn(guest, bench.base.with_name("missing"), bench.base_format, None)
    assert not bench.is_listed(guest.server_id)
    with pytest.raises(GuestNotFound):
        bench.driver.power_state(guest.server_id)


def test_a_destroyed_guest_is_gone(bench: Bench) -> None:
    server_id = bench.spawn()
    bench.driver.destroy(server_id)
    assert not bench.is_listed(server_id)
    with pytest.raises(GuestNotFound):
        bench.driver.start(server_id)


def test_destroying_what_is_not_there_is_no_error(bench: Bench) -> None:
    server_id = bench.spawn()
    bench.driver.destroy(server_id)
    bench.driver.destroy(server_id)
    bench.driver.destroy(str(uuid.uuid4()))


def test_a_stopped_guest_can_be_destroyed(bench: Bench) -> None:
    server_id = bench.spawn()
    bench.driver.stop(server_id, 0)
    bench.driver.destroy(server_id)
    assert not bench.is_listed(server_id)


def test_a_destroyed_guest_can_be_built_again(bench: Bench) -> None:
    server_id = bench.spawn()
    bench.driver.destroy(server_id)
    assert bench.spawn(server_id=server_id) == server_id
    assert bench.driver.console_output(server_id).count("login:") == 1


def test_a_guest_stops_and_starts_however_often_it_is_told(bench: Bench) -> None:
    server_id = bench.spawn()
    for _ in range(2):
        bench.driver.stop(server_id, 0)
        assert bench.driver.power_state(server_id) == PowerState.SHUTDOWN
    assert bench.is_listed(server_id)
    for _ in range(2):
        bench.driver.start(server_id)
        assert bench.driver.power_state(server_id) == PowerState.RUNNING
    bench.await_console(server_id, "login:", times=2)


def test_a_guest_that_obeys_the_power_button_is_down_before_its_time_is_up(bench: Bench) -> None:
    server_id, begun = bench.spawn(), time.monotonic()
    bench.driver.stop(server_id, 50)
    assert time.monotonic() - begun < 45
    assert bench.driver.power_state(server_id) == PowerState.SHUTDOWN


@pytest.mark.parametrize("hard", [False, True])
def test_a_rebooted_guest_boots_again(bench: Bench, hard: bool) -> None:
    server_id = bench.spawn()
    bench.driver.reboot(server_id, hard=hard, timeout_s=50)
    assert bench.driver.power_state(server_id) == PowerState.RUNNING
    bench.await_console(server_id, "login:", times=2)


@pytest.mark.parametrize("hard", [False, True])
def test_a_reboot_starts_a_stopped_guest(bench: Bench, hard: bool) -> None:
    server_id = bench.spawn()
    bench.driver.stop(server_id, 0)
    bench.driver.reboot(server_id, hard=hard, timeout_s=50)
    assert bench.driver.power_state(server_id) == PowerState.RUNNING


def test_a_snapshot_of_a_running_guest_stands_alone_and_the_guest_runs_on(bench: Bench) -> None:
    server_id = bench.spawn()
    target = bench.directory / "snapshot"
    bench.driver.snapshot(server_id, target)
    require_safe(target, "qcow2")
    assert bench.driver.power_state(server_id) == PowerState.RUNNING
    assert bench.driver.console_output(server_id).count("login:") == 1


def test_a_snapshot_of_a_stopped_guest_stands_alone(bench: Bench) -> None:
    server_id = bench.spawn()
    bench.driver.stop(server_id, 0)
    target = bench.directory / "snapshot"
    bench.driver.snapshot(server_id, target)
    require_safe(target, "qcow2")
    assert bench.driver.power_state(server_id) == PowerState.SHUTDOWN


def test_a_snapshot_replaces_what_an_earlier_one_left(bench: Bench) -> None:
    server_id = bench.spawn()
    target = bench.directory / "snapshot"
    target.write_bytes(b"half a copy")
    bench.driver.snapshot(server_id, target)
    require_safe(target, "qcow2")


def test_guests_survive_a_restart_of_the_control_plane(bench: Bench) -> None:
    running, stopped = bench.spawn(), bench.spawn()
    bench.driver.stop(stopped, 0)
    again = bench.reopen()
    states = {guest.server_id: guest.power_state for guest in again.list_guests()}
    assert states == {running: PowerState.RUNNING, stopped: PowerState.SHUTDOWN}
    assert again.console_output(running).count("login:") == 1


VERBS: dict[str, Callable[[Driver, str, Bench], object]] = {
    "power_state": lambda driver, server_id, _: driver.power_state(server_id),
    "start": lambda driver, server_id, _: driver.start(server_id),
    "stop": lambda driver, server_id, _: driver.stop(server_id, 1),
    "reboot": lambda driver, server_id, _: driver.reboot(server_id, hard=True, timeout_s=1),
    "console_output": lambda driver, server_id, _: driver.console_output(server_id),
    "snapshot": lambda driver, server_id, bench: driver.snapshot(server_id, bench.directory / "snapshot"),
}


def test_every_verb_says_that_a_guest_is_not_there(bench: Bench) -> None:
    for name in (str(uuid.uuid4()), "../../etc", ""):
        for verb in VERBS.values():
            with pytest.raises(GuestNotFound):
                verb(bench.driver, name, bench)
    assert not (bench.directory / "snapshot").exists()


def test_a_running_guest_tells_how_it_is(bench: Bench) -> None:
    found = bench.driver.diagnostics(bench.spawn())
    assert len(found.cpu_times_ns) == 1
    assert found.memory_maximum_mb > 0
    assert found.disks[0].device == "vda"
    with pytest.raises(GuestNotFound):
        bench.driver.diagnostics(str(uuid.uuid4()))


def test_nobody_reaches_the_console_of_a_guest_that_there_is_not(bench: Bench) -> None:
    with pytest.raises(GuestNotFound):
        bench.driver.console_address(str(uuid.uuid4()), "vnc")

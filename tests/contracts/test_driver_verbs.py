"""What every driver does to a guest beside building it and switching it on and off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.driver import GuestNotFound
from pileus.compute.model.power import PowerState
from tests.contracts.driver_bench import guest_spec

if TYPE_CHECKING:
    from tests.contracts.driver_bench import Bench

TWICE = 2


def test_a_paused_guest_stands_still_until_it_goes_on(bench: Bench) -> None:
    server_id = bench.spawn()
    for _ in range(TWICE):
        bench.driver.pause(server_id)
        bench.await_power(server_id, PowerState.PAUSED)
    for _ in range(TWICE):
        bench.driver.unpause(server_id)
        bench.await_power(server_id, PowerState.RUNNING)


def test_a_suspended_guest_goes_on_without_a_boot(bench: Bench) -> None:
    server_id = bench.spawn()
    for _ in range(TWICE):
        bench.driver.suspend(server_id)
        assert bench.driver.power_state(server_id) in (PowerState.SHUTDOWN, PowerState.SUSPENDED)
    for _ in range(TWICE):
        bench.driver.resume(server_id)
        bench.await_power(server_id, PowerState.RUNNING)
    assert bench.driver.console_output(server_id).count("login:") == 1


def test_a_guest_in_rescue_boots_from_something_else_and_back(bench: Bench) -> None:
    guest = guest_spec()
    server_id = bench.spawn(server_id=guest.server_id)
    for _ in range(TWICE):
        bench.driver.rescue(guest, bench.base, bench.base_format, None)
    bench.await_console(server_id, "login:", times=2)
    assert bench.is_listed(server_id)
    for _ in range(TWICE):
        bench.driver.unrescue(server_id)
        bench.await_power(server_id, PowerState.RUNNING)
    bench.await_console(server_id, "login:", times=3)


def test_a_guest_is_set_aside_and_brought_back(bench: Bench) -> None:
    server_id = bench.spawn()
    for _ in range(TWICE):
        bench.driver.set_aside(server_id, None)
        assert not bench.is_listed(server_id)
        assert list(bench.driver.list_aside()) == [server_id]
    bench.driver = bench.reopen()  # as after a restart
    for _ in range(TWICE):
        bench.driver.bring_back(server_id)
        bench.await_power(server_id, PowerState.RUNNING)
        assert list(bench.driver.list_aside()) == []


def test_what_is_set_aside_is_stored_for_another_host(bench: Bench) -> None:
    server_id = bench.spawn()
    target = bench.directory / "carried.qcow2"
    bench.driver.set_aside(server_id, target)
    assert target.read_bytes().startswith(b"QFI\xfb")
    bench.driver.drop_aside(server_id)


def test_a_guest_is_built_in_another_size_on_what_was_set_aside(bench: Bench) -> None:
    guest = guest_spec()
    bench.spawn(server_id=guest.server_id)
    bench.driver.set_aside(guest.server_id, None)
    grown = replace(guest, memory_mb=48, root_gb=1)
    for _ in range(TWICE):
        bench.driver.resize(grown, None)
        bench.await_power(guest.server_id, PowerState.RUNNING)
    assert list(bench.driver.list_aside()) == [guest.server_id]
    bench.driver.destroy(guest.server_id)
    assert list(bench.driver.list_aside()) == [guest.server_id]
    bench.driver.bring_back(guest.server_id)
    bench.await_power(guest.server_id, PowerState.RUNNING)


def test_what_was_set_aside_is_dropped_and_the_new_guest_stays(bench: Bench) -> None:
    guest = guest_spec()
    bench.spawn(server_id=guest.server_id)
    bench.driver.set_aside(guest.server_id, None)
    bench.driver.resize(guest, None)
    for _ in range(TWICE):
        bench.driver.drop_aside(guest.server_id)
    assert list(bench.driver.list_aside()) == []
    bench.await_power(guest.server_id, PowerState.RUNNING)


def test_a_guest_that_shall_not_run_is_moved_without_a_boot(bench: Bench) -> None:
    guest = guest_spec()

    def is_off() -> bool:
        has_greeted = "login:" in bench.driver.console_output(guest.server_id)
        return bench.driver.power_state(guest.server_id) == PowerState.SHUTDOWN and not has_greeted

    for _ in range(TWICE):
        bench.driver.spawn(guest, bench.base, bench.base_format, None, is_running=False)
        assert is_off()
    bench.driver.set_aside(guest.server_id, None)
    for _ in range(TWICE):
        bench.driver.resize(guest, None, is_running=False)
        assert is_off()
    for _ in range(TWICE):
        bench.driver.bring_back(guest.server_id, is_running=False)
        assert is_off()
    bench.driver.start(guest.server_id)
    bench.await_console(guest.server_id, "login:")


def test_nothing_is_brought_back_where_nothing_was_set_aside(bench: Bench) -> None:
    guest = guest_spec()
    for verb in (bench.driver.bring_back, bench.driver.unrescue, bench.driver.pause, bench.driver.suspend):
        with pytest.raises(GuestNotFound):
            verb(guest.server_id)
    with pytest.raises(GuestNotFound):
        bench.driver.set_aside(guest.server_id, None)
    with pytest.raises(GuestNotFound):
        bench.driver.resize(guest, None)

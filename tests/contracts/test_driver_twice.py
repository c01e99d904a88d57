"""Every driver does whatever it is told a second time, after a restart of its agent, and nothing more comes of it."""

from __future__ import annotations

import inspect
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.driver import Driver, GuestNotFound, HypervisorFailed
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.model.power import PowerState
from tests.contracts.driver_bench import guest_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.compute.messages import GuestSpec
    from tests.contracts.driver_bench import Bench

    Step = Callable[[Bench, GuestSpec], object]

RUNNING, OFF, GONE = PowerState.RUNNING, PowerState.SHUTDOWN, None


@dataclass(frozen=True)
class Verb:
    """What is done twice, how the guest gets there, and how it is afterwards."""

    do: Step
    after: PowerState | None
    before: tuple[str, ...] = ("spawn",)
    is_aside: bool = False


def _spawn(bench: Bench, guest: GuestSpec) -> None:
    bench.driver.spawn(guest, bench.base, bench.base_format, None)
    bench.await_console(guest.server_id, "login:")


def _crash(bench: Bench, guest: GuestSpec) -> None:
    bench.driver.crash(guest.server_id)


def _set_password(bench: Bench, guest: GuestSpec) -> None:
    """A guest without an agent refuses, however often it is asked."""
    refuses = pytest.raises(HypervisorFailed, match="QEMU guest agent is not enabled")
    with nullcontext() if isinstance(bench.driver, FakeDriver) else refuses:
        bench.driver.set_password(guest.server_id, "secret")


VERBS: dict[str, Verb] = {
    "spawn": Verb(_spawn, RUNNING, ()),
    "destroy": Verb(lambda bench, guest: bench.driver.destroy(guest.server_id), GONE),
    "start": Verb(lambda bench, guest: bench.driver.start(guest.server_id), RUNNING, ("spawn", "stop")),
    "stop": Verb(lambda bench, guest: bench.driver.stop(guest.server_id, 50), OFF),
    "reboot": Verb(lambda bench, guest: bench.driver.reboot(guest.server_id, hard=False, timeout_s=50), RUNNING),
    "hard reboot": Verb(lambda bench, guest: bench.driver.reboot(guest.server_id, hard=True, timeout_s=1), RUNNING),
    "pause": Verb(lambda bench, guest: bench.driver.pause(guest.server_id), PowerState.PAUSED),
    "unpause": Verb(lambda bench, guest: bench.driver.unpause(guest.server_id), RUNNING, ("spawn", "pause")),
    "suspend": Verb(lambda bench, guest: bench.driver.suspend(guest.server_id), OFF),
    "resume": Verb(lambda bench, guest: bench.driver.resume(guest.server_id), RUNNING, ("spawn", "suspend")),
    "rescue": Verb(lambda bench, guest: bench.driver.rescue(guest, bench.base, bench.base_format, None), RUNNING),
    "unrescue": Verb(lambda bench, guest: bench.driver.unrescue(guest.server_id), RUNNING, ("spawn", "rescue")),
    "set_aside": Verb(lambda bench, guest: bench.driver.set_aside(guest.server_id, None), GONE, is_aside=True),
    "resize": Verb(
        lambda bench, guest: bench.driver.resize(replace(guest, memory_mb=48), None), RUNNING, ("spawn", "set_aside"),
        is_aside=True,
    ),
    "bring_back": Verb(
        lambda bench, guest: bench.driver.bring_back(guest.server_id), RUNNING, ("spawn", "set_aside", "resize")
    ),
    "drop_aside": Verb(
        lambda bench, guest: bench.driver.drop_aside(guest.server_id), RUNNING, ("spawn", "set_aside", "resize")
    ),
    "snapshot": Verb(lambda bench, guest: bench.driver.snapshot(guest.server_id, bench.directory / "taken"), RUNNING),
    "crash": Verb(_crash, RUNNING),
    "set_password": Verb(_set_password, RUNNING),
}  # fmt: skip
QUESTIONS = {
    "resources", "list_guests", "power_state", "list_aside", "console_output", "console_address", "diagnostics",
}  # fmt: skip
LIVE_MIGRATION = {"receive", "send_away", "land", "abort_migration", "complete_migration"}


def test_every_verb_of_a_driver_is_tried_twice() -> None:
    verbs = {name for name, _ in inspect.getmembers(Driver, inspect.isfunction) if not name.startswith("_")}
    assert verbs == (VERBS.keys() - {"hard reboot"}) | QUESTIONS | LIVE_MIGRATION


@pytest.mark.parametrize("name", VERBS)
def test_what_is_done_again_changes_nothing_more(patient_bench: Bench, name: str) -> None:
    bench, guest, verb = patient_bench, guest_spec(), VERBS[name]
    for step in verb.before:
        VERBS[step].do(bench, guest)
    for _ in range(2):
        verb.do(bench, guest)
        bench.driver = bench.reopen()  # its agent died before it could say that it was done
        assert _power(bench, guest) == verb.after
        assert bench.is_listed(guest.server_id) == (verb.after is not None)
        assert list(bench.driver.list_aside()) == ([guest.server_id] if verb.is_aside else [])
    bench.driver.destroy(guest.server_id)
    bench.driver.drop_aside(guest.server_id)
    assert not list(bench.files(guest.server_id).parent.glob(f"{guest.server_id}*"))


def _power(bench: Bench, guest: GuestSpec) -> PowerState | None:
    try:
        found = bench.driver.power_state(guest.server_id)
    except GuestNotFound:
        return None
    return PowerState.SHUTDOWN if found == PowerState.SUSPENDED else found  # its memory is on disk


def test_a_guest_that_is_moved_as_it_runs_lands_however_often_it_is_told(patient_bench: Bench) -> None:
    bench, guest = patient_bench, guest_spec()
    verbs: tuple[Callable[[], None], ...] = (
        lambda: bench.driver.receive(guest),
        lambda: bench.driver.land(guest.server_id, RUNNING),
        lambda: bench.driver.send_away(guest.server_id, "elsewhere"),
    )
    for verb in verbs:
        for _ in range(2):
            with nullcontext() if isinstance(bench.driver, FakeDriver) else pytest.raises(HypervisorFailed):
                verb()
    assert not bench.is_listed(guest.server_id)

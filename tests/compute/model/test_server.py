from __future__ import annotations

import pytest

from pileus.compute.model.quota import Usage, most_that_fit
from pileus.compute.model.server import hostname_of, states_of, status_of


@pytest.mark.parametrize(
    ("vm_state", "task_state", "status"),
    [
        ("active", None, "ACTIVE"),
        ("active", "powering-off", "ACTIVE"),
        ("active", "reboot_started", "REBOOT"),
        ("stopped", "rebooting_hard", "HARD_REBOOT"),
        ("building", "spawning", "BUILD"),
        ("deleted", None, "DELETED"),
    ],
)
def test_a_state_has_one_status(vm_state: str, task_state: str | None, status: str) -> None:
    assert status_of(vm_state, task_state) == status


def test_a_status_stands_for_every_state_that_shows_it() -> None:
    (active,) = states_of("active")
    assert active.vm_state == "active"
    assert "reboot_started" in active.other_than
    assert {match.vm_state for match in states_of("HARD_REBOOT")} == {"active", "stopped", "error"}
    assert states_of("nonsense") == ()


@pytest.mark.parametrize(
    ("name", "hostname"),
    [("Web 1", "web-1"), ("a_b.c", "a-b-c"), ("--x--", "x"), ("日本", "server-ID"), ("a" * 70, "a" * 63)],
)
def test_a_host_name_is_made_of_the_name(name: str, hostname: str) -> None:
    assert hostname_of(name, "ID") == hostname


def test_as_many_as_fit() -> None:
    limits = {"instances": 10, "cores": 8, "ram": -1}
    assert most_that_fit(limits, Usage(cores=3), Usage(instances=1, cores=2), fewest=1, most=9) == 2

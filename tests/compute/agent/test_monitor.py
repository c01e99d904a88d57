from __future__ import annotations

import pytest

from pileus.compute.agent.monitor import CPU, MonitorUnknown, new_monitor


def test_shares_are_of_the_time_between_two_looks() -> None:
    looks = iter(("cpu  100 0 100 800 0 0 0 0\ncpu0 1", "cpu  130 10 120 830 10 0 0 0\ncpu0 2"))
    measure = new_monitor((CPU,), lambda: next(looks))
    assert measure() == {}
    assert measure() == {
        "cpu.user.percent": 0.4, "cpu.kernel.percent": 0.2, "cpu.idle.percent": 0.3, "cpu.iowait.percent": 0.1,
        "cpu.percent": 0.6,
    }  # fmt: skip


def test_this_machine_can_be_measured() -> None:
    measure = new_monitor((CPU,))
    measure()
    assert all(0 <= share <= 1 for share in measure().values())


def test_nothing_is_measured_unless_it_is_wished() -> None:
    assert new_monitor(())() == {}
    with pytest.raises(MonitorUnknown, match="no monitor 'gpu'"):
        new_monitor(("gpu",))

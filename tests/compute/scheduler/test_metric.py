from __future__ import annotations

import pytest

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.catalog import new_scheduler
from pileus.compute.scheduler.hosts import Hosts
from pileus.compute.settings import MetricsSettings, SchedulerSettings, Settings
from pileus.kit.settings import SettingInvalid

ASK = Ask(server_id="s", project_id="p", resources={})


def host(name: str, **metrics: float) -> HostView:
    named = {key.replace("_", "."): value for key, value in metrics.items()}
    return HostView(host=name, provider=name, zone="nova", is_up=True, is_enabled=True, metrics=named)


HOSTS = [host("busy", cpu_percent=0.9), host("idle", cpu_percent=0.1), host("silent")]


def settings(*filters: str, weight_setting: tuple[str, ...] = ("cpu.percent=-1.0",)) -> Settings:
    metrics = MetricsSettings(weight_setting=weight_setting)
    return Settings(scheduler=SchedulerSettings(enabled_filters=filters, metrics=metrics))


def test_hosts_are_ranked_by_what_they_measured_and_those_that_did_not_come_last() -> None:
    choice = new_scheduler(settings()).choose(ASK, Hosts.of(HOSTS))
    assert [one.host for one in choice.ranked] == ["idle", "busy", "silent"]


def test_several_metrics_count_by_their_ratios() -> None:
    hosts = [
        host("a", cpu_user_percent=0.5, cpu_kernel_percent=0.1),
        host("b", cpu_user_percent=0.1, cpu_kernel_percent=0.3),
    ]
    weight_setting = ("cpu.user.percent=-1", "cpu.kernel.percent = -3")
    choice = new_scheduler(settings(weight_setting=weight_setting)).choose(ASK, Hosts.of(hosts))
    assert [one.host for one in choice.ranked] == ["a", "b"]


def test_the_filter_refuses_hosts_that_have_not_measured_what_counts() -> None:
    choice = new_scheduler(settings("MetricsFilter")).choose(ASK, Hosts.of(HOSTS))
    assert choice.report(9) == "silent: MetricsFilter: it has not measured cpu.percent"
    assert choice.hosts.view(choice.passed[0]).metrics == {"cpu.percent": 0.9}


def test_where_nobody_measures_all_are_alike() -> None:
    choice = new_scheduler(settings()).choose(ASK, Hosts.of([host("b"), host("a")]))
    assert [one.host for one in choice.ranked] == ["a", "b"]


def test_a_ratio_that_is_no_number_is_an_error() -> None:
    with pytest.raises(SettingInvalid, match=r"'cpu\.percent' is not NAME=RATIO"):
        new_scheduler(settings(weight_setting=("cpu.percent",)))

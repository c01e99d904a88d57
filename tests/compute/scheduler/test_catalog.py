from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.catalog import new_scheduler
from pileus.compute.scheduler.hosts import Hosts
from pileus.compute.settings import SchedulerSettings, Settings
from pileus.kit.settings import SettingInvalid

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1})
HOST = HostView(host="h1", provider="p1", zone="nova", is_up=True, is_enabled=True, servers=2)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody else's package with a filter and a weigher, as pip would leave it."""
    (tmp_path / "somebodys_rules.py").write_text(
        "def quiet(ask, host):\n    return 'it is loud' if host.servers > 1 else None\n"
        "def emptiness(ask, host):\n    return -float(host.servers)\n"
    )
    information = tmp_path / "somebodys_rules-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys-rules\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[pileus.scheduler.filters]\nQuietFilter = somebodys_rules:quiet\n"
        "[pileus.scheduler.weighers]\nemptiness = somebodys_rules:emptiness\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("somebodys_rules", None)


def with_filters(*names: str) -> Settings:
    return Settings(scheduler=SchedulerSettings(enabled_filters=names))


def test_the_filters_of_the_settings_are_asked_after_those_that_always_are() -> None:
    names = list(new_scheduler(with_filters("ComputeFilter", "NumInstancesFilter")).filters)
    assert names == ["Destination", "AvailabilityZoneFilter", "ComputeFilter", "NumInstancesFilter"]


def test_an_unknown_filter_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(
        SettingInvalid, match=r"enabled_filters: there is no filter 'RAMFilter'; did you mean 'RamFilter'"
    ):
        new_scheduler(with_filters("RAMFilter"))


def test_a_filter_has_the_options_of_the_settings() -> None:
    chosen = SchedulerSettings(enabled_filters=("NumInstancesFilter",), max_instances_per_host=2)
    choice = new_scheduler(Settings(scheduler=chosen)).choose(ASK, Hosts.of([HOST]))
    assert choice.summary() == "NumInstancesFilter: 1"
    assert choice.refused[0].reason == "it has 2 servers, and 2 are the limit"


def test_every_filter_can_be_enabled_at_once() -> None:
    names = (
        "AllHostsFilter", "ComputeFilter", "ComputeCapabilitiesFilter", "SameHostFilter", "DifferentHostFilter",
        "ServerGroupAffinityFilter", "ServerGroupAntiAffinityFilter", "AggregateInstanceExtraSpecsFilter",
        "AggregateMultiTenancyIsolation", "AggregateTypeAffinityFilter", "JsonFilter", "CoreFilter",
        "AggregateCoreFilter", "RamFilter", "AggregateRamFilter", "DiskFilter", "AggregateDiskFilter", "IoOpsFilter",
        "AggregateIoOpsFilter", "NumInstancesFilter", "AggregateNumInstancesFilter", "IsolatedHostsFilter",
        "ImagePropertiesFilter", "AggregateImagePropertiesIsolation", "AvailabilityZoneFilter",
    )  # fmt: skip
    host = replace(HOST, total={"VCPU": 4})
    assert new_scheduler(with_filters(*names)).choose(ASK, Hosts.of([host])).ranked == (host,)


def test_a_forced_host_is_asked_nothing_but_whether_it_is_the_one() -> None:
    scheduler = new_scheduler(Settings())
    ask = replace(ASK, only_host="h1", is_forced=True)
    down, other = replace(HOST, is_up=False), replace(HOST, host="h2")
    assert scheduler.choose(ask, Hosts.of([down, other])).ranked == (down,)


def test_servers_spread_over_hosts_by_default() -> None:
    full = replace(HOST, free={"MEMORY_MB": 512, "VCPU": 1, "DISK_GB": 10})
    empty = replace(HOST, host="h2", free={"MEMORY_MB": 4096, "VCPU": 8, "DISK_GB": 100})
    assert new_scheduler(Settings()).choose(ASK, Hosts.of([full, empty])).ranked == (empty, full)


def test_a_busy_host_is_avoided_by_default() -> None:
    busy, idle = replace(HOST, io_ops=3), replace(HOST, host="h2")
    assert new_scheduler(Settings()).choose(ASK, Hosts.of([busy, idle])).ranked == (idle, busy)


@pytest.mark.usefixtures("package")
def test_somebody_elses_filter_is_found_by_its_entry_point() -> None:
    choice = new_scheduler(with_filters("QuietFilter")).choose(ASK, Hosts.of([HOST]))
    assert [(one.filter, one.reason) for one in choice.refused] == [("QuietFilter", "it is loud")]


@pytest.mark.usefixtures("package")
def test_somebody_elses_weigher_counts_as_much_as_the_settings_say() -> None:
    lone = replace(HOST, host="h2", servers=0)
    for multiplier, best in ((5.0, "h2"), (-5.0, "h1")):
        chosen = SchedulerSettings(custom_weighers={"emptiness": multiplier})
        assert new_scheduler(Settings(scheduler=chosen)).choose(ASK, Hosts.of([HOST, lone])).ranked[0].host == best


def test_a_weigher_that_nobody_has_is_an_error() -> None:
    chosen = SchedulerSettings(custom_weighers={"emptiness": 1.0})
    with pytest.raises(SettingInvalid, match="custom_weighers: there is no weigher 'emptiness'"):
        new_scheduler(Settings(scheduler=chosen))

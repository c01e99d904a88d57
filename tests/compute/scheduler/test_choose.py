from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.choose import Choice, HostWeigher, PartFailed, Weighing, by_host, refusals_in
from pileus.compute.scheduler.choose import choose as choose_among
from pileus.compute.scheduler.facts import Filter
from pileus.compute.scheduler.hosts import Hosts

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1})


def view(name: str, memory_mb: int = 0, servers: int = 0) -> HostView:
    free = {"MEMORY_MB": memory_mb}
    return HostView(host=name, provider=name, zone="nova", is_up=True, is_enabled=True, free=free, servers=servers)


def choose(ask: Ask, hosts: Iterable[HostView], filters: Mapping[str, Filter], weighings: Sequence[Weighing]) -> Choice:
    return choose_among(ask, Hosts.of(hosts), filters, weighings)


def memory(_ask: Ask, host: HostView) -> float:
    return host.free["MEMORY_MB"]


def emptiness(_ask: Ask, host: HostView) -> float:
    return -host.servers


def small(_ask: Ask, host: HostView) -> str | None:
    return "it is too small" if host.free["MEMORY_MB"] < 10 else None


def odd(_ask: Ask, host: HostView) -> str | None:
    return "it is odd" if host.free["MEMORY_MB"] % 2 else None


def by(weigher: HostWeigher, multiplier: float, *, least: float | None = None, option: str = "") -> Weighing:
    return Weighing(weigher=by_host(weigher), multiplier=multiplier, least=least, option=option)


FILTERS = {"Small": small, "Odd": odd}


def names(views: tuple[HostView, ...]) -> list[str]:
    return [one.host for one in views]


def test_the_best_host_comes_first() -> None:
    choice = choose(ASK, [view("a", 1), view("b", 3), view("c", 2)], {}, [by(memory, 1.0)])
    assert names(choice.ranked) == ["b", "c", "a"]


def test_hosts_that_are_equally_good_are_ranked_by_name_whatever_order_they_come_in() -> None:
    hosts = [view(name, 5) for name in "dacb"]
    for some in permutations(hosts):
        assert names(choose(ASK, some, {}, [by(memory, 1.0)]).ranked) == ["a", "b", "c", "d"]


def test_a_weigher_counts_by_its_multiplier_and_not_by_the_size_of_its_numbers() -> None:
    hosts = [view("big", 65536, servers=3), view("empty", 1024, servers=0)]
    assert names(choose(ASK, hosts, {}, [by(memory, 1.0), by(emptiness, 2.0)]).ranked) == ["empty", "big"]
    assert names(choose(ASK, hosts, {}, [by(memory, 2.0), by(emptiness, 1.0)]).ranked) == ["big", "empty"]


def test_a_negative_multiplier_prefers_the_worst() -> None:
    assert names(choose(ASK, [view("a", 1), view("b", 2)], {}, [by(memory, -1.0)]).ranked) == ["a", "b"]


def test_a_filter_or_weigher_that_fails_is_named() -> None:
    def broken(_ask: Ask, host: HostView) -> str | None:
        raise AttributeError(host.host)

    with pytest.raises(PartFailed, match="The scheduler's filter Broken failed"):
        choose(ASK, [view("a", 12)], {"Odd": odd, "Broken": broken}, [])
    weighing = by(broken, 1.0, option="theirs_weight_multiplier")  # type: ignore[arg-type]
    with pytest.raises(PartFailed, match="The scheduler's weigher theirs failed"):
        choose(ASK, [view("a", 2)], {}, [weighing])


def test_the_first_filter_that_refuses_says_why() -> None:
    choice = choose(ASK, [view("a", 5), view("b", 11), view("c", 12)], FILTERS, [])
    assert names(choice.ranked) == ["c"]
    assert [(one.host, one.filter, one.reason) for one in choice.refused] == [
        ("a", "Small", "it is too small"),
        ("b", "Odd", "it is odd"),
    ]


def test_a_summary_counts_refusals_and_names_no_host() -> None:
    hosts = [view("secret-host-1", 5), view("secret-host-2", 3), view("secret-host-3", 11)]
    summary = choose(ASK, hosts, FILTERS, []).summary()
    assert summary == "Odd: 1, Small: 2"


def test_of_no_host_nothing_is_chosen_and_nothing_refused() -> None:
    choice = choose(ASK, [], FILTERS, [by(memory, 1.0)])
    assert choice.ranked == ()
    assert choice.refused == ()
    assert choice.summary() == ""


def test_a_weight_that_starts_at_nothing_counts_in_proportion_and_not_from_the_least_host() -> None:
    hosts = [view("a", 1000, servers=1), view("b", 999, servers=0)]
    weighings = [by(memory, 1.0, least=0.0), by(emptiness, 0.5)]
    assert names(choose(ASK, hosts, {}, weighings).ranked) == ["b", "a"]
    assert names(choose(ASK, hosts, {}, [by(memory, 1.0), by(emptiness, 0.5)]).ranked) == ["a", "b"]


def test_the_least_multiplier_of_a_hosts_aggregates_goes_before_the_settings() -> None:
    weighing = by(memory, 1.0, option="ram_weight_multiplier")
    packed = replace(view("a"), aggregates=({"ram_weight_multiplier": "-2"}, {"ram_weight_multiplier": "3.5"}))
    assert weighing.multiplier_of(packed) == -2.0
    assert weighing.multiplier_of(replace(view("b"), aggregates=({"ssd": "true"},))) == 1.0
    assert weighing.multiplier_of(view("c")) == 1.0


def test_a_multiplier_in_metadata_that_is_no_number_is_as_if_it_were_not_there() -> None:
    odd_one = replace(view("a"), aggregates=({"ram_weight_multiplier": "much"},))
    assert by(memory, 1.5, option="ram_weight_multiplier").multiplier_of(odd_one) == 1.5


def test_a_report_names_hosts_and_reasons_up_to_a_limit() -> None:
    choice = choose(ASK, [view("h1", 5), view("h2", 11), view("h3", 3)], FILTERS, [])
    assert choice.report(3) == "h1: Small: it is too small\nh2: Odd: it is odd\nh3: Small: it is too small"
    assert choice.report(1) == "h1: Small: it is too small\nand 2 more"
    assert refusals_in(choice.report(3)) == (list(choice.refused), "")
    assert refusals_in(choice.report(1)) == ([choice.refused[0]], "and 2 more")
    assert refusals_in("") == ([], "")

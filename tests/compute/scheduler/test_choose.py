from __future__ import annotations

from itertools import permutations

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.choose import choose

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 1})


def view(name: str, memory_mb: int = 0, servers: int = 0) -> HostView:
    free = {"MEMORY_MB": memory_mb}
    return HostView(host=name, provider=name, zone="nova", is_up=True, is_enabled=True, free=free, servers=servers)


def memory(_ask: Ask, host: HostView) -> float:
    return host.free["MEMORY_MB"]


def emptiness(_ask: Ask, host: HostView) -> float:
    return -host.servers


def small(_ask: Ask, host: HostView) -> str | None:
    return "it is too small" if host.free["MEMORY_MB"] < 10 else None


def odd(_ask: Ask, host: HostView) -> str | None:
    return "it is odd" if host.free["MEMORY_MB"] % 2 else None


def names(views: tuple[HostView, ...]) -> list[str]:
    return [one.host for one in views]


def test_the_best_host_comes_first() -> None:
    choice = choose(ASK, [view("a", 1), view("b", 3), view("c", 2)], (), ((memory, 1.0),))
    assert names(choice.ranked) == ["b", "c", "a"]


def test_hosts_that_are_equally_good_are_ranked_by_name_whatever_order_they_come_in() -> None:
    hosts = [view(name, 5) for name in "dacb"]
    for some in permutations(hosts):
        assert names(choose(ASK, some, (), ((memory, 1.0),)).ranked) == ["a", "b", "c", "d"]


def test_a_weigher_counts_by_its_multiplier_and_not_by_the_size_of_its_numbers() -> None:
    hosts = [view("big", 65536, servers=3), view("empty", 1024, servers=0)]
    assert names(choose(ASK, hosts, (), ((memory, 1.0), (emptiness, 2.0))).ranked) == ["empty", "big"]
    assert names(choose(ASK, hosts, (), ((memory, 2.0), (emptiness, 1.0))).ranked) == ["big", "empty"]


def test_a_negative_multiplier_prefers_the_worst() -> None:
    assert names(choose(ASK, [view("a", 1), view("b", 2)], (), ((memory, -1.0),)).ranked) == ["a", "b"]


def test_the_first_filter_that_refuses_says_why() -> None:
    choice = choose(ASK, [view("a", 5), view("b", 11), view("c", 12)], (small, odd), ())
    assert names(choice.ranked) == ["c"]
    assert [(one.host, one.filter, one.reason) for one in choice.refused] == [
        ("a", "small", "it is too small"),
        ("b", "odd", "it is odd"),
    ]


def test_a_summary_counts_refusals_and_names_no_host() -> None:
    hosts = [view("secret-host-1", 5), view("secret-host-2", 3), view("secret-host-3", 11)]
    summary = choose(ASK, hosts, (small, odd), ()).summary()
    assert summary == "odd: 1, small: 2"


def test_of_no_host_nothing_is_chosen_and_nothing_refused() -> None:
    choice = choose(ASK, [], (small,), ((memory, 1.0),))
    assert choice.ranked == ()
    assert choice.refused == ()
    assert choice.summary() == ""

"""What placement says of providers is told of the hosts that they stand for, in whatever order it says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pileus.clients.placement import Room
from pileus.compute.scheduler.ask import HostView
from pileus.compute.scheduler.hosts import Hosts
from pileus.compute.scheduler.room import with_room

HOSTS = Hosts.of(
    HostView(host=f"h{number}", provider=f"p{number}", zone=f"z{number}", is_up=True, is_enabled=True, servers=number)
    for number in range(1, 5)
)


def room(providers: Sequence[str]) -> Room:
    """What placement says: who ends in a larger number has more, and a tenth of that is used."""
    most = np.array([int(provider[1:]) * 10 for provider in providers], dtype=np.int64)
    return Room(providers, {"VCPU": most}, {"VCPU": most // 10})


def told(providers: Sequence[str], of_image: Mapping[str, int]) -> list[tuple[str, int, str, int, int, int]]:
    found = with_room(HOSTS, room(providers), of_image)
    return [
        (view.host, view.servers, view.zone, view.used["VCPU"], view.free["VCPU"], view.image_servers)
        for view in map(found.view, range(len(found)))
    ]


def test_hosts_with_room_go_by_name_and_each_has_what_is_said_of_it() -> None:
    assert told(["p4", "p1", "p3"], {"h3": 2, "h2": 1}) == [
        ("h1", 1, "z1", 1, 9, 0),
        ("h3", 3, "z3", 3, 27, 2),
        ("h4", 4, "z4", 4, 36, 0),
    ]


def test_a_provider_that_no_host_stands_for_is_somebody_elses() -> None:
    assert told(["p9", "p2", "p8"], {}) == [("h2", 2, "z2", 2, 18, 0)]
    assert told(["p9"], {}) == told([], {}) == []


def test_the_next_answer_may_name_others_or_the_same_in_another_order() -> None:
    two = told(["p1", "p2"], {})
    assert [host for host, *_ in two] == ["h1", "h2"]
    assert told(["p1", "p2"], {}) == told(["p2", "p1"], {}) == two
    assert [host for host, *_ in told(["p3", "p2"], {})] == ["h2", "h3"]
    assert told(["p1", "p2"], {}) == two

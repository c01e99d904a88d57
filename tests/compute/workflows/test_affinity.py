from __future__ import annotations

from typing import Any

import pytest

from pileus.compute.db import service as services
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.scheduler.ask import HostView, ask_of
from pileus.compute.workflows.affinity import claim_in_group, leave_claim, with_neighbours
from tests.compute.world import World


def _boot(world: World, hints: dict[str, Any], **more: Any) -> str:
    server = {"name": "vm", "imageRef": world.image_id, "flavorRef": "1", **more}
    reply = world.call("compute", "POST", "/v2.1/servers", {"server": server, "os:scheduler_hints": hints})
    assert reply.status == 202, reply.body
    return str(reply.decoded()["server"]["id"])


def _group(world: World, policy: str, **rules: Any) -> str:
    body = {"server_group": {"name": "g", "policy": policy, **({"rules": rules} if rules else {})}}
    reply = world.call("compute", "POST", "/v2.1/os-server-groups", body, version="2.64")
    assert reply.status == 200, reply.body
    return str(reply.decoded()["server_group"]["id"])


def _hosts_of(world: World, *server_ids: str) -> list[str | None]:
    world.settle()
    return [world.server(server_id).host for server_id in server_ids]


@pytest.fixture
def three_hosts(world: World) -> World:
    for name in ("h1", "h2", "h3"):
        world.new_host(name)
    return world


def test_an_affinity_group_shares_a_host(three_hosts: World) -> None:
    hints = {"group": _group(three_hosts, "affinity")}
    hosts = _hosts_of(three_hosts, *(_boot(three_hosts, hints) for _ in range(3)))
    assert len(set(hosts)) == 1
    three_hosts.check()


def test_an_anti_affinity_group_shares_none_and_says_when_hosts_run_out(three_hosts: World) -> None:
    hints = {"group": _group(three_hosts, "anti-affinity")}
    made = [_boot(three_hosts, hints) for _ in range(4)]
    hosts = _hosts_of(three_hosts, *made)
    assert {"h1", "h2", "h3"} <= set(hosts)
    (failed,) = [server for server in map(three_hosts.server, made) if server.vm_state == "error"]
    assert failed.fault is not None
    assert "ServerGroupAntiAffinityFilter: 3" in failed.fault.message
    three_hosts.check()


def test_a_rule_allows_more_of_a_group_on_a_host(world: World) -> None:
    world.new_host()
    hints = {"group": _group(world, "anti-affinity", max_server_per_host=2)}
    made = [_boot(world, hints) for _ in range(3)]
    _hosts_of(world, *made)
    assert sorted(world.server(server_id).vm_state for server_id in made) == ["active", "active", "error"]


def test_a_soft_group_is_together_or_apart_as_far_as_there_is_room(three_hosts: World) -> None:
    together, apart = _group(three_hosts, "soft-affinity"), _group(three_hosts, "soft-anti-affinity")
    assert len(set(_hosts_of(three_hosts, *(_boot(three_hosts, {"group": apart}) for _ in range(4))))) == 3
    first, second = (_boot(three_hosts, {"group": together}) for _ in range(2))
    assert len(set(_hosts_of(three_hosts, first, second))) <= 2


def test_hints_name_servers_to_be_with_or_without(three_hosts: World) -> None:
    first = three_hosts.active()
    beside = _boot(three_hosts, {"same_host": first})
    apart = _boot(three_hosts, {"different_host": [first, beside]})
    (at, same, other) = _hosts_of(three_hosts, first, beside, apart)
    assert at == same != other


def _boot_at(world: World, **place: str) -> str:
    server = {"name": "vm", "imageRef": world.image_id, "flavorRef": "1", "networks": "none", **place}
    reply = world.call("compute", "POST", "/v2.1/servers", {"server": server}, is_admin=True, version="2.74")
    assert reply.status == 202, reply.body
    return str(reply.decoded()["server"]["id"])


def test_an_administrator_names_a_host_and_forces_one_that_is_disabled(three_hosts: World) -> None:
    with three_hosts.database.read() as tx:
        service = services.get_on(tx, "h3", COMPUTE_BINARY)
    three_hosts.database.write(lambda tx: services.update(tx, service, three_hosts.clock.now(), is_disabled=True))
    named, refused = _boot_at(three_hosts, host="h2"), _boot_at(three_hosts, hypervisor_hostname="h3")
    forced = _boot_at(three_hosts, availability_zone="nova:h3")
    assert _hosts_of(three_hosts, named, refused, forced) == ["h2", None, "h3"]
    assert three_hosts.server(refused).vm_state == "error"
    three_hosts.check()


def test_of_two_members_that_want_one_host_at_once_the_second_goes_elsewhere(three_hosts: World) -> None:
    hints = {"group": _group(three_hosts, "anti-affinity")}
    first, second = (three_hosts.server(_boot(three_hosts, hints)) for _ in range(2))
    host = HostView(host="h1", provider="p", zone="nova", is_up=True, is_enabled=True)
    with three_hosts.database.read() as tx:
        stale = [with_neighbours(tx, one, ask_of(one)) for one in (first, second)]
    assert three_hosts.database.write(claim_in_group, first, stale[0], host)
    assert not three_hosts.database.write(claim_in_group, second, stale[1], host)
    three_hosts.database.write(leave_claim, first.id)
    assert three_hosts.database.write(claim_in_group, second, stale[1], host)


def test_of_two_members_that_are_moved_at_once_one_stays(three_hosts: World) -> None:
    hints = {"group": _group(three_hosts, "anti-affinity")}
    members = [_boot(three_hosts, hints) for _ in range(2)]
    before = _hosts_of(three_hosts, *members)
    for server_id in members:
        assert three_hosts.act(server_id, "migrate", is_admin=True).status == 202
    after = _hosts_of(three_hosts, *members)
    assert sorted(one == other for one, other in zip(before, after, strict=True)) == [False, True]
    assert len(set(after)) == 2
    three_hosts.check()

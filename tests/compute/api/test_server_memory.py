"""Servers that are shown from memory: never what was before the last commit, and never what another caller may see."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from pileus.compute.db import server as servers
from pileus.compute.db import service as services
from pileus.compute.db import tag as tags
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.kit.patience import TakesLong, at_once
from tests.compute.cloud import ADMIN, CALLERS, MEMBER, OTHER, READER, Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.kit.db import Transaction

_ZONE = "OS-EXT-AZ:availability_zone"


@pytest.fixture
def processes(database_url: str) -> Iterator[tuple[Cloud, Cloud]]:
    """Two processes of one service, on each of the databases."""
    pair = Cloud(database_url), Cloud(database_url)
    yield pair
    for each in pair:
        each.database.close()


def _shown(cloud: Cloud, server_id: str, who: str = MEMBER, version: str = "2.96") -> dict[str, Any]:
    return dict(cloud.get(f"/servers/{server_id}", who=who, version=version)["server"])


def test_a_show_knows_what_any_process_committed_before_it(processes: tuple[Cloud, Cloud]) -> None:
    ours, other = processes
    server_id, now = ours.new_server(), ours.clock.now()
    for number, writer in enumerate((other, ours, other, other, ours)):
        assert _shown(ours, server_id) == _shown(ours, server_id)
        state = ("active", "ACTIVE") if number % 2 == 0 else ("stopped", "SHUTOFF")
        writer.database.write(servers.set_state, server_id, vm_state=state[0], task_state=None, now=now)
        assert (_shown(ours, server_id)["status"], _shown(other, server_id)["status"]) == (state[1], state[1])


def test_a_show_knows_what_was_committed_of_its_parts_and_its_host(processes: tuple[Cloud, Cloud]) -> None:
    ours, other = processes
    other.new_host()
    server_id, now = ours.new_server(), ours.clock.now()
    before = _shown(ours, server_id, ADMIN)
    assert [before[name] for name in ("metadata", "tags", "host_status", _ZONE)] == [{}, [], "", ""]
    made = other.ask("POST", "/os-aggregates", {"aggregate": {"name": "a", "availability_zone": "east"}}, who=ADMIN)
    path = f"/os-aggregates/{made.decoded()['aggregate']['id']}/action"
    assert other.ask("POST", path, {"add_host": {"host": "h1"}}, who=ADMIN).status == 200
    other.database.write(servers.set_state, server_id, host="h1", now=now)
    after = _shown(ours, server_id, ADMIN)
    assert (after["host_status"], after[_ZONE]) == ("UP", "east")

    def change(tx: Transaction) -> None:
        servers.set_metadata(tx, server_id, {"b": "2", "a": "1"})
        tags.replace(tx, server_id, ["y", "x"])
        services.update(tx, services.get_on(tx, "h1", COMPUTE_BINARY), now, is_disabled=True)

    other.database.write(change)
    after = _shown(ours, server_id, ADMIN)
    assert (after["metadata"], after["tags"], after["host_status"]) == ({"a": "1", "b": "2"}, ["x", "y"], "MAINTENANCE")
    other.database.write(servers.mark_deleted, server_id, now)
    assert ours.ask("GET", f"/servers/{server_id}").status == 404


def test_everybody_is_shown_from_memory_what_is_his_to_see_and_in_his_version(cloud: Cloud) -> None:
    cloud.new_host()
    server_id = cloud.active_server()
    callers, versions = tuple(CALLERS), ("2.1", "2.3", "2.16", "2.47", "2.73", "2.90", "2.96", "2.100")
    asked = list(product(callers, versions))

    def answer(process: Cloud, who: str, version: str) -> tuple[int, Any]:
        reply = process.ask("GET", f"/servers/{server_id}", who=who, version=version)
        return reply.status, reply.decoded()

    expected = {}
    for each in asked:
        process = Cloud(str(cloud.database.url))  # which remembers nothing
        expected[each] = answer(process, *each)
        process.database.close()
    for order in (asked, asked[::-1]):
        assert {each: answer(cloud, *each) for each in order} == expected
        with at_once():  # so it is memory that answers
            assert {each: answer(cloud, *each) for each in order} == expected
    shown = {who: expected[who, "2.96"][1].get("server", {}).keys() for who in callers}
    for_administrators = {"OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:user_data", "host_status"}
    assert shown[ADMIN] >= for_administrators
    assert shown[MEMBER] == shown[READER]
    assert not shown[MEMBER] & for_administrators
    assert {expected[OTHER, version][0] for version in versions} == {404}


def test_what_is_not_in_memory_is_looked_up_by_a_thread(processes: tuple[Cloud, Cloud]) -> None:
    ours, other = processes
    server_id = ours.new_server()
    path = f"/servers/{server_id}"
    with at_once(), pytest.raises(TakesLong):
        ours.ask("GET", path)
    assert ours.ask("GET", path).status == 200
    other.database.write(lambda tx: servers.update(tx, server_id, ours.clock.now(), name="new"))
    with at_once(), pytest.raises(TakesLong):
        ours.ask("GET", path)
    assert _shown(ours, server_id)["name"] == "new"


def test_as_many_statements_read_a_page_however_long_it_is(cloud: Cloud) -> None:
    for number in range(12):
        server_id = cloud.new_server(f"vm{number}", metadata={"a": str(number)})
        cloud.database.write(tags.replace, server_id, ["x"])
    said: list[str] = []
    event.listen(cloud.database._reader, "before_cursor_execute", lambda *args: said.append(args[2]))
    counts = []
    for limit in (2, 12):
        said.clear()
        found = cloud.get(f"/servers/detail?limit={limit}", version="2.26")["servers"]
        assert [server["tags"] for server in found] == [["x"]] * limit
        assert [server["metadata"]["a"] for server in found] == [str(11 - number) for number in range(limit)]
        counts.append(len(said))
    assert counts[1] <= counts[0] <= 3  # the page, what the servers have, and maybe where the hosts are
    said.clear()
    assert _shown(cloud, server_id)["tags"] == ["x"]
    assert len(said) == 2


def test_of_several_faults_the_last_is_shown_and_only_while_it_counts(cloud: Cloud) -> None:
    server_id, other_id, now = cloud.active_server("a"), cloud.active_server("b"), cloud.clock.now()

    def fail(tx: Transaction) -> None:
        for message in ("first", "last"):
            servers.add_fault(tx, server_id, 500, message, "", now)
        servers.add_fault(tx, other_id, 500, "over", "", now)
        servers.set_state(tx, server_id, vm_state="error", now=now)

    cloud.database.write(fail)
    assert _shown(cloud, server_id)["fault"]["message"] == "last"
    assert {server["name"]: "fault" in server for server in cloud.get("/servers/detail")["servers"]} == {
        "a": True, "b": False,
    }  # fmt: skip

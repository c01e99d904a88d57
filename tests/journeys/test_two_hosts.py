"""Servers that move, keep apart, and are helped up: what Nova's documents teach to who has more than one host."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.journeys.client import Client, Clients, fields, rows
from tests.journeys.server import PATIENCE_S, remove, wait_for
from tests.running import RunningCloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.journeys.server import NewServer


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    started = RunningCloud(tmp_path_factory.mktemp("two-hosts") / "state", "--driver", "fake", "--hosts", "2")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def their_clients(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    made = Clients(cloud.clouds_yaml, tmp_path_factory.mktemp("here"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def admin(their_clients: Clients, cloud: RunningCloud) -> Client:
    """The administrator."""
    made = Client(their_clients, cloud.clouds_yaml, "pileus")
    deadline = time.monotonic() + PATIENCE_S
    while [row["State"] for row in made.json("hypervisor list")] != ["up", "up"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return made


@pytest.fixture(scope="module")
def member(their_clients: Clients, cloud: RunningCloud) -> Client:
    """A plain member of the project demo."""
    return Client(their_clients, cloud.clouds_yaml, "pileus-demo")


@pytest.fixture(scope="module")
def image(admin: Client, member: Client) -> str:
    """An image to boot."""
    (admin.directory / "disk.raw").write_bytes(b"a disk" * 100)
    return member.value("image create --disk-format raw --container-format bare --file disk.raw bootable -c id")


@pytest.fixture
def nova_boot(member: Client, image: str) -> Iterator[NewServer]:
    """Boots servers with Nova's own client."""
    made: list[str] = []

    def boot(name: str, options: str = "") -> str:
        made.append(fields(member.nova(f"boot --flavor m1.tiny --image {image} --nic none {options} {name}"))["id"])
        wait_for(member, made[-1], "ACTIVE")
        return made[-1]

    yield boot
    remove(member, *made)


def host_of(admin: Client, server: str) -> str:
    """Return the host on which a server is."""
    return str(admin.json(f"server show {server}")["OS-EXT-SRV-ATTR:host"])


def wait_for_host(admin: Client, server: str, host: str) -> None:
    """Wait until a server has arrived on a host, and nothing is done to it any more."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        shown = admin.json(f"server show {server}")
        if shown["OS-EXT-SRV-ATTR:host"] == host and shown["OS-EXT-STS:task_state"] is None:
            return
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)


def events_of(member: Client, server: str) -> list[str]:
    """Return what was done to a server, the first first."""
    return [row["Action"] for row in reversed(member.json(f"server event list {server}"))]


# --- where a server goes --------------------------------------------------------------------------


def test_nova_boots_on_another_host_and_on_the_same(admin: Client, nova_boot: NewServer) -> None:
    first = nova_boot("first")
    apart = nova_boot("apart", f"--hint different_host={first}")
    beside = nova_boot("beside", f"--hint same_host={first}")
    assert host_of(admin, apart) != host_of(admin, first)
    assert host_of(admin, beside) == host_of(admin, first)


def test_members_of_an_anti_affinity_group_keep_apart(admin: Client, member: Client, new_server: NewServer) -> None:
    group = member.json("server group create --policy anti-affinity apart")["id"]
    servers = [new_server(f"apart-{number}", f"--hint group={group}") for number in (1, 2)]
    assert len({host_of(admin, server) for server in servers}) == 2
    assert sorted(member.json(f"server group show {group}")["members"]) == sorted(servers)
    member.do(f"server create --flavor m1.tiny --image bootable --hint group={group} third")
    wait_for(member, "third", "ERROR")
    assert "ServerGroupAntiAffinityFilter: 2" in member.json("server show third")["fault"]["message"]
    remove(member, "third")
    member.do(f"server group delete {group}")


def test_a_group_of_soft_anti_affinity_takes_what_there_is(admin: Client, member: Client, nova_boot: NewServer) -> None:
    (group,) = rows(member.nova("--os-compute-api-version 2.64 server-group-create soft soft-anti-affinity"))
    servers = [nova_boot(f"soft-{number}", f"--hint group={group['Id']}") for number in (1, 2, 3)]
    assert len({host_of(admin, server) for server in servers}) == 2
    member.nova(f"server-group-delete {group['Id']}")


def test_a_zone_is_made_of_an_aggregate(admin: Client, member: Client, new_server: NewServer) -> None:
    hosts = sorted(row["Host"] for row in admin.json("compute service list --service nova-compute"))
    admin.do("aggregate create --zone east east-hosts")
    admin.do(f"aggregate add host east-hosts {hosts[1]}")
    zones = {row["Zone Name"] for row in member.json("availability zone list --compute")}
    assert zones == {"east", "nova"}
    assert host_of(admin, new_server("in-the-east", "--availability-zone east")) == hosts[1]
    assert host_of(admin, new_server("elsewhere", "--availability-zone nova")) == hosts[0]
    refused = admin.refused(f"aggregate remove host east-hosts {hosts[1]}")
    assert "409" in refused
    remove(member, "in-the-east")
    admin.do(f"aggregate remove host east-hosts {hosts[1]}")
    admin.do("aggregate delete east-hosts")


def test_the_administrator_names_the_host(admin: Client, member: Client, image: str) -> None:
    for host in sorted(row["Host"] for row in admin.json("compute service list --service nova-compute")):
        line = f"--os-compute-api-version 2.74 server create --flavor m1.tiny --image {image} --nic none"
        made = admin.value(f"{line} --host {host} asked-{host} -c id")
        wait_for(admin, made, "ACTIVE")
        assert host_of(admin, made) == host
        remove(admin, made)
    assert "403" in member.refused(f"{line} --host {host} not-mine")


# --- servers that move ----------------------------------------------------------------------------


def test_a_server_is_resized_and_confirmed_or_taken_back(admin: Client, member: Client, new_server: NewServer) -> None:
    server = new_server("growing")
    member.do(f"server resize --flavor m1.small {server}")
    wait_for(member, server, "VERIFY_RESIZE")
    assert "m1.small" in str(member.json(f"server show {server}")["flavor"])
    member.do(f"server resize revert {server}")
    wait_for(member, server, "ACTIVE")
    assert "m1.tiny" in str(member.json(f"server show {server}")["flavor"])
    member.do(f"server resize --flavor m1.small {server}")
    wait_for(member, server, "VERIFY_RESIZE")
    member.do(f"server resize confirm {server}")
    wait_for(member, server, "ACTIVE")
    assert "m1.small" in str(member.json(f"server show {server}")["flavor"])
    moves = admin.json(f"server migration list --server {server}")
    assert sorted((move["Type"], move["Status"]) for move in moves) == [("resize", "confirmed"), ("resize", "reverted")]
    assert events_of(member, server) == ["create", "resize", "revertResize", "resize", "confirmResize"]


def test_nova_resizes_with_its_own_words(member: Client, new_server: NewServer) -> None:
    server = new_server("nova-grows")
    member.nova(f"resize {server} m1.small")
    wait_for(member, server, "VERIFY_RESIZE")
    member.nova(f"resize-confirm {server}")
    wait_for(member, server, "ACTIVE")
    assert "m1.small" in fields(member.nova(f"show {server}"))["flavor:original_name"]


def test_a_server_migrates_cold_and_live(admin: Client, new_server: NewServer) -> None:
    server = new_server("moving")
    first = host_of(admin, server)
    admin.do(f"server migrate {server}")
    wait_for(admin, server, "VERIFY_RESIZE")
    second = host_of(admin, server)
    assert second != first
    admin.do(f"server migration confirm {server}")
    wait_for(admin, server, "ACTIVE")
    admin.do(f"server migrate --live-migration --host {first} {server}")
    wait_for_host(admin, server, first)
    admin.nova(f"live-migration {server}")
    wait_for_host(admin, server, second)
    moves = admin.json(f"server migration list --server {server}")
    assert [move["Type"] for move in moves] == ["live-migration", "live-migration", "migration"]
    assert {move["Status"] for move in moves} == {"completed", "confirmed"}
    assert "migration" in {row["Type"] for row in rows(admin.nova("migration-list"))}


def test_servers_leave_a_host_that_is_down(admin: Client, new_server: NewServer) -> None:
    server = new_server("rescued-from-a-host")
    host = host_of(admin, server)
    admin.do(f"compute service set --down {host} nova-compute")
    admin.do(f"server evacuate {server}")
    (other,) = {row["Host"] for row in admin.json("compute service list --service nova-compute")} - {host}
    wait_for_host(admin, server, other)
    admin.do(f"compute service set --up {host} nova-compute")
    assert "evacuate" in events_of(admin, server)


def test_a_server_is_shelved_and_comes_back(admin: Client, member: Client, new_server: NewServer) -> None:
    server = new_server("put-aside")
    member.do(f"server shelve {server}")
    wait_for(member, server, "SHELVED_OFFLOADED")
    assert admin.json(f"server show {server}")["OS-EXT-SRV-ATTR:host"] is None
    assert [row["Name"] for row in member.json("image list --name put-aside-shelved")] == ["put-aside-shelved"]
    member.do(f"server unshelve {server}")
    wait_for(member, server, "ACTIVE")
    assert "login:" in member.do(f"console log show {server}")
    assert events_of(member, server) == ["create", "shelve", "unshelve"]


# --- servers that are helped up -------------------------------------------------------------------


def test_a_server_is_rescued_and_rebuilt(member: Client, new_server: NewServer, image: str) -> None:
    server = new_server("broken")
    member.do(f"server rescue {server}")
    wait_for(member, server, "RESCUE")
    member.do(f"server unrescue {server}")
    wait_for(member, server, "ACTIVE")
    member.do(f"server rebuild --image {image} --name mended --property a=b {server}")
    wait_for(member, server, "ACTIVE")
    shown = member.json(f"server show {server}")
    assert (shown["name"], shown["properties"]) == ("mended", {"a": "b"})
    assert events_of(member, server) == ["create", "rescue", "unrescue", "rebuild"]


def test_nova_rescues_and_rebuilds(member: Client, new_server: NewServer, image: str) -> None:
    server = new_server("nova-broken")
    assert "adminPass" in fields(member.nova(f"rescue {server}"))
    wait_for(member, server, "RESCUE")
    member.nova(f"unrescue {server}")
    wait_for(member, server, "ACTIVE")
    member.nova(f"rebuild {server} {image}")
    wait_for(member, server, "ACTIVE")
    assert "rebuild" in [row["Action"] for row in rows(member.nova(f"instance-action-list {server}"))]


def test_a_server_sleeps_in_three_ways(member: Client, new_server: NewServer) -> None:
    server = new_server("sleepy")
    for asleep, awake, status in (("pause", "unpause", "PAUSED"), ("suspend", "resume", "SUSPENDED")):
        member.do(f"server {asleep} {server}")
        wait_for(member, server, status)
        member.nova(f"{awake} {server}")
        wait_for(member, server, "ACTIVE")
    member.do(f"server lock --reason 'do not touch' {server}")
    assert member.json(f"server show {server}")["locked_reason"] == "do not touch"
    member.do(f"server unlock {server}")


def test_an_administrators_lock_holds_for_the_owner(admin: Client, member: Client, new_server: NewServer) -> None:
    server = new_server("locked")
    admin.do(f"server lock {server}")
    assert "409" in member.refused(f"server stop {server}")
    assert "unlock_override" in member.refused(f"server unlock {server}")
    admin.do(f"server unlock {server}")


def test_a_server_is_backed_up_in_rotation(member: Client, new_server: NewServer) -> None:
    server = new_server("precious")
    for name in ("monday", "tuesday", "wednesday"):
        member.do(f"server backup create --name {name} --type daily --rotate 2 {server}")
        wait_until_idle(member, server)
    kept = [row["Name"] for row in member.json("image list --property backup_type=daily")]
    assert sorted(kept) == ["tuesday", "wednesday"]
    member.do(f"image delete {' '.join(kept)}")


def wait_until_idle(member: Client, server: str) -> None:
    """Wait until nothing is done to a server."""
    deadline = time.monotonic() + PATIENCE_S
    while (shown := member.json(f"server show {server}"))["OS-EXT-STS:task_state"] is not None:
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)


def test_an_event_says_who_did_what_and_how_it_went(admin: Client, member: Client, new_server: NewServer) -> None:
    server = new_server("watched")
    (created,) = member.json(f"server event list {server}")
    shown = admin.json(f"server event show {server} {created['Request ID']}")
    assert (shown["action"], shown["message"]) == ("create", None)
    assert {(event["result"], event["host"]) for event in shown["events"]} == {("Success", host_of(admin, server))}

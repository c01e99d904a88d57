"""What Nova's documents teach: flavors, keys, servers and hosts with `openstack`."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.journeys.server import remove, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.client import Client
    from tests.journeys.server import NewServer


@pytest.fixture(scope="module")
def image(member: Client, data_file: Path) -> str:
    """An image to boot."""
    line = f"image create --disk-format raw --container-format bare --file {data_file} bootable -c id"
    return member.value(line)


def test_flavors_are_listed_made_and_deleted(admin: Client, member: Client) -> None:
    flavors = {row["Name"]: row for row in member.json("flavor list")}
    assert set(flavors) >= {"m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"}
    assert (flavors["m1.tiny"]["RAM"], flavors["m1.tiny"]["Disk"], flavors["m1.tiny"]["VCPUs"]) == (512, 1, 1)
    made = admin.json("flavor create --id auto --ram 256 --disk 2 --vcpus 3 --property hw:cpu_policy=shared m1.custom")
    shown = admin.json("flavor show m1.custom")
    assert (shown["id"], shown["ram"], shown["disk"], shown["vcpus"]) == (made["id"], 256, 2, 3)
    assert shown["properties"] == {"hw:cpu_policy": "shared"}
    admin.do("flavor set --property quota:cpu_shares=7 m1.custom")
    admin.do("flavor unset --property hw:cpu_policy m1.custom")
    assert admin.json("flavor show m1.custom")["properties"] == {"quota:cpu_shares": "7"}
    assert "403" in member.refused("flavor create --ram 1 --disk 1 --vcpus 1 mine")
    admin.do("flavor delete m1.custom")
    assert "No Flavor found" in member.refused("flavor show m1.custom")


def test_a_private_flavor_is_for_those_who_have_access(admin: Client, member: Client) -> None:
    admin.do("flavor create --ram 64 --disk 0 --vcpus 1 --private secret-flavor")
    assert "secret-flavor" not in [row["Name"] for row in member.json("flavor list --all")]
    admin.do("flavor set --project demo secret-flavor")
    assert "secret-flavor" in [row["Name"] for row in member.json("flavor list")]
    assert admin.json("flavor show secret-flavor")["access_project_ids"]
    admin.do("flavor unset --project demo secret-flavor")
    admin.do("flavor delete secret-flavor")


def test_a_key_pair_is_made_and_shown(member: Client, here: Path) -> None:
    private = member.do("keypair create KeyPair01")
    assert private.startswith("-----BEGIN")
    (here / "id_rsa").write_text(private)
    shown = member.json("keypair show KeyPair01")
    public = member.do("keypair show --public-key KeyPair01").split()
    digest = hashlib.md5(base64.b64decode(public[1])).hexdigest()  # noqa: S324 (it is what Nova says)
    assert shown["fingerprint"].replace(":", "") == digest
    assert "KeyPair01" in [row["Name"] for row in member.json("keypair list")]
    (here / "id.pub").write_text(" ".join(public) + "\n")
    assert member.json("keypair create --public-key id.pub imported")["fingerprint"] == shown["fingerprint"]
    assert "409" in member.refused("keypair create --public-key id.pub imported")
    member.do("keypair create --private-key id_other other-key")
    assert (here / "id_other").read_text().startswith("-----BEGIN")
    member.do("keypair delete KeyPair01 imported other-key")
    assert "No Keypair found" in member.refused("keypair show KeyPair01")


def test_a_server_lives_and_dies(member: Client, here: Path, image: str) -> None:
    member.do("keypair create --private-key id_server server-key")
    (here / "cloudinit.file").write_text("#!/bin/sh\necho hello\n")
    options = "--key-name server-key --user-data cloudinit.file --property 'description=My Server' --wait myServer"
    made = member.do(f"server create --flavor m1.tiny --image {image} {options} -c id -f value")
    server = made.split()[-1]
    shown = member.json(f"server show {server}")
    assert (shown["status"], shown["name"], shown["key_name"]) == ("ACTIVE", "myServer", "server-key")
    assert shown["properties"] == {"description": "My Server"}
    assert (shown["OS-EXT-STS:vm_state"], shown["OS-EXT-STS:power_state"]) == ("active", 1)
    assert image in str(shown["image"])
    assert "m1.tiny" in str(shown["flavor"])
    assert "adminPass" not in shown
    assert [row["Name"] for row in member.json("server list --name myServer --status ACTIVE")] == ["myServer"]
    listed = [row for row in member.json("server list --long") if row["ID"] == server]
    assert (listed[0]["Image Name"], listed[0]["Flavor"], listed[0]["Task State"]) == ("bootable", "m1.tiny", None)
    assert "login:" in member.do(f"console log show {server}")
    assert len(member.do(f"console log show --lines 1 {server}").splitlines()) <= 2
    member.do(f"server delete --wait {server}")
    assert server not in [row["ID"] for row in member.json("server list")]
    assert "No Server found" in member.refused(f"server show {server}")
    member.do("keypair delete server-key")


def test_a_server_stops_starts_and_reboots(admin: Client, member: Client, new_server: NewServer) -> None:
    server = new_server("power")
    member.do(f"server stop {server}")
    wait_for(member, server, "SHUTOFF")
    assert "409" in member.refused(f"server stop {server}")
    member.do(f"server start {server}")
    wait_for(member, server, "ACTIVE")
    member.do(f"server reboot --soft --wait {server}")
    member.do(f"server reboot --hard {server}")
    wait_for(member, server, "ACTIVE")
    boots = [line for line in member.do(f"console log show {server}").splitlines() if "Fake boot" in line]
    assert len(boots) == 4
    events = member.json(f"server event list {server}")
    assert [row["Action"] for row in events] == ["reboot", "reboot", "start", "stop", "create"]
    shown = admin.json(f"server event show {server} {events[-1]['Request ID']}")
    assert (shown["action"], [event["result"] for event in shown["events"]]) == ("create", ["Success"])


def test_a_server_is_renamed_and_described(member: Client, new_server: NewServer) -> None:
    server = new_server("renamed", "--property a=1 --property b=2")
    member.do(f"server set --name new-name --property b=3 --property c=4 {server}")
    member.do(f"server unset --property a {server}")
    shown = member.json("server show new-name")
    assert (shown["id"], shown["properties"]) == (server, {"b": "3", "c": "4"})


def test_an_image_is_made_of_a_server_and_boots(member: Client, new_server: NewServer) -> None:
    server = new_server("original")
    made = member.json(f"server image create --wait --name a-snapshot {server}")
    shown = member.json("image show a-snapshot")
    assert (shown["id"], shown["status"], shown["disk_format"]) == (made["id"], "active", "qcow2")
    assert shown["properties"]["instance_uuid"] == server
    member.do("server create --flavor m1.tiny --image a-snapshot from-snapshot")
    wait_for(member, "from-snapshot", "ACTIVE")
    assert "login:" in member.do("console log show from-snapshot")
    remove(member, "from-snapshot")
    member.do("image delete a-snapshot")


def test_many_servers_come_of_one_command(member: Client, image: str) -> None:
    member.do(f"server create --flavor m1.tiny --image {image} --min 2 --max 3 many")
    names = sorted(row["Name"] for row in member.json("server list --name ^many-"))
    assert names == ["many-1", "many-2", "many-3"]
    remove(member, *names)


def test_a_server_that_fits_nowhere_says_why(admin: Client, member: Client, image: str) -> None:
    admin.do("flavor create --ram 999999 --disk 1 --vcpus 1 too-large")
    member.do(f"server create --flavor too-large --image {image} giant")
    wait_for(member, "giant", "ERROR")
    shown = member.json("server show giant")
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ERROR", None)
    assert "No valid host" in shown["fault"]["message"]
    assert "500" in str(shown["fault"]["code"])
    remove(member, "giant")
    admin.do("flavor delete too-large")


def test_refusals_name_what_is_wrong(member: Client, image: str) -> None:
    create = "server create --flavor m1.tiny"
    assert "No Image found" in member.refused(f"{create} --image lacks x")
    assert "No Flavor found" in member.refused(f"server create --flavor lacks --image {image} x")
    assert "key_name" in member.refused(f"{create} --image {image} --key-name lacks x")
    assert "zone" in member.refused(f"{create} --image {image} --availability-zone lacks x")


def test_the_host_is_shown_to_the_administrator(admin: Client, member: Client, new_server: NewServer) -> None:
    new_server("on-the-host")
    rows = admin.json("hypervisor list")
    assert [(row["Hypervisor Type"], row["State"]) for row in rows] == [("fake", "up")]
    shown = admin.json(f"hypervisor show {rows[0]['Hypervisor Hostname']}")
    assert (shown["hypervisor_type"], shown["state"], "vcpus" in shown) == ("fake", "up", False)
    earlier = "--os-compute-api-version 2.87"
    shown = admin.json(f"{earlier} hypervisor show {rows[0]['Hypervisor Hostname']}")
    assert (shown["vcpus"], shown["memory_mb"]) == (16, 65536)
    totals = admin.json(f"{earlier} hypervisor stats show")
    assert (totals["count"], totals["running_vms"] >= 1) == (1, True)
    assert "403" in member.refused("hypervisor list")


def test_a_disabled_host_gets_no_servers(admin: Client, member: Client, image: str) -> None:
    row = admin.json("compute service list --service nova-compute")[0]
    assert (row["Status"], row["State"], row["Zone"]) == ("enabled", "up", "nova")
    host = row["Host"]
    admin.do(f"compute service set --disable --disable-reason 'trial of a disk' {host} nova-compute")
    listed = admin.json("compute service list --long")[0]
    assert (listed["Status"], listed["Disabled Reason"]) == ("disabled", "trial of a disk")
    assert "Error creating server" in member.refused(f"server create --flavor m1.tiny --image {image} --wait homeless")
    assert "No valid host" in member.json("server show homeless")["fault"]["message"]
    admin.do(f"compute service set --enable {host} nova-compute")
    remove(member, "homeless")


def test_limits_and_quotas_follow_use(admin: Client, member: Client, new_server: NewServer) -> None:
    def limits() -> dict[str, int]:
        return {row["Name"]: row["Value"] for row in member.json("limits show --absolute")}

    before = limits()
    new_server("counted")
    after = limits()
    assert after["total_instances_used"] == before["total_instances_used"] + 1
    assert after["total_ram_used"] == before["total_ram_used"] + 512
    assert (after["total_cores_used"] - before["total_cores_used"], after["max_total_instances"]) == (1, 100)
    admin.do(f"quota set --instances {after['total_instances_used']} demo")
    shown = {row["Resource"]: row["Limit"] for row in admin.json("quota show --compute demo")}
    assert shown["instances"] == after["total_instances_used"]
    assert "Quota exceeded" in member.refused("server create --flavor m1.tiny --image bootable one-more")
    admin.do("quota delete --compute demo")
    assert limits()["max_total_instances"] == 100


def test_zones_and_aggregates(admin: Client, member: Client, new_server: NewServer) -> None:
    assert {"Zone Name": "nova", "Zone Status": "available"} in member.json("availability zone list --compute")
    host = admin.json("compute service list")[0]["Host"]
    admin.do("aggregate create --zone rack-1 --property ssd=true first-aggregate")
    admin.do(f"aggregate add host first-aggregate {host}")
    shown = admin.json("aggregate show first-aggregate")
    assert (shown["hosts"], shown["availability_zone"], shown["properties"]) == ([host], "rack-1", {"ssd": "true"})
    assert "rack-1" in [row["Zone Name"] for row in member.json("availability zone list --compute")]
    server = new_server("in-rack", "--availability-zone rack-1")
    assert member.json(f"server show {server}")["OS-EXT-AZ:availability_zone"] == "rack-1"
    remove(member, server)
    admin.do(f"aggregate remove host first-aggregate {host}")
    admin.do("aggregate delete first-aggregate")


def test_the_client_speaks_the_newest_version(admin: Client, member: Client, image: str) -> None:
    made = admin.json("flavor create --ram 64 --vcpus 1 --disk 1 --description roomy described")
    assert (made["description"], made["properties"]) == ("roomy", {})
    admin.do("flavor set --description roomier --property hw:cpu_policy=shared described")
    shown = member.json("flavor show described")
    assert (shown["description"], shown["properties"]) == ("roomier", {"hw:cpu_policy": "shared"})
    admin.do("flavor delete described")
    (service,) = admin.json("compute service list --long")
    assert (len(service["ID"]), service["Forced Down"]) == (36, False)
    (hypervisor,) = admin.json(f"hypervisor list --matching {service['Host'][:2]}")
    assert len(hypervisor["ID"]) == 36
    admin.do("aggregate create quick")
    admin.do(f"aggregate add host quick {service['Host']}")
    admin.do(f"aggregate cache image quick {image}")
    admin.do(f"aggregate remove host quick {service['Host']}")
    admin.do("aggregate delete quick")


def test_the_administrator_sees_all_and_resets_states(admin: Client, member: Client, new_server: NewServer) -> None:
    server = new_server("of-demo")
    assert server not in [row["ID"] for row in admin.json("server list")]
    assert server in [row["ID"] for row in admin.json("server list --all-projects")]
    shown = admin.json(f"server show {server}")
    assert shown["OS-EXT-SRV-ATTR:host"] == admin.json("compute service list")[0]["Host"]
    assert member.json(f"server show {server}")["OS-EXT-SRV-ATTR:host"] is None
    assert "403" in member.refused(f"server set --state error --auto-approve {server}")
    admin.do(f"server set --state error --auto-approve {server}")
    assert member.value(f"server show {server} -c status") == "ERROR"
    admin.do(f"server set --state active --auto-approve {server}")
    assert admin.json("usage list")

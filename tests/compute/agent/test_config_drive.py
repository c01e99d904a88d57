from __future__ import annotations

import base64
import json
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.agent import config_drive
from pileus.compute.agent.mac import mac_address
from pileus.compute.messages import GuestSpec
from tests.lacking import require_program

if TYPE_CHECKING:
    from pathlib import Path

SEED = b"\x00\x01\x02"


def guest(**changes: Any) -> GuestSpec:
    values: dict[str, Any] = {
        "server_id": str(uuid.UUID(int=1)),
        "name": "web 1",
        "hostname": "web-1",
        "vcpus": 1,
        "memory_mb": 64,
        "root_gb": 1,
        "project_id": "project",
        "user_id": "user",
        "flavor_name": "m1.tiny",
    }
    return GuestSpec(**(values | changes))


def test_the_metadata_says_who_the_guest_is() -> None:
    assert config_drive.meta_data(guest(launch_index=2), SEED) == {
        "uuid": str(uuid.UUID(int=1)),
        "name": "web 1",
        "hostname": "web-1",
        "availability_zone": "nova",
        "launch_index": 2,
        "project_id": "project",
        "random_seed": base64.b64encode(SEED).decode(),
        "devices": [],
        "dedicated_cpus": [],
    }


def test_the_metadata_has_the_key_in_both_its_forms() -> None:
    document = config_drive.meta_data(guest(key_name="mine", public_key="ssh-ed25519 AAAA me"), SEED)
    assert document["public_keys"] == {"mine": "ssh-ed25519 AAAA me"}
    assert document["keys"] == [{"name": "mine", "type": "ssh", "data": "ssh-ed25519 AAAA me"}]


def test_the_metadata_has_what_the_owner_noted() -> None:
    assert config_drive.meta_data(guest(metadata={"role": "web"}), SEED)["meta"] == {"role": "web"}


def test_the_network_document_names_the_card_by_its_address() -> None:
    document = config_drive.network_data(guest())
    (link,) = document["links"]
    (network,) = document["networks"]
    assert link["ethernet_mac_address"] == mac_address(guest().server_id)
    assert (network["type"], network["link"]) == ("ipv4_dhcp", link["id"])


def test_user_data_arrives_as_it_was_before_base64() -> None:
    script = b"#!/bin/sh\necho \xff\n"
    files = config_drive.documents(guest(user_data=base64.b64encode(script).decode()), SEED)
    assert files["user_data"] == script


def test_without_user_data_there_is_no_such_file() -> None:
    assert "user_data" not in config_drive.documents(guest(), SEED)


def test_user_data_that_is_not_base64_is_refused() -> None:
    with pytest.raises(config_drive.UserDataUnreadable):
        config_drive.documents(guest(user_data="abc"), SEED)


def test_the_drive_has_the_label_and_the_folders_that_guests_look_for(tmp_path: Path) -> None:
    require_program("isoinfo", "genisoimage")
    drive = tmp_path / "drive"
    user_data = base64.b64encode(b"#!/bin/sh\n").decode()
    config_drive.build(guest(user_data=user_data), drive)
    assert "Volume id: config-2" in isoinfo(drive, "-d")
    listed = set(isoinfo(drive, "-R", "-f").split())
    for version, names in config_drive.VERSIONS.items():
        assert {f"/openstack/{version}/{name}" for name in names} <= listed
    assert "/openstack/2012-08-10/network_data.json" not in listed
    document = json.loads(isoinfo(drive, "-R", "-x", "/openstack/latest/meta_data.json"))
    assert document["hostname"] == "web-1"
    assert len(base64.b64decode(document["random_seed"])) == 512
    assert isoinfo(drive, "-R", "-x", "/openstack/2018-08-27/user_data") == "#!/bin/sh\n"


def test_files_for_the_guest_stand_beside_a_list_of_where_they_go(tmp_path: Path) -> None:
    require_program("isoinfo", "genisoimage")
    drive = tmp_path / "drive"
    files = {"/etc/motd": "aGVsbG8=", "/etc/issue": base64.b64encode(b"there").decode()}
    config_drive.build(guest(personality=files), drive)
    listed = json.loads(isoinfo(drive, "-R", "-x", "/openstack/latest/meta_data.json"))["files"]
    assert listed == [
        {"content_path": "/content/0000", "path": "/etc/motd"}, {"content_path": "/content/0001", "path": "/etc/issue"},
    ]  # fmt: skip
    assert isoinfo(drive, "-R", "-x", "/openstack/content/0000") == "hello"
    assert isoinfo(drive, "-R", "-x", "/openstack/content/0001") == "there"


def test_a_drive_is_small_private_and_alone(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    config_drive.build(guest(user_data=base64.b64encode(bytes(60_000)).decode()), drive)
    assert drive.stat().st_size < 1 << 20
    assert drive.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [drive]


def test_a_machine_without_the_program_is_told_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(config_drive.ConfigDriveFailed, match="install the package genisoimage"):
        config_drive.build(guest(), tmp_path / "drive")


def isoinfo(drive: Path, *arguments: str) -> str:
    return subprocess.run(["isoinfo", *arguments, "-i", drive], capture_output=True, text=True, check=True).stdout

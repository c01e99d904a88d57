from __future__ import annotations

from typing import Any

import pytest

from pileus.compute.db import server as servers
from pileus.compute.model.server import Server
from pileus.compute.settings import QuotaSettings, Settings
from pileus.kit import ids
from tests.compute.cloud import ADMIN, IMAGE_ID, Cloud, message_of, server_body


def _create(
    cloud: Cloud, *, version: str = "", who: str = "member", hints: dict[str, Any] | None = None, **more: Any
) -> Any:
    more = {"networks": "none", **more} if version else more
    body = {**server_body(**more), **({"os:scheduler_hints": hints} if hints else {})}
    return cloud.ask("POST", "/servers", body, version=version, who=who)


def _made(cloud: Cloud, **more: Any) -> Server:
    reply = _create(cloud, **more)
    assert reply.status == 202, reply.body
    with cloud.database.read() as tx:
        return servers.get(tx, reply.decoded()["server"]["id"])


def test_a_description_is_the_name_until_it_has_one_of_its_own(cloud: Cloud) -> None:
    assert _made(cloud, version="2.18", networks=[]).description == "vm"
    assert _made(cloud, version="2.19", networks=[]).description is None
    assert _made(cloud, version="2.19", networks=[], description="mine").description == "mine"
    assert _create(cloud, version="2.18", networks=[], description="mine").status == 400


def test_tags_certificates_hostname_and_hints_are_kept(cloud: Cloud) -> None:
    server = _made(
        cloud, version="2.94", tags=["b", "a", "a"], trusted_image_certificates=["c1"], hostname="web.example",
        hints={"query": "[]"},
    )  # fmt: skip
    assert (list(server.tags), server.trusted_certificates) == (["a", "b"], ["c1"])
    assert (server.hostname, server.hints) == ("web.example", {"query": "[]"})


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("2.36", {"networks": "none"}), ("2.51", {"tags": ["a"]}), ("2.62", {"trusted_image_certificates": ["c"]}),
        ("2.73", {"host": "h1"}), ("2.89", {"hostname": "web"}), ("2.93", {"hostname": "web.example"}),
        ("2.57", {"personality": []}), ("2.52", {"tags": ["a/b"]}), ("2.52", {"tags": ["x" * 61]}),
        ("2.33", {"networks": [], "block_device_mapping_v2": [{"source_type": "blank", "tag": "t"}]}),
    ],
)  # fmt: skip
def test_a_member_of_a_body_has_its_time(cloud: Cloud, version: str, more: dict[str, Any]) -> None:
    reply = _create(cloud, version=version, **more)
    assert reply.status == 400, reply.body
    assert cloud.work.begun == []


def test_networks_are_required_from_a_version_on(cloud: Cloud) -> None:
    assert cloud.ask("POST", "/servers", server_body(), version="2.36").status == 202
    reply = cloud.ask("POST", "/servers", server_body(), version="2.37")
    assert (reply.status, "'networks' is a required property" in message_of(reply)) == (400, True)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"networks": [{"port": IMAGE_ID}]}, f"Port id {IMAGE_ID} could not be found."),
        ({"networks": [{"uuid": "lan"}]}, "Bad networks format: network uuid is not in proper format (lan)"),
        ({"networks": [{}]}, "Bad network format: missing 'uuid'"),
        ({"security_groups": [{"name": "web"}]}, "Security group web not found for project p-one."),
        ({"imageRef": ""}, "Missing imageRef attribute"),
        ({"personality": [{"path": "/a"}]}, "Bad personality format: missing contents"),
        ({"personality": [{"path": "/a", "contents": "#"}]},
         "Invalid input for field/attribute contents. Value: #. '#' is not a 'base64'"),
        ({"block_device_mapping": [{"volume_id": IMAGE_ID}]},
         "Block Device Mapping is Invalid: there is no volume service."),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_refused_in_the_words_of_the_original(
    cloud: Cloud, more: dict[str, Any], sentence: str
) -> None:
    reply = _create(cloud, **more)
    assert (reply.status, message_of(reply)) == (400, sentence)


_ROOT = {"source_type": "image", "uuid": IMAGE_ID, "boot_index": 0, "destination_type": "local"}


@pytest.mark.parametrize(
    ("devices", "sentence"),
    [
        ([{"source_type": "blank", "uuid": "x"}], "Invalid device UUID."),
        ([{"source_type": "image"}], "Missing device UUID."),
        ([{"source_type": "volume", "uuid": IMAGE_ID, "destination_type": "volume"}], "there is no volume service."),
        ([{**_ROOT, "boot_index": 1}], "Mapping image to local is not supported."),
        ([_ROOT, {"source_type": "blank", "boot_index": 2}], "Boot sequence for the instance"),
    ],
)
def test_block_devices_are_judged(cloud: Cloud, devices: list[dict[str, Any]], sentence: str) -> None:
    reply = _create(cloud, block_device_mapping_v2=devices)
    assert reply.status == 400
    assert message_of(reply).startswith(f"Block Device Mapping is Invalid: {sentence}")


def test_disks_beside_the_root_disk_are_the_flavors_or_smaller(cloud: Cloud) -> None:
    flavor = {"flavor": {"id": "d", "name": "d", "ram": 64, "vcpus": 1, "disk": 1, "swap": 512,
                         "OS-FLV-EXT-DATA:ephemeral": 4}}  # fmt: skip
    assert cloud.ask("POST", "/flavors", flavor, who=ADMIN).status == 200
    assert [disk.size_mb for disk in _made(cloud, flavorRef="d").block_devices] == [4096, 512]
    swap = {"source_type": "blank", "guest_format": "swap", "volume_size": 256}
    blank = {"source_type": "blank", "volume_size": "2"}
    smaller = _made(cloud, flavorRef="d", block_device_mapping_v2=[_ROOT, swap, blank])
    assert [disk.size_mb for disk in smaller.block_devices] == [2048, 256]
    too_large = _create(cloud, flavorRef="d", block_device_mapping_v2=[{**swap, "volume_size": 513}])
    assert message_of(too_large) == "Swap drive requested is larger than instance type allows."
    assert _create(cloud, flavorRef="d", block_device_mapping_v2=[{**blank, "volume_size": 5}]).status == 400
    assert _create(cloud, flavorRef="d", block_device_mapping_v2=[blank, blank]).status == 400


def test_several_servers_cannot_have_one_hostname(cloud: Cloud) -> None:
    reply = _create(cloud, version="2.90", hostname="web", min_count=2)
    assert message_of(reply) == "Unable to allocate a single hostname to multiple instances"


def test_files_are_limited(tmp_path: object) -> None:
    cloud = Cloud(f"sqlite:///{tmp_path}/f.sqlite", Settings(quota=QuotaSettings(injected_files=1)))
    file = {"path": "/etc/motd", "contents": "aGVsbG8="}
    assert _made(cloud, personality=[file]).personality == {"/etc/motd": "aGVsbG8="}
    two = _create(cloud, personality=[file, {**file, "path": "/b"}])
    assert (two.status, message_of(two)) == (403, "Personality file limit exceeded")
    long = _create(cloud, personality=[{**file, "path": "/" * 256}])
    assert message_of(long) == "Personality file path exceeds maximum 255"
    large = _create(cloud, personality=[{**file, "contents": "a" * 10244}])
    assert message_of(large) == "Personality file content exceeds maximum 10240"


# --- where ----------------------------------------------------------------------------------------


def test_only_administrators_say_where(cloud: Cloud) -> None:
    cloud.new_host()
    forced = _create(cloud, availability_zone="nova:h1")
    assert (forced.status, "servers:create:forced_host" in message_of(forced)) == (403, True)
    asked = _create(cloud, version="2.74", host="h1")
    assert (asked.status, "requested_destination" in message_of(asked)) == (403, True)


def test_administrators_name_a_host_that_there_is(cloud: Cloud) -> None:
    cloud.new_host()
    server = _made(cloud, who=ADMIN, availability_zone="nova:h1:h1.example")
    place = (server.availability_zone, server.requested_host, server.requested_node, server.is_host_forced)
    assert place == ("nova", "h1", "h1.example", True)
    asked = _made(cloud, who=ADMIN, version="2.74", hypervisor_hostname="h1.example")
    assert (asked.requested_host, asked.requested_node, asked.is_host_forced) == (None, "h1.example", False)
    unknown = _create(cloud, who=ADMIN, version="2.74", host="mars")
    assert (unknown.status, message_of(unknown)) == (400, "Compute host mars could not be found.")
    both = _create(cloud, who=ADMIN, version="2.74", host="h1", availability_zone="nova:h1")
    assert (both.status, "mutually exclusive" in message_of(both)) == (400, True)
    assert _create(cloud, who=ADMIN, availability_zone="a:b:c:d").status == 400


def test_a_server_joins_a_group_of_its_own_project_with_room(cloud: Cloud) -> None:
    def new_group(who: str) -> str:
        body = {"server_group": {"name": "g", "policies": ["affinity"]}}
        return str(cloud.ask("POST", "/os-server-groups", body, who=who).decoded()["server_group"]["id"])

    group_id = new_group("member")
    assert _made(cloud, hints={"group": group_id}).group_id == group_id
    for foreign in (new_group("other"), ids.new_uuid()):
        reply = _create(cloud, hints={"group": foreign})
        assert (reply.status, message_of(reply)) == (400, f"Instance group {foreign} could not be found.")
    full = _create(cloud, hints={"group": group_id}, min_count=10)
    assert (full.status, message_of(full)) == (403, "Quota exceeded, too many servers in group")

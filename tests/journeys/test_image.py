"""What Glance's documents teach: images with `openstack`, `glance` and curl."""

from __future__ import annotations

import hashlib
import os
import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.journeys.client import fields, rows
from tests.journeys.curl import curl, curl_json
from tests.journeys.terminal import run_on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.client import Client
    from tests.running import RunningCloud

RAW = "--disk-format raw --container-format bare"


def test_an_image_is_made_of_a_file_and_saved_as_the_same_bytes(member: Client, here: Path, data_file: Path) -> None:
    made = member.json(
        f"image create {RAW} --file {data_file} --min-disk 1 --min-ram 64 --tag small --property hw_disk_bus=virtio "
        "--property os_distro=debian centos63-image"
    )
    shown = member.json(f"image show {made['id']}")
    assert (shown["status"], shown["size"], shown["visibility"]) == ("active", 300_000, "shared")
    assert (shown["min_disk"], shown["min_ram"], shown["tags"]) == (1, 64, ["small"])
    assert (shown["properties"]["hw_disk_bus"], shown["properties"]["os_distro"]) == ("virtio", "debian")
    assert shown["checksum"] == hashlib.md5(data_file.read_bytes()).hexdigest()  # noqa: S324 (it is what Glance says)
    assert shown["properties"]["os_hash_value"] == hashlib.sha512(data_file.read_bytes()).hexdigest()
    member.do(f"image save --file saved.raw {made['id']}")
    assert (here / "saved.raw").read_bytes() == data_file.read_bytes()
    member.do(f"image delete {made['id']}")
    assert "No Image found" in member.refused(f"image show {made['id']}")


def test_images_are_listed_by_what_they_are(member: Client, data_file: Path) -> None:
    one = member.value(f"image create {RAW} --file {data_file} --tag find-me --property kind=a -c id list-one")
    two = member.value("image create --disk-format qcow2 --container-format bare -c id list-two")

    def ids(options: str) -> set[str]:
        return {row["ID"] for row in member.json(f"image list {options}")} & {one, two}

    assert ids("") == {one, two}
    assert ids("--name list-one") == {one}
    assert ids("--status queued") == {two}
    assert ids("--tag find-me") == {one}
    assert ids("--property kind=a") == {one}
    assert ids("--private") == ids("--public") == ids("--community") == set()
    assert ids("--shared") == {one, two}
    assert ids("--limit 1000 --sort name:asc,created_at:desc") == {one, two}
    listed = [row for row in member.json("image list --long --sort size:desc") if row["ID"] == one]
    assert (listed[0]["Size"], listed[0]["Disk Format"], listed[0]["Tags"]) == (300_000, "raw", ["find-me"])
    member.do(f"image delete {one} {two}")


def test_properties_and_tags_are_set_and_unset(member: Client) -> None:
    image = member.value(f"image create {RAW} -c id set-me")
    member.do(f"image set --property hw_vif_model=e1000 --property a=1 --tag x --tag y --name renamed {image}")
    member.do(f"image set --min-disk 3 --architecture x86_64 --os-distro debian --hidden {image}")
    shown = member.json(f"image show {image}")
    assert (shown["name"], shown["min_disk"], sorted(shown["tags"])) == ("renamed", 3, ["x", "y"])
    assert shown["properties"] | {"hw_vif_model": "e1000", "a": "1", "architecture": "x86_64"} == shown["properties"]
    assert image not in [row["ID"] for row in member.json("image list")]
    assert image in [row["ID"] for row in member.json("image list --hidden")]
    member.do(f"image unset --property a --tag x {image}")
    shown = member.json(f"image show {image}")
    assert ("a" in shown["properties"], shown["tags"]) == (False, ["y"])
    assert "nonexistent property" in member.refused(f"image unset --property lacks {image}")
    member.do(f"image delete {image}")


def test_a_protected_image_stays(member: Client) -> None:
    image = member.value(f"image create {RAW} --protected -c id keep-me")
    assert "403" in member.refused(f"image delete {image}")
    member.do(f"image set --unprotected {image}")
    member.do(f"image delete {image}")


def test_only_the_administrator_makes_an_image_public(admin: Client, member: Client) -> None:
    image = member.value(f"image create {RAW} -c id for-all")
    assert "403" in member.refused(f"image set --public {image}")
    admin.do(f"image set --public {image}")
    assert image in [row["ID"] for row in member.json("image list --public")]
    member.do(f"image set --community {image}")
    member.do(f"image delete {image}")


def test_an_image_is_shared_with_another_project(admin: Client, member: Client) -> None:
    other = admin.value("project create -c id share-with")
    admin.do("role add --user admin --project share-with member")
    friend = admin.as_user(project_name="share-with")
    image = member.value(f"image create {RAW} --shared -c id share-me")
    added = member.json(f"image add project {image} {other}")
    assert (added["member_id"], added["status"]) == (other, "pending")
    friend.do(f"image set --accept {image}")
    assert image in [row["ID"] for row in friend.json("image list --shared")]
    assert [(row["Member ID"], row["Status"]) for row in member.json(f"image member list {image}")] == [
        (other, "accepted")
    ]
    member.do(f"image remove project {image} {other}")
    assert member.json(f"image member list {image}") == []
    member.do(f"image delete {image}")
    admin.do("project delete share-with")


def test_bytes_that_are_not_what_they_claim_are_refused(member: Client, data_file: Path) -> None:
    line = f"image create --disk-format qcow2 --container-format bare --file {data_file} not-qcow2"
    assert "qcow2" in member.refused(line)


def test_upload_with_progress_shows_a_bar(admin: Client, journey_cloud: RunningCloud, data_file: Path) -> None:
    name = f"progress-{time.monotonic_ns()}"
    text = run_on_terminal(
        f"openstack image create --progress {RAW} --file {data_file} {name}", journey_cloud.clouds_yaml
    )
    assert "100%" in text
    shown = admin.json(f"image show {name}")
    assert (shown["status"], shown["size"]) == ("active", 300_000)
    text = run_on_terminal(
        f"glance image-create --progress {RAW} --file {data_file} --name {name}-2", journey_cloud.clouds_yaml, admin
    )
    assert "100%" in text
    assert fields(text)["status"] == "active"
    admin.do(f"image delete {name} {name}-2")


def test_the_client_of_glance_does_the_whole_work(member: Client, here: Path, data_file: Path) -> None:
    made = fields(member.glance(f"image-create --name imageName {RAW} --file {data_file} --property x=y"))
    assert (made["status"], made["size"], made["x"]) == ("active", "300000", "y")
    image = made["id"]
    assert {"ID": image, "Name": "imageName"} in rows(member.glance("image-list"))
    assert fields(member.glance(f"image-show {image}"))["os_hash_algo"] == "sha512"
    member.glance(f"image-update --property hw_disk_bus=scsi --property hw_cdrom_bus=ide {image}")
    member.glance(f"image-update --remove-property x --min-ram 128 {image}")
    shown = fields(member.glance(f"image-show {image}"))
    assert (shown["hw_disk_bus"], shown["min_ram"], "x" in shown) == ("scsi", "128", False)
    member.glance(f"image-tag-update {image} tagged")
    assert [row["ID"] for row in rows(member.glance("image-list --tag tagged"))] == [image]
    member.glance(f"image-tag-delete {image} tagged")
    member.glance(f"image-download --file glance.raw {image}")
    assert (here / "glance.raw").read_bytes() == data_file.read_bytes()
    member.glance(f"image-delete {image}")
    assert "404" in member.refused(f"image-show {image}", program="glance")


def test_the_client_of_glance_fills_a_queued_image(member: Client, data_file: Path) -> None:
    image = fields(member.glance(f"image-create --name later {RAW}"))["id"]
    assert fields(member.glance(f"image-show {image}"))["status"] == "queued"
    member.glance(f"image-upload --file {data_file} {image}")
    assert fields(member.glance(f"image-show {image}"))["status"] == "active"
    assert "409" in member.refused(f"image-upload --file {data_file} {image}", program="glance")
    member.glance(f"image-delete {image}")


def test_the_client_of_glance_shares(admin: Client, member: Client) -> None:
    image = fields(member.glance(f"image-create --name with-members {RAW}"))["id"]
    project = admin.value("project show admin -c id")
    member.glance(f"member-create {image} {project}")
    admin.glance(f"member-update {image} {project} accepted")
    assert rows(member.glance(f"member-list --image-id {image}"))[0]["Status"] == "accepted"
    member.glance(f"member-delete {image} {project}")
    member.glance(f"image-delete {image}")


def test_the_client_of_glance_lists_stores(member: Client) -> None:
    assert "local" in member.glance("stores-info")
    member.glance("import-info")
    assert "Format of the disk" in member.glance("explain image")


@pytest.fixture(scope="module")
def url(journey_cloud: RunningCloud) -> str:
    """The image API."""
    return f"{journey_cloud.url(9292)}/v2"


@pytest.fixture(scope="module")
def token(member: Client) -> str:
    """A plain member's token."""
    return member.value("token issue -c id")


def test_curl_puts_bytes_and_gets_a_part_of_them(token: str, url: str, data_file: Path, tmp_path: Path) -> None:
    document = {"name": "curled", "container_format": "bare", "disk_format": "raw", "tags": ["a"], "color": "red"}
    made = curl_json(token, "POST", f"{url}/images", document)
    assert (made.status, made.json["status"], made.json["color"]) == (201, "queued", "red")
    assert made.headers["openstack-image-store-ids"] == "local"
    image = f"{url}/images/{made.json['id']}"
    auth = ("-H", f"X-Auth-Token: {token}")
    octets = ("-H", "Content-Type: application/octet-stream")
    assert curl(*auth, f"{image}/file").status == 204
    assert curl("-X", "PUT", *auth, *octets, "--data-binary", f"@{data_file}", f"{image}/file").status == 204
    whole, data = curl(*auth, f"{image}/file"), data_file.read_bytes()
    assert (whole.status, whole.body == data, whole.headers["content-length"]) == (200, True, "300000")
    assert whole.headers["content-md5"] == curl_json(token, "GET", image).json["checksum"]
    part = curl(*auth, "-r", "1000-1999", f"{image}/file")
    assert (part.status, part.body == data[1000:2000]) == (206, True)
    assert part.headers["content-range"] == "bytes 1000-1999/300000"
    assert curl(*auth, "-r", "-10", f"{image}/file").body == data[-10:]
    assert curl(*auth, "-r", "300000-", f"{image}/file").status == 416
    assert curl("-X", "PUT", *auth, *octets, "-d", "again", f"{image}/file").status == 409
    assert curl_json(token, "DELETE", image).status == 204
    assert curl_json(token, "GET", image).status == 404


def test_curl_uploads_in_chunks_from_a_pipe(token: str, url: str, data_file: Path) -> None:
    document = {"name": "piped", "container_format": "bare", "disk_format": "raw"}
    image = f"{url}/images/{curl_json(token, 'POST', f'{url}/images', document).json['id']}"
    headers = ("-H", f"X-Auth-Token: {token}", "-H", "Content-Type: application/octet-stream")
    assert curl("-T", data_file, *headers, "-H", "Transfer-Encoding: chunked", f"{image}/file").status == 204
    assert curl_json(token, "GET", image).json["size"] == 300_000
    assert curl_json(token, "DELETE", image).status == 204


def test_curl_patches_an_image(token: str, url: str) -> None:
    image = curl_json(token, "POST", f"{url}/images", {"name": "patched"}).json
    changes = [
        {"op": "replace", "path": "/name", "value": "Fedora 17"},
        {"op": "replace", "path": "/tags", "value": ["fedora", "beefy"]},
        {"op": "add", "path": "/login-user", "value": "kvothe"},
    ]
    kind = ("-H", "Content-Type: application/openstack-images-v2.1-json-patch")
    headers = ("-H", f"X-Auth-Token: {token}", *kind)
    reply = curl("-X", "PATCH", *headers, "-d", str(changes).replace("'", '"'), f"{url}/images/{image['id']}")
    assert (reply.status, reply.json["name"], reply.json["login-user"]) == (200, "Fedora 17", "kvothe")
    assert sorted(reply.json["tags"]) == ["beefy", "fedora"]
    assert curl_json(token, "DELETE", f"{url}/images/{image['id']}").status == 204


def test_pages_follow_one_another(token: str, url: str) -> None:
    mark = os.urandom(4).hex()
    made = [curl_json(token, "POST", f"{url}/images", {"name": mark}).json["id"] for _ in range(5)]
    seen, link = [], f"/v2/images?limit=2&name={mark}"
    while link:
        page = curl_json(token, "GET", f"{url.removesuffix('/v2')}{link}").json
        seen += [image["id"] for image in page["images"]]
        link = page.get("next", "")
    assert seen == made[::-1]
    for image in made:
        assert curl_json(token, "DELETE", f"{url}/images/{image}").status == 204


def test_the_versions_are_listed_without_a_token(url: str) -> None:
    choices = curl(url.removesuffix("/v2"))
    assert choices.status == 300
    assert re.match(r"v2\.\d+$", next(one["id"] for one in choices.json["versions"] if one["status"] == "CURRENT"))
    assert curl(f"{url}/images").status == 401

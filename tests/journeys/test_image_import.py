"""Images that come by import, their tasks, stores and copies, and images that nobody may have for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.client import Client, Clients, fields, rows
from tests.journeys.curl import curl, curl_json
from tests.kit.web.site import Site as Web
from tests.kit.web.site import serving
from tests.running import RunningCloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RAW = "--disk-format raw --container-format bare"
DATA = bytes(range(256)) * 1024
SETTINGS = {
    "PILEUS_IMAGE__FLAVOR": "keystone+cachemanagement",
    "PILEUS_IMAGE__DEFAULT_STORE": "fast",
    "PILEUS_IMAGE__STORES__FAST__WEIGHT": "10",
    "PILEUS_IMAGE__STORES__DEEP__DESCRIPTION": "what is asked for seldom",
    "PILEUS_IMAGE__STORES__WEB__KIND": "http",
    "PILEUS_IMAGE__IMPORT_FILTERING__ALLOWED_PORTS": "",
    "PILEUS_IMAGE__IMPORT_FILTERING__ALLOWED_NETWORKS": "127.0.0.1/32",
}
SETTLE_S = 30


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    made = RunningCloud(tmp_path_factory.mktemp("imports") / "state", **SETTINGS)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def clients(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    made = Clients(cloud.clouds_yaml, tmp_path_factory.mktemp("here"))
    (made.directory / "disk.raw").write_bytes(DATA)
    yield made
    made.close()


@pytest.fixture(scope="module")
def admin(clients: Clients, cloud: RunningCloud) -> Client:
    return Client(clients, cloud.clouds_yaml, "pileus")


@pytest.fixture(scope="module")
def member(clients: Clients, cloud: RunningCloud) -> Client:
    return Client(clients, cloud.clouds_yaml, "pileus-demo")


@pytest.fixture(scope="module")
def here(clients: Clients) -> Path:
    return clients.directory


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        made.publish("/disk.raw", DATA)
        yield made


def image_that(user: Client, image: str, is_so: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Wait until an image is as it shall be, and return it."""
    deadline = time.monotonic() + SETTLE_S
    while not is_so(shown := user.json(f"image show {image}")):
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)
    return dict(shown)


def active(user: Client, image: str) -> dict[str, Any]:
    return image_that(user, image, lambda shown: shown["status"] == "active")


def test_staged_bytes_are_imported(member: Client) -> None:
    image = fields(member.glance(f"image-create --name staged {RAW}"))["id"]
    member.glance(f"image-stage --file disk.raw {image}")
    assert fields(member.glance(f"image-show {image}"))["status"] == "uploading"
    member.glance(f"image-import --import-method glance-direct {image}")
    assert active(member, image)["size"] == len(DATA)
    assert [task["Status"] for task in rows(member.glance(f"image-tasks {image}"))] == ["success"]
    member.glance(f"image-delete {image}")


def test_one_command_stages_and_imports(member: Client, web: Web, here: Path) -> None:
    made = member.glance(f"image-create-via-import --name one {RAW} --import-method glance-direct --file disk.raw")
    uri = f"{web.url}/disk.raw"
    also = member.glance(f"image-create-via-import --name two {RAW} --import-method web-download --uri {uri}")
    third = member.value(f"image create {RAW} --file disk.raw --import -c id three")
    images = [fields(made)["id"], fields(also)["id"], third]
    for image in images:
        assert active(member, image)["size"] == len(DATA)
        member.do(f"image save --file again.raw {image}")
        assert (here / "again.raw").read_bytes() == DATA
    member.do(f"image delete {' '.join(images)}")


def test_an_import_from_the_web_is_followed_by_its_task(admin: Client, member: Client, web: Web) -> None:
    assert "web-download" in member.do("image import info")
    image = member.value(f"image create {RAW} -c id from-the-web")
    member.do(f"image import --method web-download --uri {web.url}/missing {image}")
    image_that(member, image, lambda shown: "os_glance_import_task" not in shown["properties"])
    assert member.json(f"image show {image}")["status"] == "queued", "and may be tried again"
    member.do(f"image import --method web-download --uri {web.url}/disk.raw {image}")
    active(member, image)
    told = {task["Status"]: task["Message"] for task in rows(member.glance(f"image-tasks {image}"))}
    assert set(told) == {"failure", "success"}
    assert "404" in told["failure"]
    tasks = [admin.json(f"image task show {row['ID']}") for row in admin.json("image task list --status failure")]
    [failed] = [task for task in tasks if task["input"]["image_id"] == image]
    assert (failed["type"], failed["message"]) == ("api_image_import", told["failure"])
    member.do(f"image delete {image}")


def test_an_image_is_copied_to_another_store_and_taken_out_of_it(admin: Client, member: Client) -> None:
    listed = {row["ID"]: row for row in member.json("image stores list")}
    assert (set(listed), listed["deep"]["Description"]) == ({"fast", "deep", "web"}, "what is asked for seldom")
    assert "data_dir" in admin.do("image stores list --detail")
    image = member.value(f"image create {RAW} --file disk.raw -c id twice")
    copying = f"image-import --import-method copy-image --stores deep {image}"
    assert "403" in member.refused(copying, program="glance"), "as in Glance"
    admin.do(f"image import --method copy-image {image} --store deep")
    shown = image_that(member, image, lambda shown: shown["properties"]["stores"] == "fast,deep")
    assert shown["properties"]["os_glance_failed_import"] == ""
    admin.glance(f"stores-delete --store fast {image}")
    assert member.json(f"image show {image}")["properties"]["stores"] == "deep"
    assert "403" in admin.refused(f"stores-delete --store deep {image}", program="glance"), "it is the last"
    member.do(f"image delete {image}")


def test_an_image_is_told_where_its_bytes_are(member: Client, web: Web) -> None:
    image = fields(member.glance(f"image-create --name there {RAW}"))["id"]
    member.glance(f"add-location --url {web.url}/disk.raw {image}")
    shown = image_that(member, image, lambda shown: shown["properties"].get("os_hash_value"))
    assert (shown["status"], shown["size"], shown["properties"]["stores"]) == ("active", len(DATA), "web")
    other = fields(member.glance(f"image-create --name nowhere {RAW}"))["id"]
    assert "does not pass filtering" in member.refused(
        f"add-location --url http://169.254.169.254/x {other}", program="glance"
    )
    member.glance(f"image-delete {image} {other}")


def test_the_cache_is_managed(admin: Client, member: Client) -> None:
    image = member.value(f"image create {RAW} --file disk.raw -c id cached")
    admin.do(f"cached image queue {image}")
    deadline = time.monotonic() + SETTLE_S
    while [(row["ID"], row["State"]) for row in admin.json("cached image list")] != [(image, "cached")]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert image in admin.glance("cache-list")
    admin.do("cached image clear")
    assert admin.json("cached image list") == []
    assert "403" in member.refused("cached image list")
    member.do(f"image delete {image}")


@pytest.fixture(scope="module")
def url(cloud: RunningCloud) -> str:
    """The image API."""
    return f"{cloud.url(9292)}/v2"


def test_curl_deactivates_and_reactivates(admin: Client, member: Client, url: str) -> None:
    token, own = admin.value("token issue -c id"), member.value("token issue -c id")
    image = member.value(f"image create {RAW} --file disk.raw -c id suspicious")
    for _ in range(2):  # it may be said twice
        assert curl_json(token, "POST", f"{url}/images/{image}/actions/deactivate").status == 204
    assert curl_json(own, "GET", f"{url}/images/{image}").json["status"] == "deactivated"
    assert curl("-H", f"X-Auth-Token: {own}", f"{url}/images/{image}/file").status == 403
    looked = curl("-H", f"X-Auth-Token: {token}", f"{url}/images/{image}/file")
    assert looked.body == DATA, "an administrator may look into it"
    for _ in range(2):
        assert curl_json(token, "POST", f"{url}/images/{image}/actions/reactivate").status == 204
    assert curl("-H", f"X-Auth-Token: {own}", f"{url}/images/{image}/file").body == DATA
    admin.do(f"image set --deactivate {image}")
    assert "403" in member.refused(f"image-download --file never.raw {image}", program="glance")
    admin.do(f"image set --activate {image}")
    member.do(f"image delete {image}")


def test_curl_imports(member: Client, url: str, web: Web) -> None:
    token = member.value("token issue -c id")
    document = {"name": "curled", "disk_format": "raw", "container_format": "bare"}
    made = curl_json(token, "POST", f"{url}/images", document)
    assert "web-download" in made.headers["openstack-image-import-methods"]
    image = made.json["id"]
    body = {"method": {"name": "web-download", "uri": f"{web.url}/disk.raw"}, "all_stores": True}
    assert curl_json(token, "POST", f"{url}/images/{image}/import", body).status == 202
    assert active(member, image)["properties"]["stores"] == "fast,deep"
    assert curl_json(token, "POST", f"{url}/images/{image}/import", body).status == 409
    assert curl_json(token, "DELETE", f"{url}/images/{image}").status == 204

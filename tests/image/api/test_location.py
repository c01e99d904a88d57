from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pileus.image.settings import ImportFilteringSettings, ImportSettings, LimitSettings, Settings, StoreSettings
from pileus.image.workflows.location import READ_BYTES
from tests.image import hostile
from tests.image.bench import ADMIN, OTHER, OWNER, READER, Site
from tests.kit.web.site import Site as Web
from tests.kit.web.site import send, serving

DATA = b"the bytes of a disk" * 1000
SHA256, SHA512 = hashlib.sha256(DATA).hexdigest(), hashlib.sha512(DATA).hexdigest()
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
SERVICE = "p-service:service"
SECRET = "s3cr3t"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as web:
        web.publish("/disk", DATA)
        yield web


@pytest.fixture
def new_open_site(new_site: Callable[..., Site], web: Web) -> Callable[..., Site]:
    """A site with a store of what is on the web, on which locations are shown."""

    def make(**settings: Any) -> Site:
        shown = {"show_multiple_locations": True, "show_image_direct_url": True}
        return new_site(
            Settings(
                **{**shown, **settings},
                stores={"local": StoreSettings(), "web": StoreSettings(kind="http", weight=-1)},
                import_filtering=ImportFilteringSettings(
                    allowed_networks=("127.0.0.0/8",), allowed_ports=(web.port, 80)
                ),
            )
        )

    return make


@pytest.fixture
def open_site(new_open_site: Callable[..., Site]) -> Site:
    return new_open_site()


def added(url: str, place: str = "-", **more: Any) -> dict[str, Any]:
    return {"op": "add", "path": f"/locations/{place}", "value": {"url": url, "metadata": {}, **more}}


# --- PATCH ------------------------------------------------------------------------------------------


def test_bytes_at_a_place_that_a_patch_adds_are_looked_at_and_measured(open_site: Site, web: Web) -> None:
    web.publish("/qcow2", hostile.qcow2(virtual_size=5 * 2**30))
    image_id = open_site.create(disk_format="qcow2", container_format="bare")
    assert open_site.patch(image_id, added(web.url + "/qcow2")).status == 200
    image = open_site.get(image_id)
    assert (image["status"], image["virtual_size"]) == ("active", None)
    assert open_site.work.run_due() == 1
    image = open_site.get(image_id)
    assert (image["status"], image["virtual_size"], image["min_disk"]) == ("active", 5 * 2**30, 5)


@pytest.mark.parametrize("is_first", [True, False])
def test_an_image_with_unsafe_bytes_at_a_place_that_a_patch_adds_is_withdrawn(
    open_site: Site, web: Web, is_first: bool
) -> None:
    web.publish("/hostile", hostile.qcow2_over("/etc/passwd"))
    image_id = open_site.create_raw()
    if not is_first:
        assert open_site.patch(image_id, added(web.url + "/disk")).status == 200
        open_site.work.run_due()
    assert open_site.patch(image_id, added(web.url + "/hostile")).status == 200
    open_site.work.run_due()
    assert open_site.get(image_id)["status"] == "deactivated"
    assert open_site.download(image_id).status == 403


def test_a_place_that_cannot_be_read_or_is_gone_again_withdraws_nothing(open_site: Site, web: Web) -> None:
    hurt, left = open_site.create_raw(), open_site.create_raw()
    web.publish("/hostile", hostile.qcow2_over("/etc/passwd"))
    assert open_site.patch(hurt, added(web.url + "/disk")).status == 200
    del web.pages["/disk"]
    open_site.work.run_due()
    web.publish("/disk", DATA)
    assert open_site.patch(left, added(web.url + "/disk"), added(web.url + "/hostile")).status == 200
    assert open_site.patch(left, {"op": "remove", "path": "/locations/1"}, token=ADMIN).status == 200
    open_site.work.run_due()
    assert {open_site.get(each)["status"] for each in (hurt, left)} == {"active"}


def test_places_that_hang_keep_no_other_projects_bytes_from_being_looked_at(open_site: Site, web: Web) -> None:
    is_over = threading.Event()

    def hang(handler: Any) -> None:
        send(handler, 200, {"content-length": "1000"})
        is_over.wait(30)

    web.pages["/hanging"] = hang
    web.publish("/qcow2", hostile.qcow2(virtual_size=5 * 2**30))
    for _ in range(ImportSettings().threads + 1):
        assert open_site.patch(open_site.create_raw(), added(web.url + "/hanging")).status == 200
    image_id = open_site.create(token=OTHER, disk_format="qcow2", container_format="bare")
    assert open_site.patch(image_id, added(web.url + "/qcow2"), token=OTHER).status == 200
    open_site.work.start()
    try:
        deadline = time.monotonic() + 20
        while open_site.get(image_id, token=OTHER)["virtual_size"] is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        is_over.set()
        open_site.work.stop()


def test_locations_are_neither_shown_nor_changed_unless_the_operator_wants_it(site: Site) -> None:
    image_id = site.create_raw()
    site.upload(image_id, b"data")
    assert not {"locations", "direct_url"} & site.get(image_id).keys()
    assert site.get(image_id)["stores"] == "local"
    for verb, step in (
        ("add", added("http://example.org/disk")),
        ("update", {"op": "replace", "path": "/locations", "value": [added("http://example.org")["value"]]}),
        ("remove", {"op": "remove", "path": "/locations/0"}),
    ):
        reply = site.patch(image_id, step, token=ADMIN)
        assert reply.status == 403
        assert f"not allowed to {verb} locations if locations are invisible" in str(reply.body)


def test_an_uploaded_image_shows_where_its_bytes_lie(open_site: Site) -> None:
    image_id = open_site.create_raw()
    assert open_site.get(image_id)["locations"] == []
    assert "direct_url" not in open_site.get(image_id)
    open_site.upload(image_id, b"data")
    image = open_site.get(image_id)
    url = image["direct_url"]
    assert url.startswith("file:///")
    assert image["locations"] == [{"url": url, "metadata": {"store": "local"}}]


def test_a_location_makes_an_image_active_whose_bytes_are_read_from_there(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    step = added(web.url + "/disk", metadata={"foo": "bar", "store": "local"})
    assert open_site.patch(image_id, step).status == 200
    image = open_site.get(image_id)
    assert (image["status"], image["size"], image["os_hash_value"]) == ("active", len(DATA), None)
    assert image["locations"] == [{"url": web.url + "/disk", "metadata": {"foo": "bar", "store": "web"}}]
    assert (image["direct_url"], image["stores"]) == (web.url + "/disk", "web")
    assert open_site.download(image_id).body == DATA
    assert open_site.download(image_id, range="bytes=5-8").body == DATA[5:9]


def test_what_is_said_of_the_bytes_is_written_on_the_image(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    said = {"checksum": "1" * 32, "os_hash_algo": "sha512", "os_hash_value": "deadbeef" * 16}
    assert open_site.patch(image_id, added(web.url + "/disk", validation_data=said)).status == 200
    image = open_site.get(image_id)
    assert {name: image[name] for name in said} == said
    assert "validation_data" not in image["locations"][0]
    other = {**said, "checksum": "2" * 32}
    assert open_site.patch(image_id, added(web.url + "/disk#2", validation_data=other)).status == 409
    assert open_site.patch(image_id, added(web.url + "/disk#2", validation_data=said)).status == 200
    assert len(open_site.get(image_id)["locations"]) == 2


def test_locations_are_described_anew_put_in_order_and_removed(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    first, second = web.url + "/disk", web.url + "/disk#new"
    assert open_site.patch(image_id, added(first), added(second)).status == 200
    swapped = [{"url": second, "metadata": {"speed": "88mph"}}, {"url": first, "metadata": {}}]
    assert open_site.patch(image_id, {"op": "replace", "path": "/locations", "value": swapped}).status == 200
    shown = open_site.get(image_id)["locations"]
    assert [each["url"] for each in shown] == [second, first]
    assert shown[0]["metadata"] == {"speed": "88mph", "store": "web"}
    assert open_site.patch(image_id, {"op": "replace", "path": "/locations", "value": swapped[:1]}).status == 400
    assert open_site.patch(image_id, {"op": "replace", "path": "/locations", "value": []}).status == 403
    assert open_site.patch(image_id, {"op": "remove", "path": "/locations/0"}).status == 403
    assert open_site.patch(image_id, {"op": "remove", "path": "/locations/0"}, token=ADMIN).status == 200
    assert open_site.patch(image_id, {"op": "remove", "path": "/locations/0"}, token=ADMIN).status == 403
    assert [each["url"] for each in open_site.get(image_id)["locations"]] == [first]


def test_an_image_has_no_more_locations_than_it_may(new_open_site: Callable[..., Site], web: Web) -> None:
    site = new_open_site(limits=LimitSettings(locations=2))
    image_id, urls = site.create_raw(), [f"{web.url}/disk#{number}" for number in range(3)]
    assert site.patch(image_id, *map(added, urls)).status == 413
    assert site.get(image_id)["status"] == "queued"
    assert site.patch(image_id, *map(added, urls[:2])).status == 200
    assert site.patch(image_id, added(urls[2])).status == 413


def test_bytes_of_ours_that_lose_their_location_are_deleted(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    open_site.upload(image_id, DATA)
    assert open_site.patch(image_id, added(web.url + "/disk")).status == 200
    assert open_site.get(image_id)["stores"] == "local,web"
    assert open_site.patch(image_id, {"op": "remove", "path": "/locations/0"}, token=ADMIN).status == 200
    open_site.repair()
    assert open_site.files() == []
    assert open_site.download(image_id).body == DATA


@pytest.mark.parametrize(
    "url",
    [
        "gopher://example.org/disk",
        "file:///etc/passwd",
        "filesystem:///etc/passwd",
        "swift+config://ref/container/object",
        "memory://local/key",
        "FILE:///etc/passwd",
        " file:///etc/passwd",
        "disk",
        "",
        f"http://user:{SECRET}@example.org/disk",
        "http://169.254.169.254/latest/meta-data",
        "http://0xa9fea9fe/latest/meta-data",
        "http://[::ffff:10.0.0.1]/disk",
        "http://example.org:22/disk",
    ],
)
def test_a_url_that_no_store_takes_is_refused_and_not_repeated(open_site: Site, url: str) -> None:
    image_id = open_site.create_raw()
    for token in (OWNER, ADMIN):
        reply = open_site.patch(image_id, added(url), token=token)
        assert reply.status == 400, reply.body
        assert SECRET not in str(reply.body)
        assert "passwd" not in str(reply.body)
    assert open_site.get(image_id)["status"] == "queued"


def test_what_is_not_there_or_empty_is_no_location(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    web.publish("/empty", b"")
    web.pages["/refused"] = lambda handler: send(handler, 403, {})
    for path in ("/missing", "/empty", "/refused"):
        reply = open_site.patch(image_id, added(f"{web.url}{path}?token={SECRET}"))
        assert reply.status == 400, path
        assert SECRET not in str(reply.body)


def test_a_location_is_added_by_members_of_the_project_only(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw(visibility="community")
    for token in (READER, OTHER):
        assert open_site.patch(image_id, added(web.url + "/disk"), token=token).status == 403
    assert open_site.patch(image_id, added(web.url + "/disk", place="x")).status == 400
    assert open_site.patch(image_id, added(web.url + "/disk", place="0")).status == 200
    assert open_site.patch(image_id, added(web.url + "/disk")).status == 400


# --- the location API -------------------------------------------------------------------------------


def post(site: Site, image_id: str, url: str, token: str = OWNER, **more: Any) -> int:
    reply = site.call("POST", f"/v2/images/{image_id}/locations", {"url": url, **more}, token=token)
    assert SECRET not in str(reply.body)
    return reply.status


def test_what_lies_elsewhere_counts_too(new_open_site: Callable[..., Site], web: Web) -> None:
    site = new_open_site(user_storage_quota=f"{len(DATA)}B")
    first, second = site.create_raw(), site.create_raw()
    assert post(site, first, web.url + "/disk") == 202
    assert post(site, second, web.url + "/disk?2") == 202
    web.publish("/disk?2", DATA)
    site.work.run_due()
    assert sorted(site.get(image_id)["status"] for image_id in (first, second)) == ["active", "queued"]
    waiting = next(image_id for image_id in (first, second) if site.get(image_id)["status"] == "queued")
    assert "exceed the limit" in site.tasks(waiting)[0]["message"]
    web.publish("/disk?3", DATA)
    assert site.patch(waiting, added(web.url + "/disk?3")).status == 413
    assert site.get(waiting)["status"] == "queued"
    assert "stores" not in site.get(waiting)


def test_an_image_gets_a_location_and_is_hashed(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    assert post(open_site, image_id, web.url + "/disk") == 202
    open_site.work.run_due()
    image = open_site.get(image_id)
    assert (image["status"], image["size"], image["checksum"]) == ("active", len(DATA), MD5)
    assert (image["os_hash_algo"], image["os_hash_value"], image["stores"]) == ("sha512", SHA512, "web")
    assert "os_glance_import_task" not in image
    assert open_site.download(image_id).body == DATA
    assert post(open_site, image_id, web.url + "/disk#2") == 409


def test_the_bytes_are_held_against_the_hash_that_was_given(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    said = {"os_hash_algo": "sha256", "os_hash_value": SHA256}
    assert post(open_site, image_id, web.url + "/disk", validation_data=said) == 202
    open_site.work.run_due()
    image = open_site.get(image_id)
    assert (image["status"], image["os_hash_algo"], image["os_hash_value"]) == ("active", "sha256", SHA256)
    assert image["checksum"] == MD5


def test_an_image_with_other_bytes_than_were_said_waits_for_the_right_ones(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    said = {"os_hash_algo": "sha512", "os_hash_value": "beefdead" * 16}
    assert post(open_site, image_id, web.url + "/disk", validation_data=said) == 202
    open_site.work.run_due()
    image = open_site.get(image_id)
    assert (image["status"], image["size"], image["checksum"]) == ("queued", None, None)
    assert (image["os_hash_algo"], image["os_hash_value"]) == (None, None)
    assert (image["stores"], image["locations"]) == ("web", [])
    assert open_site.download(image_id).status == 204
    assert post(open_site, image_id, web.url + "/disk") == 202
    open_site.work.run_due()
    assert open_site.get(image_id)["os_hash_value"] == SHA512


@pytest.mark.parametrize(("is_hash_given", "status"), [(True, "queued"), (False, "deactivated")])
def test_bytes_that_lie_elsewhere_are_looked_at_too(
    open_site: Site, web: Web, is_hash_given: bool, status: str
) -> None:
    bad = hostile.qcow2_over("/etc/passwd")
    web.publish("/bad", bad)
    image_id = open_site.create_raw()
    said = {"os_hash_algo": "sha256", "os_hash_value": hashlib.sha256(bad).hexdigest()} if is_hash_given else None
    assert post(open_site, image_id, web.url + "/bad", validation_data=said) == 202
    open_site.work.run_due()
    assert open_site.get(image_id)["status"] == status
    task = open_site.tasks(image_id)[0]
    assert (task["status"], "safety checks" in task["message"]) == ("failure", True)
    assert open_site.download(image_id).status in (204, 403)


def test_the_disk_that_lies_elsewhere_is_measured(open_site: Site, web: Web) -> None:
    web.publish("/whole", hostile.qcow2(virtual_size=3 * 2**30))
    image_id = open_site.create(disk_format="qcow2", container_format="bare")
    assert post(open_site, image_id, web.url + "/whole") == 202
    open_site.work.run_due()
    image = open_site.get(image_id)
    assert (image["status"], image["virtual_size"], image["min_disk"]) == ("active", 3 * 2**30, 3)


def test_an_upload_after_a_refused_location_counts(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    said = {"os_hash_algo": "sha512", "os_hash_value": "beefdead" * 16}
    post(open_site, image_id, web.url + "/disk", validation_data=said)
    open_site.work.run_due()
    assert open_site.upload(image_id, b"data").status == 204
    assert open_site.get(image_id)["stores"] == "local"
    assert open_site.download(image_id).body == b"data"


def test_without_hashing_the_hash_is_believed(new_open_site: Callable[..., Site], web: Web) -> None:
    site = new_open_site(do_secure_hash=False)
    image_id, other_id = site.create_raw(), site.create_raw()
    said = {"os_hash_algo": "sha256", "os_hash_value": "f" * 64}
    assert post(site, image_id, web.url + "/disk", validation_data=said) == 202
    assert post(site, other_id, web.url + "/disk") == 202
    site.work.run_due()
    image, other = site.get(image_id), site.get(other_id)
    assert (image["status"], image["size"], image["os_hash_value"]) == ("active", len(DATA), "f" * 64)
    assert image["checksum"] is None
    assert (other["status"], other["os_hash_value"]) == ("active", None)


def test_bytes_that_cannot_be_read_are_tried_again_as_often_as_the_operator_says(
    new_open_site: Callable[..., Site], web: Web
) -> None:
    site = new_open_site(http_retries=2)
    answers = iter([DATA, None, None])

    def page(handler: Any) -> None:
        data = next(answers)
        send(handler, 503 if data is None else 200, {}, data or b"")

    web.pages["/flaky"] = page
    image_id = site.create_raw()
    assert post(site, image_id, web.url + "/flaky") == 202
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["checksum"]) == ("active", None)
    assert next(answers, "all asked for") == "all asked for"


def test_a_location_with_nothing_fails_its_task(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    assert post(open_site, image_id, f"{web.url}/missing?{SECRET}") == 202
    open_site.work.run_due()
    image = open_site.get(image_id)
    assert (image["status"], image["locations"]) == ("queued", [])
    assert "stores" not in image
    assert open_site.upload(image_id, b"data").status == 204


def test_nothing_is_read_any_more_for_an_image_that_is_gone(open_site: Site, web: Web) -> None:
    image_id, asked, sent, is_over = open_site.create_raw(), list[str](), list[int](), threading.Event()
    shown: list[Any] = []
    piece, pieces = bytes(READ_BYTES), 40

    def page(handler: Any) -> None:
        asked.append(handler.path)
        handler.send_response(200)
        handler.send_header("content-length", str(pieces * len(piece)))
        handler.end_headers()
        if len(asked) == 1:  # how much is there?
            return
        try:
            for number in range(pieces):
                handler.wfile.write(piece)
                sent.append(number)
                if number == 0:
                    shown.append(open_site.get(image_id))
                    assert open_site.call("DELETE", f"/v2/images/{image_id}").status == 204
        finally:
            is_over.set()

    web.pages["/slow"] = page
    assert post(open_site, image_id, web.url + "/slow") == 202
    open_site.work.run_due()
    assert is_over.wait(20)
    assert (len(asked), len(sent) < pieces) == (2, True)
    assert [(each["status"], each["os_hash_algo"], each["os_hash_value"]) for each in shown] == [
        ("active", "sha512", None)  # the hash was on its way
    ]


def test_only_one_location_is_added_at_a_time(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    assert post(open_site, image_id, web.url + "/disk") == 202
    assert post(open_site, image_id, web.url + "/disk") == 409
    open_site.work.run_due()
    assert len(open_site.get(image_id)["locations"]) == 1


def test_bytes_that_are_uploaded_meanwhile_stay_the_images(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    assert post(open_site, image_id, web.url + "/disk") == 202
    assert open_site.upload(image_id, b"data").status == 204
    open_site.work.run_due()
    image = open_site.get(image_id)
    assert (image["status"], image["size"], image["stores"]) == ("active", 4, "local")
    assert image["os_hash_value"] == hashlib.sha512(b"data").hexdigest()
    assert "os_glance_import_task" not in image


def test_the_task_tells_how_it_went(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    said = {"os_hash_algo": "sha512", "os_hash_value": "beefdead" * 16}
    post(open_site, image_id, f"{web.url}/disk?{SECRET}", validation_data=said)
    open_site.work.run_due()
    post(open_site, image_id, web.url + "/disk")
    open_site.work.run_due()
    failed, done = open_site.call("GET", f"/v2/images/{image_id}/tasks").decoded()["tasks"]
    assert (failed["type"], failed["status"]) == ("location_import", "failure")
    assert "another sha512" in failed["message"]
    assert SECRET not in failed["message"]
    assert (done["status"], done["result"]) == ("success", {"image_id": image_id})


def test_an_image_that_is_deleted_meanwhile_stays_so(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw()
    post(open_site, image_id, web.url + "/disk")
    assert open_site.call("DELETE", f"/v2/images/{image_id}").status == 204
    open_site.work.run_due()
    assert open_site.call("GET", f"/v2/images/{image_id}").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": 1},
        {"url": "http://example.org/" + SECRET * 50},
        {"url": f"http://u:{SECRET}@example.org/"},
        {"url": "http://127.0.0.1:22/"},
        {"url": "http://e/", "validation_data": {"os_hash_value": SHA512}},
        {"url": "http://e/", "validation_data": {"os_hash_algo": "sha512"}},
        {"url": "http://e/", "validation_data": {"os_hash_algo": "sha123", "os_hash_value": SHA512}},
        {"url": "http://e/", "validation_data": {"os_hash_algo": "sha512", "os_hash_value": SHA256}},
        {"url": "http://e/", "validation_data": {"os_hash_algo": "sha256", "os_hash_value": "g" * 64}},
        {"url": "http://e/", "validation_data": {"checksum": MD5}},
    ],
)
def test_a_body_that_makes_no_sense_is_refused(open_site: Site, body: dict[str, Any]) -> None:
    image_id = open_site.create_raw()
    reply = open_site.call("POST", f"/v2/images/{image_id}/locations", body)
    assert reply.status == 400, reply.body
    assert SECRET not in str(reply.body)


def test_who_may_add_and_fetch_locations(open_site: Site, web: Web) -> None:
    image_id = open_site.create_raw(visibility="community")
    url = web.url + "/disk"
    assert post(open_site, image_id, url, token=READER) == 403
    assert post(open_site, image_id, url, token=OTHER) == 403
    assert post(open_site, image_id, "file:///etc/passwd") == 403
    assert post(open_site, image_id, "file:///etc/passwd", token=SERVICE) == 400
    assert post(open_site, image_id, url, token=SERVICE) == 202
    open_site.work.run_due()
    path = f"/v2/images/{image_id}/locations"
    assert open_site.call("GET", path).status == 403
    for token in (ADMIN, SERVICE):
        reply = open_site.call("GET", path, token=token)
        assert reply.decoded() == [{"url": url, "metadata": {"store": "web"}}]

"""Staging and imports as callers ask for them: what is refused, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pileus.image.settings import ImportSettings, LimitSettings, Settings, StoreSettings
from tests.image.bench import ADMIN, BYTES, OTHER, OWNER, READER, Site

HELLO = b"hello"


def staged(site: Site, **attributes: Any) -> str:
    image_id = site.create_raw(**attributes)
    assert site.stage(image_id, HELLO).status == 204
    return image_id


def test_the_ways_to_import_are_listed(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(imports=ImportSettings(enabled_import_methods=("web-download", "copy-image"))))
    document = site.call("GET", "/v2/info/import").decoded()["import-methods"]
    assert (document["type"], document["value"]) == ("array", ["web-download", "copy-image"])
    reply = site.call("POST", "/v2/images", {"name": "x"})
    assert reply.headers["openstack-image-import-methods"] == "web-download,copy-image"


def test_staged_bytes_are_nobodys_image_yet(site: Site) -> None:
    image_id = staged(site)
    image = site.get(image_id)
    assert (image["status"], image["size"], image["checksum"]) == ("uploading", 5, None)
    assert "stores" not in image
    assert site.download(image_id).status == 204
    assert site.files() == []
    assert len(site.staged_files()) == 1
    stores = site.call("GET", "/v2/info/stores").decoded()["stores"]
    assert [store["id"] for store in stores] == ["local"]


def test_staged_bytes_go_with_their_image(site: Site) -> None:
    image_id = staged(site)
    assert site.call("DELETE", f"/v2/images/{image_id}").status == 204
    assert site.staged_files() == []


def test_an_upload_to_the_staging_area_that_breaks_off_leaves_nothing(site: Site) -> None:
    image_id = site.create_raw()
    assert site.stage(image_id, [HELLO, None]).status != 204
    assert (site.get(image_id)["status"], site.staged_files()) == ("queued", [])
    assert site.stage(image_id, HELLO).status == 204


def test_bytes_that_are_still_being_staged_are_not_imported(site: Site) -> None:
    image_id = site.create_raw()
    answers: list[int] = []

    async def import_meanwhile() -> None:
        answers.append(site.begin_import(image_id, "glance-direct").status)

    assert site.stage(image_id, [HELLO, import_meanwhile, None]).status != 204
    assert answers == [409]
    assert (site.get(image_id)["status"], site.staged_files()) == ("queued", [])


def test_staging_is_for_owners_and_for_bytes(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(limits=LimitSettings(size_gb=0)))
    image_id = site.create_raw()
    assert site.stage(image_id, HELLO, token=OTHER).status == 404
    assert site.stage(image_id, HELLO, token=READER).status == 403
    assert site.stage(image_id, HELLO, content_type="text/plain").status == 415
    assert site.stage(image_id, HELLO).status == 413
    assert site.get(image_id)["status"] == "queued"


def test_bytes_are_staged_once(site: Site) -> None:
    image_id = staged(site)
    assert site.stage(image_id, HELLO).status == 409
    assert site.upload(image_id, HELLO).status == 409


def test_nothing_is_staged_without_glance_direct(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(imports=ImportSettings(enabled_import_methods=("web-download",))))
    assert site.stage(site.create_raw(), HELLO).status == 404


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "'method'"),
        ({"method": {}}, "'name'"),
        ({"method": {"name": "magic"}}, "Unknown import method name 'magic'"),
        ({"method": {"name": "glance-direct"}, "all_stores": "yes"}, "'all_stores' must be boolean"),
        ({"method": {"name": "glance-direct"}, "all_stores_must_succeed": 1}, "must be boolean"),
        ({"method": {"name": "glance-direct"}, "all_stores": True, "stores": ["local"]}, "'all_stores'"),
        ({"method": {"name": "glance-direct"}, "stores": "local"}, "'stores'"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(site: Site, body: dict[str, Any], sentence: str) -> None:
    image_id = staged(site)
    reply = site.call("POST", f"/v2/images/{image_id}/import", body)
    assert reply.status == 400
    assert isinstance(reply.body, bytes)
    assert sentence.encode() in reply.body.replace(b"&#x27;", b"'")
    assert site.get(image_id)["status"] == "uploading"


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "file:///etc/passwd",
        "http://example.com:22/",
        "not a url",
        7,
    ],
)
def test_a_url_that_does_not_pass_the_gate_is_refused_at_once(site: Site, uri: Any) -> None:
    image_id = site.create_raw()
    assert site.begin_import(image_id, "web-download", method={"uri": uri}).status == 400
    assert (site.get(image_id)["status"], site.tasks(image_id)) == ("queued", [])


def test_another_region_must_be_named_in_full(site: Site) -> None:
    image_id = site.create_raw()
    for method in ({"glance_image_id": image_id}, {"glance_region": "x"}):
        assert site.begin_import(image_id, "glance-download", method=method).status == 400
    method = {"glance_region": "x", "glance_image_id": "foo"}
    reply = site.begin_import(image_id, "glance-download", method=method)
    assert (reply.status, b"image id does not look like a UUID" in bytes(reply.body)) == (400, True)  # type: ignore[arg-type]


def test_another_region_that_the_catalog_does_not_have_ends_the_import(site: Site) -> None:
    image_id = site.create_raw(os_distro="linux")
    method = {"glance_region": "x", "glance_image_id": image_id}
    assert site.begin_import(image_id, "glance-download", method=method).status == 202
    site.work.run_due()
    image = site.get(image_id)
    assert (image["status"], image["os_distro"]) == ("queued", "linux")
    assert "catalog" in site.tasks(image_id)[0]["message"]


def test_what_is_in_the_wrong_state_is_not_imported(site: Site) -> None:
    queued, whole, formless = site.create_raw(), site.create_raw(), site.create()
    site.upload(whole, HELLO)
    url = {"uri": "http://example.com/x"}
    assert site.begin_import(queued, "glance-direct").status == 409
    assert site.begin_import(queued, "copy-image", token=ADMIN).status == 409
    assert site.begin_import(whole, "web-download", method=url).status == 409
    assert site.begin_import(staged(site), "web-download", method=url).status == 409
    assert site.begin_import(formless, "web-download", method=url).status == 409


def test_one_import_at_a_time(site: Site) -> None:
    image_id = staged(site)
    assert site.begin_import(image_id, "glance-direct").status == 202
    assert site.begin_import(image_id, "glance-direct").status == 409
    site.work.run_due()
    assert site.get(image_id)["status"] == "active"
    assert len(site.tasks(image_id)) == 1


def test_imports_are_for_owners_and_copies_for_administrators(site: Site) -> None:
    image_id = staged(site, visibility="shared")
    assert site.begin_import(image_id, "glance-direct", token=OTHER).status == 404
    assert site.begin_import(image_id, "glance-direct", token=READER).status == 403
    assert site.begin_import(image_id, "glance-direct", stores=["nowhere"]).status == 409
    assert site.begin_import(image_id, "glance-direct", stores=["os_glance_staging_store"]).status == 409


def test_a_store_of_the_web_takes_nothing_in(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(stores={"local": StoreSettings(), "web": StoreSettings(kind="http")}))
    image_id = staged(site)
    assert site.begin_import(image_id, "glance-direct", stores=["web"]).status == 409
    assert site.begin_import(image_id, "glance-direct", all_stores=True).status == 202
    site.work.run_due()
    assert site.get(image_id)["stores"] == "local"


def test_nobody_sets_the_marks_of_an_import(site: Site) -> None:
    image_id = staged(site)
    step = {"op": "add", "path": "/os_glance_import_task", "value": "x"}
    assert site.patch(image_id, step, token=ADMIN).status == 403
    assert site.call("POST", "/v2/images", {"os_glance_failed_import": ""}).status == 403


def test_a_store_may_be_named_by_a_header(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(stores={"local": StoreSettings(), "other": StoreSettings()}))
    image_id = staged(site)
    path, body = f"/v2/images/{image_id}/import", {"method": {"name": "glance-direct"}}
    both = site.call("POST", path, {**body, "stores": ["local"]}, x_image_meta_store="other")
    assert both.status == 400
    assert site.call("POST", path, body, x_image_meta_store="other").status == 202
    site.work.run_due()
    assert site.get(image_id)["stores"] == "other"


def test_properties_of_imports_do_not_count(new_site: Callable[..., Site]) -> None:
    site = new_site(Settings(limits=LimitSettings(properties=1)))
    image_id = staged(site, colour="red")
    site.begin_import(image_id, "glance-direct")
    site.work.run_due()
    assert site.patch(image_id, {"op": "replace", "path": "/colour", "value": "blue"}).status == 200


def test_an_import_works_over_the_wire_of_a_client(site: Site) -> None:
    image_id = site.create_raw()
    wire = site.wire("PUT", f"/v2/images/{image_id}/stage", [HELLO], token=OWNER, headers={"content-type": BYTES})
    assert (wire.status, wire.body) == (204, b"")
    reply = site.begin_import(image_id, "glance-direct")
    assert (reply.status, reply.body) == (202, b"")


def test_where_an_image_came_from_is_told_to_its_owner_only(site: Site) -> None:
    image_id = site.create_raw(visibility="community")
    uri = "https://mirror.example/disk?signature=secret"
    assert site.begin_import(image_id, "web-download", method={"uri": uri}).status == 202
    seen = {token: site.call("GET", f"/v2/images/{image_id}/tasks", token=token) for token in (OWNER, ADMIN, OTHER)}
    assert [uri in str(reply.body) for reply in seen.values()] == [True, True, False]
    assert seen[OTHER].decoded()["tasks"][0]["status"] == "pending"

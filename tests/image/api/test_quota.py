"""Quotas as clients meet them: refusals with 413, and what they have of each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pileus.image.settings import ImportFilteringSettings, Settings, StoreSettings
from tests.clients.limiting import Limiting
from tests.image.bench import ADMIN, OTHER, OWNER, Site
from tests.kit.web.site import serving

MEBIBYTE = bytes(2**20)
NewSite = Callable[..., Site]


@pytest.fixture
def keystone() -> Limiting:
    keystone = Limiting()
    keystone.registered = {
        "image_count_total": 20, "image_size_total": 3, "image_stage_total": 1, "image_count_uploading": 20,
    }  # fmt: skip
    return keystone


@pytest.fixture
def limited(new_site: NewSite, keystone: Limiting) -> Site:
    return new_site(unified_limits=keystone.limits())


def usage(site: Site, token: str = OWNER) -> dict[str, tuple[int, int]]:
    reply = site.call("GET", "/v2/info/usage", token=token)
    assert reply.status == 200
    return {name: (one["usage"], one["limit"]) for name, one in reply.decoded()["usage"].items()}


def test_one_image_more_than_the_limit_is_refused(limited: Site, keystone: Limiting) -> None:
    keystone.registered["image_count_total"] = 1
    first = limited.create()
    reply = limited.call("POST", "/v2/images", {"name": "second"})
    assert reply.status == 413
    assert (
        "Project p-own is over a limit for [Resource image_count_total is over limit of 1 due to current usage 1 and "
        "delta 1]" in reply.decoded()["message"]
    )
    limited.create(token=OTHER)
    limited.call("DELETE", f"/v2/images/{first}")
    limited.create()


def test_an_announced_upload_that_does_not_fit_is_refused_before_its_bytes(limited: Site) -> None:
    image_id = limited.create_raw()
    reply = limited.upload(image_id, b"", content_length=str(4 * 2**20))
    assert reply.status == 413
    assert "image_size_total is over limit of 3 due to current usage 0 and delta 4" in reply.json()["message"]
    assert limited.get(image_id)["status"] == "queued"
    assert limited.upload(image_id, MEBIBYTE).status == 204


def test_an_upload_of_unknown_size_ends_where_the_quota_does(limited: Site) -> None:
    image_id = limited.create_raw()
    assert limited.upload(image_id, [MEBIBYTE] * 5).status == 413
    assert limited.get(image_id)["status"] == "queued"
    assert limited.files() == []
    assert usage(limited)["image_size_total"] == (0, 3)
    assert limited.upload(image_id, [MEBIBYTE] * 3).status == 204
    assert usage(limited)["image_size_total"] == (3, 3)


def test_an_upload_that_brings_more_than_it_announced_does_not_get_past_the_quota(limited: Site) -> None:
    image_id = limited.create_raw()
    assert limited.upload(image_id, [MEBIBYTE] * 5, x_openstack_image_size=str(2**20)).status == 413
    assert limited.files() == []


def test_many_uploads_at_once_never_exceed_the_quota(limited: Site) -> None:
    ids = [limited.create_raw() for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda image_id: limited.upload(image_id, [MEBIBYTE[: 2**19]] * 2).status, ids))
    assert set(statuses) <= {204, 413}
    held, limit = usage(limited)["image_size_total"]
    assert held == statuses.count(204) <= limit
    assert limited.upload(ids[statuses.index(413)], [MEBIBYTE] * (limit - held)).status == 204


def test_the_staging_area_has_a_limit_of_its_own(limited: Site) -> None:
    first, second = limited.create_raw(), limited.create_raw()
    assert limited.stage(first, MEBIBYTE).status == 204
    assert limited.stage(second, b"x").status == 413
    assert usage(limited) == {
        "image_count_total": (2, 20),
        "image_size_total": (0, 3),
        "image_stage_total": (1, 1),
        "image_count_uploading": (1, 20),
    }
    assert limited.upload(second, b"x").status == 204


def test_only_so_many_images_may_be_on_their_way_in(limited: Site, keystone: Limiting) -> None:
    keystone.registered["image_count_uploading"] = 1
    first, second = limited.create_raw(), limited.create_raw()
    assert limited.stage(first, b"x").status == 204
    reply = limited.upload(second, b"x")
    assert reply.status == 413
    assert "image_count_uploading is over limit of 1 due to current usage 1 and delta 1" in reply.json()["message"]


def test_as_many_imports_as_may_be_run_and_one_more_is_refused(new_site: NewSite, keystone: Limiting) -> None:
    keystone.registered["image_count_uploading"] = 2
    with serving() as web:
        filtering = ImportFilteringSettings(allowed_ports=(web.port,), allowed_networks=("127.0.0.0/8",))
        limited = new_site(Settings(import_filtering=filtering), keystone.limits())
        images = [limited.create_raw() for _ in range(3)]
        method = {"uri": web.publish("/x", MEBIBYTE[:1000])}
        answers = [limited.begin_import(image_id, "web-download", method=method).status for image_id in images]
        assert answers == [202, 202, 413]
        limited.work.run_due()
        assert [limited.get(image_id)["status"] for image_id in images] == ["active", "active", "queued"]
        assert limited.begin_import(images[2], "web-download", method=method).status == 202
        limited.work.run_due()
        assert limited.get(images[2])["status"] == "active"


def test_an_image_that_is_copied_to_several_stores_is_one_on_its_way(new_site: NewSite, keystone: Limiting) -> None:
    keystone.registered["image_count_uploading"] = 1
    stores = {"a": StoreSettings(), "b": StoreSettings(), "c": StoreSettings()}
    site = new_site(Settings(stores=stores), keystone.limits())
    image_id = site.create_raw()
    assert site.upload(image_id, b"data").status == 204
    assert site.begin_import(image_id, "copy-image", token=ADMIN, stores=["b", "c"]).status == 202
    site.work.run_due()
    assert site.get(image_id)["stores"] == "a,b,c"


def test_an_image_counts_for_who_owns_it_whoever_uploads(limited: Site) -> None:
    assert limited.upload(limited.create_raw(), MEBIBYTE, token=ADMIN).status == 204
    assert usage(limited)["image_size_total"] == (1, 3)
    assert usage(limited, ADMIN)["image_size_total"] == (0, 3)


def test_a_kept_image_does_not_count(new_site: NewSite, keystone: Limiting) -> None:
    site = new_site(Settings(delayed_delete=True), unified_limits=keystone.limits())
    image_id = site.create_raw()
    site.upload(image_id, MEBIBYTE)
    assert site.call("DELETE", f"/v2/images/{image_id}").status == 204
    assert site.call("GET", f"/v2/images/{image_id}").status == 404
    assert site.names() == []
    assert len(site.files()) == 1
    assert usage(site) == {name: (0, limit) for name, limit in keystone.registered.items()}


def test_without_unified_limits_there_is_no_usage_to_tell(site: Site) -> None:
    assert usage(site) == {}


def test_the_settings_may_hold_each_project_to_so_many_bytes(new_site: NewSite) -> None:
    site = new_site(Settings(user_storage_quota="1MB"))
    image_id, second = site.create_raw(), site.create_raw()
    assert site.upload(image_id, [MEBIBYTE, b"x"]).status == 413
    assert site.upload(image_id, MEBIBYTE).status == 204
    reply = site.upload(second, b"xy", content_length="2")
    assert reply.status == 413
    assert "The size of the data 2 will exceed the limit. 0 bytes remaining." in reply.json()["message"]
    assert usage(site) == {}
    theirs = site.create_raw(token=OTHER)
    assert site.upload(theirs, MEBIBYTE, token=OTHER).status == 204

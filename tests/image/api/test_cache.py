"""The cache as clients see it: downloads through it, and its own routes."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from pileus.image.loops.cache import CacheKeeping
from pileus.image.service import FLAVORS, authenticator_of
from pileus.image.settings import CacheSettings, Settings, StoreSettings
from pileus.kit.errors import Unauthenticated
from pileus.kit.http.auth import Everybody
from pileus.kit.http.message import FileBody, Reply, Request
from tests.image.bench import ADMIN, OTHER, OWNER, READER, Site, TinyAuthenticator, Wire, exchange
from tests.image.slow import SlowStore

CACHE = "/v2/cache"
DATA = os.urandom(6 * 2**20 + 12345)


@pytest.fixture
def cached_site(new_site: Callable[..., Site]) -> Site:
    return new_site(Settings(flavor="keystone+cachemanagement", cache=CacheSettings(max_size_mb=64)))


@pytest.fixture
def slow_site(new_site: Callable[..., Site]) -> Iterator[tuple[Site, SlowStore]]:
    site = new_site(Settings(flavor="keystone+caching", stores={"slow": StoreSettings(kind="memory")}))
    store = SlowStore("slow")
    site.backend.stores["slow"] = store  # type: ignore[index]
    yield site, store
    settle(site)


def state(site: Site) -> dict[str, Any]:
    reply = site.call("GET", CACHE, token=ADMIN)
    assert reply.status == 200, reply.body
    return dict(reply.decoded())


def cached(site: Site) -> list[str]:
    return [copy["image_id"] for copy in state(site)["cached_images"]]


def settle(site: Site) -> None:
    """Wait until no copy is on its way."""
    caching = site.backend.caching
    assert caching is not None
    for growth in caching.list_coming():
        assert growth.wait(20)


def uploaded(site: Site, data: bytes = DATA, **attributes: Any) -> str:
    image_id = site.create_raw(**attributes)
    assert site.upload(image_id, data).status == 204
    return image_id


def keep_house(site: Site) -> None:
    assert site.backend.caching is not None
    CacheKeeping(site.backend.database, site.backend.caching).round()


def folder(site: Site) -> Path:
    return site.folder.parent.parent / "image-cache"


async def download(site: Site, image_id: str) -> Wire:
    headers = {"x-auth-token": OWNER, "accept": "application/json"}
    return await exchange(site.listener, "GET", f"/v2/images/{image_id}/file", [], headers)


def test_sixteen_clients_make_one_pull_and_late_ones_read_along(slow_site: tuple[Site, SlowStore]) -> None:
    site, store = slow_site
    image_id = uploaded(site)

    async def all_of_them() -> list[Wire]:
        first = [asyncio.create_task(download(site, image_id)) for _ in range(8)]
        await asyncio.sleep(3 * store.pause_s)  # a few pieces are there
        late = [asyncio.create_task(download(site, image_id)) for _ in range(8)]
        return await asyncio.gather(*first, *late)

    replies = asyncio.run(all_of_them())
    assert [reply.status for reply in replies] == [200] * 16
    assert all(reply.body == DATA for reply in replies)
    assert all(reply.headers["content-length"] == str(len(DATA)) for reply in replies)
    assert store.opened == 1
    settle(site)
    assert site.download(image_id).body == DATA
    assert store.opened == 1
    (copy,) = state(site)["cached_images"]
    assert (copy["image_id"], copy["size"], copy["hits"]) == (image_id, len(DATA), 1)
    assert copy["last_accessed"] >= copy["last_modified"] > time.time() - 60


def test_clients_go_on_with_the_store_where_a_copy_fails(slow_site: tuple[Site, SlowStore]) -> None:
    site, store = slow_site
    image_id = uploaded(site)
    store.fails_at = 4 * 2**20

    async def all_of_them() -> list[Wire]:
        return await asyncio.gather(*(download(site, image_id) for _ in range(4)))

    replies = asyncio.run(all_of_them())
    assert all(reply.body == DATA for reply in replies)
    assert store.opened == 5
    assert cached(site) == []
    assert site.download(image_id).body == DATA
    settle(site)
    assert cached(site) == [image_id]


def test_a_client_that_goes_does_not_end_the_copy(slow_site: tuple[Site, SlowStore]) -> None:
    site, store = slow_site
    image_id = uploaded(site)

    async def impatient() -> None:
        client = asyncio.create_task(download(site, image_id))
        await asyncio.sleep(2 * store.pause_s)
        client.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client

    asyncio.run(impatient())
    settle(site)
    assert cached(site) == [image_id]
    assert store.opened == 1


def test_a_range_comes_from_the_copy_but_makes_none(slow_site: tuple[Site, SlowStore]) -> None:
    site, store = slow_site
    image_id = uploaded(site)
    assert site.download(image_id, range="bytes=5-9").body == DATA[5:10]
    assert cached(site) == []
    site.download(image_id)
    settle(site)
    opened = store.opened
    reply = site.download(image_id, range="bytes=-7")
    assert (reply.status, reply.body, store.opened) == (206, DATA[-7:], opened)


def test_a_copy_is_sent_as_a_file(cached_site: Site) -> None:
    image_id = uploaded(cached_site)
    assert cached_site.download(image_id).body == DATA
    settle(cached_site)
    row, _ = cached_site.app.service.routes.find("GET", f"/v2/images/{image_id}/file", None)
    headers = {"x-auth-token": OWNER}
    request = Request(method="GET", path=f"/v2/images/{image_id}/file", headers=headers)

    async def reply() -> Reply:
        admitted = await cached_site.backend.threads.run(cached_site.app.admit, request)
        assert admitted[0] is row
        return await cached_site.app.stream(row, request)

    body = asyncio.run(reply()).body
    assert isinstance(body, FileBody)
    assert (body.path.parent, body.offset, body.length) == (folder(cached_site), 0, len(DATA))


def test_the_store_may_be_gone_once_there_is_a_copy(cached_site: Site) -> None:
    image_id = uploaded(cached_site)
    cached_site.download(image_id)
    settle(cached_site)
    for file in cached_site.folder.iterdir():
        file.unlink()
    assert cached_site.download(image_id).body == DATA


def test_a_broken_cache_breaks_nothing_else(cached_site: Site) -> None:
    kept, other = uploaded(cached_site), uploaded(cached_site, b"data")
    assert cached_site.download(kept).body == DATA
    settle(cached_site)
    (copy,) = (path for path in folder(cached_site).iterdir() if path.is_file() and not path.name.endswith(".hits"))
    copy.with_name(f"{copy.name}.hits").mkdir()  # so that no note can be made
    assert cached_site.download(kept).body == DATA
    shutil.rmtree(folder(cached_site))
    assert cached_site.download(kept).body == DATA
    assert cached_site.call("DELETE", f"/v2/images/{other}").status == 204


def test_damaged_bytes_do_not_enter_the_cache(cached_site: Site) -> None:
    image_id = uploaded(cached_site)
    (file,) = cached_site.folder.iterdir()
    file.write_bytes(bytes(len(DATA)))
    assert cached_site.download(image_id).status == 200
    settle(cached_site)
    assert cached(cached_site) == []


def test_the_policy_is_asked_each_time_a_copy_is_read(cached_site: Site) -> None:
    image_id = uploaded(cached_site, visibility="private")
    cached_site.download(image_id)
    settle(cached_site)
    assert cached_site.download(image_id, token=OTHER).status == 404
    assert cached_site.download(image_id, token=READER).status == 403
    assert cached_site.download(image_id, token=ADMIN).status == 200


@pytest.mark.parametrize(("how", "status"), [("deactivate", 403), ("delete", 404)])
def test_what_is_withdrawn_is_out_of_reach_and_out_of_the_cache(cached_site: Site, how: str, status: int) -> None:
    image_id = uploaded(cached_site)
    cached_site.download(image_id)
    settle(cached_site)
    assert cached(cached_site) == [image_id]
    path = f"/v2/images/{image_id}"
    verb, path = ("DELETE", path) if how == "delete" else ("POST", f"{path}/actions/deactivate")
    assert cached_site.call(verb, path, token=ADMIN).status == 204
    assert cached_site.download(image_id).status == status
    assert [path.name for path in folder(cached_site).iterdir()] == ["queue"]


def test_an_administrator_reads_a_deactivated_image_past_the_cache(cached_site: Site) -> None:
    image_id = uploaded(cached_site)
    cached_site.call("POST", f"/v2/images/{image_id}/actions/deactivate", token=ADMIN)
    assert cached_site.download(image_id, token=ADMIN).body == DATA
    settle(cached_site)
    assert cached(cached_site) == []


def test_the_loop_takes_out_what_another_process_has_withdrawn(cached_site: Site) -> None:
    image_id = uploaded(cached_site)
    cached_site.download(image_id)
    settle(cached_site)
    (copy,) = [path for path in folder(cached_site).iterdir() if path.name.startswith(image_id)]
    stranger = copy.with_name(copy.name.replace(image_id, "7a2f0f3c-96ff-4bd0-9a3e-6a1d3a0a86f5"))
    older = copy.with_name(f"{image_id}.{'0' * 32}")
    for path in (stranger, older):
        path.write_bytes(b"x")
    keep_house(cached_site)
    assert not stranger.exists()
    assert not older.exists()
    assert cached(cached_site) == [image_id]


def test_a_queued_image_is_fetched(cached_site: Site) -> None:
    image_id = uploaded(cached_site)
    assert cached_site.call("PUT", f"{CACHE}/{image_id}", token=ADMIN).status == 202
    settle(cached_site)
    assert cached(cached_site) == [image_id]
    assert state(cached_site)["queued_images"] == []


def test_the_loop_fetches_what_is_still_queued_and_forgets_what_is_gone(cached_site: Site) -> None:
    image_id = uploaded(cached_site)
    assert cached_site.backend.caching is not None
    cache = cached_site.backend.caching.cache
    for queued in (image_id, "7a2f0f3c-96ff-4bd0-9a3e-6a1d3a0a86f5"):
        cache.enqueue(queued)
    assert len(state(cached_site)["queued_images"]) == 2
    keep_house(cached_site)
    assert (cached(cached_site), state(cached_site)["queued_images"]) == ([image_id], [])


def test_an_image_whose_bytes_are_missing_stays_in_the_queue(cached_site: Site) -> None:
    image_id = uploaded(cached_site)
    for file in cached_site.folder.iterdir():
        file.unlink()
    cached_site.call("PUT", f"{CACHE}/{image_id}", token=ADMIN)
    settle(cached_site)
    keep_house(cached_site)
    assert state(cached_site) == {"cached_images": [], "queued_images": [image_id]}


def test_images_are_taken_out_one_by_one_or_all(cached_site: Site) -> None:
    assert cached_site.backend.caching is not None
    cache = cached_site.backend.caching.cache
    first, second = uploaded(cached_site), uploaded(cached_site)
    for image_id in (first, second):
        cached_site.download(image_id)
    settle(cached_site)
    cache.enqueue("7a2f0f3c-96ff-4bd0-9a3e-6a1d3a0a86f5")
    assert cached_site.call("DELETE", f"{CACHE}/{first}", token=ADMIN).status == 204
    assert cached(cached_site) == [second]
    clear = {"x_image_cache_clear_target": "queue"}
    assert cached_site.call("DELETE", CACHE, token=ADMIN, **clear).status == 204
    assert (cached(cached_site), state(cached_site)["queued_images"]) == ([second], [])
    assert cached_site.call("DELETE", CACHE, token=ADMIN, x_image_cache_clear_target="both").status == 400
    cache.enqueue(first)
    assert cached_site.call("DELETE", CACHE, token=ADMIN, x_image_cache_clear_target="Cache").status == 204
    assert (cached(cached_site), state(cached_site)["queued_images"]) == ([], [first])
    assert cached_site.call("DELETE", CACHE, token=ADMIN).status == 204
    assert state(cached_site) == {"cached_images": [], "queued_images": []}


def test_what_is_left_of_a_deleted_image_can_be_taken_out(cached_site: Site) -> None:
    gone = "7a2f0f3c-96ff-4bd0-9a3e-6a1d3a0a86f5"
    assert cached_site.call("DELETE", f"{CACHE}/{gone}", token=ADMIN).status == 404
    assert cached_site.backend.caching is not None
    cached_site.backend.caching.cache.enqueue(gone)
    assert cached_site.call("DELETE", f"{CACHE}/{gone}", token=OWNER).status == 403
    assert cached_site.call("DELETE", f"{CACHE}/{gone}", token=ADMIN).status == 204
    assert state(cached_site)["queued_images"] == []


def test_only_active_images_are_queued(cached_site: Site) -> None:
    nothing = cached_site.create_raw()
    reply = cached_site.call("PUT", f"{CACHE}/{nothing}", token=ADMIN)
    assert reply.status == 400
    assert b"Only images with status active can be targeted for queueing" in reply.body
    assert cached_site.call("PUT", f"{CACHE}/{uploaded(cached_site, b'')}", token=ADMIN).status == 400
    assert cached_site.call("PUT", f"{CACHE}/nothing", token=ADMIN).status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", CACHE, 200),
        ("GET", f"{CACHE}/", 200),
        ("DELETE", CACHE, 204),
        ("PUT", f"{CACHE}/IMAGE", 202),
        ("DELETE", f"{CACHE}/IMAGE", 204),
        ("POST", f"{CACHE}/clean", 200),
        ("POST", f"{CACHE}/prune", 200),
        ("GET", f"{CACHE}/nodes/IMAGE", 409),
        ("GET", "/v2/cached_images", 200),
        ("DELETE", "/v2/cached_images", 200),
        ("DELETE", "/v2/cached_images/IMAGE", 200),
        ("GET", "/v2/queued_images", 200),
        ("DELETE", "/v2/queued_images", 200),
        ("PUT", "/v2/queued_images/IMAGE", 200),
        ("DELETE", "/v2/queued_images/IMAGE", 200),
    ],
)
def test_the_cache_is_for_administrators(
    cached_site: Site, new_site: Callable[..., Site], method: str, path: str, status: int
) -> None:
    path = path.replace("IMAGE", uploaded(cached_site))
    assert cached_site.call(method, path, token=None).status == 401
    assert cached_site.call(method, path, token=OWNER).status == 403
    assert cached_site.call(method, path, token=ADMIN).status == status
    settle(cached_site)


@pytest.mark.parametrize(("flavor", "has_cache", "has_management"), [
    ("", False, False),
    ("keystone", False, False),
    ("keystone+caching", True, False),
    ("caching", True, False),
    ("cachemanagement", True, True),
])  # fmt: skip
def test_the_flavor_says_which_routes_of_the_cache_there_are(
    new_site: Callable[..., Site], flavor: Any, has_cache: bool, has_management: bool
) -> None:
    site = new_site(Settings(flavor=flavor))
    assert site.call("GET", CACHE, token=ADMIN).status == (200 if has_cache else 404)
    assert site.call("GET", "/v2/cached_images", token=ADMIN).status == (200 if has_management else 404)
    assert (site.backend.caching is not None) is has_cache
    known = [version["id"] for version in site.call("GET", "/versions", token=None).decoded()["versions"]]
    assert known[:3] == (["v2.18", "v2.17", "v2.16"] if has_cache else ["v2.17", "v2.15", "v2.13"])


def test_every_flavor_of_the_settings_has_its_layers() -> None:
    assert set(get_args(get_type_hints(Settings)["flavor"])) == set(FLAVORS)
    for flavor in FLAVORS:
        keystone = TinyAuthenticator()
        is_asked = authenticator_of(flavor, keystone) is keystone
        assert is_asked is flavor.startswith("keystone")


def test_without_keystone_everybody_is_an_administrator_but_web_pages() -> None:
    everybody = Everybody()
    here = everybody.authenticate(Request(method="GET", path="/", headers={"host": "127.0.0.1:9292"}))
    assert (here.is_admin, here.project_id) == (True, None)
    with pytest.raises(Unauthenticated):
        everybody.authenticate(Request(method="GET", path="/", headers={"host": "evil.example:9292"}))

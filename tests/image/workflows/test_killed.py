"""A real process that is killed in the middle of its own work, and started again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pileus.image.model.audit import StaleCopy
from pileus.image.model.quota import STAGE_TOTAL
from pileus.image.settings import Settings
from tests.image.bench import ADMIN, BYTES, PATCH
from tests.image.process import Server, findings, is_settled, used_bytes, wait_until
from tests.kit.web.site import Site as Web
from tests.kit.web.site import serving

PIECE = os.urandom(2**16)
PIECES = 64


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


def slowly(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", str(len(PIECE) * PIECES))
    handler.end_headers()
    for _ in range(PIECES):
        handler.wfile.write(PIECE)
        time.sleep(0.02)


def image_of(server: Server, image_id: str) -> dict[str, str]:
    return dict(json.loads(server.call("GET", f"/v2/images/{image_id}")[1]))


@pytest.mark.parametrize("delay_s", [0, 0.5, 1.2])
def test_an_import_goes_on_after_a_kill(start_server: Callable[..., Server], web: Web, delay_s: float) -> None:
    web.pages["/x"] = slowly
    filtering = {"allowed_ports": [web.port], "allowed_networks": ["127.0.0.0/8"]}
    first = start_server(upload_lease_s=1, import_filtering=filtering)
    image_id = first.create()
    body = {"method": {"name": "web-download", "uri": f"{web.url}/x"}}
    assert first.call("POST", f"/v2/images/{image_id}/import", body)[0] == 202
    time.sleep(delay_s)
    first.process.kill()
    first.process.wait()
    second = start_server(upload_lease_s=1, import_filtering=filtering)
    wait_until(lambda: image_of(second, image_id)["status"] == "active")
    assert second.call("GET", f"/v2/images/{image_id}/file") == (200, PIECE * PIECES)
    wait_until(lambda: second.files("os_glance_staging_store") == [] and len(second.files()) == 1)


def settings_for(web: Web, **more: Any) -> dict[str, Any]:
    return {
        "stores": {"local": {}, "web": {"kind": "http", "weight": -1}},
        "import_filtering": {"allowed_ports": [web.port], "allowed_networks": ["127.0.0.0/8"]},
        "show_multiple_locations": True,
        "upload_lease_s": 1,
        **more,
    }


def require_clean(server: Server, settings: dict[str, Any]) -> None:
    """Make sure that nothing is left that should not be, once the repair has come by."""
    wait_until(lambda: is_settled(server))
    assert findings(server, msgspec.convert(settings, Settings)) == []
    assert server.files("os_glance_staging_store") == []
    assert used_bytes(server, STAGE_TOTAL) == 0


@pytest.mark.parametrize("delay_s", [0, 0.4, 1.0])
def test_a_copy_to_another_store_goes_on_after_a_kill(
    start_server: Callable[..., Server], web: Web, delay_s: float
) -> None:
    web.pages["/x"] = slowly
    settings = settings_for(web)
    first = start_server(**settings)
    image_id = first.create()
    patch = [{"op": "add", "path": "/locations/-", "value": {"url": f"{web.url}/x", "metadata": {}}}]
    assert first.call("PATCH", f"/v2/images/{image_id}", patch, PATCH)[0] == 200
    body = {"method": {"name": "copy-image"}, "stores": ["local"]}
    assert first.call("POST", f"/v2/images/{image_id}/import", body, token=ADMIN)[0] == 202
    time.sleep(delay_s)
    first.kill()
    second = start_server(**settings)
    wait_until(lambda: "os_glance_import_task" not in second.get(image_id))
    image = second.get(image_id)
    assert (image["status"], image["stores"], image["size"]) == ("active", "local,web", len(PIECE) * PIECES)
    assert second.call("GET", f"/v2/images/{image_id}/file") == (200, PIECE * PIECES)
    assert len(second.files()) == 1
    require_clean(second, settings)


@pytest.mark.parametrize("delay_s", [0.1, 0.4, 0.8])
def test_an_import_that_converts_goes_on_after_a_kill(
    start_server: Callable[..., Server], web: Web, delay_s: float
) -> None:
    settings = settings_for(web, imports={"image_import_plugins": ["image_conversion"], "output_format": "qcow2"})
    first = start_server(**settings)
    image_id = first.create()
    assert first.call("PUT", f"/v2/images/{image_id}/stage", PIECE * 1024, BYTES)[0] == 204
    assert first.call("POST", f"/v2/images/{image_id}/import", {"method": {"name": "glance-direct"}})[0] == 202
    time.sleep(delay_s)
    first.kill()
    second = start_server(**settings)
    wait_until(lambda: "os_glance_import_task" not in second.get(image_id))
    image = second.get(image_id)
    assert (image["status"], image["disk_format"], image["virtual_size"]) == ("active", "qcow2", len(PIECE) * 1024)
    assert used_bytes(second) == image["size"]
    wait_until(lambda: not programs_with(str(second.state)))
    require_clean(second, settings)


def programs_with(word: str) -> list[str]:
    """Return the command lines of programs of others that work on something of this name."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found += [line] if "qemu-img" in line and word in line else []
    return found


def test_a_kill_in_the_middle_of_staging_leaves_nothing(start_server: Callable[..., Server], web: Web) -> None:
    settings = settings_for(web, user_storage_quota="64MB")
    first = start_server(**settings)
    image_id = first.create()
    link = first.begin_upload(image_id, 40 * 2**20, to="stage")
    link.sendall(PIECE * 128)
    wait_until(lambda: any(path.stat().st_size for path in first.files("os_glance_staging_store")))
    assert used_bytes(first, STAGE_TOTAL) == 40 * 2**20
    first.kill()
    link.close()
    time.sleep(1)
    second = start_server(**settings)
    wait_until(lambda: second.status(image_id) == "queued")
    require_clean(second, settings)
    assert second.call("PUT", f"/v2/images/{image_id}/stage", PIECE, BYTES)[0] == 204


def test_a_kill_in_the_middle_of_a_copy_to_the_cache_leaves_no_half_of_it(
    start_server: Callable[..., Server], web: Web
) -> None:
    web.pages["/x"] = slowly
    settings = settings_for(web, flavor="keystone+caching", cache={"stall_time_s": 1})
    first = start_server(**settings)
    image_id, data = first.create(), PIECE * PIECES
    said = {
        "checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "os_hash_algo": "sha512",
        "os_hash_value": hashlib.sha512(data).hexdigest(),
    }
    place = {"url": f"{web.url}/x", "metadata": {}, "validation_data": said}
    patch = [{"op": "add", "path": "/locations/-", "value": place}]
    assert first.call("PATCH", f"/v2/images/{image_id}", patch, PATCH)[0] == 200
    link = first.begin_download(image_id)
    cache = first.state / "image-cache"
    wait_until(lambda: any(path.stat().st_size for path in cache.glob("*.part")))
    first.kill()
    link.close()
    (half,) = cache.glob("*.part")
    time.sleep(1)
    assert findings(first, msgspec.convert(settings, Settings)) == [StaleCopy(name=half.name)]
    second = start_server(**settings)
    wait_until(lambda: not half.exists())
    assert second.call("GET", f"/v2/images/{image_id}/file") == (200, data)
    wait_until(lambda: not list(cache.glob("*.part")))
    require_clean(second, settings)
    (copy,) = (path for path in cache.iterdir() if path.is_file() and not path.name.endswith(".hits"))
    assert copy.read_bytes() == data


def test_a_kill_in_the_middle_of_scrubbing_leaves_nothing(start_server: Callable[..., Server], web: Web) -> None:
    settings = settings_for(web, delayed_delete=True, wakeup_time=0.05, user_storage_quota="64MB")
    first = start_server(**{**settings, "wakeup_time": 600})
    ids = [first.create() for _ in range(24)]
    for image_id in ids:
        assert first.call("PUT", f"/v2/images/{image_id}/file", PIECE, BYTES)[0] == 204
    for image_id in ids[4:]:
        assert first.call("DELETE", f"/v2/images/{image_id}")[0] == 204
    assert (len(first.files()), used_bytes(first)) == (24, 4 * len(PIECE))
    first.kill()
    second = start_server(**settings)
    wait_until(lambda: len(second.files()) < 24)
    second.kill()
    third = start_server(**settings)
    wait_until(lambda: len(third.files()) == 4)
    require_clean(third, settings)
    assert used_bytes(third) == 4 * len(PIECE)
    assert all(third.call("GET", f"/v2/images/{image_id}/file") == (200, PIECE) for image_id in ids[:4])

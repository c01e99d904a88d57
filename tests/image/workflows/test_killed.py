"""Imports of a real process that is killed at any time, and started again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.image.process import Server, wait_until
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
    staging = second.state / "images" / "os_glance_staging_store"
    wait_until(lambda: list(staging.iterdir()) == [] and len(second.files()) == 1)

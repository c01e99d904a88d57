"""What the measurements of image rest on."""

from __future__ import annotations

import hashlib
import http.client
from contextlib import closing
from typing import TYPE_CHECKING

from bench.image.bare import PIECE, Bare
from bench.image.rows import PAGE, pages
from bench.image.world import new_world
from pileus.kit.http.server import bind

if TYPE_CHECKING:
    from pathlib import Path


def test_the_bare_server_hashes_keeps_and_sends_what_it_receives(tmp_path: Path) -> None:
    with closing(bind("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    content = bytes(range(256)) * (3 * PIECE // 256) + b"rest"
    with Bare(tmp_path / "bare", port) as bare, closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        client.request("PUT", "/", content)
        reply = client.getresponse()
        assert (reply.status, reply.headers["content-md5"]) == (204, hashlib.md5(content).hexdigest())  # noqa: S324
        client.close()
        client.request("GET", "/")
        assert client.getresponse().read() == content == bare.file.read_bytes()
    assert not bare.file.exists()


def test_the_same_images_are_made_in_every_run_and_the_member_sees_pages_of_them() -> None:
    world = new_world(20_000, "mine")
    assert world == new_world(20_000, "mine")
    shown = world.shown()
    assert len(shown) > 2 * PAGE
    assert all(each.owner == "mine" or each.visibility == "public" for each in shown)
    assert any(shown[len(shown) // 2].id in page.query for page in pages(world))

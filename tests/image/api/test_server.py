"""The service as a real process: killed, on a full disk, and under a large image."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Callable

from tests.image.bench import BYTES, OWNER
from tests.image.process import MEBIBYTE, Server, wait_until


def test_an_upload_cut_off_by_a_kill_is_undone_by_the_next_process(start_server: Callable[..., Server]) -> None:
    first = start_server(upload_lease_s=2)
    image_id, whole = first.create(), first.create()
    assert first.call("PUT", f"/v2/images/{whole}/file", b"whole", BYTES)[0] == 204
    link = first.begin_upload(image_id, 100 * 2**20)
    for _ in range(20):
        link.sendall(MEBIBYTE)
    wait_until(lambda: any(path.stat().st_size > 8 * 2**20 for path in first.files()))
    assert first.status(image_id) == "saving"
    first.process.kill()
    first.process.wait()
    link.close()
    time.sleep(2)
    second = start_server(upload_lease_s=2)
    wait_until(lambda: second.status(image_id) == "queued")
    wait_until(lambda: len(second.files()) == 1)
    assert second.call("PUT", f"/v2/images/{image_id}/file", b"again", BYTES)[0] == 204
    assert second.call("GET", f"/v2/images/{image_id}/file") == (200, b"again")
    assert second.call("GET", f"/v2/images/{whole}/file") == (200, b"whole")


def test_a_client_that_hangs_up_frees_the_image_at_once(start_server: Callable[..., Server]) -> None:
    server = start_server()
    image_id = server.create()
    link = server.begin_upload(image_id, 100 * 2**20)
    link.sendall(MEBIBYTE * 6)
    wait_until(lambda: server.status(image_id) == "saving")
    link.close()
    wait_until(lambda: server.status(image_id) == "queued")
    wait_until(lambda: server.files() == [])


def test_a_full_disk_is_told_and_left_empty(start_server: Callable[..., Server]) -> None:
    server = start_server(file_limit_bytes=10 * 2**20)
    image_id = server.create()
    link = server.begin_upload(image_id, 16 * 2**20)
    for _ in range(16):
        link.sendall(MEBIBYTE)
    reply = http.client.HTTPResponse(link)
    reply.begin()
    assert reply.status == 413
    assert "There is not enough disk space on the image storage media." in json.load(reply)["message"]
    link.close()
    assert (server.status(image_id), server.files()) == ("queued", [])
    assert server.call("PUT", f"/v2/images/{image_id}/file", b"small", BYTES)[0] == 204


def test_memory_stays_flat_while_a_large_image_goes_in_and_out(start_server: Callable[..., Server]) -> None:
    server = start_server()
    image_id, mebibytes = server.create(), 400
    before_kib = server.peak_kib()
    link = server.begin_upload(image_id, mebibytes * 2**20)
    expected = hashlib.sha512()
    for _ in range(mebibytes):
        link.sendall(MEBIBYTE)
        expected.update(MEBIBYTE)
    assert link.recv(65536).startswith(b"HTTP/1.1 204 ")
    link.close()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", f"/v2/images/{image_id}/file", headers={"x-auth-token": OWNER})
    reply = connection.getresponse()
    received = hashlib.sha512()
    while piece := reply.read(2**20):
        received.update(piece)
    connection.close()
    assert received.digest() == expected.digest()
    image = json.loads(server.call("GET", f"/v2/images/{image_id}")[1])
    assert image["os_hash_value"] == expected.hexdigest()
    assert server.peak_kib() - before_kib < 100 * 1024

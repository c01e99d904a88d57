"""Whatever happens to the process, its disk or its clients: rows and bytes agree afterwards, and quotas are exact."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from tests.image.bench import BYTES
from tests.image.process import MEBIBYTE, Server, findings, is_settled, used_bytes, wait_until

LEASE_S = 1
QUOTA = {"user_storage_quota": "64MB", "upload_lease_s": LEASE_S}
DATA = MEBIBYTE[: 2**18]
AT_ONCE = 16
StartServer = Callable[..., Server]


def restarted_after_a_kill(server: Server, start_server: StartServer) -> Server:
    server.process.kill()
    server.process.wait()
    assert [one for one in findings(server) if one.kind != "orphaned bytes"] == []
    time.sleep(LEASE_S)
    second = start_server(**QUOTA)
    wait_until(lambda: is_settled(second))
    return second


def require_exact(server: Server, ids: list[str]) -> int:
    """Make sure that each image is whole or not there, and that the rest agrees; return how many are whole."""
    assert findings(server) == []
    answers = {image_id: server.call("GET", f"/v2/images/{image_id}") for image_id in ids}
    statuses = {image_id: json.loads(body)["status"] for image_id, (code, body) in answers.items() if code == 200}
    assert set(statuses.values()) <= {"active", "queued"}
    whole = [image_id for image_id, status in statuses.items() if status == "active"]
    assert all(server.call("GET", f"/v2/images/{image_id}/file") == (200, DATA) for image_id in whole)
    assert len(server.files()) == len(whole)
    assert used_bytes(server) == len(whole) * len(DATA)
    return len(whole)


def kill_while(server: Server, act: Callable[[str], object], ids: list[str]) -> None:
    """Do something with many images at once, and kill the server when the first is done."""

    def attempt(image_id: str) -> None:
        try:
            act(image_id)
        except (OSError, http.client.HTTPException):  # it is dead
            return

    with ThreadPoolExecutor(AT_ONCE) as pool:
        wait([pool.submit(attempt, image_id) for image_id in ids], return_when=FIRST_COMPLETED)
        server.process.kill()


def test_a_kill_among_many_uploads(start_server: StartServer) -> None:
    first = start_server(**QUOTA)
    ids = [first.create() for _ in range(AT_ONCE)]
    kill_while(first, lambda image_id: first.call("PUT", f"/v2/images/{image_id}/file", DATA, BYTES), ids)
    second = restarted_after_a_kill(first, start_server)
    require_exact(second, ids)
    for image_id in ids:
        if second.status(image_id) == "queued":
            assert second.call("PUT", f"/v2/images/{image_id}/file", DATA, BYTES)[0] == 204
    assert require_exact(second, ids) == AT_ONCE


def test_a_kill_among_many_deletions(start_server: StartServer) -> None:
    first = start_server(**QUOTA)
    ids = [first.create() for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda image_id: first.call("PUT", f"/v2/images/{image_id}/file", DATA, BYTES), ids))
    kill_while(first, lambda image_id: first.call("DELETE", f"/v2/images/{image_id}"), ids)
    second = restarted_after_a_kill(first, start_server)
    assert require_exact(second, ids) < AT_ONCE


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_kill_in_the_middle_of_a_large_upload(start_server: StartServer, is_announced: bool) -> None:
    first = start_server(**QUOTA)
    image_id = first.create()
    link = first.begin_upload(image_id, 40 * 2**20 if is_announced else None)
    for _ in range(16):
        first.send_piece(link, MEBIBYTE, is_chunk=not is_announced)
    wait_until(lambda: any(path.stat().st_size >= 8 * 2**20 for path in first.files()))
    held = used_bytes(first)
    assert held == 40 * 2**20 if is_announced else 8 * 2**20 <= held <= 64 * 2**20
    first.process.kill()
    first.process.wait()
    link.close()
    second = restarted_after_a_kill(first, start_server)
    assert require_exact(second, [image_id]) == 0
    assert second.call("PUT", f"/v2/images/{image_id}/file", DATA, BYTES)[0] == 204
    assert require_exact(second, [image_id]) == 1


def test_a_client_that_hangs_up_gives_its_room_back(start_server: StartServer) -> None:
    server = start_server(**QUOTA)
    image_id, other = server.create(), server.create()
    link = server.begin_upload(image_id, 64 * 2**20)
    link.sendall(MEBIBYTE * 4)
    wait_until(lambda: used_bytes(server) == 64 * 2**20)
    assert server.call("PUT", f"/v2/images/{other}/file", DATA, BYTES)[0] == 413
    link.close()
    wait_until(lambda: used_bytes(server) == 0)
    assert server.call("PUT", f"/v2/images/{other}/file", DATA, BYTES)[0] == 204
    wait_until(lambda: is_settled(server))
    assert require_exact(server, [image_id, other]) == 1


def test_a_full_disk_gives_the_room_back(start_server: StartServer) -> None:
    server = start_server(file_limit_bytes=5 * 2**20, **QUOTA)
    image_id = server.create()
    assert server.call("PUT", f"/v2/images/{image_id}/file", MEBIBYTE * 8, BYTES)[0] == 413
    assert (used_bytes(server), findings(server), server.files()) == (0, [], [])
    assert server.call("PUT", f"/v2/images/{image_id}/file", DATA, BYTES)[0] == 204
    assert require_exact(server, [image_id]) == 1

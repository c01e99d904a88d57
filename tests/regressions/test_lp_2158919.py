"""What one user wrote opened consoles to others, and filled the proxy's memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from pileus.compute.db.tables import CONSOLE_TOKEN
from pileus.compute.settings import ConsoleSettings, Settings
from tests.compute.cloud import ADMIN, OTHER, Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROXY = "http://proxy.example/vnc.html"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(f"sqlite:///{tmp_path}/compute.sqlite", Settings(console=ConsoleSettings(novnc_url=PROXY)))
    yield made
    made.database.close()


def open_console(cloud: Cloud, server_id: str, **headers: str) -> str:
    """Return the URL of a new console."""
    body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    path = f"/servers/{server_id}/remote-consoles"
    reply = cloud.ask("POST", path, body, version="2.6", headers=headers)
    assert reply.status == 200
    return str(reply.decoded()["remote_console"]["url"])


def test_a_token_leads_to_the_console_that_it_was_made_for_and_nothing_a_user_writes_changes_that(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    url = open_console(cloud, server_id, origin="http://evil.example", host="evil.example")
    assert url.startswith(f"{PROXY}?path=")
    token = url.rpartition("%3Ftoken%3D")[2]
    shown = cloud.get(f"/os-console-auth-tokens/{token}", who=ADMIN, version="2.31")["console"]
    assert (shown["instance_uuid"], shown["host"], shown["port"]) == (server_id, "10.0.0.1", 5900)
    forged = {"remote_console": {"protocol": "vnc", "type": "novnc", "allowed_origins": ["http://evil.example"]}}
    path = f"/servers/{server_id}/remote-consoles"
    assert cloud.ask("POST", path, forged, version="2.6").status == 400
    assert cloud.ask("POST", path, forged, version="2.6", who=OTHER).status in (400, 404)


def test_what_was_opened_once_is_forgotten(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    for _ in range(30):
        open_console(cloud, server_id)
    cloud.clock.time += timedelta(seconds=Settings().console.token_ttl_s + 1)
    open_console(cloud, server_id)
    with cloud.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(CONSOLE_TOKEN)) == 1

"""The tokens of consoles stood in logs, where whoever read them could open the consoles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.compute.settings import ConsoleSettings, Settings
from pileus.kit.http.message import Request
from tests.compute.cloud import ADMIN, Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHOWN = "/v2.1/os-console-auth-tokens"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    settings = Settings(console=ConsoleSettings(novnc_url="http://proxy.example/vnc.html"))
    made = Cloud(f"sqlite:///{tmp_path}/compute.sqlite", settings)
    yield made
    made.database.close()


def new_token(cloud: Cloud) -> str:
    """Return the token of a new console."""
    body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    reply = cloud.ask("POST", f"/servers/{cloud.active_server()}/remote-consoles", body, version="2.6")
    return str(reply.decoded()["remote_console"]["url"]).rpartition("%3Ftoken%3D")[2]


def test_no_log_has_the_token_of_a_console(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    token = new_token(cloud)
    for path, version in ((SHOWN, "2.31"), (SHOWN, "2.1"), ("/v2.1/p-admin/os-console-auth-tokens", "2.99")):
        for who in (ADMIN, "", "member"):
            headers = {"x-auth-token": who, "openstack-api-version": f"compute {version}"}
            request = Request(method="GET", path=f"{path}/{token}", headers=headers, base_url="http://c")
            cloud.app.handle(request)
            assert request.path_to_log == request.pattern
            assert request.pattern.endswith("/os-console-auth-tokens/{token}")
    said = capsys.readouterr()
    assert token not in said.out + said.err


def test_no_table_has_it(cloud: Cloud) -> None:
    token = new_token(cloud)
    with cloud.database.engine.connect() as connection:
        assert token not in "".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]

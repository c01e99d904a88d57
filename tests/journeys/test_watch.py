"""A server's life, followed from outside: in a terminal, over HTTP, and at a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import urllib3

from tests.crash.api import Api
from tests.journeys.test_many_processes import boot, new_image
from tests.kit.test_notifier import heard
from tests.running import RunningCloud, run_pileus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STOP_S = 9.0  # less than the server grants requests under way


@pytest.fixture
def cloud(tmp_path: Path, broker_url: str) -> Iterator[RunningCloud]:
    chosen = {"PILEUS_COMPUTE__NOTIFICATIONS__URL": broker_url}
    chosen["PILEUS_COMPUTE__NOTIFICATIONS__NOTIFICATION_FORMAT"] = "both"
    made = RunningCloud(tmp_path / "state", **chosen)
    made.start()
    yield made
    made.stop()


def test_a_server_is_watched_and_told_of_even_by_the_next_process(cloud: RunningCloud, broker_url: str) -> None:
    api = Api(cloud.clouds_yaml, "pileus")
    api.log_in()
    image = new_image(api)
    boot(api, image, "web")
    watched = run_pileus("watch", "--state", cloud.state.path, "web")
    assert watched.returncode == 0, watched.stderr
    assert watched.stdout.splitlines()[-1].startswith("web: create done after ")
    boot(api, image, "db")
    assert run_pileus("watch", "--state", cloud.state.path, "db").returncode == 0
    cloud.stop()
    cloud.start()
    found = heard(broker_url, "notifications", 4, exchange="nova")
    told = {(event_type, payload["display_name"]) for _, event_type, payload, _ in found}
    assert told == {(f"compute.instance.create.{phase}", name) for phase in ("start", "end") for name in ("web", "db")}


def test_a_cloud_stops_without_waiting_for_who_watches_it(cloud: RunningCloud) -> None:
    api = Api(cloud.clouds_yaml, "pileus")
    api.log_in()
    url = cloud.url(8774) + "/v2.1/servers/events"
    reader = urllib3.request("GET", url, headers={"x-auth-token": api.token}, preload_content=False)
    pieces = reader.stream()
    assert next(pieces) == b"retry: 1000\n\n"
    assert cloud.stop() < STOP_S
    assert list(pieces) == []

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from pileus.compute.db import server as rows
from pileus.compute.model.error.quota import QuotaExceeded
from pileus.compute.model.error.server import InstanceInvalidState
from pileus.compute.operations import image, power, server_create
from pileus.compute.operations.task import Asker
from pileus.compute.settings import QuotaSettings, Settings
from tests.compute.cloud import IMAGE_ID, Cloud

if TYPE_CHECKING:
    from pathlib import Path

ASKER = Asker(user_id="u-member", project_id="p-one", request_id="req-1")


def test_two_creations_never_share_the_last_place(tmp_path: Path) -> None:
    cloud = Cloud(f"sqlite:///{tmp_path}/q.sqlite", Settings(quota=QuotaSettings(cores=4)))
    ask = server_create.ServerAsk(name="vm", flavor_id="1", image_id=IMAGE_ID)
    refused: list[QuotaExceeded] = []

    def create() -> None:
        try:
            server_create.create(cloud.backend, ASKER, "token", ask)
        except QuotaExceeded as error:
            refused.append(error)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 4
    with cloud.database.read() as tx:
        assert rows.usage(tx, "p-one").cores == 4
    cloud.database.close()


def test_a_stale_view_of_a_server_does_not_pass_the_guard(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    with cloud.database.read() as tx:
        stale = rows.get(tx, server_id)
    cloud.database.write(power.stop, cloud.backend, stale, ASKER)
    with pytest.raises(InstanceInvalidState, match="task_state powering-off"):
        cloud.database.write(power.reboot, cloud.backend, stale, ASKER, is_hard=False)


def test_an_image_that_cannot_be_filled_is_taken_back(cloud: Cloud) -> None:
    server_id = cloud.active_server()
    with cloud.database.read() as tx:
        stale = rows.get(tx, server_id)
    cloud.act(server_id, "os-stop")
    with pytest.raises(InstanceInvalidState):
        image.create(cloud.backend, stale, "snap", {}, ASKER, "token")
    assert list(cloud.images.documents) == [IMAGE_ID]

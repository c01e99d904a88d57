"""An administrator limits what projects have of images, keeps what they delete, and looks whether all adds up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack.exceptions import HttpException

from tests.running import RunningCloud, run_pileus

LIMITS = {"image_count_total": 3, "image_size_total": 1, "image_stage_total": 1, "image_count_uploading": 2}
KEEP_S = "3600"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    made = RunningCloud(
        tmp_path / "state",
        PILEUS_IMAGE__USE_KEYSTONE_LIMITS="true",
        PILEUS_IMAGE__DELAYED_DELETE="true",
        PILEUS_IMAGE__SCRUB_TIME=KEEP_S,
    )
    made.start()
    yield made
    made.stop()


def connect(cloud: RunningCloud, name: str) -> Connection:
    known = OpenStackConfig(config_files=[str(cloud.clouds_yaml)], load_envvars=False)
    return Connection(config=known.get_one(name))


def usage(user: Connection) -> dict[str, tuple[int, int]]:
    document = user.image.get("/info/usage").json()["usage"]
    return {name: (one["usage"], one["limit"]) for name, one in document.items()}


@pytest.mark.filterwarnings("ignore")
def test_quotas_and_deletion_of_a_whole_cloud(cloud: RunningCloud) -> None:
    admin, user = connect(cloud, "pileus"), connect(cloud, "pileus-demo")
    (service,) = [one for one in admin.identity.services() if one.type == "image"]
    for name, limit in LIMITS.items():
        admin.identity.create_registered_limit(
            service_id=service.id, region_id="RegionOne", resource_name=name, default_limit=limit
        )
    form = {"container_format": "bare", "disk_format": "raw"}
    full = user.image.create_image("full", data=bytes(2**20), **form)
    assert usage(user)["image_size_total"] == (1, 1)
    with pytest.raises(HttpException, match="image_size_total is over limit of 1") as refusal:
        user.image.create_image("more", data=b"x", **form)
    assert refusal.value.status_code == 413

    user.image.delete_image(full.id)
    assert usage(user)["image_size_total"] == (0, 1)
    scrubbed = run_pileus("image", "scrub", "--state", cloud.state.path, PILEUS_IMAGE__SCRUB_TIME=KEEP_S)
    assert (scrubbed.returncode, scrubbed.stdout) == (0, "")
    restored = run_pileus("image", "scrub", "--restore", full.id, "--state", cloud.state.path)
    assert restored.stdout == f"{full.id} is restored\n"
    assert user.image.get_image(full.id).status == "active"
    assert usage(user)["image_size_total"] == (1, 1)
    audit = run_pileus("image", "audit", "--state", cloud.state.path)
    assert (audit.returncode, audit.stdout) == (0, "everything adds up\n")

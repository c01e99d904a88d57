"""Two clouds in one identity service, each a region of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openstack
import pytest
import yaml
from openstack.config import OpenStackConfig

from tests.running import RunningCloud, free_offset, run_pileus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningCloud, RunningCloud]]:
    folder = tmp_path_factory.mktemp("regions")
    first = RunningCloud(folder / "one")
    first.start()
    known = yaml.safe_load(first.clouds_yaml.read_text())["clouds"]["pileus"]["auth"]
    words = ("--driver", "fake", "--region", "RegionTwo", "--identity", first.url(5000))
    second = RunningCloud(folder / "two", *words, PILEUS_AUTH__ADMIN__PASSWORD=known["password"])
    try:
        second.start()
        yield first, second
    finally:
        second.stop()
        first.stop()


@pytest.mark.filterwarnings("ignore")
def test_a_second_cloud_is_a_region_of_the_first_ones_identity(clouds: tuple[RunningCloud, RunningCloud]) -> None:
    first, second = clouds
    one, two = region(first, "RegionOne"), region(first, "RegionTwo")
    assert {found.id for found in one.identity.regions()} == {"RegionOne", "RegionTwo"}
    assert one.compute.get_endpoint().startswith(first.url(8774))
    assert two.compute.get_endpoint().startswith(second.url(8774))
    identity = two.session.get_endpoint(service_type="identity", region_name="RegionTwo", interface="public")
    assert identity.startswith(first.url(5000))

    names = {user.name for user in one.identity.users()}
    assert names >= {"glance", "nova", "placement", "glance-RegionTwo", "nova-RegionTwo", "placement-RegionTwo"}
    assert roles_of(one, "nova-RegionTwo") == ["service"]

    two.image.create_image("there", data=b"x" * 512, disk_format="raw", container_format="bare", wait=True)
    assert [image.name for image in two.image.images()] == ["there"]
    assert "there" not in [image.name for image in one.image.images()]
    assert server_in(two).status == "ACTIVE"
    assert len(list(two.compute.servers())) == 1
    assert list(one.compute.servers()) == []


@pytest.mark.filterwarnings("ignore")
def test_services_go_on_when_their_passwords_change(clouds: tuple[RunningCloud, RunningCloud]) -> None:
    first, second = clouds
    before = [cloud.state.secrets([]) for cloud in clouds]
    for cloud in (first, second):
        done = run_pileus("identity", "rotate-service-password", "--state", cloud.state.path)
        assert (done.returncode, done.stderr) == (0, "")
    after = [cloud.state.secrets([]) for cloud in clouds]
    assert before[0]["nova"] != after[0]["nova"]
    assert before[0]["admin"] == after[0]["admin"]
    assert before[1]["nova-RegionTwo"] != after[1]["nova-RegionTwo"]
    assert not [name for known in after for name in known if name.endswith(".next")]
    for name in ("RegionOne", "RegionTwo"):
        there = region(first, name)
        there.image.create_image("i", data=b"x" * 512, disk_format="raw", container_format="bare", wait=True)
        assert server_in(there).status == "ACTIVE"


@pytest.mark.filterwarnings("ignore")
def test_one_clouds_yaml_is_enough_for_both_regions(clouds: tuple[RunningCloud, RunningCloud]) -> None:
    first, second = clouds
    known = OpenStackConfig(config_files=[str(second.clouds_yaml)], load_envvars=False)
    for name, urls in (("RegionOne", first), ("RegionTwo", second), (None, second)):
        there = openstack.connection.Connection(config=known.get_one("pileus", region_name=name))
        assert there.compute.get_endpoint().startswith(urls.url(8774)), name


def test_a_region_starts_again_without_the_administrators_password(clouds: tuple[RunningCloud, RunningCloud]) -> None:
    first, second = clouds
    second.stop()
    before = second.clouds_yaml.read_text()
    again = RunningCloud(second.state.path, "--driver", "fake", "--identity", first.url(5000), offset=second.offset)
    again.start()
    again.stop()
    assert f"identity   {first.url(5000)}/v3" in again.output.read_text()
    assert second.clouds_yaml.read_text() == before
    second.start()


def test_a_cloud_that_nobody_registered_does_not_start(
    clouds: tuple[RunningCloud, RunningCloud], tmp_path: Path
) -> None:
    words = ("--driver", "fake", "--region", "RegionThree", "--identity", clouds[0].url(5000))
    done = run_pileus("up", "--state", tmp_path / "three", "--port-offset", str(free_offset()), *words)
    assert done.returncode == 1
    assert "does not let the user glance-RegionThree into the project service" in done.stderr
    assert "PILEUS_AUTH__ADMIN__PASSWORD" in done.stderr


def test_a_cloud_starts_before_the_identity_service_that_it_uses(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_offset()}/v3"
    cloud = RunningCloud(tmp_path / "state", "--driver", "fake", "--identity", nobody)
    cloud.start()
    cloud.stop()
    assert "does not answer yet" in cloud.state.log.read_text()


def test_a_word_that_is_no_url_is_no_identity_service(tmp_path: Path) -> None:
    done = run_pileus("up", "--state", tmp_path / "state", "--identity", "keystone:5000")
    assert done.stderr == (
        "pileus: --identity: 'keystone:5000' is no URL, such as http://keystone.example.com:5000/v3\n"
    )


def test_a_state_without_identity_has_no_passwords_to_rotate(tmp_path: Path) -> None:
    done = run_pileus("identity", "rotate-service-password", "--state", tmp_path / "state")
    assert done.stderr.startswith(f"pileus: There is no identity service in {tmp_path / 'state'}.")
    assert not list((tmp_path / "state" / "databases").iterdir())


def region(cloud: RunningCloud, name: str) -> Any:
    config = yaml.safe_load(cloud.clouds_yaml.read_text())["clouds"]["pileus"]
    return openstack.connect(auth=config["auth"], region_name=name, load_envvars=False, load_yaml_config=False)


def server_in(there: Any) -> Any:
    image = next(iter(there.image.images()))
    made = there.compute.create_server(name="s", image_id=image.id, flavor_id="1", networks="none")
    return there.compute.wait_for_server(made, wait=60, interval=0.2)


def roles_of(connection: Any, name: str) -> list[str]:
    user = connection.identity.find_user(name)
    roles = {role.id: role.name for role in connection.identity.roles()}
    found = connection.identity.role_assignments(user_id=user.id)
    return [roles[one.role["id"]] for one in found]

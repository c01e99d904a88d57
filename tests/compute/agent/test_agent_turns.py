"""Messages may come in another order than they were sent: an agent does what was meant last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.agent.agent import REMEMBERED, Agent
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.messages import BringBack, Destroy, DropAside, GuestSpec, Order, SetAside, Start, Stop
from pileus.compute.model.power import PowerState
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.memory import MemoryBus
from tests.compute.host import Inline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def broken() -> dict[str, str]:
    """The verbs that fail, and why."""
    return {}


@pytest.fixture
def driver(tmp_path: Path, broken: dict[str, str]) -> FakeDriver:
    driver = FakeDriver(fault=lambda verb, _server_id: broken.get(verb))
    image = tmp_path / "image"
    image.write_bytes(b"an image")
    guest = GuestSpec(
        server_id=SERVER, name="vm", hostname="vm", vcpus=1, memory_mb=64, root_gb=0, project_id="p", user_id="u",
        flavor_name="tiny",
    )  # fmt: skip
    driver.spawn(guest, image, "raw", None)
    return driver


@pytest.fixture
def agent(driver: FakeDriver, tmp_path: Path) -> Iterator[Agent]:
    from pileus.compute import messages

    bus = MemoryBus(Codec([messages]))
    no_images: Any = None
    agent = Agent("h1", driver, bus, no_images, tmp_path, pool=Inline())
    yield agent
    agent.stop()
    bus.close()


def _order(kind: type[Order], turn: int, server_id: str = SERVER, **more: Any) -> Order:
    return kind(id=f"{server_id}.{turn}.do", server_id=server_id, turn=turn, **more)


def test_an_order_to_remove_that_comes_late_does_not_take_a_guest_that_came_back(
    agent: Agent, driver: FakeDriver
) -> None:
    agent.receive(_order(SetAside, 1000))
    agent.receive(_order(BringBack, 1997))
    agent.receive(_order(Destroy, 1500))
    agent.receive(_order(DropAside, 1500))
    assert SERVER in driver.guests


def test_an_order_to_bring_back_that_comes_late_brings_nothing_back(agent: Agent, driver: FakeDriver) -> None:
    agent.receive(_order(SetAside, 1000))
    agent.receive(_order(Destroy, 2000))
    agent.receive(_order(BringBack, 1997))
    assert driver.guests == driver.aside == {}


def test_what_is_meant_after_a_removal_is_done(agent: Agent, driver: FakeDriver) -> None:
    agent.receive(_order(SetAside, 1000))
    agent.receive(_order(Destroy, 1996, keeps_aside=True))
    agent.receive(_order(BringBack, 1997))
    assert SERVER in driver.guests
    assert driver.aside == {}


def test_an_order_that_failed_and_comes_again_after_a_later_one_is_not_done(
    agent: Agent, driver: FakeDriver, broken: dict[str, str]
) -> None:
    broken["set_aside"] = "not now"
    agent.receive(_order(SetAside, 1000))
    broken.clear()
    agent.receive(_order(BringBack, 1997))
    agent.receive(_order(SetAside, 1000))
    assert SERVER in driver.guests


def test_an_order_that_failed_is_done_when_it_comes_again(
    agent: Agent, driver: FakeDriver, broken: dict[str, str]
) -> None:
    broken["set_aside"] = "not now"
    agent.receive(_order(SetAside, 1000))
    broken.clear()
    agent.receive(_order(SetAside, 1000))
    assert driver.list_aside() == [SERVER]


def test_of_a_server_that_is_used_the_turn_is_never_forgotten(agent: Agent, driver: FakeDriver) -> None:
    agent.receive(_order(Stop, 1000))
    for number in range(REMEMBERED - 1):
        agent.receive(_order(Start, 1000, f"other-{number}"))
    agent.receive(_order(Start, 2000))
    agent.receive(_order(Start, 1000, "one more"))
    agent.receive(_order(Stop, 1500))
    assert driver.power_state(SERVER) == PowerState.RUNNING

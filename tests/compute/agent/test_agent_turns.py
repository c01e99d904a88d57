"""Messages may come in another order than they were sent: an agent does what was meant last."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.agent.agent import Agent
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.messages import BringBack, Destroy, DropAside, GuestSpec, Order, SetAside
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.memory import MemoryBus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = "11111111-2222-4333-8444-555555555555"


class Inline(Executor):
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture
def driver(tmp_path: Path) -> FakeDriver:
    driver = FakeDriver()
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


def _order(kind: type[Order], turn: int, **more: Any) -> Order:
    return kind(id=f"{turn}.0.do", server_id=SERVER, turn=turn, **more)


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

"""Machines of a world: a pretended hypervisor, and the agent that may die on it."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pileus.compute.agent.agent import Agent
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.agent.drivers.fake_host import RESOURCES
from pileus.compute.messages import address_of
from tests.compute.effects import Effects, FragileBus
from tests.compute.template import URLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.compute.victim import Outside
    from tests.compute.world import World


class Inline(Executor):
    """Does at once, on the caller's thread, what it is given."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class FragileDriver(FakeDriver):
    """A fake hypervisor whose agent may die before it does something."""

    effects: Effects

    def _enter(self, verb: str, server_id: str) -> None:
        self.effects.tick(f"driver {verb}")
        super()._enter(verb, server_id)

    def _save(self) -> None:
        self.effects.tick_inside("driver")
        super()._save()


class LocalBytes:
    """An agent's way to images' bytes without a socket; what the image service has to say to it is asked for real."""

    def __init__(self, world: World | Outside, effects: Effects) -> None:
        self._world, self._effects = world, effects

    @contextmanager
    def download(self, endpoint: str, image_id: str, token: str) -> Iterator[Iterator[bytes]]:
        assert endpoint == URLS["image"]
        assert token
        yield self._halves(self._world.bytes_of(image_id))

    def _halves(self, data: bytes) -> Iterator[bytes]:
        yield data[:100]
        self._effects.tick_inside("download")
        yield data[100:]

    def upload(self, endpoint: str, image_id: str, token: str, file: Path, moved: object = None) -> None:
        assert endpoint == URLS["image"]
        assert token
        self._effects.tick("upload")
        self._world.put_bytes(image_id, file.read_bytes())


class Host:
    """A machine: its hypervisor lives on when its agent dies."""

    def __init__(self, world: World | Outside, name: str, *, directory: Path | None = None, **resources: Any) -> None:
        self.world, self.name, self.effects, self.resources = world, name, Effects(), resources
        self.driver = FragileDriver(
            replace(RESOURCES, hypervisor_hostname=name, **resources), directory=directory, fault=self._fault
        )
        self.driver.effects = self.effects
        self.broken: dict[str, str] = {}  # verb → why it fails
        self.start_agent()

    def _fault(self, verb: str, _server_id: str) -> str | None:
        return self.broken.get(verb)

    def start_agent(self) -> None:
        """A new agent process, as after a restart."""
        self.effects.deadly = None
        bus = FragileBus(self.world.bus, self.effects)
        bytes_: Any = LocalBytes(self.world, self.effects)
        self.agent = Agent(self.name, self.driver, bus, bytes_, self.world.path / self.name, pool=Inline())
        bus.listen(address_of(self.name), self.agent.receive)

    def vanish(self) -> None:
        """The machine loses its network."""
        self.world.bus.handlers.pop(address_of(self.name), None)

    @property
    def is_there(self) -> bool:
        """Whether its agent can be reached."""
        return address_of(self.name) in self.world.bus.handlers

    def beat(self) -> None:
        self.agent.beat()

    @property
    def guests(self) -> set[str]:
        return set(self.driver.guests)

"""A process of its own that is killed: the control plane, or the agent of one host.

It has nothing but what is on disk, connections of its own, and a pipe to the rest of the world, which hands it one
thing at a time to do. When it is dead, what comes after it is begun in the world's own process.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pileus.compute.agent.drivers.fake_guest import load, save
from pileus.compute.messages import CONTROL, address_of
from tests.compute.effects import DiedError, Effects
from tests.compute.host import Host
from tests.compute.still_bus import StillBus
from tests.compute.world import World, be_quiet

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from tests.kit.clock import HeldClock

_SERVER = get_context("forkserver")  # a child that was forked from a test process would have its connections
_SERVER.set_forkserver_preload(["tests.compute.warm"])
_PATIENCE_S = 60


class Victim:
    """What the world has of the process."""

    def __init__(self, world: World, run: Callable[..., None], *arguments: Any) -> None:
        self.world, self.last = world, ""
        self._pipe, theirs = _SERVER.Pipe()
        self._process = _SERVER.Process(target=run, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def receive(self, message: Any) -> None:
        """Take a message. Raises DiedError."""
        self._do("receive", message)

    def _do(self, what: str, *about: Any) -> Any:
        try:
            self._pipe.send((self.world.clock.time, what, about))
            while (said := self._pipe.recv())[0] != "done":
                self._hear(*said)
        except (EOFError, ConnectionError):
            self._process.join(_PATIENCE_S)
            assert self._process.exitcode == -signal.SIGKILL, f"it was not killed, but ended {self._process.exitcode}"
            raise DiedError(self.last) from None
        return said[1]

    def _hear(self, what: str, *about: Any) -> None:
        """Do for the process what it asks of the world outside."""
        if what == "dies":
            (self.last,) = about
        elif what == "tell":
            self.world.bus.tell(*about)
        else:
            try:
                self._pipe.send(getattr(self.world, what)(*about))
            except Exception as error:  # noqa: BLE001 (is for the process)
                self._pipe.send(error)

    def close(self) -> None:
        """Let it go, if it still lives."""
        self._pipe.close()
        self._process.join(_PATIENCE_S)
        self._process.close()


class ControlPlane(Victim):
    """The control plane of a world, from now on and until it dies."""

    def __init__(self, world: World, deadly: int) -> None:
        super().__init__(world, _be_control_plane, world.path, world.settings, deadly)
        world.runner = self  # type: ignore[assignment]
        world.bus.listen(CONTROL, self.receive)

    def run_due(self) -> int:
        """Let workflows go on. Raises DiedError."""
        return int(self._do("run_due"))

    def start_again(self) -> None:
        """Start a new one."""
        self.world.start()


class AgentOf(Victim):
    """The agent of a host, from now on and until it dies."""

    def __init__(self, host: Host, deadly: int) -> None:
        assert isinstance(host.world, World)
        self.host, self.directory = host, host.world.path / host.name
        save(self.directory, host.driver.guests, host.driver.aside)
        super().__init__(host.world, _be_agent, self.directory, host.resources, host.broken, deadly)
        host.agent = self  # type: ignore[assignment]
        host.world.bus.listen(address_of(host.name), self.receive)

    def beat(self) -> None:
        """Say that the host lives. Raises DiedError."""
        self._do("beat")

    def start_again(self) -> None:
        """Start a new one, with the guests that this one left."""
        self.host.driver.guests, self.host.driver.aside = load(self.directory)
        self.host.start_agent()


# --- in the process -------------------------------------------------------------------------------


@dataclass
class Outside(StillBus):
    """The world as the process has it: what is at the other end of the pipe."""

    pipe: Connection
    path: Path

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def bus(self) -> StillBus:
        return self

    def tell(self, address: str, message: object) -> None:
        self.pipe.send(("tell", address, message))

    def bytes_of(self, image_id: str) -> bytes:
        return bytes(self._ask("bytes_of", image_id))

    def put_bytes(self, image_id: str, data: bytes) -> None:
        self._ask("put_bytes", image_id, data)

    def _ask(self, *question: Any) -> Any:
        self.pipe.send(question)
        answer = self.pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def doom(self, effects: Effects, deadly: int) -> None:
        """Count from now on, and be killed."""
        effects.deadly, effects.die, effects.has_inside = deadly, self._die, True
        effects.seen.clear()

    def _die(self, what: str) -> NoReturn:
        self.pipe.send(("dies", what))
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")

    def serve(self, verbs: dict[str, Callable[..., Any]], clock: HeldClock | None = None) -> None:
        """Do what is handed in, until the other end is closed."""
        while True:
            try:
                time, what, about = self.pipe.recv()
            except EOFError:
                return
            if clock is not None:
                clock.time = time
            self.pipe.send(("done", verbs[what](*about)))


def _be_control_plane(pipe: Connection, path: Path, settings: Any, deadly: int) -> None:
    outside = Outside(pipe, path)
    world = World(path, settings, outside)
    for database in world.databases.values():
        database.effects = world.effects  # all services are in this one process
    outside.doom(world.effects, deadly)
    outside.serve({"run_due": world.run, "receive": outside.handlers[CONTROL]}, world.clock)


def _be_agent(pipe: Connection, directory: Path, resources: Any, broken: dict[str, str], deadly: int) -> None:
    be_quiet()
    outside = Outside(pipe, directory.parent)
    host = Host(outside, directory.name, directory=directory, **resources)
    host.broken = broken
    outside.doom(host.effects, deadly)
    outside.serve({"receive": host.agent.receive, "beat": host.beat})

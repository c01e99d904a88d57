"""The agents of one process: that of a real host, or one for each host that is pretended to be here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pileus.kit import log
from pileus.kit.errors import in_words
from pileus.kit.loop import Loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pileus.compute.agent.agent import Agent

logger = log.get_logger("pileus.agent")

RETRY_S = 15.0  # after a start that failed
EVICTION_S = 3600.0  # how often base images are looked through
SLOTS = 50  # over which the heartbeats of very many hosts are spread


class Agents:
    """Brings agents up and does what they do unasked, on three threads for all of them.

    They come up beside everything else: finding out what the hypervisor can do may take seconds.
    """

    def __init__(self, new: Sequence[Callable[[], Agent]], heartbeat_s: float) -> None:
        self._new = new
        self._agents: list[Agent | None] = [None] * len(new)
        self._trouble: list[str | None] = [None] * len(new)
        self._slot, self._slots = 0, min(len(new), SLOTS)
        self._is_ending = False
        self._starting = Loop("agent-start", self._start_missing, RETRY_S)
        hearts = Loop("agent-heartbeat", self._beat_some, heartbeat_s / self._slots)
        evictions = Loop("agent-base-images", self._evict_bases, EVICTION_S)
        self._loops = (self._starting, hearts, evictions)

    def start(self) -> None:
        """Begin; the agents are there some time later."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Stop the agents, and what would start them."""
        self._is_ending = True
        for loop in self._loops:
            loop.stop()
        for _, agent in self._running():
            agent.stop()

    def trouble(self) -> str | None:
        """Return why an agent could not start, or not say that its host lives: what is wrong with the hypervisor."""
        return next((reason for reason in self._trouble if reason), None)

    def _start_missing(self) -> None:
        """Start what is not there; what keeps it from starting, such as a libvirt that is not there yet, may pass."""
        for number, agent in enumerate(self._agents):
            if agent is None and not self._is_ending:
                self._trouble[number] = _try("an agent could not start", partial(self._start, number))
        if None not in self._agents:
            self._starting.stop()

    def _start(self, number: int) -> None:
        agent = self._new[number]()
        agent.start()
        self._agents[number] = agent
        if self._is_ending:  # it took so long that nobody waited for it
            agent.stop()
        else:
            agent.beat()

    def _beat_some(self) -> None:
        """Let the hosts whose turn it is say that they live."""
        self._slot = (self._slot + 1) % self._slots
        for number, agent in self._running(self._slot, self._slots):
            self._trouble[number] = _try("a host cannot say that it lives", agent.beat)

    def _evict_bases(self) -> None:
        for _, agent in self._running():
            _try("base images were not removed", agent.evict_bases)

    def _running(self, first: int = 0, step: int = 1) -> Iterator[tuple[int, Agent]]:
        """Return the agents that are there, or every so many of them, with their numbers."""
        for number in range(first, len(self._agents), step):
            if (agent := self._agents[number]) is not None:
                yield number, agent


def _try(what_failed: str, verb: Callable[[], None]) -> str | None:
    """Do something, and return why it failed: it keeps no other agent from anything, and is tried again."""
    try:
        verb()
    except Exception as error:
        logger.exception(what_failed)
        return in_words(error)
    return None

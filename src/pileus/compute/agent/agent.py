"""The agent: does what it is ordered, says what became of it, and answers questions.

It has no database, no API and no say: an order holds everything, and its id comes back with the outcome.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from pileus.clients.image import ImageBytes
from pileus.compute.agent import config_drive
from pileus.compute.agent.drivers.driver import Driver
from pileus.compute.agent.image_cache import ImageCache
from pileus.compute.agent.overlay import bases_in_use
from pileus.compute.agent.turns import Turns
from pileus.compute.messages import (
    CONTROL,
    ConsoleOutput,
    ConsoleText,
    Destroy,
    Done,
    Failed,
    Heartbeat,
    Order,
    Reboot,
    Refused,
    Snapshot,
    Spawn,
    Start,
    Stop,
    address_of,
)
from pileus.compute.model.power import PowerState
from pileus.kit import log
from pileus.kit.bus.bus import Bus
from pileus.kit.errors import NotFound, PileusError
from pileus.kit.loop import Loop

T = TypeVar("T")
logger = log.get_logger("pileus.agent")

REMEMBERED = 1000  # orders done, so that one that comes twice is answered and not done twice; and servers removed


EVICTION_S = 3600.0  # how often base images are looked through
THREADS = 8  # orders done at the same time


class Agent:
    """One host's agent."""

    def __init__(
        self,
        host: str,
        driver: Driver,
        bus: Bus,
        images: ImageBytes,
        state: Path,
        *,
        heartbeat_s: float = 10.0,
        base_image_keep_s: float = 86400.0,
        pool: Executor | None = None,
    ) -> None:
        self.host = host
        self._driver = driver
        self._bus = bus
        self._images = images
        self._instances = state / "instances"
        self._instances.mkdir(parents=True, exist_ok=True)
        for kind in ("drive-*", "snapshot-*"):  # what an earlier process was at when it was killed
            for leftover in self._instances.glob(kind):
                shutil.rmtree(leftover, ignore_errors=True)
        self._cache = ImageCache(
            self._instances / "_base",
            lambda image: images.download(image.endpoint, image.image_id, image.token),
        )
        self._pool = pool or ThreadPoolExecutor(THREADS, thread_name_prefix="agent")
        self._turns = Turns(self._pool)
        self._outcomes: OrderedDict[str, Done | None] = OrderedDict()  # None: under way
        self._removed: OrderedDict[str, None] = OrderedDict()
        self._is_ending = False
        self._guard = Lock()
        self._heart = Loop(f"heartbeat-{host}", self.beat, heartbeat_s)
        self._base_image_keep_s = base_image_keep_s
        self._eviction = Loop(f"base-images-{host}", self.evict_bases, EVICTION_S)
        self._verbs: dict[type[Order], Callable[[Any], None]] = {
            Spawn: self._spawn,
            Destroy: self._destroy,
            Start: lambda order: self._driver.start(order.server_id),
            Stop: lambda order: self._driver.stop(order.server_id, order.timeout_s),
            Reboot: lambda order: self._driver.reboot(order.server_id, hard=order.hard, timeout_s=order.timeout_s),
            Snapshot: self._snapshot,
        }

    def start(self) -> None:
        """Listen for orders, and let the control plane know that this host is there."""
        self._bus.listen(address_of(self.host), self.receive)
        self._heart.start()
        if self._base_image_keep_s:
            self._eviction.start()

    def trouble(self) -> str | None:
        """Return why the last heartbeat failed: what is wrong with the hypervisor. None if all is well."""
        return self._heart.trouble

    def stop(self) -> None:
        """Finish the orders under way. The guests go on."""
        self._heart.stop()
        self._eviction.stop()
        with self._guard:
            self._is_ending = True
        self._turns.drop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def beat(self) -> None:
        """Say that this host lives, what it has and what it runs."""
        guests = tuple(self._driver.list_guests())
        beat = Heartbeat(host=self.host, resources=self._driver.resources(), guests=guests, uptime=_uptime())
        self._bus.tell(CONTROL, beat)

    def evict_bases(self) -> None:
        """Forget the base images that no guest has stood on for long."""
        evicted = self._cache.evict(bases_in_use(self._instances), self._base_image_keep_s)
        if evicted:
            logger.info("base images that no guest needs were removed", images=evicted)

    def receive(self, message: Any) -> Any:
        """Take an order, or answer a question."""
        if isinstance(message, ConsoleOutput):
            return self._console(message)
        if isinstance(message, Order):
            self._take(message)
            return None
        raise TypeError(f"an agent has no use for a {type(message).__name__}")

    # --- orders -----------------------------------------------------------------------------------

    def _take(self, order: Order) -> None:
        """Have a new order done; answer one that is done. One that comes while this agent ends will come again."""
        with self._guard:
            is_new = not self._is_ending and order.id not in self._outcomes
            outcome = self._outcomes.get(order.id)
            if is_new:
                _remember(self._outcomes, order.id, None)
            if is_new and isinstance(order, Destroy):
                _remember(self._removed, order.server_id, None)
        if is_new:
            self._turns.submit(order.server_id, lambda: self._obey(order))
        elif outcome is not None:
            self._bus.tell(CONTROL, outcome)

    def _obey(self, order: Order) -> None:
        started = time.monotonic()
        outcome = self._outcome_of(order)
        logger.info(
            "order",
            kind=type(order).__name__,
            server=order.server_id,
            outcome=type(outcome).__name__,
            reason=outcome.reason if isinstance(outcome, Failed) else None,
            ms=round((time.monotonic() - started) * 1000),
        )
        with self._guard:
            if isinstance(outcome, Done):
                self._outcomes[order.id] = outcome
            else:
                self._outcomes.pop(order.id, None)  # whoever sends it again wants it tried again
        self._bus.tell(CONTROL, outcome)

    def _outcome_of(self, order: Order) -> Done | Failed:
        if self._is_overtaken(order):
            return self._failed(order, "The server is being removed from its host.")
        try:
            self._verbs[type(order)](order)
            power = self._power(order.server_id)
        except PileusError as error:
            return self._failed(order, error.reason)
        except Exception:
            logger.exception("an order failed", order=type(order).__name__, server=order.server_id)
            return self._failed(order, "an unexpected error on the host; its log has the details")
        return Done(order_id=order.id, host=self.host, server_id=order.server_id, power_state=power)

    def _is_overtaken(self, order: Order) -> bool:
        """Tell whether a server's removal was ordered: messages may come in another order than they were sent.

        Without this, an order to build that comes behind the one to remove would leave a guest that nobody wants.
        """
        with self._guard:
            return order.server_id in self._removed and not isinstance(order, Destroy)

    def _failed(self, order: Order, reason: str) -> Failed:
        return Failed(order_id=order.id, host=self.host, server_id=order.server_id, reason=reason)

    def _power(self, server_id: str) -> int:
        try:
            return int(self._driver.power_state(server_id))
        except NotFound:
            return int(PowerState.NO_STATE)

    def _spawn(self, order: Spawn) -> None:
        base = self._cache.get(order.image)
        with tempfile.TemporaryDirectory(prefix="drive-", dir=self._instances) as folder:
            drive = Path(folder) / "config_drive.iso"
            config_drive.build(order.guest, drive)
            self._driver.spawn(order.guest, base.path, base.format, drive)

    def _destroy(self, order: Destroy) -> None:
        self._driver.destroy(order.server_id)

    def _snapshot(self, order: Snapshot) -> None:
        with tempfile.TemporaryDirectory(prefix="snapshot-", dir=self._instances) as folder:
            target = Path(folder) / f"{order.image.image_id}.qcow2"
            self._driver.snapshot(order.server_id, target)
            self._images.upload(order.image.endpoint, order.image.image_id, order.image.token, target)

    # --- questions --------------------------------------------------------------------------------

    def _console(self, question: ConsoleOutput) -> ConsoleText | Refused:
        try:
            return ConsoleText(text=self._driver.console_output(question.server_id, question.lines))
        except PileusError as error:
            return Refused(reason=error.reason)


def _remember(known: OrderedDict[str, T], key: str, value: T) -> None:
    known[key] = value
    while len(known) > REMEMBERED:
        known.popitem(last=False)


def _uptime() -> str:
    """Return what `uptime` would say, as the hypervisors API shows it."""
    try:
        seconds = float(Path("/proc/uptime").read_text().split()[0])
        load = " ".join(Path("/proc/loadavg").read_text().split()[:3])
    except OSError:
        return platform.node()
    days, rest = divmod(int(seconds), 86400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    return f"{time.strftime('%H:%M:%S')} up {days} days, {hours}:{minutes:02d}, load average: {load}"

"""The agent: does what it is ordered, says what became of it, and answers questions.

It has no database, no API and no say: an order holds everything, and its id comes back with the outcome.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from pileus.clients.image import ImageBytes
from pileus.compute.agent import config_drive
from pileus.compute.agent.drivers.driver import Driver
from pileus.compute.agent.image_cache import ImageCache
from pileus.compute.agent.overlay import bases_in_use
from pileus.compute.agent.percentage import Telling
from pileus.compute.agent.turns import Turns
from pileus.compute.messages import (
    CONTROL,
    AbortMigration,
    Accepted,
    BringBack,
    CacheImage,
    ChangePassword,
    CompleteMigration,
    ConsoleConnection,
    ConsoleOutput,
    ConsoleText,
    CrashGuest,
    Destroy,
    Diagnostics,
    Done,
    DropAside,
    Failed,
    GuestSpec,
    Heartbeat,
    ImageAccess,
    Land,
    Order,
    Pause,
    Percentage,
    Reboot,
    Rebuild,
    Receive,
    Refused,
    Rescue,
    Resize,
    Resume,
    SendAway,
    SetAside,
    Snapshot,
    Spawn,
    Start,
    Stop,
    Suspend,
    Unpause,
    Unrescue,
    address_of,
)
from pileus.compute.model.power import PowerState
from pileus.kit import log
from pileus.kit.bus.bus import Bus
from pileus.kit.errors import NotFound, PileusError

T = TypeVar("T")
logger = log.get_logger("pileus.agent")

REMEMBERED = 1000  # orders done, so that one that comes twice is answered and not done twice; and servers
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
        base_image_keep_s: float | None = 86400.0,  # None: for ever
        pool: Executor | None = None,
        measure: Callable[[], dict[str, float]] = dict,
    ) -> None:
        self.host = host
        self._measure = measure
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
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()  # server → last turn, last turn of a removal
        self._is_ending = False
        self._guard = Lock()
        self._base_image_keep_s = base_image_keep_s
        self._verbs = self._new_verbs()
        self._answers = self._new_answers()

    def _new_verbs(self) -> dict[type[Order], Callable[[Any], None]]:
        return {
            Spawn: self._spawn,
            Destroy: self._destroy,
            Start: lambda order: self._driver.start(order.server_id),
            Stop: lambda order: self._driver.stop(order.server_id, order.timeout_s),
            Reboot: lambda order: self._driver.reboot(order.server_id, hard=order.hard, timeout_s=order.timeout_s),
            Snapshot: self._snapshot,
            Rebuild: self._rebuild,
            Pause: lambda order: self._driver.pause(order.server_id),
            Unpause: lambda order: self._driver.unpause(order.server_id),
            Suspend: lambda order: self._driver.suspend(order.server_id),
            Resume: lambda order: self._driver.resume(order.server_id),
            Rescue: self._rescue,
            Unrescue: lambda order: self._driver.unrescue(order.server_id),
            SetAside: self._set_aside,
            Resize: self._resize,
            BringBack: lambda order: self._driver.bring_back(order.server_id, is_running=order.is_running),
            DropAside: lambda order: self._driver.drop_aside(order.server_id),
            Receive: lambda order: self._driver.receive(order.guest),
            SendAway: lambda order: self._driver.send_away(order.server_id, order.to),
            Land: lambda order: self._driver.land(order.server_id, PowerState(order.power_state)),
        }

    def _new_answers(self) -> dict[type, Callable[[Any], Any]]:
        return {
            ConsoleOutput: lambda asked: ConsoleText(text=self._driver.console_output(asked.server_id, asked.lines)),
            ConsoleConnection: lambda asked: self._driver.console_address(asked.server_id, asked.protocol),
            Diagnostics: lambda asked: self._driver.diagnostics(asked.server_id),
            AbortMigration: lambda asked: self._driver.abort_migration(asked.server_id),
            CompleteMigration: lambda asked: self._driver.complete_migration(asked.server_id),
            ChangePassword: lambda asked: self._driver.set_password(asked.server_id, asked.password),
            CrashGuest: lambda asked: self._driver.crash(asked.server_id),
        }

    def start(self) -> None:
        """Listen for orders."""
        self._bus.listen(address_of(self.host), self.receive)

    def stop(self) -> None:
        """Finish the orders under way. The guests go on."""
        with self._guard:
            self._is_ending = True
        self._turns.drop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def beat(self) -> None:
        """Say that this host lives, what it has and what it runs."""
        guests = tuple(self._driver.list_guests())
        aside = tuple(self._driver.list_aside())
        resources = replace(self._driver.resources(), metrics=self._measure())
        self._bus.tell(
            CONTROL, Heartbeat(host=self.host, resources=resources, guests=guests, uptime=_uptime(), aside=aside)
        )

    def evict_bases(self) -> None:
        """Forget the base images that no guest has stood on for long."""
        if self._base_image_keep_s is None:
            return
        evicted = self._cache.evict(bases_in_use(self._instances), self._base_image_keep_s)
        if evicted:
            logger.info("base images that no guest needs were removed", images=evicted)

    def receive(self, message: Any) -> Any:
        """Take an order or a wish, or answer a question."""
        if type(message) in self._answers:
            return self._answer(message)
        if isinstance(message, Order):
            self._take(message)
            return None
        if isinstance(message, CacheImage):
            with self._guard:
                if not self._is_ending:
                    self._pool.submit(self._cache_image, message.image)
            return None
        raise TypeError(f"an agent has no use for a {type(message).__name__}")

    def _cache_image(self, image: ImageAccess) -> None:
        try:
            self._cache.get(image)
        except (PileusError, OSError) as error:
            logger.warning("an image was not cached", image=image.image_id, reason=str(error))

    # --- orders -----------------------------------------------------------------------------------

    def _take(self, order: Order) -> None:
        """Have a new order done; answer one that is done. One that comes while this agent ends will come again."""
        with self._guard:
            is_new = not self._is_ending and order.id not in self._outcomes
            outcome = self._outcomes.get(order.id)
            if is_new:
                _remember(self._outcomes, order.id, None)
                self._note(order)
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
            return self._failed(order, "Something else was asked for the server meanwhile.")
        try:
            self._verbs[type(order)](order)
            power = self._power(order.server_id)
        except PileusError as error:
            return self._failed(order, error.reason)
        except Exception:
            logger.exception("an order failed", order=type(order).__name__, server=order.server_id)
            return self._failed(order, "an unexpected error on the host; its log has the details")
        return Done(order_id=order.id, host=self.host, server_id=order.server_id, power_state=power)

    def _note(self, order: Order) -> None:
        """Remember the last turn that a server had here."""
        last, removal = self._seen.get(order.server_id, (-1, -1))
        turn = order.turn
        _remember(self._seen, order.server_id, (max(last, turn), max(removal, turn) if _removes(order) else removal))

    def _is_overtaken(self, order: Order) -> bool:
        """Tell whether something else was meant since: messages may come twice, and in another order than sent.

        Without this, an order to build that comes behind the one to remove would leave a guest that nobody wants, and
        an old order to remove or to set aside would take a guest that has come back.
        """
        with self._guard:
            last, removal = self._seen.get(order.server_id, (-1, -1))
        return order.turn < last or (order.turn <= removal and not _removes(order))

    def _failed(self, order: Order, reason: str) -> Failed:
        return Failed(order_id=order.id, host=self.host, server_id=order.server_id, reason=reason)

    def _power(self, server_id: str) -> int:
        try:
            return int(self._driver.power_state(server_id))
        except NotFound:
            return int(PowerState.NO_STATE)

    def _telling(self, order: Order, of: str) -> Telling:
        """Return what tells the control plane how far the bytes are that an order moves."""

        def tell(percent: int) -> None:
            fact = Percentage(order_id=order.id, host=self.host, server_id=order.server_id, of=of, percent=percent)
            self._bus.tell(CONTROL, fact)

        return Telling(tell)

    def _spawn(self, order: Spawn) -> None:
        base = self._cache.get(order.image, self._telling(order, "image"))
        disks = {one.number: self._cache.get(one.image, self._telling(order, "image")).path for one in order.carried}
        with self._config_drive(order.guest) as drive:
            self._driver.spawn(
                order.guest, base.path, base.format, drive, kernel=base.kernel, disks=disks, is_running=order.is_running
            )
        for one in order.carried:
            self._cache.forget(one.image.image_id)

    def _rebuild(self, order: Rebuild) -> None:
        self._cache.get(order.image, self._telling(order, "image"))  # while the guest that is there still runs
        self._driver.destroy(order.server_id)
        self._spawn(order)

    def _rescue(self, order: Rescue) -> None:
        base = self._cache.get(order.image, self._telling(order, "image"))
        with self._config_drive(order.guest) as drive:
            self._driver.rescue(order.guest, base.path, base.format, drive, kernel=base.kernel)

    def _resize(self, order: Resize) -> None:
        with self._config_drive(order.guest) as drive:
            self._driver.resize(order.guest, drive, is_running=order.is_running)

    @contextmanager
    def _config_drive(self, guest: GuestSpec) -> Iterator[Path | None]:
        if not self._driver.needs_config_drives:
            yield None
            return
        with tempfile.TemporaryDirectory(prefix="drive-", dir=self._instances) as folder:
            drive = Path(folder) / "config_drive.iso"
            config_drive.build(guest, drive)
            yield drive

    def _destroy(self, order: Destroy) -> None:
        self._driver.destroy(order.server_id)
        if not order.keeps_aside:
            self._driver.drop_aside(order.server_id)

    def _set_aside(self, order: SetAside) -> None:
        if order.image is None:
            self._driver.set_aside(order.server_id, None)
            return
        with self._folder() as folder:
            root, disks = folder / "root", {one.number: folder / f"disk{one.number}" for one in order.carried}
            self._driver.set_aside(order.server_id, root, disks)
            for one in order.carried:
                self._upload(order, one.image, disks[one.number])
            self._upload(order, order.image, root)

    def _snapshot(self, order: Snapshot) -> None:
        with self._folder() as folder:
            self._driver.snapshot(order.server_id, folder / "root")
            self._upload(order, order.image, folder / "root")

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="snapshot-", dir=self._instances) as folder:
            yield Path(folder)

    def _upload(self, order: Order, image: ImageAccess, file: Path) -> None:
        told = self._telling(order, "snapshot")
        self._images.upload(image.endpoint, image.image_id, image.token, file, told)

    # --- questions --------------------------------------------------------------------------------

    def _answer(self, question: Any) -> Any:
        try:
            return self._answers[type(question)](question) or Accepted()
        except PileusError as error:
            return Refused(reason=error.reason)


def _removes(order: Order) -> bool:
    return isinstance(order, (Destroy, DropAside))


def _remember(known: OrderedDict[str, T], key: str, value: T) -> None:
    known[key] = value
    known.move_to_end(key)
    while len(known) > REMEMBERED:
        known.popitem(last=False)


def _uptime() -> str:
    """Return what `uptime` would say, as the hypervisors API shows it."""
    days, rest = divmod(int(time.clock_gettime(time.CLOCK_BOOTTIME)), 86400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    load = " ".join(f"{average:.2f}" for average in os.getloadavg())
    return f"{time.strftime('%H:%M:%S')} up {days} days, {hours}:{minutes:02d}, load average: {load}"

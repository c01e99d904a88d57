"""Rows and guests agree: what hosts report is held against what the database says.

Only a server that no workflow is busy with is judged, and only by a heartbeat of the last moments. A heartbeat is a
little older than its arrival: one that was sent before a server was stopped may come after. So a row that changed just
before or since is left to the next heartbeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pileus.compute.db import server
from pileus.compute.loops.heard import Heard, Report
from pileus.compute.messages import Destroy, DropAside, address_of
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import Server, VmState
from pileus.kit import ids, log
from pileus.kit.bus.bus import Bus
from pileus.kit.clock import Clock
from pileus.kit.db import Database, Transaction
from pileus.kit.workflow import WorkflowStore

logger = log.get_logger("pileus.compute.guest")

LONGEST_WAY = timedelta(seconds=5)  # of a heartbeat, from its making to its arrival


class GuestLoop:
    """Removes guests of deleted servers, and writes down power that changed by itself."""

    def __init__(self, database: Database, store: WorkflowStore, clock: Clock, bus: Bus, heard: Heard) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._bus = bus
        self._heard = heard

    def run(self) -> None:
        """Judge each heartbeat once."""
        reports = self._heard.take()
        with self._database.read() as tx:
            turn = self._store.last_turn(tx)  # before all else: what is begun from here on comes after it
            occupied = server.hosts_in_use(tx)
        for report in reports:
            if not (report.beat.guests or report.beat.aside or report.beat.host in occupied):
                continue
            with self._database.read() as tx:
                rows = {row.id: row for row in server.list_by_host(tx, report.beat.host)}
                leftovers = list(self._leftovers(tx, report, rows))
                unwanted = list(self._unwanted(tx, report))
                changed = list(self._changed(tx, report, rows))
            for server_id in leftovers:
                logger.warning("removing a guest that no server has", server=server_id, host=report.beat.host)
                # A new order each time: the agent answers one that it has done without doing it again.
                order = Destroy(id=f"{ids.new_uuid()}.0.do", server_id=server_id, turn=turn, keeps_aside=True)
                self._bus.tell(address_of(report.beat.host), order)
            for server_id in unwanted:
                logger.warning("removing what nobody goes back to", server=server_id, host=report.beat.host)
                aside = DropAside(id=f"{ids.new_uuid()}.0.do", server_id=server_id, turn=turn)
                self._bus.tell(address_of(report.beat.host), aside)
            for row, power_state in changed:
                self._database.write(self._write_power, row, power_state)

    def _leftovers(self, tx: Transaction, report: Report, rows: dict[str, Server]) -> Iterator[str]:
        """Find guests whose server is deleted or elsewhere. One that the database never knew is left alone."""
        for guest in report.beat.guests:
            if guest.server_id in rows or self._store.is_busy(tx, guest.server_id):
                continue
            try:
                row = server.get(tx, guest.server_id, may_be_deleted=True)
            except InstanceNotFound:
                logger.warning("a guest of this cloud has no row", server=guest.server_id, host=report.beat.host)
                continue
            if row.deleted_at is not None or row.host != report.beat.host:
                yield row.id

    def _unwanted(self, tx: Transaction, report: Report) -> Iterator[str]:
        """Find what was set aside of servers that are deleted, or that will not go back to it.

        What is all that the host has of a server that should be there is left to whoever mends the server.
        """
        guests = {guest.server_id for guest in report.beat.guests}
        for server_id in report.beat.aside:
            if self._store.is_busy(tx, server_id):
                continue
            try:
                row = server.get(tx, server_id, may_be_deleted=True)
            except InstanceNotFound:
                continue
            is_all = row.host == report.beat.host and server_id not in guests
            if row.deleted_at is not None or not (is_all or row.vm_state in (VmState.RESIZED, VmState.ERROR)):
                yield row.id

    def _changed(self, tx: Transaction, report: Report, rows: dict[str, Server]) -> Iterator[tuple[Server, int]]:
        """Find servers whose guest has another power state than is written down, or than goes with their own state."""
        reported = {guest.server_id: guest.power_state for guest in report.beat.guests}
        for row in rows.values():
            power_state = reported.get(row.id, int(PowerState.NO_STATE))
            is_settled = row.updated_at is None or row.updated_at < report.came_at - LONGEST_WAY
            is_as_written = (row.vm_state, row.power_state) == (_vm_state_of(row.vm_state, power_state), power_state)
            if not is_as_written and is_settled and self._is_idle(tx, row):
                yield row, power_state

    def _is_idle(self, tx: Transaction, row: Server) -> bool:
        return row.task_state is None and not self._store.is_busy(tx, row.id)

    def _write_power(self, tx: Transaction, seen: Server, power_state: int) -> None:
        try:
            row = server.get(tx, seen.id)
        except InstanceNotFound:
            return
        if row.updated_at != seen.updated_at or not self._is_idle(tx, row):
            return  # somebody did something meanwhile
        vm_state = _vm_state_of(row.vm_state, power_state)
        logger.info("power changed by itself", server=row.id, power_state=power_state, vm_state=vm_state)
        server.set_state(tx, row.id, vm_state=vm_state, power_state=power_state, now=self._clock.now())


def _vm_state_of(vm_state: str, power_state: int) -> str:
    """Return what a server is whose guest is in this power state: guests switch themselves on and off."""
    is_off = power_state in (PowerState.SHUTDOWN, PowerState.CRASHED)
    if is_off and vm_state in (VmState.ACTIVE, VmState.PAUSED):
        return VmState.STOPPED
    if power_state == PowerState.RUNNING and vm_state in (VmState.STOPPED, VmState.PAUSED):
        return VmState.ACTIVE
    return vm_state

"""Rows and guests agree: what hosts report is held against what the database says.

Only a server that no workflow is busy with is judged, and only by a heartbeat of the last moments.
"""

from __future__ import annotations

from pileus.compute.db import server
from pileus.compute.loops.heard import Heard
from pileus.compute.messages import Destroy, GuestState, Heartbeat
from pileus.compute.model.errors import InstanceNotFound
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import Server, VmState
from pileus.kit import log
from pileus.kit.bus.bus import Bus
from pileus.kit.clock import Clock
from pileus.kit.db import Database, Transaction
from pileus.kit.workflow import WorkflowStore

logger = log.get_logger("pileus.compute.guest")


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
        for beat in self._heard.take():
            running = {guest.server_id: guest for guest in beat.guests}
            for guest in beat.guests:
                if self._is_leftover(beat, guest):
                    logger.warning("removing a guest that no server has", server=guest.server_id, host=beat.host)
                    order_id = f"leftover-{guest.server_id}.0.do"
                    self._bus.tell(f"agent.{beat.host}", Destroy(id=order_id, server_id=guest.server_id))
            self._database.write(self._sync_power, beat.host, running)

    def _is_leftover(self, beat: Heartbeat, guest: GuestState) -> bool:
        """Tell whether a guest's server is deleted or elsewhere. One that the database never knew is left alone."""
        with self._database.read() as tx:
            if self._store.is_busy(tx, guest.server_id):
                return False
            try:
                row = server.get(tx, guest.server_id, may_be_deleted=True)
            except InstanceNotFound:
                logger.warning("a guest of this cloud has no row", server=guest.server_id, host=beat.host)
                return False
        return row.deleted_at is not None or row.host != beat.host

    def _sync_power(self, tx: Transaction, host: str, running: dict[str, GuestState]) -> None:
        for row in server.list_by_host(tx, host):
            guest = running.get(row.id)
            power_state = guest.power_state if guest is not None else PowerState.NO_STATE
            if row.task_state is None and row.power_state != power_state and not self._store.is_busy(tx, row.id):
                self._write_power(tx, row, power_state)

    def _write_power(self, tx: Transaction, row: Server, power_state: int) -> None:
        vm_state = row.vm_state
        if power_state in (PowerState.SHUTDOWN, PowerState.CRASHED) and vm_state == VmState.ACTIVE:
            vm_state = VmState.STOPPED
        elif power_state == PowerState.RUNNING and vm_state == VmState.STOPPED:
            vm_state = VmState.ACTIVE
        logger.info("power changed by itself", server=row.id, power_state=power_state, vm_state=vm_state)
        server.set_state(tx, row.id, vm_state=vm_state, power_state=power_state, now=self._clock.now())

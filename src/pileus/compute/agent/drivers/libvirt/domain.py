"""One libvirt domain: how it is, and what every verb does to it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import libvirt

from pileus.compute.agent.drivers.driver import HypervisorFailed
from pileus.compute.agent.drivers.libvirt.device_xml import GUEST_AGENT
from pileus.compute.agent.drivers.libvirt.domain_xml import NAMESPACE, owner_ids
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_AGENT_SILENT = (libvirt.VIR_ERR_AGENT_UNRESPONSIVE, libvirt.VIR_ERR_AGENT_UNSYNCED)
_AGENT_TIMEOUT_S = 5
_ASK_AGAIN_S = 10.0  # a guest that is still booting does not hear the power button
_PAUSE_S = 0.1

_POWER_STATE = {
    libvirt.VIR_DOMAIN_NOSTATE: PowerState.NO_STATE,
    libvirt.VIR_DOMAIN_RUNNING: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: PowerState.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: PowerState.RUNNING,  # on its way down, not there yet
    libvirt.VIR_DOMAIN_SHUTOFF: PowerState.SHUTDOWN,
    libvirt.VIR_DOMAIN_CRASHED: PowerState.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: PowerState.SUSPENDED,
}


def power_state_of(domain: libvirt.virDomain) -> PowerState:
    """Return a domain's power state."""
    return _POWER_STATE.get(domain.state()[0], PowerState.NO_STATE)


def owners_of(domain: libvirt.virDomain) -> tuple[str | None, str | None]:
    """Return the ids of the cloud and the server that a domain is of; None of one that is nobody's."""
    try:
        return owner_ids(domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE))
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_METADATA:
            return None, None
        raise


def is_persistent(domain: libvirt.virDomain) -> bool:
    """Tell whether a domain is defined."""
    try:
        return bool(domain.isPersistent())
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return False  # it was never defined, and is gone with its process
        raise


def shut_down(domain: libvirt.virDomain, timeout_s: float) -> None:
    """Ask until the guest is down or the time is up, then cut its power."""
    now = begun = time.monotonic()
    ask_at = begun
    while domain.isActive() and now < begun + timeout_s:
        if now >= ask_at:
            ignore_gone(domain.shutdown)
            ask_at = now + _ASK_AGAIN_S
        time.sleep(_PAUSE_S)
        now = time.monotonic()
    if domain.isActive():
        ignore_gone(domain.destroy)


def set_password(domain: libvirt.virDomain, password: str) -> None:
    """Set root's password through the guest's agent. Raises HypervisorFailed if none answers."""
    if GUEST_AGENT not in domain.XMLDesc():
        raise HypervisorFailed("QEMU guest agent is not enabled")
    try:
        domain.agentSetResponseTimeout(_AGENT_TIMEOUT_S, 0)  # else for ever, and whoever asks has gone by then
        domain.setUserPassword("root", password, 0)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _AGENT_SILENT:
            raise HypervisorFailed("The guest's agent does not answer.") from error
        raise


def ignore_gone(verb: Callable[[], object]) -> None:
    """Call a domain's verb; that the domain went down by itself meanwhile is no error."""
    try:
        verb()
    except libvirt.libvirtError as error:
        if error.get_error_code() not in (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_DOMAIN):
            raise


def definition_of(domain: libvirt.virDomain) -> str:
    """Return what a domain is when it is off."""
    return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE))


def write_definition(path: Path, xml: str) -> None:
    """Keep a domain's definition; a crash leaves no half of it."""
    part = path.with_suffix(".part")
    with part.open("w") as file:
        file.write(xml)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)

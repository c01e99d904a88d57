"""The domains of one cloud, among those of others that libvirt has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libvirt

from pileus.compute.agent.drivers.driver import GuestNotFound, HostFailed
from pileus.compute.agent.drivers.libvirt.domain import ignore_gone, is_persistent, owners_of, power_state_of
from pileus.compute.agent.drivers.libvirt.domain_xml import domain_name, domain_prefix
from pileus.compute.messages import GuestState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.compute.agent.drivers.libvirt.connection import Connection

_FORGET = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM  # it is one of the guest's files, and stays with them
)


class Domains:
    """The domains of this cloud. Every method may raise libvirtError, and HostFailed where libvirt does not answer."""

    def __init__(self, connection: Connection, cloud_id: str) -> None:
        self._connection = connection
        self._cloud_id = cloud_id

    def get(self, server_id: str) -> libvirt.virDomain:
        """Return the domain of this guest. Raises GuestNotFound, HostFailed where its name is somebody else's."""
        domain = self.find(server_id)
        if domain is None:
            raise GuestNotFound(server_id=server_id)
        return domain

    def find(self, server_id: str) -> libvirt.virDomain | None:
        """Return the domain of this guest. Raises HostFailed where its name is somebody else's."""
        name = domain_name(self._cloud_id, server_id)
        try:
            domain = self._connection.get().lookupByName(name)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise
        if owners_of(domain) != (self._cloud_id, server_id):
            raise HostFailed(why=f"The domain {name} is not of this cloud.")
        return domain

    def list_states(self) -> Iterator[GuestState]:
        """Yield every guest of this cloud, running or not."""
        prefix = domain_prefix(self._cloud_id)
        for domain in self._connection.get().listAllDomains():
            if not domain.name().startswith(prefix):
                continue
            try:
                cloud_id, server_id = owners_of(domain)
                state = power_state_of(domain)
            except libvirt.libvirtError as error:
                if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                    continue  # it went while we looked
                raise
            if cloud_id == self._cloud_id and server_id:
                yield GuestState(server_id=server_id, power_state=state)

    def start_new(self, xml: str) -> None:
        """Run a guest that is not defined yet."""
        self._connection.get().createXML(xml, 0)

    def define(self, xml: str) -> None:
        """Keep what a guest is, running or not."""
        self._connection.get().defineXML(xml)

    def remove(self, server_id: str) -> None:
        """Cut the guest's power and forget it; its files stay. That it is not there is no error."""
        domain = self.find(server_id)
        if domain is None:
            return
        if domain.isActive():
            ignore_gone(domain.destroy)
        if is_persistent(domain):
            forget(domain)


def forget(domain: libvirt.virDomain) -> None:
    """Undefine a domain that is off."""
    domain.undefineFlags(_FORGET)

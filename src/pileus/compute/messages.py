"""What the control plane and its agents say to each other.

*Orders* go down: frozen, with everything the agent needs, so that no choice is left to it.
*Facts* come up: idempotent, and an outcome carries its order's id so that a stale one can be told apart.
*Questions* want an answer now.

The agent sees nothing of the control plane but this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CONTROL = "compute"
"""The control plane's address on the bus."""


def address_of(host: str) -> str:
    """Return the address on the bus of a host's agent."""
    return f"agent.{host}"


# --- what an order is made of ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAccess:
    """Where an agent reads or writes one image's bytes, and the short-lived token that lets it."""

    image_id: str
    endpoint: str  # the image service's root, such as http://127.0.0.1:9292
    token: str = field(repr=False)
    disk_format: str = "qcow2"
    container_format: str = "bare"
    hash_algorithm: str | None = None  # hashlib's name for hash_value
    hash_value: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestSpec:
    """A guest as it shall be: what a hypervisor driver needs to build it, and what it may show the guest."""

    server_id: str
    name: str  # the server's display name
    hostname: str
    vcpus: int
    memory_mb: int
    root_gb: int  # 0: as large as the image
    project_id: str
    user_id: str
    flavor_name: str
    availability_zone: str = "nova"
    key_name: str | None = None
    public_key: str | None = None
    user_data: str | None = None  # base64, as the API takes it
    metadata: dict[str, str] = field(default_factory=dict)
    launch_index: int = 0


# --- orders ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something an agent shall do. The same order may arrive twice; doing it again changes nothing."""

    id: str
    server_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn(Order):
    """Build this guest and start it. Done when the hypervisor runs it."""

    guest: GuestSpec
    image: ImageAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroy(Order):
    """Remove the guest and its disks. Done also when there was no such guest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Order):
    """Power the guest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Order):
    """Ask the guest to shut down; after `timeout_s` cut its power."""

    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot(Order):
    """Restart the guest: `hard` cuts its power, otherwise it is asked first for `timeout_s`."""

    hard: bool = False
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Order):
    """Copy the guest's root disk, flattened to one qcow2, into this queued image."""

    image: ImageAccess


# --- facts ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An order's effect is in place."""

    order_id: str
    host: str
    server_id: str
    power_state: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An order could not be done; `reason` is a sentence for the server's owner."""

    order_id: str
    host: str
    server_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a host has, as its hypervisor tells it."""

    vcpus: int
    memory_mb: int
    disk_gb: int
    hypervisor_type: str
    hypervisor_version: int  # libvirt's form: 7002022 is 7.2.22
    hypervisor_hostname: str
    cpu_info: dict[str, object] = field(default_factory=dict)
    traits: tuple[str, ...] = ()
    disk_available_gb: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestState:
    """One guest as a host sees it."""

    server_id: str
    power_state: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A host lives, has these resources and runs these guests."""

    host: str
    resources: Resources
    guests: tuple[GuestState, ...]
    uptime: str = ""


# --- questions and answers ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOutput:
    """What has the guest written to its serial console? `lines`: only the last so many."""

    server_id: str
    lines: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleText:
    """The answer to `ConsoleOutput`."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The answer to a question that the agent cannot answer."""

    reason: str

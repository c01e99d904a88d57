"""What the control plane and its agents say to each other.

*Orders* go down: frozen, with everything the agent needs, so that no choice is left to it.
*Facts* come up: idempotent, and an outcome carries its order's id so that a stale one can be told apart.
*Questions* want an answer now.

The agent sees nothing of the control plane but this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pileus.compute.model.guest_topology import GuestTopology
from pileus.compute.model.topology import Topology

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
    kernel: ImageAccess | None = None  # what boots the disk, if that has no boot loader of its own
    ramdisk: ImageAccess | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestDisk:
    """A disk beside the root disk, made empty on the guest's host: with a filesystem, or to swap to."""

    size_mb: int
    is_swap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedDisk:
    """An ephemeral disk of a guest, and the image that carries it from one host to another."""

    number: int  # among the ephemeral disks
    image: ImageAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTopology:
    """How a guest's processors are put together; their product is how many there are."""

    sockets: int
    cores: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """The machine that a guest sees, where its image or its flavor asks for more than the usual one."""

    firmware: str = "bios"  # or uefi
    machine: str = ""  # as QEMU calls it; empty: the host's usual one
    root_device: str = "disk"  # or cdrom
    disk_bus: str = "virtio"
    cdrom_bus: str = ""  # empty: what the machine has, and the config drive is a disk
    scsi_model: str = "virtio-scsi"
    vif_model: str = "virtio"
    cpu_topology: CpuTopology | None = None
    watchdog_action: str = "disabled"
    has_rng: bool = True
    rng_bytes: int = 0  # that it gives in `rng_period_ms`; 0: as fast as it can
    rng_period_ms: int = 1000
    has_guest_agent: bool = False
    has_boot_menu: bool = False
    kernel_arguments: str = ""  # empty: the host's usual ones
    quota: dict[str, int] = field(default_factory=dict)  # how much of the host it may use, by the names of extra specs


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
    disks: tuple[GuestDisk, ...] = ()
    personality: dict[str, str] = field(default_factory=dict)  # path of a file in the guest → its base64
    hardware: Hardware = field(default_factory=Hardware)
    topology: GuestTopology | None = None  # the parts of the host that it has for itself


# --- wishes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheImage:
    """Fetch this image before a guest needs it. Nobody waits for that, and nothing is lost if it is not done."""

    image: ImageAccess


# --- orders ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something an agent shall do. The same order may arrive twice; doing it again changes nothing.

    `turn` tells the orders of one server apart that come in another order than they were meant: the later has the
    higher one.
    """

    id: str
    server_id: str
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn(Order):
    """Build this guest and start it. Done when the hypervisor runs it, or has it ready if it shall not run."""

    guest: GuestSpec
    image: ImageAccess
    is_running: bool = True
    carried: tuple[CarriedDisk, ...] = ()  # the others are made empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild(Spawn):
    """The same, in the place of the guest and the disks that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroy(Order):
    """Remove the guest and its disks, and what was set aside of it. Done also when there was no such guest."""

    keeps_aside: bool = False  # what was set aside stays


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
class Pause(Order):
    """Let the guest stand still, in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpause(Order):
    """Let a paused guest go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend(Order):
    """Write the guest's memory to disk, and power it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Order):
    """Let a suspended guest go on where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue(Order):
    """Boot the guest from another image, with its own root disk as a further disk."""

    guest: GuestSpec
    image: ImageAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrescue(Order):
    """Boot the guest from its own root disk again, and remove the other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside(Order):
    """Power the guest off and set it aside with its disks; with `image`, store its root disk there too, the last."""

    image: ImageAccess | None = None
    carried: tuple[CarriedDisk, ...] = ()  # those that are stored before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize(Order):
    """Build a guest of this size on a copy of the disk that was set aside on this host."""

    guest: GuestSpec
    is_running: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BringBack(Order):
    """Let what was set aside be the guest again."""

    is_running: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DropAside(Order):
    """Remove what was set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive(Order):
    """Make ready for a guest that comes by live migration."""

    guest: GuestSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAway(Order):
    """Move the running guest to another host. Done once it runs there and not here."""

    to: str  # the host's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Land(Order):
    """The guest has come, and is in this power state."""

    power_state: int


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
class Percentage:
    """An order is being done, and so much of the bytes that it moves have moved. Nobody relies on hearing of it."""

    order_id: str
    host: str
    server_id: str
    of: str  # what moves: image, or snapshot
    percent: int


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
    address: str = ""  # of the host, in numbers
    topology: Topology = field(default_factory=Topology)
    metrics: dict[str, float] = field(default_factory=dict)  # what the host measured of itself


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
    aside: tuple[str, ...] = ()  # servers of which something is set aside there


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
class ConsoleConnection:
    """Where does the guest's console of this protocol listen? vnc, spice, serial or mks."""

    server_id: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleAddress:
    """The answer to `ConsoleConnection`."""

    host: str
    port: int
    tls_port: int | None = None
    internal_access_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """How is the guest? Asked of one that runs."""

    server_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse:
    """What a guest has read and written of a disk since it started."""

    device: str
    read_bytes: int
    read_requests: int
    write_bytes: int
    write_requests: int
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestDiagnostics:
    """The answer to `Diagnostics`."""

    driver: str
    hypervisor: str
    uptime_s: int | None
    cpu_times_ns: tuple[int, ...]
    memory_maximum_mb: int
    memory_used_mb: int | None
    disks: tuple[DiskUse, ...]
    hypervisor_os: str = "linux"
    nics: tuple[str, ...] = ()  # their hardware addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortMigration:
    """May the live migration under way be given up? It is, if the answer is yes."""

    server_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteMigration:
    """May the guest stand still, so that its live migration comes to an end? It does, if the answer is yes."""

    server_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """Does the guest take this password of its administrator's? It has it, if the answer is yes."""

    server_id: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashGuest:
    """May the guest be made to write a dump of its memory? It does, if the answer is yes."""

    server_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to a question whose answer is yes, and it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The answer to a question that the agent cannot answer."""

    reason: str

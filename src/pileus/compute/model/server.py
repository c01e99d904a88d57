"""Servers: what one is, what its state is called outside, and what its state allows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pileus.compute.model.block_device import BlockDevice
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.power import PowerState


class VmState(StrEnum):
    """What a server is."""

    ACTIVE = "active"
    BUILDING = "building"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    RESCUED = "rescued"
    RESIZED = "resized"
    SOFT_DELETED = "soft-delete"
    DELETED = "deleted"
    ERROR = "error"
    SHELVED = "shelved"
    SHELVED_OFFLOADED = "shelved_offloaded"


class TaskState(StrEnum):
    """What is being done to a server; None when nothing is."""

    SCHEDULING = "scheduling"
    NETWORKING = "networking"
    SPAWNING = "spawning"
    IMAGE_SNAPSHOT = "image_snapshot"
    IMAGE_UPLOADING = "image_uploading"
    REBOOTING = "rebooting"
    REBOOT_PENDING = "reboot_pending"
    REBOOT_STARTED = "reboot_started"
    REBOOTING_HARD = "rebooting_hard"
    REBOOT_PENDING_HARD = "reboot_pending_hard"
    REBOOT_STARTED_HARD = "reboot_started_hard"
    IMAGE_BACKUP = "image_backup"
    POWERING_ON = "powering-on"
    POWERING_OFF = "powering-off"
    PAUSING = "pausing"
    UNPAUSING = "unpausing"
    SUSPENDING = "suspending"
    RESUMING = "resuming"
    RESCUING = "rescuing"
    UNRESCUING = "unrescuing"
    REBUILDING = "rebuilding"
    RESIZE_PREP = "resize_prep"
    RESIZE_MIGRATING = "resize_migrating"
    RESIZE_FINISH = "resize_finish"
    RESIZE_REVERTING = "resize_reverting"
    MIGRATING = "migrating"
    SHELVING = "shelving"
    SHELVING_OFFLOADING = "shelving_offloading"
    UNSHELVING = "unshelving"
    UPDATING_PASSWORD = "updating_password"  # noqa: S105 (a task, not a secret)
    SOFT_DELETING = "soft-deleting"
    RESTORING = "restoring"
    DELETING = "deleting"


BUSY_TASKS = (
    TaskState.RESIZE_PREP,
    TaskState.RESIZE_MIGRATING,
    TaskState.REBUILDING,
    TaskState.IMAGE_SNAPSHOT,
    TaskState.IMAGE_BACKUP,
)
"""Those that keep a host's disks busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSnapshot:
    """An image as it was when the server was made of it."""

    id: str
    disk_format: str = "raw"
    container_format: str = "bare"
    min_ram_mb: int = 0
    min_disk_gb: int = 0
    size_bytes: int | None = None
    os_hash_algo: str | None = None
    os_hash_value: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    kernel: ImageSnapshot | None = None  # what boots the disk, if that has no boot loader of its own
    ramdisk: ImageSnapshot | None = None

    @property
    def root_device_name(self) -> str | None:
        """The device that the image wants its root disk to be."""
        name = self.properties.get("root_device_name")
        return None if name is None else str(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a server came to be in ERROR."""

    code: int
    message: str
    details: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server. Its flavor and image are its own copies."""

    number: int = 0  # the row's; 0 while there is none
    id: str
    project_id: str
    user_id: str
    name: str
    hostname: str
    flavor: Flavor
    image: ImageSnapshot | None
    created_at: datetime
    updated_at: datetime | None = None
    launched_at: datetime | None = None
    terminated_at: datetime | None = None
    deleted_at: datetime | None = None
    vm_state: str = VmState.BUILDING
    task_state: str | None = TaskState.SCHEDULING
    power_state: int = PowerState.NO_STATE
    host: str | None = None
    node: str | None = None
    availability_zone: str | None = None  # the one asked for
    reservation_id: str = ""
    launch_index: int = 0
    key_name: str | None = None
    public_key: str | None = None
    user_data: str | None = None  # base64, as the API takes it
    has_config_drive: bool = False
    is_disk_config_auto: bool = True
    access_ip_v4: str = ""
    access_ip_v6: str = ""
    root_device_name: str | None = None
    description: str | None = None
    locked_by: str | None = None  # owner or admin; None: not locked
    locked_reason: str | None = None
    requested_host: str | None = None
    requested_node: str | None = None
    is_host_forced: bool = False  # the requested host, whatever the filters say
    hints: Mapping[str, Any] = field(default_factory=dict)  # for the scheduler, as the user wrote them
    block_devices: Sequence[BlockDevice] = ()  # the disks beside the root disk
    personality: Mapping[str, str] = field(default_factory=dict)  # path of a file in the guest → its base64
    trusted_certificates: Sequence[str] | None = None
    encrypted_password: str | None = None  # with the owner's public key; base64
    old_flavor: Flavor | None = None  # while a resize can be reverted
    old_block_devices: Sequence[BlockDevice] = ()  # while it can
    old_vm_state: str | None = None  # to go back to, of a server that was moved
    shelved_image_id: str | None = None
    shelved_at: datetime | None = None
    tags: Sequence[str] = ()
    group_id: str | None = None  # of the server group that it is in
    metadata: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def status(self) -> str:
        """What the API calls the state."""
        return status_of(self.vm_state, self.task_state)

    @property
    def policy_target(self) -> dict[str, str]:
        """What a policy rule may look at."""
        return {"project_id": self.project_id, "user_id": self.user_id}


# --- the state as the API tells it ----------------------------------------------------------------

_STATUS: dict[str, str] = {
    VmState.ACTIVE: "ACTIVE",
    VmState.BUILDING: "BUILD",
    VmState.PAUSED: "PAUSED",
    VmState.SUSPENDED: "SUSPENDED",
    VmState.STOPPED: "SHUTOFF",
    VmState.RESCUED: "RESCUE",
    VmState.RESIZED: "VERIFY_RESIZE",
    VmState.SOFT_DELETED: "SOFT_DELETED",
    VmState.DELETED: "DELETED",
    VmState.ERROR: "ERROR",
    VmState.SHELVED: "SHELVED",
    VmState.SHELVED_OFFLOADED: "SHELVED_OFFLOADED",
}

_STATUS_WHILE: dict[tuple[str, str], str] = {
    (VmState.ACTIVE, TaskState.REBOOTING): "REBOOT",
    (VmState.ACTIVE, TaskState.REBOOT_PENDING): "REBOOT",
    (VmState.ACTIVE, TaskState.REBOOT_STARTED): "REBOOT",
    (VmState.ACTIVE, TaskState.REBOOTING_HARD): "HARD_REBOOT",
    (VmState.ACTIVE, TaskState.REBOOT_PENDING_HARD): "HARD_REBOOT",
    (VmState.ACTIVE, TaskState.REBOOT_STARTED_HARD): "HARD_REBOOT",
    (VmState.STOPPED, TaskState.REBOOTING_HARD): "HARD_REBOOT",
    (VmState.STOPPED, TaskState.REBOOT_PENDING_HARD): "HARD_REBOOT",
    (VmState.STOPPED, TaskState.REBOOT_STARTED_HARD): "HARD_REBOOT",
    (VmState.ERROR, TaskState.REBOOTING_HARD): "HARD_REBOOT",
    (VmState.ACTIVE, TaskState.REBUILDING): "REBUILD",
    (VmState.STOPPED, TaskState.REBUILDING): "REBUILD",
    (VmState.ERROR, TaskState.REBUILDING): "REBUILD",
    (VmState.ACTIVE, TaskState.RESIZE_PREP): "RESIZE",
    (VmState.ACTIVE, TaskState.RESIZE_MIGRATING): "RESIZE",
    (VmState.ACTIVE, TaskState.RESIZE_FINISH): "RESIZE",
    (VmState.STOPPED, TaskState.RESIZE_PREP): "RESIZE",
    (VmState.STOPPED, TaskState.RESIZE_MIGRATING): "RESIZE",
    (VmState.STOPPED, TaskState.RESIZE_FINISH): "RESIZE",
    (VmState.RESIZED, TaskState.RESIZE_REVERTING): "REVERT_RESIZE",
    (VmState.ACTIVE, TaskState.MIGRATING): "MIGRATING",
    (VmState.PAUSED, TaskState.MIGRATING): "MIGRATING",
    (VmState.ACTIVE, TaskState.UPDATING_PASSWORD): "PASSWORD",
}
"""A task that shows in the status; every other one does not."""


def status_of(vm_state: str, task_state: str | None) -> str:
    """Return the API's word for a state."""
    return _STATUS_WHILE.get((vm_state, task_state or ""), _STATUS.get(vm_state, "UNKNOWN"))


@dataclass(frozen=True, slots=True)
class StateMatch:
    """The states that go by one status: a vm_state, with one of `task_states` or with any but `other_than`."""

    vm_state: str
    task_states: tuple[str, ...] = ()
    other_than: tuple[str, ...] = ()


def states_of(status: str) -> tuple[StateMatch, ...]:
    """Return the states that the API calls `status`; none if it is no status."""
    wanted = status.upper()
    matches = []
    for vm_state, name in _STATUS.items():
        shown = {task: word for (state, task), word in _STATUS_WHILE.items() if state == vm_state}
        if name == wanted:
            matches.append(StateMatch(vm_state, other_than=tuple(shown)))
        tasks = tuple(task for task, word in shown.items() if word == wanted)
        if tasks:
            matches.append(StateMatch(vm_state, task_states=tasks))
    return tuple(matches)


# --- names ----------------------------------------------------------------------------------------

HOSTNAME_LENGTH = 63


def hostname_of(name: str, server_id: str) -> str:
    """Return a server's host name: its name with what a host name cannot have replaced or left out."""
    ascii_only = re.sub(r"[ _.]", "-", name.encode("latin-1", "ignore").decode("latin-1"))
    kept = re.sub(r"[^A-Za-z0-9-]+", "", ascii_only).lower().strip("-")
    return kept[:HOSTNAME_LENGTH].rstrip("-") or f"server-{server_id}"


def host_id_of(project_id: str, host: str | None) -> str:
    """Return what tells a project which of its servers share a host, and nobody which host that is."""
    return hashlib.sha224((project_id + host).encode()).hexdigest() if host else ""


def instance_name_of(server: Server) -> str:
    """Return what administrators see as the guest's name on its host."""
    return f"instance-{server.number:08x}"

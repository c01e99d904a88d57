"""Moving servers to other hosts and to other sizes."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import quota as quotas
from pileus.compute.db import server as rows
from pileus.compute.db import server_migration
from pileus.compute.db import service as services
from pileus.compute.model import action_rule as rules
from pileus.compute.model.error.flavor import FlavorUnknown
from pileus.compute.model.error.host import ComputeHostUnknown, HostDown, HostNotFound, HypervisorNotFound
from pileus.compute.model.error.migration import (
    DiskNotResizable,
    HostStillUp,
    LiveMigrationToSelf,
    MigrationToEndMissing,
    SameFlavor,
    SameHost,
)
from pileus.compute.model.error.server import InstanceNotReady
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.model.image import require_fits
from pileus.compute.model.quota import Usage
from pileus.compute.model.server import Server, VmState
from pileus.compute.model.server_migration import Migration, MigrationStatus, MigrationType
from pileus.compute.operations import quota
from pileus.compute.operations.flavor import get_usable
from pileus.compute.operations.task import Asker, act, begin, claim
from pileus.compute.scheduler.demand import require_understood
from pileus.compute.settings import QuotaSettings
from pileus.kit import ids
from pileus.kit.db import Transaction

# --- another size, another host -------------------------------------------------------------------


def resize(
    tx: Transaction,
    backend: Backend,
    server: Server,
    asker: Asker,
    flavor_id: str,
    *,
    defaults: QuotaSettings,
    may_use_any_flavor: bool,
    is_disk_config_auto: bool,
) -> None:
    """Begin to make a server another size; `defaults` are the quotas of who has none of his own.

    Raises FlavorUnknown, SameFlavor, DiskNotResizable, QuotaExceeded, what says that the image does not fit,
    DemandInvalid, HostDown, and what the server's state forbids.
    """
    flavor = _flavor(tx, flavor_id, server.project_id, may_use_any=may_use_any_flavor)
    if flavor.id == server.flavor.id:
        raise SameFlavor
    if flavor.root_gb == 0 and server.flavor.root_gb != 0:
        raise DiskNotResizable(reason="Resize to zero disk flavor is not allowed.")
    _require_up(tx, backend, server)
    _require_quota(tx, defaults, server, flavor)
    if server.image is not None:
        require_fits(server.image, flavor)
    properties = server.image.properties if server.image else {}
    require_understood(flavor, properties, backend.settings.pci.alias)
    _begin_move(tx, backend, server, asker, rules.RESIZE, flavor, host=None)
    rows.update(tx, server.id, backend.clock.now(), is_disk_config_auto=is_disk_config_auto)


def migrate(tx: Transaction, backend: Backend, server: Server, asker: Asker, *, host: str | None) -> None:
    """Begin to move a server, switched off, to another host.

    Raises SameHost, ComputeHostUnknown, HostDown, and what the server's state forbids.
    """
    _require_up(tx, backend, server)
    if host is not None and host == server.host:
        raise SameHost
    _require_known(tx, host)
    _begin_move(tx, backend, server, asker, rules.MIGRATE, server.flavor, host=host)


def _begin_move(
    tx: Transaction,
    backend: Backend,
    server: Server,
    asker: Asker,
    rule: rules.ActionRule,
    flavor: Flavor,
    *,
    host: str | None,
) -> None:
    now = backend.clock.now()
    kind = MigrationType.RESIZE if rule is rules.RESIZE else MigrationType.MIGRATION
    uuid = _new_migration(tx, server, asker, kind, MigrationStatus.PRE_MIGRATING, now, flavor=flavor)
    arguments = {
        "migration": uuid,
        "called": rule.action,
        "flavor": msgspec.to_builtins(flavor),
        "source": server.host,
        "host": host,
        "is_running": server.vm_state == VmState.ACTIVE,
    }
    act(tx, backend, server, rule, "resize", arguments, asker)


def confirm(tx: Transaction, backend: Backend, server: Server, asker: Asker) -> None:
    """Begin to leave a moved server as it is. Raises MigrationToEndMissing, and what the server's state forbids."""
    _end_move(tx, backend, server, asker, rules.CONFIRM_RESIZE, "confirm_resize")


def revert(tx: Transaction, backend: Backend, server: Server, asker: Asker, *, defaults: QuotaSettings) -> None:
    """Begin to let a moved server be where and what it was; `defaults` as for `resize`.

    Raises MigrationToEndMissing, QuotaExceeded, and what the server's state forbids.
    """
    if server.old_flavor is not None and server.vm_state == VmState.RESIZED:
        _require_quota(tx, defaults, server, server.old_flavor)
    _end_move(tx, backend, server, asker, rules.REVERT_RESIZE, "revert_resize")


def _end_move(
    tx: Transaction, backend: Backend, server: Server, asker: Asker, rule: rules.ActionRule, kind: str
) -> None:
    now = backend.clock.now()
    claim(tx, server, rule, asker, now)
    found = server_migration.list_in_progress(tx, server.id, MigrationType.RESIZE, MigrationType.MIGRATION)
    if not found:
        raise MigrationToEndMissing
    begin(tx, backend.work, server, rule.action, kind, _to_end(server, found[0]), asker, now)


def conclude(tx: Transaction, backend: Backend, server: Server) -> None:
    """Begin to leave a moved server as it is, if it waits for its owner's word, as nobody will be asked any more."""
    for migration in server_migration.list_in_progress(tx, server.id):
        if migration.status == MigrationStatus.FINISHED:
            backend.work.begin(tx, "confirm_resize", server.id, _to_end(server, migration))


def _to_end(server: Server, migration: Migration) -> dict[str, str | None]:
    """Return what those workflows need that end a move."""
    return {
        "migration": migration.uuid,
        "source": migration.source_host,
        "dest": migration.dest_host,
        "vm_state": server.old_vm_state or VmState.ACTIVE,
    }


# --- running, or from a dead host -----------------------------------------------------------------


def live_migrate(tx: Transaction, backend: Backend, server: Server, asker: Asker, *, host: str | None) -> None:
    """Begin to move a running server.

    Raises LiveMigrationToSelf, ComputeHostUnknown, HostDown, and what the server's state forbids.
    """
    now = backend.clock.now()
    if host is not None and host == server.host:
        raise LiveMigrationToSelf(server_id=server.id, host=host)
    _require_known(tx, host)
    claim(tx, server, rules.LIVE_MIGRATE, asker, now)
    uuid = _new_migration(tx, server, asker, MigrationType.LIVE, MigrationStatus.ACCEPTED, now)
    arguments = {"migration": uuid, "source": server.host, "host": host}
    begin(tx, backend.work, server, "live-migration", "live_migrate", arguments, asker, now)


def evacuate(
    tx: Transaction, backend: Backend, server: Server, asker: Asker, *, host: str | None, is_stopped: bool
) -> None:
    """Begin to build a server anew, away from a host that is down; `is_stopped`: and leave it switched off.

    Raises HostStillUp, HostNotFound, and what the server's state forbids.
    """
    now = backend.clock.now()
    rules.require_allowed(rules.EVACUATE, server)
    if server.host is not None and _is_up(tx, backend, server.host):
        raise HostStillUp(host=server.host)
    try:
        _require_known(tx, host)
    except ComputeHostUnknown:
        raise HostNotFound(host=host) from None
    backend.work.cancel(tx, server.id)  # what was under way on a dead host never ends
    claim(tx, server, rules.EVACUATE, asker, now)
    uuid = _new_migration(tx, server, asker, MigrationType.EVACUATION, MigrationStatus.ACCEPTED, now)
    is_running = not is_stopped and server.vm_state != VmState.STOPPED
    arguments = {"migration": uuid, "source": server.host, "host": host, "is_running": is_running}
    begin(tx, backend.work, server, "evacuate", "evacuate", arguments, asker, now)


# --- what must be so ------------------------------------------------------------------------------


def _new_migration(
    tx: Transaction,
    server: Server,
    asker: Asker,
    kind: MigrationType,
    status: MigrationStatus,
    now: datetime,
    *,
    flavor: Flavor | None = None,
) -> str:
    uuid = ids.new_uuid()
    migration = Migration(
        uuid=uuid,
        server_id=server.id,
        user_id=asker.user_id,
        project_id=asker.project_id,
        type=kind,
        status=status,
        source_host=server.host,
        source_node=server.node,
        old_flavor_number=server.flavor.number,
        new_flavor_number=(flavor or server.flavor).number,
        created_at=now,
    )
    server_migration.add(tx, migration)
    return uuid


def _flavor(tx: Transaction, flavor_id: str, project_id: str, *, may_use_any: bool) -> Flavor:
    flavor = get_usable(tx, flavor_id, project_id, may_use_any=may_use_any)
    if flavor.is_disabled:
        raise FlavorUnknown(flavor_id=flavor_id)
    return flavor


def _require_quota(tx: Transaction, defaults: QuotaSettings, server: Server, flavor: Flavor) -> None:
    """Raise QuotaExceeded unless the project may have what the new size has more than the present one."""
    quotas.take_turn(tx, f"project:{server.project_id}")
    more = Usage(
        cores=max(0, flavor.vcpus - server.flavor.vcpus), ram_mb=max(0, flavor.memory_mb - server.flavor.memory_mb)
    )
    if more != Usage():
        limits = quota.both_limits(tx, defaults, server.project_id, server.user_id)
        quota.most_servers(tx, limits, server.project_id, server.user_id, more, fewest=1, most=1)


def _require_known(tx: Transaction, host: str | None) -> None:
    if host is not None:
        try:
            hosts.get(tx, host)
        except HypervisorNotFound:
            raise ComputeHostUnknown(host=host) from None


def _require_up(tx: Transaction, backend: Backend, server: Server) -> None:
    if server.host is None:
        raise InstanceNotReady(server_id=server.id)
    if not _is_up(tx, backend, server.host):
        raise HostDown


def _is_up(tx: Transaction, backend: Backend, host: str) -> bool:
    found = services.get_on(tx, host, COMPUTE_BINARY)
    return found.is_up(backend.clock.now(), backend.settings.service_down_time_s)

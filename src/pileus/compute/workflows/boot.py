"""Boot: from a row to a running guest.

place      choose a host and allocate on it in placement    ⟲ give the allocation back
assign     write down where the server will be
build      have the host's agent build and start the guest  ⟲ have it torn down
activate   the server is ACTIVE
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pileus.clients.placement import Candidate, ClaimRefused, Usage
from pileus.compute.db import action, host, server
from pileus.compute.messages import GuestSpec, ImageAccess, Spawn
from pileus.compute.model.errors import InstanceNotFound
from pileus.compute.model.host import Host
from pileus.compute.model.server import Server, TaskState, VmState
from pileus.compute.scheduler import filters, weighers
from pileus.compute.scheduler.ask import Ask, HostView, ask_of
from pileus.compute.scheduler.choose import Choice, choose
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import have_destroyed, load, send_and_wait
from pileus.kit import log
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow

logger = log.get_logger("pileus.compute.boot")

CLAIM_ATTEMPTS = 5  # hosts tried when others are faster
CANDIDATES = 1000


# --- place ----------------------------------------------------------------------------------------


def place(run: Run, means: Means) -> dict[str, str]:
    """Choose a host and allocate; placement's answer is the last word. Raises StepFailed."""
    asking = load(run, means)
    held, _ = means.placement.allocations(asking.id)
    if held:  # done before, and the process died before it could say so
        return _placed(means, held)
    ask = ask_of(asking)
    for _ in range(CLAIM_ATTEMPTS):
        choice, candidates = _rank(means, ask)
        for view in choice.ranked[:CLAIM_ATTEMPTS]:
            if _claim(means, asking, candidates[view.provider]):
                logger.info("placed", server=asking.id, host=view.host, refused=choice.summary())
                return {"host": view.host, "provider": view.provider}
        if not choice.ranked:
            raise StepFailed(_no_valid_host(choice, ask))
    raise StepFailed("No valid host was found. Others were faster each time; please try again.")


def give_back(run: Run, means: Means) -> None:
    """Hold nothing in placement any more."""
    means.placement.release(run.subject)


def _rank(means: Means, ask: Ask) -> tuple[Choice, dict[str, Candidate]]:
    found, usages = means.placement.candidates(
        ask.resources, required=ask.required_traits, forbidden=ask.forbidden_traits, limit=CANDIDATES
    )
    by_provider = {candidate.root_provider: candidate for candidate in found}
    with means.database.read() as tx:
        known = host.list_all(tx)
    views = [_view(means, one, usages) for one in known if one.uuid in by_provider]
    return choose(ask, views, filters.DEFAULT, weighers.DEFAULT), by_provider


def _view(means: Means, one: Host, usages: Mapping[str, Usage]) -> HostView:
    usage = usages.get(one.uuid, Usage({}, {}))
    return HostView(
        host=one.host,
        provider=one.uuid,
        zone=one.zone,
        is_up=one.service.is_up(means.clock.now(), means.settings.service_down_time_s),
        is_enabled=not one.service.is_disabled,
        disabled_reason=one.service.disabled_reason,
        free={name: capacity - usage.used.get(name, 0) for name, capacity in usage.capacity.items()},
        servers=one.use.servers,
    )


def _claim(means: Means, asking: Server, candidate: Candidate) -> bool:
    try:
        means.placement.claim(asking.id, candidate.allocations, project_id=asking.project_id, user_id=asking.user_id)
    except ClaimRefused:
        return False
    return True


def _placed(means: Means, held: Mapping[str, Any]) -> dict[str, str]:
    with means.database.read() as tx:
        known: Sequence[Host] = host.list_all(tx)
    for one in known:
        if one.uuid in held:
            return {"host": one.host, "provider": one.uuid}
    raise StepFailed("The host that was allocated is gone.")


def _no_valid_host(choice: Choice, ask: Ask) -> str:
    wanted = ", ".join(f"{amount} {name}" for name, amount in sorted(ask.resources.items()))
    traits = [*sorted(ask.required_traits), *(f"no {trait}" for trait in sorted(ask.forbidden_traits))]
    if traits:
        wanted += f" and with {', '.join(traits)}"
    if choice.refused:
        return f"No valid host was found. Hosts with room for {wanted} were refused by {choice.summary()}."
    return f"No valid host was found. There is no host with room for {wanted}."


# --- assign ---------------------------------------------------------------------------------------


def assign(run: Run, means: Means) -> None:
    """Write the host into the server's row."""
    chosen = run.results["place"]["host"]
    means.database.write(_assign, run.subject, chosen, means)


def _assign(tx: Transaction, server_id: str, chosen: str, means: Means) -> None:
    node = host.get(tx, chosen).hostname
    server.set_state(
        tx, server_id, host=chosen, node=node, task_state=TaskState.SPAWNING, now=means.clock.now(),
        unless_task=(TaskState.DELETING,),
    )  # fmt: skip


def unassign(run: Run, means: Means) -> None:
    """The server is nowhere again."""
    means.database.write(_unassign, run.subject, means)


def _unassign(tx: Transaction, server_id: str, means: Means) -> None:
    server.set_state(tx, server_id, host=None, node=None, now=means.clock.now())


# --- build ----------------------------------------------------------------------------------------


def build(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the guest built and started. Raises StepFailed."""
    asking = load(run, means)
    if asking.image is None:
        raise StepFailed("The server has no image to boot from.")
    order = Spawn(id=run.order_id, server_id=asking.id, guest=spec_of(asking), image=_access(means, asking))
    return send_and_wait(run, means, run.results["place"]["host"], order)


def tear_down(run: Run, means: Means) -> Waiting | None:
    """Have the guest removed. One attempt may fail, as what kept it from being built may; a loop makes the others."""
    place_result = run.results.get("place")
    if place_result is None or run.answer is not None:
        return None
    return have_destroyed(run, means, place_result["host"])


def spec_of(asking: Server) -> GuestSpec:
    """Return what the hypervisor is to build."""
    return GuestSpec(
        server_id=asking.id,
        name=asking.name,
        hostname=asking.hostname,
        vcpus=asking.flavor.vcpus,
        memory_mb=asking.flavor.memory_mb,
        root_gb=asking.flavor.root_gb,
        project_id=asking.project_id,
        user_id=asking.user_id,
        flavor_name=asking.flavor.name,
        availability_zone=asking.availability_zone or "nova",
        key_name=asking.key_name,
        public_key=asking.public_key,
        user_data=asking.user_data,
        metadata=dict(asking.metadata),
        launch_index=asking.launch_index,
    )


def _access(means: Means, asking: Server) -> ImageAccess:
    image = asking.image
    assert image is not None
    return ImageAccess(
        image_id=image.id,
        endpoint=means.images.endpoint(),
        token=means.images.token(),
        disk_format=image.disk_format,
        container_format=image.container_format,
        hash_algorithm=image.os_hash_algo,
        hash_value=image.os_hash_value,
        size_bytes=image.size_bytes,
    )


# --- activate -------------------------------------------------------------------------------------


def activate(run: Run, means: Means) -> None:
    """The server is ACTIVE."""
    means.database.write(_activate, run, means)


def _activate(tx: Transaction, run: Run, means: Means) -> None:
    now = means.clock.now()
    power_state = run.results["build"]["power_state"]
    server.set_state(
        tx, run.subject, vm_state=VmState.ACTIVE, task_state=None, power_state=power_state, launched_at=now, now=now,
        unless_task=(TaskState.DELETING,),
    )  # fmt: skip
    action.finish(tx, run.subject, "create", now, host=run.results["place"]["host"])


def fail(run: Run, means: Means) -> None:
    """The server is in ERROR, and says why; unless it is being deleted, when nobody wants to know."""
    means.database.write(_fail, run, means)


def _fail(tx: Transaction, run: Run, means: Means) -> None:
    now = means.clock.now()
    try:
        current = server.get(tx, run.subject)
    except InstanceNotFound:
        return
    action.finish(tx, run.subject, "create", now, error=run.reason)
    if current.task_state == TaskState.DELETING or current.vm_state == VmState.ERROR:
        return
    server.set_state(tx, run.subject, vm_state=VmState.ERROR, task_state=None, now=now)
    server.add_fault(tx, run.subject, 500, run.reason, "", now)


BOOT: Workflow[Means] = Workflow(
    "boot",
    (
        Step("place", place, give_back),
        Step("assign", assign, unassign),
        Step("build", build, tear_down),
        Step("activate", activate),
    ),
    failed=fail,
)

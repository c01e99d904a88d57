"""Compute, with the runner of its workflows, its loops and the agent of this host."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from msgspec import structs

from pileus.clients.image import Images
from pileus.clients.limit import LimitedEndpoint, UnifiedLimits
from pileus.clients.placement import Placement
from pileus.clients.project import Projects
from pileus.clients.session import Session
from pileus.compute import service as compute
from pileus.compute.agent.agents import Agents
from pileus.compute.backend import Backend
from pileus.compute.db.tables import LEASE, WORKFLOW, WORKFLOW_STEP
from pileus.compute.loops import allocation, fact, guest, heard, heartbeat, history, inventory, overdue, stuck
from pileus.compute.loops.notification import Teller
from pileus.compute.messages import CONTROL
from pileus.compute.notification.announce import PLAIN, VERSIONED, Announcer
from pileus.compute.operations.bootstrap import bootstrap
from pileus.compute.operations.unified_quota import UnifiedQuotas
from pileus.compute.scheduler.catalog import new_scheduler
from pileus.compute.settings import QuotaSettings
from pileus.compute.workflows import WORKFLOWS
from pileus.compute.workflows.means import Means
from pileus.kit.http.app import App
from pileus.kit.http.auth import NOAUTH_ADMIN
from pileus.kit.lease import Leases
from pileus.kit.loop import Loop
from pileus.kit.workflow import Runner, WorkflowStore
from pileus.wiring.agent import new_agents, new_bus
from pileus.wiring.cloud import Cloud
from pileus.wiring.settings import path_of

TOLD = "notification"
TELL_S = 1.0  # how late news may be


def build(cloud: Cloud) -> Sequence[Callable[[], None]]:
    """Add compute to a cloud; return what to start once all ports answer: runner, loops, agent."""
    chosen, database, owner = cloud.settings.compute, cloud.databases["compute"], cloud.owner()
    session = cloud.session("compute")
    is_noauth = cloud.settings.placement.auth_strategy == "noauth2"
    images, rooms = Images(session), Placement(session, token=NOAUTH_ADMIN if is_noauth else None)
    bus = new_bus(cloud.settings)
    cloud.stops.append(bus.close)
    store = WorkflowStore(WORKFLOW, WORKFLOW_STEP)
    means = Means(
        database=database,
        clock=cloud.clock,
        settings=chosen,
        bus=bus,
        images=images,
        placement=rooms,
        scheduler=new_scheduler(chosen),
    )
    runner = Runner(database, store, WORKFLOWS, means, owner=owner, clock=cloud.clock)
    runner.resume()
    backend = Backend(
        database=database,
        clock=cloud.clock,
        settings=chosen,
        bus=bus,
        images=images,
        work=runner,
        placement=rooms,
        projects=Projects(session),
        quota_of=_quota_of(cloud, session),
    )
    tellers = _tellers(cloud)
    database.write(bootstrap, cloud.clock.now())
    service = compute.new_service(backend, cloud.authenticator("compute"), policy_file=path_of(chosen.policy_file))
    agents = new_agents(cloud.settings, cloud.state, bus, cloud.transport) if cloud.has_agent else None
    trouble = partial(_trouble, service.ready, agents)
    cloud.add_app("compute", App(replace(service, ready=trouble)))
    leases = Leases(database, LEASE, owner, cloud.clock)
    loops = [*_loops(store, means, backend, leases, runner), *(Loop(TOLD, one.run, TELL_S, leases) for one in tellers)]
    cloud.first_stops += [runner.stop, *([agents.stop] if agents else []), backend.watching.close]
    return [runner.start, *cloud.starting(loops), *([agents.start] if agents else [])]


def _tellers(cloud: Cloud) -> Sequence[Teller]:
    """Have what happens written down, and return what tells it; nothing, unless the settings name a broker."""
    chosen, clock, database = cloud.settings.compute.notifications, cloud.clock, cloud.databases["compute"]
    topics = {PLAIN: chosen.topics, VERSIONED: chosen.versioned_notifications_topics}
    wanted = [name for name in topics if chosen.url and chosen.notification_format in (name, "both")]
    notifiers = {
        name: notifier
        for name in wanted
        if (notifier := cloud.notifier("compute", structs.replace(chosen, topics=topics[name])))
    }
    if not notifiers:
        return ()
    image_root, hostname = cloud.root_url("image"), socket.gethostname()
    database.end_writes_with(Announcer(chosen, clock, hostname=hostname, image_root=image_root).write)
    return (Teller(database, notifiers, chosen.max_kept),)


def _quota_of(cloud: Cloud, session: Session) -> Callable[[str], QuotaSettings]:
    """Return what tells the defaults of a project: our settings, or identity's limits, always anew if it is ours."""
    chosen = cloud.settings.compute.quota
    if not chosen.is_unified:
        return lambda _project_id: chosen
    endpoint = LimitedEndpoint(**structs.asdict(chosen.oslo_limit))
    cache_s = chosen.limits_cache_s if cloud.settings.auth.url else 0.0
    return UnifiedQuotas(UnifiedLimits(session, endpoint, cache_s=cache_s), chosen).of_project


def _trouble(ready: Callable[[], Mapping[str, str]], agents: Agents | None) -> Mapping[str, str]:
    """Return what is wrong with the service, and with the first agent that something is wrong with."""
    reason = agents.trouble() if agents else None
    return {**ready(), **({"agent": reason} if reason else {})}


def _loops(store: WorkflowStore, means: Means, backend: Backend, leases: Leases, runner: Runner[Means]) -> list[Loop]:
    """Return what holds the parts against each other, and hear what agents say of their guests."""
    database, clock = means.database, means.clock
    beats = heard.Heard()
    guests = guest.GuestLoop(database, store, clock, means.bus, beats)
    offers = inventory.InventoryLoop(database, clock, means.settings, means.placement)
    allocations = allocation.AllocationLoop(database, store, means.placement)
    inventories = Loop("inventory", offers.run, 30, leases)
    powers = Loop("guest", guests.run, 10)
    receiver = fact.FactReceiver(
        database, clock, beats, runner.answer, new_resources=inventories.nudge, new_guests=powers.nudge
    )
    means.bus.listen(CONTROL, receiver.receive)
    return [
        Loop("heartbeat", lambda: heartbeat.write_beats(database, beats), heartbeat.PERIOD_S),
        inventories,
        powers,
        Loop("allocation", lambda: _drop(allocations.run()), 60, leases),
        Loop("stuck", lambda: _drop(stuck.end_stuck(database, store, clock)), 60, leases),
        Loop("overdue", lambda: _drop(overdue.do_overdue(backend)), 10, leases),
        Loop("history", lambda: _drop(history.forget_ended(database, store, clock)), 3600, leases),
    ]


def _drop(_value: object) -> None:
    """A loop's round returns nothing."""

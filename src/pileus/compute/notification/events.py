"""Which events a piece of news is, by the original's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pileus.compute.model.news import END, ERROR, PREPARED, START, ServerNews
from pileus.compute.model.server import Server, TaskState, VmState


@dataclass(frozen=True, slots=True)
class Event:
    """One event about a server; a format that has no name for it does not tell it."""

    plain: str  # as in `compute.instance.PLAIN.PHASE`
    versioned: str  # as in `instance.VERSIONED.PHASE`
    phase: str | None
    source: str = "compute"  # which of the original's services says it


_NAMES: dict[str, tuple[str, str]] = {
    "create": ("create", "create"),
    "delete": ("delete", "delete"),
    "start": ("power_on", "power_on"),
    "stop": ("power_off", "power_off"),
    "reboot": ("reboot", "reboot"),
    "pause": ("pause", "pause"),
    "unpause": ("unpause", "unpause"),
    "suspend": ("suspend", "suspend"),
    "resume": ("resume", "resume"),
    "rescue": ("rescue", "rescue"),
    "unrescue": ("unrescue", "unrescue"),
    "restore": ("restore", "restore"),
    "rebuild": ("rebuild", "rebuild"),
    "evacuate": ("rebuild", "rebuild"),
    "shelve": ("shelve", "shelve"),
    "shelveOffload": ("shelve_offload", "shelve_offload"),
    "unshelve": ("unshelve", "unshelve"),
    "createImage": ("snapshot", "snapshot"),
    "createBackup": ("snapshot", "snapshot"),
    "confirmResize": ("resize.confirm", "resize_confirm"),
    "revertResize": ("resize.revert", "resize_revert"),
    "trigger_crash_dump": ("trigger_crash_dump", "trigger_crash_dump"),
    "live_migration_cancel": ("live.migration.abort", "live_migration_abort"),
    "live_migration_force_complete": ("live.migration.force.complete", "live_migration_force_complete"),
}
_RESIZE = Event("resize", "resize", None)
_PREPARE = Event("resize.prep", "resize_prep", None)
_FINISH = Event("finish_resize", "resize_finish", None)
_PRE = Event("live_migration.pre", "live_migration_pre", None)
_POST = Event("live_migration._post", "live_migration_post", None)
_POST_DEST = Event("live_migration.post.dest", "live_migration_post_dest", None)
_ROLLBACK = Event("live_migration._rollback", "live_migration_rollback", None)
_OFFLOAD = Event("shelve_offload", "shelve_offload", None)
_SHUTDOWN = Event("shutdown", "shutdown", None)
_SCHEDULED = Event("rebuild.scheduled", "rebuild_scheduled", None, "conductor")
_EVACUATE = Event("evacuate", "evacuate", None, "api")
_EXISTS = Event("exists", "exists", None)  # what has been used until now, for who counts it: it will be something else


def _in(event: Event, phase: str) -> Event:
    return Event(event.plain, event.versioned, phase, event.source)


def _whole(event: Event) -> list[Event]:
    return [_in(event, START), _in(event, END)]


def events_of(news: ServerNews, server: Server) -> Sequence[Event]:
    """Return the events of a piece of news, in their order; `server` is what it has become by then."""
    action, phase = news.action, news.phase
    if action in ("lock", "unlock", "update"):
        return [Event(action, action, None, "api")] if phase in (START, None) else []
    if action in ("resize", "migrate"):
        return _of_resize(phase)
    if action == "live-migration":
        return _of_live_migration(phase)
    if action == "delete":
        return _of_deletion(phase, server)
    if action not in _NAMES or phase is None:
        return []
    event = Event(*_NAMES[action], phase)
    if action in ("rebuild", "evacuate") and phase == START:
        return [*([_EVACUATE] if action == "evacuate" else []), _SCHEDULED, _EXISTS, event]
    if (action, phase) in (("shelve", START), ("revertResize", START), ("rescue", END)):
        return [_EXISTS, event]
    if action == "shelve" and phase == END and server.vm_state == VmState.SHELVED_OFFLOADED:
        return [event, *_whole(_OFFLOAD)]
    return [event]


def _of_resize(phase: str | None) -> list[Event]:
    if phase == START:
        return [_EXISTS, _in(_PREPARE, START)]
    if phase == PREPARED:
        return [_in(_PREPARE, END), _in(_RESIZE, START)]
    return [_in(_RESIZE, ERROR)] if phase == ERROR else [_in(_RESIZE, END), *_whole(_FINISH)]


def _of_live_migration(phase: str | None) -> list[Event]:
    if phase == START:
        return [_in(_PRE, START)]
    if phase == PREPARED:
        return []
    return _whole(_ROLLBACK) if phase == ERROR else [_in(_PRE, END), *_whole(_POST), *_whole(_POST_DEST)]


def _of_deletion(phase: str | None, server: Server) -> list[Event]:
    is_soft = server.task_state == TaskState.SOFT_DELETING if phase == START else server.deleted_at is None
    event = Event("soft_delete", "soft_delete", phase) if is_soft else Event("delete", "delete", phase)
    if is_soft or server.host is None or phase == ERROR:
        return [event]
    return [event, _in(_SHUTDOWN, START)] if phase == START else [_in(_SHUTDOWN, END), event]

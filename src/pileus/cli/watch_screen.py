"""Servers and their actions, as people watch them: bars on a terminal, a line for each change elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pileus.kit.clock import SystemClock, parse_moment

ENDED_SHOWN = 12  # actions that have ended stay on the screen, the last so many
BAR = 24
_STYLE = {"running": "cyan", "undoing": "yellow", "done": "green", "failed": "red"}
_MARK = {"running": "…", "undoing": "↶", "done": "✓", "failed": "✗"}

Event = Mapping[str, Any]
Action = Mapping[str, Any]


def step_of(action: Action) -> str:
    """Return what is being done, such as `build, image 42 %`."""
    steps, done = action["steps"], action["steps_done"]
    if action["finished_at"] is not None or not steps:
        return ""
    step = str(steps[min(done, len(steps) - 1)])
    progress = action["progress"]
    return step if progress is None else f"{step}, {progress['of']} {progress['percent']} %"


def share_of(action: Action) -> float:
    """Return how much of an action is done, from 0 to 1: its steps, and what its step says of itself."""
    if action["state"] == "done":
        return 1.0
    if not action["steps"]:
        return 0.0
    progress = action["progress"]
    within = 0.0 if progress is None else progress["percent"] / 100
    return float((action["steps_done"] + within) / len(action["steps"]))


def trouble_of(event: Event) -> str | None:
    """Return what went wrong with a server at last, or None."""
    if event["status"] == "ERROR":
        return f"{event['name']} is in ERROR: {event['fault'] or 'nobody has said why.'}"
    last = event["actions"][-1] if event["actions"] else None
    if last is not None and last["state"] == "failed":
        return f"{event['name']} is {event['status']}: its last action, {last['action']}, failed."
    return None


# --- lines ----------------------------------------------------------------------------------------


def lines_of(event: Event, before: Event | None) -> Sequence[str]:
    """Return what is new in an event after the last one of the same server."""
    known = {_name(action): action for action in (before or {"actions": ()})["actions"]}
    lines = [
        f"{event['name']}: {_sentence(action)}, {event['status']}"
        for action in event["actions"]
        if known.get(_name(action)) != action
    ]
    if not lines and (before is None or before["status"] != event["status"]):
        return [f"{event['name']}: {event['status']}"]
    return lines


def _name(action: Action) -> tuple[str, str]:
    return action["request_id"], action["action"]


def _sentence(action: Action) -> str:
    state, step = action["state"], step_of(action)
    if action["finished_at"] is not None:
        return f"{action['action']} {state} after {_took(action)}"
    counted = f" ({action['steps_done'] + 1}/{len(action['steps'])})" if state == "running" and step else ""
    return f"{action['action']} {state}" + (f", {step}" if step else "") + counted


def _took(action: Action) -> str:
    ended = action["finished_at"]
    end = SystemClock().now() if ended is None else parse_moment(ended)
    return _duration(end, parse_moment(action["started_at"]))


def _duration(end: datetime, start: datetime) -> str:
    seconds = max(round((end - start).total_seconds()), 0)
    return f"{seconds} s" if seconds < 100 else str(timedelta(seconds=seconds))


# --- a screen -------------------------------------------------------------------------------------


class Screen:
    """What is under way, with bars, above what has ended lately. It draws itself as it is at that moment."""

    def __init__(self) -> None:
        self._servers: dict[str, Event] = {}
        self._ended: dict[tuple[str, str, str], tuple[Event, Action]] = {}

    def take(self, event: Event) -> None:
        """Show a server as it is now."""
        self._servers[event["id"]] = event
        for action in event["actions"]:
            if action["finished_at"] is not None:
                self._ended[(event["id"], *_name(action))] = (event, action)
        while len(self._ended) > ENDED_SHOWN:
            self._ended.pop(next(iter(self._ended)))
        if event["actions"] and all(action["finished_at"] for action in event["actions"]):
            del self._servers[event["id"]]

    def __rich__(self) -> RenderableType:
        """Return the screen."""
        table = Table(box=None, padding=(0, 2, 0, 0), expand=False)
        for title in ("", "server", "status", "action", "", "step", "time"):
            table.add_column(title, no_wrap=True)
        under_way = [
            (server, action)
            for server in self._servers.values()
            for action in server["actions"]
            if action["finished_at"] is None
        ]
        for server, action in [*self._ended.values(), *under_way]:
            table.add_row(*_row(server, action))
        if table.row_count:
            return table
        quiet = [f"{server['name']} is {server['status']}" for server in self._servers.values()]
        return Group(Text("; ".join(quiet) or "Nothing is being done to any server.", style="dim"))


def _row(server: Event, action: Action) -> Sequence[RenderableType]:
    style = _STYLE[action["state"]]
    bar: RenderableType = ProgressBar(total=1.0, completed=share_of(action), width=BAR, complete_style=style)
    return (
        Text(_MARK[action["state"]], style=style),
        escape(server["name"]),
        server["status"],
        action["action"],
        bar if action["finished_at"] is None else Text(action["state"], style=style),
        step_of(action),
        Text(_took(action), style="dim"),
    )

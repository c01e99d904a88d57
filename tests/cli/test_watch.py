"""`pileus watch`, beside a compute service that tells what a test wants."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from pileus.cli import watch
from pileus.cli.watch_screen import Screen, lines_of, share_of, step_of, trouble_of
from pileus.clients import watch as client
from pileus.clients.watch import read_events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "0e4bb2cf-ce51-4eb1-afdd-e9f0e1d7543e"
STEPS = ["place", "assign", "build", "activate"]
BEGAN = "2026-01-01T12:00:00Z"


def action(name: str = "create", state: str = "running", done: int = 2, percent: int | None = None) -> dict[str, Any]:
    return {
        "action": name,
        "request_id": f"req-{name}",
        "state": state,
        "started_at": BEGAN,
        "finished_at": "2026-01-01T12:00:03Z" if state in ("done", "failed") else None,
        "steps": STEPS,
        "steps_done": done,
        "progress": None if percent is None else {"of": "image", "percent": percent},
    }


def event(status: str = "BUILD", *actions: dict[str, Any], fault: str | None = None) -> dict[str, Any]:
    return {"id": ID, "name": "web", "status": status, "task_state": None, "fault": fault, "actions": list(actions)}


BUILDING, HALFWAY = event("BUILD", action(done=0)), event("BUILD", action(percent=42))
ACTIVE = event("ACTIVE", action(state="done", done=4))
BROKEN = event("ERROR", action(state="failed", done=0), fault="No valid host was found.")


# --- what people read -----------------------------------------------------------------------------


def test_a_line_says_what_is_new() -> None:
    assert lines_of(BUILDING, None) == ["web: create running, place (1/4), BUILD"]
    assert lines_of(HALFWAY, BUILDING) == ["web: create running, build, image 42 % (3/4), BUILD"]
    assert lines_of(ACTIVE, HALFWAY) == ["web: create done after 3 s, ACTIVE"]
    assert lines_of(ACTIVE, ACTIVE) == []
    assert lines_of(event("SHUTOFF"), event("ACTIVE")) == ["web: SHUTOFF"]


def test_a_bar_counts_steps_and_what_moves_within_one() -> None:
    assert share_of(action(done=2)) == 0.5
    assert share_of(action(done=2, percent=50)) == 0.625
    assert share_of(action(state="done", done=4)) == 1.0
    assert (step_of(action(done=9)), step_of(action(state="failed"))) == ("activate", "")


def test_trouble_is_an_error_or_an_action_that_failed() -> None:
    assert trouble_of(ACTIVE) is None
    assert trouble_of(BROKEN) == "web is in ERROR: No valid host was found."
    assert trouble_of(event("ACTIVE", action("resize", "failed"))) == "web is ACTIVE: its last action, resize, failed."
    assert trouble_of(event("ACTIVE", action("resize", "failed"), action("stop", "done"))) is None


def test_a_screen_shows_what_is_under_way_below_what_has_ended() -> None:
    screen, console = Screen(), Console(width=120)
    with console.capture() as captured:
        console.print(screen)
        screen.take(HALFWAY | {"id": "other", "name": "db"})
        screen.take(ACTIVE)
        console.print(screen)
    text = captured.get()
    assert "Nothing is being done to any server." in text
    assert text.index("✓  web") < text.index("…  db")
    assert "build, image 42 %" in text


# --- the stream -----------------------------------------------------------------------------------


def test_events_are_read_however_they_are_cut() -> None:
    stream = b'retry: 1000\n\nid: 7\nevent: server\ndata: {"a":1}\n\n: still here\n\nid: 8\ndata: {}\n\nid: 9\nda'
    expected = [("7", '{"a":1}'), ("8", "{}")]
    assert list(read_events([stream])) == expected
    assert list(read_events([stream[i : i + 1] for i in range(len(stream))])) == expected


@dataclass
class Teller:
    """Identity and compute in one: each stream tells a part, and ends."""

    parts: list[list[dict[str, Any]]]
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    def stream(self, path: str, last_id: str | None) -> bytes:
        self.asked.append((path, last_id))
        part = self.parts.pop(0)
        events = [f"id: {len(self.asked)}\nevent: server\ndata: {json.dumps(one)}\n\n" for one in part]
        return b"retry: 1000\n\n" + "".join(events).encode()


def _handler(teller: Teller) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            endpoint = {"interface": "internal", "region_id": "RegionOne", "url": f"{teller.url}/v2.1"}
            token = {"expires_at": "2099-01-01T00:00:00Z", "catalog": [{"type": "compute", "endpoints": [endpoint]}]}
            self.reply(201, json.dumps({"token": token}).encode(), {"x-subject-token": "t"})

        def do_GET(self) -> None:
            if "events" in self.path:
                self.reply(200, teller.stream(self.path, self.headers["last-event-id"]))
            elif self.path.startswith("/v2.1/servers?all_tenants=1&name="):
                found = [{"id": ID, "name": "web"}] if self.path.endswith("=%5Eweb%24") else []
                self.reply(200, json.dumps({"servers": found}).encode())
            else:
                self.reply(200 if self.path == f"/v2.1/servers/{ID}" else 404, b"{}")

        def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler


@pytest.fixture
def teller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Teller]:
    monkeypatch.setattr(client, "PAUSE_S", 0.01)
    made = Teller([])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def run(teller: Teller, tmp_path: Path, *arguments: str) -> Result:
    settings = tmp_path / "pileus.toml"
    settings.write_text(f'[auth]\nurl = "{teller.url}/v3"\nregion = "RegionOne"\n[auth.admin]\npassword = "secret"\n')
    state = str(tmp_path / "state")
    return CliRunner().invoke(watch.command, ["--state", state, "--settings", str(settings), *arguments])


def test_a_server_is_followed_until_it_is_active_over_streams_that_end(teller: Teller, tmp_path: Path) -> None:
    teller.parts = [[BUILDING], [], [HALFWAY, ACTIVE]]
    result = run(teller, tmp_path, "web")
    assert (result.exit_code, result.exception) == (0, None), result.output
    assert result.output.splitlines() == [
        "web: create running, place (1/4), BUILD",
        "web: create running, build, image 42 % (3/4), BUILD",
        "web: create done after 3 s, ACTIVE",
    ]
    assert teller.asked == [(f"/v2.1/servers/{ID}/events", last) for last in (None, "1", "1")]


def test_a_server_that_fails_is_an_exit_code_and_a_reason(teller: Teller, tmp_path: Path) -> None:
    teller.parts = [[BUILDING, BROKEN]]
    result = run(teller, tmp_path, ID)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "web is in ERROR: No valid host was found."


def test_programs_read_lines_of_json(teller: Teller, tmp_path: Path) -> None:
    teller.parts = [[HALFWAY, ACTIVE]]
    lines = run(teller, tmp_path, ID, "--json").output.splitlines()
    assert [json.loads(line) for line in lines] == [HALFWAY, ACTIVE]


def test_a_server_that_nobody_has_is_not_waited_for(teller: Teller, tmp_path: Path) -> None:
    result = run(teller, tmp_path, "nobody")
    assert isinstance(result.exception, client.ServerUnknown)
    assert teller.asked == []

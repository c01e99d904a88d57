"""One service alone, as its settings say."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.running import RunningCloud, free_offset, own_environment, run_pileus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_S = 30
EVERYWHERE = "0.0.0.0"  # noqa: S104
NOAUTH = {"PILEUS_PLACEMENT__AUTH_STRATEGY": "noauth2"}


@contextmanager
def serving(path: Path, *words: str, **changes: str) -> Iterator[str]:
    """Run placement alone; yield where it answers."""
    offset = free_offset()
    command = [sys.executable, "-m", "pileus", "serve", "placement", "--state", str(path), *words]
    process = subprocess.Popen(
        [*command, "--port-offset", str(offset)], env=own_environment(**changes), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert "answers" in process.stdout.readline()
        yield f"http://127.0.0.1:{8778 + offset}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=START_S)


def ask(url: str, token: str = "", method: str = "GET", **headers: str) -> tuple[int, Any, dict[str, str]]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = urllib3.request(method, url, headers={**sent, **({"x-auth-token": token} if token else {})}, timeout=20)
    return reply.status, reply.json() if reply.data else None, {k.lower(): v for k, v in reply.headers.items()}


def test_placement_needs_no_identity_where_callers_are_believed(tmp_path: Path) -> None:
    with serving(tmp_path / "state", **NOAUTH) as url:
        assert ask(f"{url}/")[0] == 200
        assert ask(f"{url}/resource_providers")[0] == 401
        assert ask(f"{url}/resource_providers", "ann")[0] == 403
        assert ask(f"{url}/resource_providers", "ann", x_roles="admin")[:2] == (200, {"resource_providers": []})


def test_pages_of_other_origins_are_let_in_by_the_settings_file(tmp_path: Path) -> None:
    settings = tmp_path / "pileus.toml"
    settings.write_text('[cors]\nallowed_origin = ["https://dashboard.example"]\n')
    with serving(tmp_path / "state", "--settings", str(settings), **NOAUTH) as url:
        wish = {"origin": "https://dashboard.example", "access_control_request_method": "PUT"}
        status, _, headers = ask(f"{url}/resource_providers", method="OPTIONS", **wish)
        assert (status, headers["access-control-allow-origin"]) == (200, "https://dashboard.example")
        headers = ask(f"{url}/", origin="https://dashboard.example")[2]
        assert headers["access-control-allow-origin"] == "https://dashboard.example"
        assert headers["vary"] == "openstack-api-version,Origin"


@pytest.mark.parametrize(("allowed", "status"), [("true", 403), ("false", 400)])
def test_old_policy_defaults_let_an_administrator_reshape(tmp_path: Path, allowed: str, status: int) -> None:
    with serving(tmp_path / "state", **NOAUTH, PILEUS_PLACEMENT__ENFORCE_NEW_DEFAULTS=allowed) as url:
        version = {"openstack_api_version": "placement 1.30", "content_type": "application/json"}
        assert ask(f"{url}/reshaper", "admin", "POST", **version)[0] == status


def test_callers_are_not_believed_where_everybody_can_call(tmp_path: Path) -> None:
    words = ("serve", "placement", "--listen", EVERYWHERE, "--port-offset", str(free_offset()))
    done = run_pileus(*words, "--state", tmp_path / "state", **NOAUTH)
    assert done.returncode == 1
    assert done.stderr.startswith("pileus: [placement] auth_strategy is noauth2")
    assert "[placement] noauth_anywhere = true" in done.stderr


def test_callers_are_believed_anywhere_if_the_operator_insists(tmp_path: Path) -> None:
    insisting = {**NOAUTH, "PILEUS_PLACEMENT__NOAUTH_ANYWHERE": "true"}
    with serving(tmp_path / "state", "--listen", EVERYWHERE, **insisting) as url:
        assert ask(f"{url}/resource_providers", "admin")[0] == 200


@pytest.mark.parametrize("text", ["auth_strategy = 'noauth'", "auth_strateg = 'noauth2'"])
def test_a_slip_in_the_strategy_is_no_strategy(tmp_path: Path, text: str) -> None:
    settings = tmp_path / "pileus.toml"
    settings.write_text(f"[placement]\n{text}\n")
    done = run_pileus("serve", "placement", "--state", tmp_path / "state", "--settings", settings)
    assert done.returncode == 1
    assert "auth_strategy" in done.stderr


def test_a_whole_cloud_works_with_a_placement_that_believes(tmp_path: Path) -> None:
    cloud = RunningCloud(tmp_path / "state", **NOAUTH)
    cloud.start()
    try:
        deadline = time.monotonic() + START_S
        while not ask(f"{cloud.url(8778)}/resource_providers", "admin")[1]["resource_providers"]:
            assert time.monotonic() < deadline, "compute has told placement nothing of its host"
            time.sleep(0.05)
    finally:
        cloud.stop()


def test_a_service_that_runs_alone_imports_no_other() -> None:
    program = "import sys, pileus.cli.serve, pileus.placement.service; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    others = [name for name in done.stdout.split() if name.startswith(("pileus.compute.db", "pileus.image.db"))]
    assert others == []


@pytest.mark.parametrize("flavor", ["", "cachemanagement"])
def test_image_takes_nobody_for_an_administrator_where_everybody_can_call(tmp_path: Path, flavor: str) -> None:
    words = ("serve", "image", "--listen", EVERYWHERE, "--port-offset", str(free_offset()))
    done = run_pileus(*words, "--state", tmp_path / "state", PILEUS_IMAGE__FLAVOR=flavor)
    assert done.returncode == 1
    assert done.stderr.startswith(f"pileus: [image] flavor '{flavor}' is without keystone")

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pileus.cli.image_cache import CacheOff, command
from pileus.kit.state import StateDirectory

FIRST, SECOND = "7a2f0f3c-96ff-4bd0-9a3e-6a1d3a0a86f5", "0f6f1de6-3d0b-4b55-9a3f-6f6bb8a4d8f1"


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    state = StateDirectory(tmp_path / "state")
    state.prepare()
    text = '[image]\nflavor = "keystone+caching"\n[image.cache]\nmax_size_mb = 1\ndirectory = "{}"\n'
    (state.path / "pileus.toml").write_text(text.format(tmp_path / "cache"))
    return state


def run(state: StateDirectory, *words: str) -> Result:
    return CliRunner().invoke(command, [*words, "--state", str(state.path)])


def put(tmp_path: Path, image_id: str, *, age_s: float, size: int = 2**20) -> None:
    path = tmp_path / "cache" / f"{image_id}.{'0' * 32}"
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - age_s, time.time() - age_s))


def test_copies_and_the_queue_are_listed_and_deleted(state: StateDirectory, tmp_path: Path) -> None:
    assert run(state, "queue", SECOND).output == f"{SECOND} is queued\n"
    put(tmp_path, FIRST, age_s=60, size=123)
    lines = [line for line in run(state, "list").output.splitlines() if FIRST in line or SECOND in line]
    assert ["cached" in line and "123" in line for line in lines] == [True, False]
    assert "queued" in lines[1]
    assert run(state, "delete", FIRST).output == f"{FIRST} is deleted\n"
    assert run(state, "delete", FIRST).output == f"{FIRST} is not there\n"
    put(tmp_path, FIRST, age_s=60)
    assert run(state, "clear", "--target", "queue").output == "1 images are taken out of the queue\n"
    assert run(state, "clear").output == "1 copies are deleted\n0 images are taken out of the queue\n"


def test_pruning_leaves_what_fits(state: StateDirectory, tmp_path: Path) -> None:
    run(state, "list")
    put(tmp_path, FIRST, age_s=60)
    put(tmp_path, SECOND, age_s=120)
    assert run(state, "prune").output == "0 unfinished copies are deleted\n1 copies of 1048576 bytes are deleted\n"
    assert [path.name[:36] for path in (tmp_path / "cache").iterdir() if path.name != "queue"] == [FIRST]


def test_what_is_no_image_is_refused(state: StateDirectory) -> None:
    assert run(state, "queue", "../../etc/passwd").exit_code == 2


def test_a_flavor_without_a_cache_says_so(tmp_path: Path) -> None:
    done = run(StateDirectory(tmp_path / "other"), "list")
    assert isinstance(done.exception, CacheOff)
    assert "[image] flavor 'keystone' has no cache" in str(done.exception)

"""The state directory: whose it is, which format it has, and who runs on it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pileus.kit.state import (
    FORMAT,
    AlreadyRunning,
    HostRenamed,
    RegionChanged,
    StateDirectory,
    StateForeign,
    StateNewer,
    StateUnusable,
    write_private,
)
from tests.lacking import require_root

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    made = StateDirectory(tmp_path / "deep" / "state")
    made.prepare()
    return made


def test_a_new_directory_and_all_in_it_is_its_owners_alone(state: StateDirectory) -> None:
    state.secrets(["nova"])
    state.cloud_id()
    state.say(pid=1)
    state.lock().release()
    folders = [path for path in (state.path, *state.path.rglob("*")) if path.is_dir()]
    files = [path for path in state.path.rglob("*") if path.is_file()]
    assert {mode(path) for path in folders} == {0o700}
    assert {mode(path) for path in files} == {0o600}
    assert (state.path / "format").read_text() == f"{FORMAT}\n"


def test_a_directory_may_be_prepared_again(state: StateDirectory) -> None:
    state.prepare()


def test_an_empty_directory_that_is_there_may_be_used(tmp_path: Path) -> None:
    StateDirectory(tmp_path).prepare()


def test_a_crash_while_it_was_made_does_not_spoil_a_directory(tmp_path: Path) -> None:
    (tmp_path / ".format.new").write_text("")
    StateDirectory(tmp_path).prepare()


def test_a_directory_that_holds_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("")
    with pytest.raises(StateUnusable, match="other things"):
        StateDirectory(tmp_path).prepare()
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_newer_format_is_refused(state: StateDirectory) -> None:
    (state.path / "format").write_text(f"{FORMAT + 1}\n")
    with pytest.raises(StateNewer, match=f"format {FORMAT + 1}"):
        state.prepare()


@pytest.mark.parametrize("content", [b"", b"one\n", b"-1\n", b"\xff\xfe", "٣".encode()])
def test_a_format_that_says_nothing_is_refused_in_a_sentence(state: StateDirectory, content: bytes) -> None:
    (state.path / "format").write_bytes(content)
    with pytest.raises(StateUnusable, match="which format"):
        state.prepare()


@pytest.mark.parametrize("below", ["", "deep/er"])
def test_a_file_is_no_directory(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateUnusable):
        StateDirectory(tmp_path / "file" / below).prepare()


def test_a_link_to_nowhere_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StateUnusable):
        StateDirectory(tmp_path / "link").prepare()


def test_another_users_directory_is_refused_and_both_are_named(state: StateDirectory) -> None:
    require_root()
    os.chown(state.path, 65534, 65534)
    with pytest.raises(StateForeign, match=r"belongs to (nobody|user 65534), and you are root"):
        state.prepare()


@pytest.mark.parametrize("closed", [0o700, 0o755])
def test_a_place_that_one_may_not_enter_or_write_is_refused_in_a_sentence(tmp_path: Path, closed: int) -> None:
    require_root()
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(closed)
    child = os.fork()
    if child == 0:
        try:
            os.setuid(65534)
            StateDirectory(tmp_path / "closed" / "a" / "b").prepare()
        except StateUnusable:
            os._exit(3)
        finally:
            os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


def test_a_second_process_is_told_who_runs(state: StateDirectory) -> None:
    held = state.lock()
    program = f"""
import pathlib
from pileus.kit.state import AlreadyRunning, StateDirectory
state = StateDirectory(pathlib.Path({str(state.path)!r}))
try:
    state.lock()
except AlreadyRunning as error:
    print(error.reason, state.running_pid())
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert f"(process {os.getpid()})" in said
    assert said.strip().endswith(f" {os.getpid()}")
    held.release()
    assert state.running_pid() is None
    state.lock().release()


def test_a_second_lock_within_a_process_is_refused_too(state: StateDirectory) -> None:
    held = state.lock()
    with pytest.raises(AlreadyRunning):
        state.lock()
    held.release()


def test_the_lock_of_a_process_that_died_is_free(state: StateDirectory) -> None:
    program = f"""
import os, pathlib, signal
from pileus.kit.state import StateDirectory
lock = StateDirectory(pathlib.Path({str(state.path)!r})).lock()
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert state.running_pid() is None
    state.lock().release()


def test_who_only_looks_keeps_nobody_from_the_lock(state: StateDirectory) -> None:
    state.lock().release()
    with ThreadPoolExecutor(4) as pool:
        looking = [pool.submit(lambda: [state.running_pid() for _ in range(300)]) for _ in range(4)]
        for _ in range(50):
            state.lock().release()
    for look in looking:
        assert set(look.result()) <= {None, os.getpid()}


def test_secrets_and_the_clouds_id_are_made_once(state: StateDirectory) -> None:
    first = state.secrets(["nova"])
    both = state.secrets(["nova", "glance"])
    assert both["nova"] == first["nova"]
    assert len(set(both.values())) == 2
    assert state.cloud_id() == state.cloud_id()


def test_the_first_start_names_host_and_region_for_good(state: StateDirectory) -> None:
    assert (state.host_name("rack1"), state.host_name(), state.host_name("rack1")) == ("rack1", "rack1", "rack1")
    with pytest.raises(HostRenamed, match=r"rack2.*rack1"):
        state.host_name("rack2")
    assert (state.region(""), state.region("RegionOne")) == ("RegionOne", "RegionOne")
    with pytest.raises(RegionChanged, match=r"RegionOne.*RegionTwo"):
        state.region("RegionTwo")


def test_what_the_process_says_can_be_read(state: StateDirectory) -> None:
    assert state.said() == {}
    state.say(pid=7, urls={"identity": "http://x"})
    assert state.said() == {"pid": 7, "urls": {"identity": "http://x"}}


def test_a_private_file_is_replaced_whole_whatever_a_crash_left(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    (tmp_path / ".secret.new").write_text("half")
    (tmp_path / ".secret.new").chmod(0o666)
    write_private(file, "néw")
    assert (file.read_text(encoding="utf-8"), mode(file)) == ("néw", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]

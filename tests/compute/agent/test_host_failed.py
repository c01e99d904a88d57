"""What goes wrong on a host is told to its operator; the server's owner only hears that it did."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent import config_drive
from pileus.compute.agent.drivers.driver import HostFailed
from pileus.kit.loop import Loop
from tests.lacking import require_module

if TYPE_CHECKING:
    from pathlib import Path

FILE = "/srv/guests/of-somebody-else"


def assert_for_the_operator(failed: HostFailed) -> None:
    assert FILE in str(failed)
    assert FILE not in failed.reason


def put_program(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that fails, and says with which file."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho 'Could not open {FILE}' >&2\nexit 1\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_what_qemu_img_says_is_for_the_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_module("libvirt", "libvirt")
    from pileus.compute.agent.drivers.libvirt import disk

    put_program(tmp_path, "qemu-img", monkeypatch)
    with pytest.raises(HostFailed) as raised:
        disk.create_empty(tmp_path / "disk", 1)
    assert_for_the_operator(raised.value)


def test_what_libvirt_says_is_for_the_operator() -> None:
    require_module("libvirt", "libvirt")
    import libvirt

    from pileus.compute.agent.drivers.libvirt.connection import translated

    with pytest.raises(HostFailed) as raised, translated():
        libvirt.open(f"test://{FILE}")  # libvirt's own pretended hypervisor: no daemon says anything else first
    assert_for_the_operator(raised.value)


def test_a_config_drive_that_fails_names_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_program(tmp_path, "genisoimage", monkeypatch)
    with pytest.raises(config_drive.ConfigDriveFailed) as raised:
        config_drive._run(["genisoimage"])
    assert FILE not in raised.value.reason


def test_the_operator_reads_why_a_round_failed() -> None:
    def fail() -> None:
        raise HostFailed(why=FILE)

    loop = Loop("heartbeat", fail, 1.0)
    loop.run_once()
    assert loop.trouble == FILE

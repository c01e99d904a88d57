from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from pileus.compute.agent.drivers.libvirt import probe
from tests.lacking import require_program

# Stand-ins for QEMU: a shell script that treats each accelerator in its own way.
FAITHFUL = "printf pileus > ${serial#file:}; exit 33"


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "kvm"
    path.touch()
    return path


def program(directory: Path, tcg: str, kvm: str) -> str:
    script = directory / "qemu"
    script.write_text(
        '#!/bin/sh\necho "$@" >> "$0.log"\naccelerator=$2\n'
        'while [ $# -gt 0 ]; do [ "$1" = -serial ] && serial=$2; shift; done\n'
        f'if [ "$accelerator" = kvm ]; then {kvm}\nelse {tcg}\nfi\n'
    )
    script.chmod(0o755)
    return str(script)


def count_runs(qemu: str) -> int:
    return len(Path(f"{qemu}.log").read_text().splitlines())


def test_kvm_that_works_and_is_faster_is_used(tmp_path: Path, device: Path) -> None:
    qemu = program(tmp_path, f"sleep 0.5; {FAITHFUL}", FAITHFUL)
    assert probe.probe(tmp_path / "kvm.json", program=qemu, device=device).kvm


def test_kvm_that_hangs_is_not_used_and_its_process_is_gone(tmp_path: Path, device: Path) -> None:
    qemu = program(tmp_path, FAITHFUL, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    begun = time.monotonic()
    verdict = probe.probe(tmp_path / "kvm.json", program=qemu, device=device, timeout_s=1)
    assert not verdict.kvm
    assert "did not finish" in verdict.reason
    assert time.monotonic() - begun < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_kvm_that_is_slower_than_emulation_is_not_used(tmp_path: Path, device: Path) -> None:
    verdict = probe.probe(
        tmp_path / "kvm.json", program=program(tmp_path, FAITHFUL, f"sleep 1; {FAITHFUL}"), device=device
    )
    assert not verdict.kvm
    assert "emulated" in verdict.reason


@pytest.mark.parametrize("kvm", ["exit 1", "exit 33", "printf garbage > ${serial#file:}; exit 33"])
def test_kvm_that_goes_wrong_is_not_used(tmp_path: Path, device: Path, kvm: str) -> None:
    assert not probe.probe(tmp_path / "kvm.json", program=program(tmp_path, FAITHFUL, kvm), device=device).kvm


def test_the_verdict_is_kept(tmp_path: Path, device: Path) -> None:
    qemu = program(tmp_path, f"sleep 0.5; {FAITHFUL}", FAITHFUL)
    first = probe.probe(tmp_path / "deep" / "kvm.json", program=qemu, device=device)
    assert probe.probe(tmp_path / "deep" / "kvm.json", program=qemu, device=device) == first
    assert count_runs(qemu) == 2


def test_a_verdict_of_another_boot_is_made_anew(tmp_path: Path, device: Path) -> None:
    qemu, cache = program(tmp_path, FAITHFUL, "exit 1"), tmp_path / "kvm.json"
    probe.probe(cache, program=qemu, device=device)
    cache.write_text(json.dumps(json.loads(cache.read_text()) | {"key": "another kernel, QEMU or boot", "kvm": True}))
    assert not probe.probe(cache, program=qemu, device=device).kvm
    assert count_runs(qemu) == 4


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"key": 1}'])
def test_a_damaged_verdict_is_made_anew(tmp_path: Path, device: Path, content: str) -> None:
    (tmp_path / "kvm.json").write_text(content)
    qemu = program(tmp_path, FAITHFUL, "exit 1")
    assert not probe.probe(tmp_path / "kvm.json", program=qemu, device=device).kvm


def test_without_the_device_nothing_is_tried(tmp_path: Path) -> None:
    verdict = probe.probe(tmp_path / "kvm.json", program="/bin/false", device=tmp_path / "missing")
    assert not verdict.kvm
    assert "missing" in verdict.reason


def test_the_test_guest_comes_to_its_end_under_emulation() -> None:
    require_program(probe.PROGRAM, "qemu-system-x86")
    assert probe.run_once(probe.PROGRAM, "tcg", 60) is not None

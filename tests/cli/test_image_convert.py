from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pileus.cli.image import command
from tests.image import hostile

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

DISK = bytes(range(256)) * 4096


def convert(folder: Path, *words: str, **environment: str) -> Result:
    words = ("convert", str(folder / "disk"), str(folder / "out"), *words, "--state", str(folder / "state"))
    return CliRunner().invoke(command, words, env=environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "disk").write_bytes(DISK)
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_disk_is_written_in_another_format(folder: Path) -> None:
    digest = hashlib.sha256(DISK).hexdigest()
    done = convert(folder, "--from", "raw", "--to", "qcow2", "--expect", f"sha256:{digest}")
    assert (done.exit_code, done.exception) == (0, None)
    assert done.stdout.startswith(f"{folder}/out: qcow2, ")
    assert done.stdout.endswith(f", a disk of {len(DISK)} bytes\n")
    assert (folder / "out").read_bytes().startswith(b"QFI\xfb")
    assert left(folder) == ["disk", "out"]


def test_nothing_is_left_of_a_conversion_that_is_refused(folder: Path) -> None:
    for words, reason in (
        (("--from", "qcow2", "--to", "raw"), "the data is not qcow2"),
        (("--from", "raw", "--to", "vdi", "--expect", "sha256:" + "0" * 64), "is expected"),
        (("--from", "raw", "--to", "vdi", "--expect", "sha256"), "is no digest to expect"),
    ):
        assert reason in str(convert(folder, *words).exception)
        assert left(folder) == ["disk"]
    (folder / "disk").write_bytes(hostile.qcow2_over("/etc/hostname"))
    assert "backing file" in str(convert(folder, "--from", "qcow2", "--to", "raw").exception)
    assert left(folder) == ["disk"]


def test_the_limits_are_settings(folder: Path) -> None:
    done = convert(folder, "--from", "raw", "--to", "vdi", PILEUS_IMAGE__CONVERSION__TIMEOUT_S="0.001")
    assert "took longer than 0.001 seconds" in str(done.exception)
    assert left(folder) == ["disk"]


def test_a_file_is_never_overwritten(folder: Path) -> None:
    (folder / "out").write_bytes(b"mine")
    assert "is there already" in str(convert(folder, "--from", "raw", "--to", "vdi").exception)
    assert (folder / "out").read_bytes() == b"mine"


def test_the_format_is_never_guessed(folder: Path) -> None:
    done = convert(folder, "--to", "vdi")
    assert (done.exit_code, "Missing option '--from'" in done.stderr) == (2, True)

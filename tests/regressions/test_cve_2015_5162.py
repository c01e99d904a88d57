"""A crafted image made qemu-img take all memory and time of the host, as it ran without limits."""

from __future__ import annotations

import json
import resource
import sys
from typing import TYPE_CHECKING

import pytest

from pileus.image.formats import conversion
from pileus.image.formats.conversion import ConversionLimits, convert
from pileus.image.model.errors import DataRefused
from pileus.image.model.format_errors import ConversionFailed
from tests.image import hostile

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = ConversionLimits(address_space_mb=3000, cpu_s=7, timeout_s=30, file_bytes=2**30)
PROGRAM = """#!{python} -I
import json, resource, sys
names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_CORE")
json.dump({{name: resource.getrlimit(getattr(resource, name)) for name in names}}, open({notes!r}, "w"))
sys.exit("seen")
"""


def test_qemu_img_runs_under_limits_from_its_first_instruction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes, program = tmp_path / "notes", tmp_path / "qemu-img"
    program.write_text(PROGRAM.format(python=sys.executable, notes=str(notes)))
    program.chmod(0o755)
    monkeypatch.setitem(conversion._ENVIRONMENT, "PATH", f"{tmp_path}:{conversion._ENVIRONMENT['PATH']}")
    (tmp_path / "disk").write_bytes(bytes(512))
    with pytest.raises(ConversionFailed, match="seen"):
        convert(tmp_path / "disk", tmp_path / "out", source_format="raw", target_format="vdi", limits=LIMITS)
    assert json.loads(notes.read_text()) == {
        "RLIMIT_AS": [3000 * 2**20] * 2,
        "RLIMIT_CPU": [7, 7],
        "RLIMIT_FSIZE": [2**30] * 2,
        "RLIMIT_CORE": [0, 0],
    }
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] != 7


@pytest.mark.parametrize(("virtual_size", "error"), [(2**64 - 512, DataRefused), (2**50, ConversionFailed)])
def test_a_disk_that_claims_to_be_huge_is_not_written(
    tmp_path: Path, virtual_size: int, error: type[Exception]
) -> None:
    (tmp_path / "disk").write_bytes(hostile.qcow2(virtual_size=virtual_size))
    with pytest.raises(error):
        convert(tmp_path / "disk", tmp_path / "out", source_format="qcow2", target_format="raw", limits=LIMITS)
    assert not (tmp_path / "out").exists()

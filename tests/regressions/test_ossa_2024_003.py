"""Images went to qemu-img as they came, unchecked, so that a crafted one was opened with all that it asks for."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.image import hostile
from tests.regressions.images import require_conversion_refused

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("declared", ["qcow2", "vmdk", "raw", "vhd", "vhdx", "vdi"])
@pytest.mark.parametrize("data", [hostile.qcow2_over("/etc/passwd"), hostile.flat_vmdk("/etc/passwd")])
def test_nothing_runs_before_an_image_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: str, data: bytes
) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)  # whoever starts a program fails
    require_conversion_refused(tmp_path, declared, data)

"""A few kills with the fake hypervisor; `make crash` does many, with real guests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.running import free_offset, own_environment

REPOSITORY = Path(__file__).parents[2]


def test_a_cloud_that_is_killed_three_times_adds_up(tmp_path: Path) -> None:
    image = tmp_path / "image.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "8M"], check=True)
    words = ["--times", "3", "--driver", "fake", "--seed", "1", "--image", str(image)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", *words, "--port-offset", str(free_offset())],
        cwd=REPOSITORY,
        env=own_environment(TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout.endswith("3 passed, 0 failed\n"), f"{done.stdout}\n{done.stderr}"

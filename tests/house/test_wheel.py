"""Tests run on an editable Pileus, so this one looks at what others would install."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "pileus"


def test_the_wheel_has_every_file_of_the_package(tmp_path: Path) -> None:
    packed = set(zipfile.ZipFile(build_wheel(tmp_path)).namelist())
    sources = {path for path in SOURCES.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {f"pileus/{path.relative_to(SOURCES)}" for path in sources} <= packed


def build_wheel(directory: Path) -> Path:
    """Build in a copy: setuptools writes next to the sources."""
    clone = directory / "clone"
    shutil.copytree(SOURCES, clone / "src" / "pileus", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    program = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*program, "--wheel-dir", str(directory), str(clone)], check=True, stdin=subprocess.DEVNULL)
    return next(directory.glob("*.whl"))

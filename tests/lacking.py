"""What happens to a test whose component is not on this machine."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import NoReturn

import pytest


class LackingError(Exception):
    """A component is not installed, or can't run here. The message says which, and what to do."""


def require_program(name: str, package: str) -> None:
    """Go on only where a program is installed."""
    if shutil.which(name) is None:
        skip_outside_ci(f"{name} is not installed (package {package})")


def require_module(name: str, extra: str) -> None:
    """Go on only where a module of an optional dependency is installed."""
    if find_spec(name) is None:
        skip_outside_ci(f"{name} is not installed (pip install 'pileus[{extra}]')")


def require_root() -> None:
    """Go on only as root, who may do in the name of others."""
    if os.getuid() != 0:
        skip_outside_ci("only root can do this")


def skip_outside_ci(reason: str) -> NoReturn:
    """Skip the running test; where CI=true nothing may be skipped, so fail it."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)

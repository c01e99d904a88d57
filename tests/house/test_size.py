"""Files and functions stay small. A ratchet: who is named here may shrink and never grow."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "pileus"
FILE_LINES, FUNCTION_LINES = 500, 60

LARGE_FILES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}


def sources() -> list[Path]:
    """Migrations are history: they are written once, by a tool."""
    return [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def test_no_file_is_large() -> None:
    sizes = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in sources()}
    assert {name: size for name, size in sizes.items() if size > LARGE_FILES.get(name, FILE_LINES)} == {}
    assert all(sizes.get(name, 0) > FILE_LINES for name in LARGE_FILES), "who has shrunk is taken off the list"


def test_no_function_is_long() -> None:
    lengths = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                name = f"{path.relative_to(SOURCE)}:{node.name}"
                lengths[name] = max(lengths.get(name, 0), node.end_lineno - node.lineno + 1)
    assert {name: size for name, size in lengths.items() if size > LONG_FUNCTIONS.get(name, FUNCTION_LINES)} == {}
    assert all(lengths.get(name, 0) > FUNCTION_LINES for name in LONG_FUNCTIONS), "who has shrunk is taken off the list"

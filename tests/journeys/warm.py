"""Runs commands of the real clients, each in a fork of this process, which has imported them already.

Reads a JSON line [program, words, environment] and answers with one {"status", "out", "err"}.
"""

from __future__ import annotations

import importlib
import json
import os
import pty
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

PROGRAMS = {"openstack": "openstackclient.shell", "glance": "glanceclient.shell", "nova": "novaclient.shell"}
USUAL = ("token issue", "server list", "image list", "resource provider list", "role assignment list")


def main() -> None:
    """Answer until there is nothing more to read."""
    os.chdir(sys.argv[1])
    programs = {name: importlib.import_module(module).main for name, module in PROGRAMS.items()}
    for line in USUAL:  # only their imports: the clients keep who logged in for as long as their process lives
        for module in modules_of(programs["openstack"], line.split()):
            with suppress(ImportError):
                importlib.import_module(module)
    for line in sys.stdin:
        program, words, environment = json.loads(line)
        done = in_child(lambda: call(programs[program], program, words, environment))  # noqa: B023 (called at once)
        print(json.dumps(done), flush=True)


def modules_of(entry: Callable[..., Any], words: list[str]) -> list[str]:
    """Return what a command imports."""
    known = set(sys.modules)

    def action() -> None:
        entry(words)
        print("\n" + " ".join(name for name in sys.modules if name not in known))

    return str(in_child(action)["out"]).rsplit("\n", 2)[1].split()


def call(entry: Callable[..., Any], program: str, words: list[str], environment: dict[str, str]) -> Any:
    """Be the program."""
    for name in [name for name in os.environ if name.startswith("OS_")]:
        del os.environ[name]
    os.environ.update(environment)
    sys.argv = [program, *words]
    return entry() if program == "glance" else entry(words)


def in_child(action: Callable[[], Any]) -> dict[str, Any]:
    """Do it in a fork, with files in place of the terminal; return how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder) / name for name in ("out", "err")]
        child = os.fork()
        if child == 0:
            _become(action, names)
        _, status = os.waitpid(child, 0)
        out, err = (name.read_text(errors="replace") for name in names)
    return {"status": os.waitstatus_to_exitcode(status), "out": out, "err": err}


def _become(action: Callable[[], Any], names: list[Path]) -> None:
    """Run the action as a program on a terminal would, and end. From a stdin that is no terminal they read images."""
    ours, its = pty.openpty()
    os.write(ours, b"\x04")  # the end, should one ask for more
    os.dup2(its, 0)
    for descriptor, name in enumerate(names, start=1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), descriptor)
    status = 1
    try:
        status = int(action() or 0)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()

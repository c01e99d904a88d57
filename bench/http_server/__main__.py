"""Compares HTTP servers for four ports in one process and prints tables."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from bench.http_server.checks import all_checks
from bench.http_server.client import MIB, Rate, Running, download, started, upload, wrk
from bench.http_server.serve import CANDIDATES

HOPS = ["inline", "executor", "to_thread", "pool", "pool4", "batch", "batch4"]
ASYNC = ["uvicorn uvloop", "uvicorn guarded", "uvicorn asyncio", "uvicorn h11 pure"]
ASYNC += ["granian asgi", "granian rsgi", "hypercorn"]
THREADED = ["cheroot", "waitress", "gunicorn gthread"]
INLINE_TOO = ["uvicorn uvloop", "granian asgi", "granian rsgi"]
REFERENCE = ["granian procs asgi", "granian procs wsgi"]


def usable(names: list[str]) -> list[str]:
    """Drops candidates whose packages are missing, saying why."""
    keep = []
    for name in names:
        missing = [m for m in CANDIDATES[name][0].split() if not importlib.util.find_spec(m)]
        if missing:
            print(f"skipped {name}: {', '.join(missing)} not installed", file=sys.stderr)
        else:
            keep.append(name)
    return keep


def table(title: str, heads: list[str], rows: list[list[str]]) -> None:
    """Prints a Markdown table."""
    print(f"\n### {title}\n")
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, ["-" * w for w in widths], *rows]:
        print("| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |")
    sys.stdout.flush()


def say(exc: Exception) -> str:
    """An error in a few words."""
    return f"FAILED {exc}".replace("\n", " ")[:90]


class Bench:
    """Holds the options shared by every measurement."""

    def __init__(self, folder: Path, seconds: int, rounds: int, size: int) -> None:
        self.seconds, self.rounds, self.size = seconds, rounds, size
        self.folder = folder
        self.file = folder / "image.raw"
        with self.file.open("wb") as out:
            for _ in range(size // MIB):
                out.write(os.urandom(4096) * 256)
        self.base = {"BENCH_FILE": str(self.file), "BENCH_TARGET": str(folder / "target.raw")}
        self.post = folder / "post.lua"
        body = '{"server": {"name": "web-1", "user_data": "' + "x" * 1990 + '"}}'
        self.post.write_text(
            f"wrk.method = 'POST'\nwrk.body = '{body}'\nwrk.headers['Content-Type'] = 'application/json'\n"
        )

    def rates(self, title: str, cases: list[tuple[str, str]], jobs: list[tuple[str, str, int, Path | None]]) -> None:
        """wrk runs over (candidate, hop) x (label, path, connections, body), interleaved by round."""
        seen: dict[tuple[str, str, str], list[Rate]] = defaultdict(list)
        for _ in range(self.rounds):
            for name, hop in cases:
                try:
                    with started(name, hop, **self.base) as server:
                        for label, path, connections, body in jobs:
                            seen[name, hop, label].append(wrk(server.ports[0], path, connections, self.seconds, body))
                except RuntimeError as exc:
                    print(f"{name}: {say(exc)}", file=sys.stderr)
        rows = []
        for name, hop in cases:
            row = [name, hop]
            for label, *_ in jobs:
                runs = seen[name, hop, label]
                if not runs:
                    row.append("failed")
                    continue
                rate, p50, p99 = (statistics.median(getattr(r, f) for r in runs) for f in ("per_second", "p50", "p99"))
                bad = sum(r.bad for r in runs)
                row.append(f"{rate:.0f}/s {p50:.2f}/{p99:.1f} ms" + (f" {bad} bad" if bad else ""))
            rows.append(row)
        table(f"{title} (median of {self.rounds}: requests/s, p50/p99)", ["server", "hop", *(j[0] for j in jobs)], rows)

    def streams(self, title: str, names: list[str], jobs: dict[str, Callable[[Running], float]]) -> None:
        """MiB/s, peak memory growth and server CPU, interleaved by round."""
        seen: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
        failed: dict[tuple[str, str], str] = {}
        for _ in range(self.rounds):
            for name in names:
                for label, job in jobs.items():
                    if (name, label) in failed:
                        continue
                    try:
                        with started(name, **self.base) as server:
                            server.reset_peak()
                            before, used = server.peak(), server.cpu()
                            speed = job(server)
                            seen[name, label].append((speed, server.peak() - before, server.cpu() - used))
                    except (OSError, RuntimeError) as exc:
                        failed[name, label] = say(exc)
        rows = []
        for name in names:
            row = [name]
            for label in jobs:
                if (name, label) in failed:
                    row.append("no: " + failed[name, label][:50])
                    continue
                runs = seen[name, label]
                speed, cpu = (statistics.median(r[i] for r in runs) for i in (0, 2))
                row.append(f"{speed:.0f} +{max(r[1] for r in runs):.0f} {cpu:.2f}s")
            rows.append(row)
        table(f"{title} (MiB/s, + peak MiB over idle, server CPU seconds)", ["server", *jobs], rows)

    def idle(self, names: list[str]) -> None:
        """Start time, resting memory and resting CPU."""
        rows = []
        for name in names:
            starts, memory, cpu, threads = [], 0.0, 0.0, 0
            try:
                for _ in range(self.rounds):
                    with started(name, **self.base) as server:
                        starts.append(server.first_answer)
                        used = server.cpu()
                        time.sleep(1)
                        memory, cpu = server.rss(), server.cpu() - used
                        threads = server.status("Threads")
                first = f"{statistics.median(starts):.2f}"
                rows.append([name, first, f"{memory:.0f}", f"{cpu * 100:.0f}", str(threads)])
            except RuntimeError as exc:
                rows.append([name, say(exc), "", "", ""])
        table("Idle", ["server", "exec to 4 ports answering, s", "RSS MiB (all processes)", "CPU %", "threads"], rows)

    def behaviour(self, names: list[str]) -> None:
        """The correctness checks, one column of text per candidate."""
        found = {name: all_checks(name, self.base, self.folder) for name in names}
        titles = list(next(iter(found.values())))
        table(
            "Behaviour", ["check", *names], [[t, *(found[n].get(t, "-") for n in names)] for t in titles]
        )  # fmt: skip


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="length of one wrk run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=1024, help="size of the streamed image")
    parser.add_argument("--only", default="hops servers wait up down idle checks", help="parts to run")
    parser.add_argument("--servers", help="comma-separated candidates instead of all")
    parser.add_argument("--dir", help="folder for the image files")
    options = parser.parse_args()
    parts = options.only.split()
    if not shutil.which("wrk"):
        print("skipped hops, servers, wait: wrk not installed", file=sys.stderr)
        parts = [p for p in parts if p not in ("hops", "servers", "wait")]
    names = options.servers.split(",") if options.servers else [*ASYNC, *THREADED, *REFERENCE]
    names = usable(names)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}")
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        bench = Bench(Path(folder), options.seconds, options.rounds, options.mib * MIB)
        small: list[tuple[str, str, int, Path | None]] = [(f"GET c={c}", "/json", c, None) for c in (1, 16, 64)]
        if "hops" in parts:
            loops = [name for name in ("uvicorn asyncio", "uvicorn uvloop") if name in names]
            bench.rates("Hops", [(name, hop) for name in loops for hop in HOPS], small)
        if "servers" in parts:
            cases = []
            for name in names:
                threaded = name in THREADED or name.endswith("wsgi")
                cases += [(name, "inline")] if name in INLINE_TOO else []
                cases += [(name, "own threads" if threaded else "batch")]
            bench.rates("Servers", cases, [*small, ("POST 2 KB c=16", "/json", 16, bench.post)])
        if "wait" in parts:
            cases = [("uvicorn uvloop", "inline"), ("uvicorn uvloop", "executor"), ("uvicorn uvloop", "batch")]
            cases += [("cheroot", "own threads")] if "cheroot" in names else []
            bench.rates("Handler that waits 2 ms", cases, [("GET c=64", "/pause?ms=2", 64, None)])
        size = bench.size
        if "up" in parts:
            uploads: dict[str, Callable[[Running], float]] = {
                "count, length": lambda s: upload(s.ports[1], "/upload", size, False),
                "count, chunked": lambda s: upload(s.ports[1], "/upload", size, True),
                "file 1 MiB": lambda s: upload(s.ports[1], "/upload?buffer=1024", size, False),
                "file 4 MiB": lambda s: upload(s.ports[1], "/upload?buffer=4096", size, False),
            }
            bench.streams("Upload", names, uploads)
        if "down" in parts:
            downloads: dict[str, Callable[[Running], float]] = {
                f"chunk {k} KiB": lambda s, k=k: download(s.ports[1], f"/download?chunk={k}", size)  # type: ignore[misc]
                for k in (64, 256, 1024, 4096)
            }
            downloads["pathsend"] = lambda s: download(s.ports[1], "/pathsend", size)
            bench.streams("Download", [*names, *usable(["uvicorn sendfile"])], downloads)
        if "idle" in parts:
            bench.idle([*names, *usable(["uvicorn one server"])])
        if "checks" in parts:
            bench.behaviour(names)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Run upstream Placement's own gabbi suite against any live server.

See README.md.  Needs a Python with gabbi and openstack-placement installed.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import livehttp
import server
import suite
import worlds

PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"


class Recorder(unittest.TestResult):
    """Collects one record per test, with the exchange when it failed."""

    def __init__(self, http):
        super().__init__()
        self.http = http
        self.records = []

    def _add(self, test, outcome, message=None):
        record = {"name": test.test_data["name"], "outcome": outcome}
        if message:
            record["message"] = message
        if outcome == FAILED:
            record["exchange"] = self.http.last
        self.records.append(record)

    def addSuccess(self, test):
        self._add(test, PASSED)

    def addFailure(self, test, err):
        self._add(test, FAILED, str(err[1])[:1500])

    def addError(self, test, err):
        self._add(test, FAILED, "%s: %s" % (err[0].__name__, str(err[1])[:1500]))

    def addSkip(self, test, reason):
        self._add(test, NOT_RUN, reason)

    def addExpectedFailure(self, test, err):
        self._add(test, PASSED)

    def addUnexpectedSuccess(self, test):
        self._add(test, FAILED, "passed, though marked as expected to fail")


def admin_is_service(headers):
    """Give the suite's plain admin the service role as well."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if lowered.get("x-auth-token", "").startswith("admin") and "x-roles" not in lowered:
        headers = dict(headers, **{"x-roles": "admin,service"})
    return headers


def all_tests(entry, outcome, message):
    return [{"name": name, "outcome": outcome, "message": message} for name in entry.tests]


def run_file(path, options, keystone=None):
    """Run one YAML file on its own server; returns its part of the report."""
    entry = suite.SuiteFile(path)
    began = time.monotonic()
    report = {"file": entry.name, "fixture": entry.fixture, "config_hint": entry.hint}

    def finish(tests):
        report["tests"] = tests
        report["seconds"] = round(time.monotonic() - began, 2)
        for outcome in (PASSED, FAILED, NOT_RUN):
            report[outcome.replace(" ", "_")] = sum(1 for t in tests if t["outcome"] == outcome)
        return report

    if entry.unknown:
        return finish(all_tests(entry, NOT_RUN, "fixture unknown to this harness: " + ", ".join(entry.unknown)))
    if entry.hint in options["unsupported"]:
        return finish(all_tests(entry, NOT_RUN, "server cannot be configured for " + entry.hint))
    state_dir = tempfile.mkdtemp(prefix=entry.name[:-5] + "-", dir=options["state_root"])
    live = None
    saved = dict(os.environ)
    hooks = []
    if options["admin_is_service"]:
        hooks.append(admin_is_service)
    if keystone:
        hooks.append(keystone.rewrite)
    http = livehttp.LiveHttp(hooks, keepalive=options["keepalive"])
    try:
        try:
            live = server.Server(
                options["start"],
                state_dir,
                entry.hint,
                entry.fixture,
                entry.name,
                options["auth"],
                prefix=options["prefix"],
                timeout=options["start_timeout"],
            )
        except server.NotRunnable as exc:
            return finish(all_tests(entry, NOT_RUN, str(exc)))
        except server.ServerFailed as exc:
            return finish(all_tests(entry, FAILED, "server: %s" % exc))
        report["start_seconds"] = round(live.start_seconds, 2)
        world = worlds.World(http, live.url, identity=keystone.env if keystone else None)
        try:
            worlds.FIXTURES[entry.fixture](world)
        except Exception as exc:
            return finish(all_tests(entry, FAILED, "fixture: %s: %s" % (type(exc).__name__, exc)))
        os.environ.update(world.env)
        result = Recorder(http)
        entry.build(live.host, live.port, http, options["prefix"]).run(result)
        if not live.alive():
            report["server_died"] = live.log_tail()
        return finish(result.records)
    finally:
        http.close()
        if live:
            live.stop()
            if live.orphaned():
                report["orphan"] = True
                print(
                    "warning: port %d still answers after pid %d ended; the "
                    "start command must exec its server" % (live.port, live.process.pid),
                    file=sys.stderr,
                )
        os.environ.clear()
        os.environ.update(saved)
        if options["keep_state"]:
            report["state_dir"] = state_dir
        else:
            shutil.rmtree(state_dir, ignore_errors=True)


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--start",
        default=os.environ.get("CONFORMANCE_START"),
        help="command that starts a fresh server and stays in the foreground;"
        "\n{port} {state_dir} {config_hints} {fixture} {auth} are filled "
        "in\n(default: $CONFORMANCE_START)",
    )
    parser.add_argument("--auth", choices=("noauth", "keystone"), default="noauth")
    parser.add_argument("--only", action="append", default=[], metavar="FILE", help="may be given several times")
    parser.add_argument(
        "--unsupported",
        default="",
        metavar="HINT[,HINT]",
        help="configurations the server cannot do: policy-open, policy-secure, policy-legacy, cors",
    )
    parser.add_argument(
        "--admin-is-service",
        action="store_true",
        help='plain "admin" also gets the service role, for '
        "servers that\nlet only services reshape "
        "(the modern default policy)",
    )
    parser.add_argument("--report", metavar="JSON", help="where to write the JSON report")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keepalive", action="store_true", help="one connection per file instead of per request")
    parser.add_argument("--prefix", default="", help="path the service is mounted under")
    parser.add_argument("--start-timeout", type=float, default=60)
    parser.add_argument("--keep-state", action="store_true", help="keep state directories and server logs")
    parser.add_argument("--show-failures", type=int, default=20, metavar="N")
    parser.add_argument("--list", action="store_true", help="list the files and what each needs, then exit")
    options = parser.parse_args(argv)
    if not options.list and not options.start:
        parser.error("--start (or $CONFORMANCE_START) is required")
    if options.auth == "keystone" and options.jobs > 1:
        parser.error("--auth keystone runs with --jobs 1 only")
    return options


def die_tidily():
    """Make SIGTERM unwind, so that the server we started is stopped too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def main(argv=None):
    args = parse(argv)
    die_tidily()
    files = suite.load(args.only)
    if args.list:
        for entry in files:
            print("%-50s %4d  %-30s %s" % (entry.name, len(entry.tests), entry.fixture, entry.hint))
        print("%d files, %d tests" % (len(files), sum(len(f.tests) for f in files)))
        return 0

    state_root = tempfile.mkdtemp(prefix="placement-conformance-")
    options = {
        "start": args.start,
        "auth": args.auth,
        "prefix": args.prefix,
        "unsupported": set(filter(None, args.unsupported.split(","))),
        "start_timeout": args.start_timeout,
        "keepalive": args.keepalive,
        "keep_state": args.keep_state,
        "state_root": state_root,
        "admin_is_service": args.admin_is_service,
    }
    keystone = None
    if args.auth == "keystone":
        import identity

        keystone = identity.Keystone()
    began = time.monotonic()
    reports = []
    print("%-46s %6s %6s %7s %7s" % ("file", "passed", "failed", "not run", "seconds"))

    def note(report):
        reports.append(report)
        print(
            "%-46s %6d %6d %7d %7.1f"
            % (report["file"], report["passed"], report["failed"], report["not_run"], report["seconds"]),
            flush=True,
        )

    try:
        if args.jobs > 1:
            pool = concurrent.futures.ProcessPoolExecutor(args.jobs, initializer=die_tidily)
            try:
                for future in [pool.submit(run_file, f.path, options) for f in files]:
                    note(future.result())
            finally:
                pool.shutdown(cancel_futures=True)
        else:
            for entry in files:
                note(run_file(entry.path, options, keystone))
    finally:
        if keystone:
            keystone.close()
        if not args.keep_state:
            shutil.rmtree(state_root, ignore_errors=True)

    totals = {key: sum(r[key] for r in reports) for key in ("passed", "failed", "not_run")}
    shown = 0
    for report in reports:
        for test in report["tests"]:
            if test["outcome"] == FAILED and shown < args.show_failures:
                shown += 1
                print(
                    "\nFAILED %s: %s\n  %s"
                    % (report["file"], test["name"], test["message"][:600].replace("\n", "\n  "))
                )
    if totals["failed"] > shown:
        print("\n... %d more failures%s" % (totals["failed"] - shown, " in " + args.report if args.report else ""))
    reasons = {}
    for report in reports:
        for test in report["tests"]:
            if test["outcome"] == NOT_RUN:
                reasons[test["message"]] = reasons.get(test["message"], 0) + 1
    for reason, count in sorted(reasons.items()):
        print("\nNOT RUN %d: %s" % (count, reason))
    seconds = round(time.monotonic() - began, 1)
    if args.report:
        now = datetime.datetime.now(datetime.UTC)
        with open(args.report, "w") as handle:
            json.dump(
                {
                    "when": now.isoformat(timespec="seconds"),
                    "start": args.start,
                    "auth": args.auth,
                    "seconds": seconds,
                    "totals": totals,
                    "files": reports,
                },
                handle,
                indent=1,
            )
            handle.write("\n")
    print("\n%.1f s" % seconds)
    print("%(passed)d passed, %(failed)d failed, %(not_run)d not run" % totals)
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

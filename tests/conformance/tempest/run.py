#!/usr/bin/env python3
"""Run Tempest against a cloud of which only the Keystone URL and an admin are known.

    run.py SET [options]      SET: identity, image, compute, keystone-plugin,
                              glance-plugin, or a regular expression over test ids

The cloud: OS_* variables, or OS_CLOUD (or --cloud) with a clouds file.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
VENV = pathlib.Path(os.environ.get("TEMPEST_VENV", HERE.parents[2] / ".venv-tempest"))
PACKAGES = ["tempest==47.*", "keystone-tempest-plugin==0.22.*", "glance-tempest-plugin==0.17.*"]

# name: regular expression, time limit in minutes
SETS = {
    "identity": (r"^tempest\.api\.identity\.", 30),
    "image": (r"^tempest\.api\.image\.", 20),
    "compute": (r"^tempest\.(serial_tests\.)?api\.compute\.", 75),
    "keystone-plugin": (r"^keystone_tempest_plugin\.", 120),
    "glance-plugin": (r"^glance_tempest_plugin\.", 30),
}


def main():
    args = arguments()
    into_the_venv()
    # Also where a shell started us in the background and so had SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    import cloud as clouds

    try:
        return Run(args, clouds).go()
    except clouds.CloudError as error:
        sys.exit(f"run.py: {error}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("set", nargs="?", help="one of %s, or a regular expression" % ", ".join(SETS))
    add("--cloud", help="name in a clouds file; default $OS_CLOUD, else OS_*")
    add(
        "--settings",
        action="append",
        default=[],
        type=pathlib.Path,
        metavar="FILE",
        help="TOML on top of settings.toml; may be repeated",
    )
    add(
        "--set",
        action="append",
        default=[],
        dest="pairs",
        metavar="GROUP.OPTION=VALUE",
        help="one option on top of everything",
    )
    add(
        "--expect",
        type=pathlib.Path,
        metavar="FILE",
        help="a baseline or report: print what it passes and this cloud does not,\nand exit 1 only for that",
    )
    add("--report", type=pathlib.Path, metavar="FILE", help="the JSON report; default STATE/report.json")
    add("--save-baseline", type=pathlib.Path, metavar="FILE", help="ids and statuses only")
    add("--only", type=pathlib.Path, metavar="REPORT", help="run again only what did not pass in this report")
    add("--gap-of", type=pathlib.Path, metavar="BASELINE", help="with --only: of those, only what this baseline passes")
    add("--concurrency", type=int, default=2)
    add("--limit", type=float, metavar="MINUTES", help="end the run after this long; default: the set's")
    add("--test-limit", type=int, default=300, metavar="SECONDS", help="for one test (300)")
    add("--state", type=pathlib.Path, metavar="DIR", help="workspace; default: a new one under TMPDIR")
    add(
        "--image-file",
        type=pathlib.Path,
        metavar="FILE",
        help="upload this raw or qcow2 file as both images, instead of empty ones",
    )
    add("--keep", action="store_true", help="leave our images and flavors in the cloud")
    add("--sweep", action="store_true", help="only delete what earlier runs left, named tempest-...")
    add("--list", action="store_true", help="print the selected test ids and end")
    add("--config-only", action="store_true", help="print the tempest.conf and end")
    args = parser.parse_args()
    if not (args.set or args.sweep):
        parser.error("which set?")
    return args


def into_the_venv():
    """Make the virtualenv if it is absent, and go on inside it."""
    if not (VENV / "bin/stestr").exists():
        print(f"installing Tempest into {VENV}", file=sys.stderr)
        subprocess.run([os.environ.get("TEMPEST_PYTHON", sys.executable), "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin/pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], check=True)
    if pathlib.Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(VENV / "bin/python", [str(VENV / "bin/python"), __file__, *sys.argv[1:]])
    sys.path.insert(0, str(HERE))


class Run:
    def __init__(self, args, clouds):
        self.args, self.clouds = args, clouds
        self.regex, minutes = SETS.get(args.set, (args.set or "", 60))
        self.limit = 60 * (args.limit or minutes)
        self.colour = sys.stdout.isatty()

    def go(self):
        import results

        self.state = self.args.state or pathlib.Path(
            tempfile.mkdtemp(prefix=f"tempest-{self.args.set if self.args.set in SETS else 'regex'}-")
        )
        for folder in ("etc", "logs", "lock"):
            (self.state / folder).mkdir(parents=True, exist_ok=True)
        if self.args.list:
            self.write_config({})
            print("\n".join(self.select(results)))
            return 0
        cloud = self.clouds.Cloud(self.clouds.credentials(self.args.cloud))
        if self.args.sweep:
            print(f"swept: {cloud.sweep()}")
            return 0
        server = None
        try:
            identity_only = self.args.set in ("identity", "keystone-plugin")
            conf = self.clouds.discover(cloud, identity_only, self.args.image_file)
            if not identity_only:
                self.network(cloud, conf)
                server = serve_images(self.clouds, conf)
            conf["oslo_concurrency"] = {"lock_path": self.state / "lock"}
            self.override(conf)
            if self.args.config_only:
                print(self.clouds.as_text(conf, hide=True))
                return 0
            self.write_config(conf)
            self.say(f"workspace {self.state}")
            selected = self.select(results)
            if not selected:
                sys.exit(f"run.py: no test matches {self.regex}")
            self.say(f"{len(selected)} tests on {cloud.auth_url}, at most {self.limit / 60:.0f} min")
            started = time.time()
            rows = self.run(selected, results)
            seconds = time.time() - started
            if any(r["status"] == "notrun" for r in rows):
                self.say(f"cut short; swept: {cloud.sweep()}")
        finally:
            if server:
                server.shutdown()
            if cloud.created and not self.args.keep:
                for line in cloud.tidy():
                    self.say(f"left behind: {line}")
        return self.conclude(rows, conf, started, seconds, results)

    # ---- configuration ------------------------------------------------------

    def network(self, cloud, conf):
        """Let server tests run where no network can be made.

        Declared absent, Neutron takes most server tests with it (every class that
        wants a default network). Declared present but without isolated networks,
        those servers are created with no network at all, which is what such a cloud
        offers. All that Tempest then asks the network service for is the default
        security group of a project it deletes, and a 404 is a good answer: without a
        network endpoint the identity one gives it.
        """
        if conf["service_available"]["neutron"] or not conf["service_available"]["nova"]:
            return
        conf["service_available"]["neutron"] = True
        conf["auth"]["create_isolated_networks"] = False
        conf["network"] = {} if cloud.endpoint("network") else {"catalog_type": "identity"}
        # only this one: it makes Tempest use uuids for security groups, as Nova demands
        conf["network-feature-enabled"] = {"api_extensions": "security-group"}

    def override(self, conf):
        for path in [HERE / "settings.toml", *self.args.settings]:
            for group, options in tomllib.loads(path.read_text()).items():
                conf.setdefault(group, {}).update(options)
        for pair in self.args.pairs:
            key, _, value = pair.partition("=")
            group, _, option = key.partition(".")
            conf.setdefault(group, {})[option] = value

    def write_config(self, conf):
        conf.setdefault("DEFAULT", {}).update(log_dir=self.state / "logs", log_file="tempest.log")
        path = self.state / "etc/tempest.conf"
        path.touch(mode=0o600)
        path.write_text(self.clouds.as_text(conf))
        import tempest

        package = pathlib.Path(tempest.__file__).parent
        # Tests of one class share what its set-up made: they stay on one worker.
        (self.state / ".stestr.conf").write_text(
            f"[DEFAULT]\ntest_path={package}/test_discover\ntop_dir={package}\n"
            r"group_regex=([^\.]*\.)*"
            "\n"
        )

    # ---- running ------------------------------------------------------------------

    def stestr(self, *command, **kwargs):
        env = dict(
            os.environ,
            TEMPEST_CONFIG_DIR=str(self.state / "etc"),
            TEMPEST_CONFIG="tempest.conf",
            OS_TEST_TIMEOUT=str(self.args.test_limit),
            PYTHONWARNINGS="ignore",
            PATH=f"{VENV}/bin:{os.environ['PATH']}",
        )
        return subprocess.Popen(
            [VENV / "bin/stestr", *map(str, command)],
            cwd=self.state,
            env=env,
            stdout=subprocess.PIPE,
            start_new_session=True,
            **kwargs,
        )

    def select(self, results):
        if not (self.state / ".stestr").exists():
            self.stestr("init").communicate()
        log = self.state / "logs/list.err"
        with open(log, "wb") as errors:
            listing = self.stestr("list", self.regex, stderr=errors)
            out = listing.communicate()[0].decode()
        if listing.returncode:
            sys.exit(f"run.py: the tests could not be listed:\n{log.read_text()[-2000:]}")
        ids = [line for line in out.splitlines() if "." in line and " " not in line]
        if self.args.only:
            earlier = results.load_baseline(self.args.only)
            wanted = {i for i, s in earlier.items() if s != "pass"}
            if self.args.gap_of:
                base = results.load_baseline(self.args.gap_of)
                wanted = {i for i in wanted if base.get(i) == "pass"}
            ids = [i for i in ids if results.plain(i) in wanted]
        return ids

    def run(self, selected, results):
        (self.state / "selected").write_text("\n".join(selected) + "\n")
        progress = Progress(len(selected), self.colour)
        collector = results.Collector(progress.one)
        with open(self.state / "logs/stestr.err", "wb") as errors:
            process = self.stestr(
                "run",
                "--subunit",
                "--concurrency",
                self.args.concurrency,
                "--load-list",
                self.state / "selected",
                stderr=errors,
            )
        limit = threading.Timer(self.limit, end, (process,))
        limit.start()
        try:
            with open(self.state / "stream.subunit", "wb") as copy:
                collector.read(Tee(process.stdout, copy))
        except KeyboardInterrupt:
            self.say("interrupted")
        finally:
            limit.cancel()
            end(process)
            progress.close()
        return collector.verdicts(selected)

    # ---- telling ---------------------------------------------------------------------

    def conclude(self, rows, conf, started, seconds, results):
        about = {
            "set": self.args.set,
            "packages": versions(),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "seconds": round(seconds),
            "counts": dict(results.counts(rows)),
        }
        report = self.args.report or self.state / "report.json"
        report.write_text(
            json.dumps(
                dict(
                    about,
                    cloud=conf["identity"]["uri_v3"],
                    workspace=str(self.state),
                    skip_reasons=dict(results.skip_reasons(rows)),
                    tests=rows,
                ),
                indent=1,
            )
        )
        for line in results.table(rows, self.paint):
            print(line)
        if self.args.save_baseline:
            results.save_baseline(self.args.save_baseline, rows, about)
        print()
        bad = sum(r["status"] in ("fail", "notrun") for r in rows)
        if self.args.expect:
            bad = self.compare(rows, results)
        print(f"{seconds:.0f} s; report {report}; logs {self.state}/logs")
        print(results.last_line(rows))
        return 1 if bad else 0

    def compare(self, rows, results):
        expected = results.load_baseline(self.args.expect)
        selected = {r["id"] for r in rows}
        if self.args.only or self.args.set not in SETS:
            expected = {i: s for i, s in expected.items() if i in selected}
        missing, more = results.gap(rows, expected)
        print(
            f"gap to {self.args.expect}: {len(missing)} of "
            f"{sum(s == 'pass' for s in expected.values())} tests that pass there"
        )
        for row in missing:
            why = row.get("reason") or results.message(row) or ""
            print(self.paint(row["status"], f"  {row['status']:6} {row['id']}"))
            if why:
                print(f"         {' '.join(why.split())[:200]}")
        print(f"{len(more)} tests pass here and not there\n")
        return len(missing)

    def paint(self, status, text):
        code = {"pass": "32", "fail": "31", "skip": "33", "notrun": "35", "absent": "35"}[status]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def say(self, text):
        print(text, file=sys.stderr, flush=True)


class Tee:
    def __init__(self, source, copy):
        self.source, self.copy = source, copy

    def read(self, n=-1):
        data = self.source.read(n)
        self.copy.write(data)
        return data

    def readable(self):
        return True


class Progress:
    """A line that rewrites itself on a terminal, a line every half minute elsewhere."""

    def __init__(self, total, terminal):
        self.total, self.terminal, self.started, self.last = total, terminal, time.time(), 0
        self.n = {"pass": 0, "fail": 0, "skip": 0}
        self.done = 0

    def one(self, status, test_id):
        if status not in self.n:
            return
        self.n[status] += 1
        self.done += 1
        if time.time() - self.last > (0.1 if self.terminal else 30):
            self.last = time.time()
            bar = "#" * (20 * self.done // self.total)
            line = (
                f"[{bar:20}] {self.done}/{self.total} events, {self.n['pass']} pass, "
                f"{self.n['fail']} fail, {self.n['skip']} skip, {time.time() - self.started:.0f} s"
            )
            print(
                ("\r" if self.terminal else "") + line, end="" if self.terminal else "\n", file=sys.stderr, flush=True
            )

    def close(self):
        if self.terminal:
            print(file=sys.stderr)


def end(process):
    """End stestr and its workers, which share the process group we gave it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue


def serve_images(clouds, conf):
    """Two tiny images over HTTP for the web-download tests, if the cloud is local.

    Glance downloads from ports 80 and 443 only, by default: so port 80 of an address
    of our own in 127/8 if we may bind it. Elsewhere, give the two URLs with --set.
    """
    import http.server

    url = conf["identity"]["uri_v3"]
    if not conf["service_available"]["glance"] or not any(h in url for h in ("//127.", "//localhost", "//[::1]")):
        return None

    class Handler(http.server.BaseHTTPRequestHandler):
        files = {"/tiny.raw": clouds.tiny_raw(), "/tiny.qcow2": clouds.tiny_qcow2()}

        def do_GET(self):
            data = self.files.get(self.path)
            self.send_response(200 if data else 404)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data or b"")

        do_HEAD = do_GET  # noqa: N815 (http.server's own name)

        def log_message(self, *args):
            pass

    for address in (("127.0.0.80", 80), ("127.0.0.1", 0)):
        try:
            server = http.server.ThreadingHTTPServer(address, Handler)
            break
        except OSError:
            continue
    host, port = server.server_address[:2]
    base = f"http://{host}" + ("" if port == 80 else f":{port}")
    conf.setdefault("image", {}).update(http_image=f"{base}/tiny.raw", http_qcow2_image=f"{base}/tiny.qcow2")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def versions():
    from importlib import metadata

    return {p.partition("=")[0]: metadata.version(p.partition("=")[0]) for p in PACKAGES}


if __name__ == "__main__":
    sys.exit(main())

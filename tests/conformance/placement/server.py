"""Starts one server from a command template, waits for it, kills that pid."""

import os
import shlex
import signal
import socket
import subprocess
import time

import livehttp
import suite

CANNOT = 77  # a start command exits with this to say "I cannot do that"


class NotRunnable(Exception):
    """The server cannot be configured the way this file needs."""


class ServerFailed(Exception):
    pass


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    def __init__(self, template, state_dir, hint, fixture, filename, auth, prefix="", timeout=60):
        self.port = free_port()
        self.host = "127.0.0.1"
        self.prefix = prefix
        self.log = os.path.join(state_dir, "server.log")
        values = {
            "port": str(self.port),
            "state_dir": state_dir,
            "config_hints": hint,
            "fixture": fixture,
            "auth": auth,
        }
        env = dict(os.environ)
        for name, value in values.items():
            env["CONFORMANCE_" + name.upper()] = value
        env["CONFORMANCE_FILE"] = filename
        if hint == "policy-open":
            env["CONFORMANCE_POLICY_FILE"] = values["policy_file"] = os.path.join(state_dir, "open-policy.yaml")
            with open(env["CONFORMANCE_POLICY_FILE"], "w") as handle:
                handle.writelines('"%s": "@"\n' % rule for rule in suite.api_policy_rules())
        if hint == "cors":
            env["CONFORMANCE_CORS_ALLOWED_ORIGIN"] = "http://valid.example.com"
            env["CONFORMANCE_CORS_ALLOW_HEADERS"] = "openstack-api-version"
        argv = []
        for word in shlex.split(template):
            for name, value in values.items():
                word = word.replace("{%s}" % name, value)
            argv.append(word)
        started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        try:
            self._wait(timeout)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - started

    @property
    def url(self):
        return "http://%s:%d%s" % (self.host, self.port, self.prefix)

    def log_tail(self, size=800):
        try:
            with open(self.log, "rb") as handle:
                return handle.read()[-size:].decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _wait(self, timeout):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            code = self.process.poll()
            if code == CANNOT:
                raise NotRunnable(self.log_tail() or "start command cannot configure this")
            if code is not None:
                raise ServerFailed("start command exited with %d: %s" % (code, self.log_tail()))
            try:
                http = livehttp.LiveHttp()
                http.request(self.url + "/", timeout=5)
                return
            except OSError:
                time.sleep(0.02)
            except Exception:  # listening, but not speaking HTTP yet
                time.sleep(0.05)
        raise ServerFailed("no answer within %d s: %s" % (timeout, self.log_tail()))

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """End exactly the process we started."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def orphaned(self):
        """Does something still listen after our pid ended?"""
        with socket.socket() as sock:
            sock.settimeout(1)
            return sock.connect_ex((self.host, self.port)) == 0

"""Finds the upstream gabbi suite in the installed package and builds it.

The YAML is read where pip put it and never copied.
"""

import importlib.util
import os
import unittest

import gabbi.handlers
import gabbi.suitemaker
import worlds
import yaml

SUITE = ("tests", "functional", "gabbits")


def directory():
    """Where the installed ``placement`` package (not imported) keeps it."""
    spec = importlib.util.find_spec("placement")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("openstack-placement is not installed for this Python; run with the one that has it")
    return os.path.join(list(spec.submodule_search_locations)[0], *SUITE)


class SuiteFile:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        with open(path, encoding="utf-8") as handle:
            self.data = yaml.safe_load(handle)
        names = self.data.get("fixtures") or []
        self.fixture = names[0] if names else "APIFixture"
        self.unknown = [n for n in names if n not in worlds.FIXTURES]
        if len(names) > 1:
            self.unknown.append("+".join(names))
        self.hint = worlds.HINTS.get(self.fixture, "default")
        self.tests = [t["name"] for t in self.data["tests"]]

    def build(self, host, port, http, prefix=""):
        """A gabbi TestSuite whose requests all go through ``http``."""
        original = gabbi.suitemaker.httpclient.get_http
        gabbi.suitemaker.httpclient.get_http = lambda *a, **k: http
        try:
            return gabbi.suitemaker.test_suite_from_dict(
                unittest.TestLoader(),
                self.name[: -len(".yaml")],
                self.data,
                os.path.dirname(self.path),
                host,
                port,
                None,
                None,
                prefix=prefix,
                handlers=[h() for h in gabbi.handlers.RESPONSE_HANDLERS],
            )
        finally:
            gabbi.suitemaker.httpclient.get_http = original


FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files.txt")


def load(only=()):
    """The files named, or those that files.txt lists."""
    where = directory()
    if not only:
        with open(FILES, encoding="utf-8") as handle:
            only = handle.read().split()
    wanted = [o.removesuffix(".yaml") for o in only]
    found = [
        SuiteFile(os.path.join(where, name))
        for name in sorted(os.listdir(where))
        if name.endswith(".yaml") and (not wanted or name[:-5] in wanted)
    ]
    missing = set(wanted) - {f.name[:-5] for f in found}
    if missing:
        raise SystemExit("no such file in the suite: " + ", ".join(sorted(missing)))
    return found


def api_policy_rules():
    """Names of the API policy rules the installed package registers.

    The base rules (admin and friends) are left out: once every API rule is
    overridden nothing refers to them.
    """
    from placement import policies

    return sorted(rule.name for rule in policies.list_rules() if ":" in rule.name)

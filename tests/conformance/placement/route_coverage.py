#!/usr/bin/env python3
"""Which (method, path) pairs upstream Placement serves, and who else does.

    route_coverage.py               list upstream's routes and microversions
    route_coverage.py --json        the same as JSON
    route_coverage.py --probe URL [--token T]
                                    count how many of them a server routes

The list comes from the installed openstack-placement, so this needs the
Python that has it.  The probe first makes real things to ask about (a
provider with an inventory and an allocation, a custom class and trait), so
that a 404 means the route is missing and not merely the thing.  It leaves
nothing behind on a server that works.
"""

import argparse
import json
import os
import sys
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import livehttp

MISSING = (404, 405, 501)


def upstream():
    """(sorted [(path, method)], oldest microversion, newest)."""
    from placement import handler, microversion

    pairs = sorted((path, method) for path, methods in handler.ROUTE_DECLARATIONS.items() for method in methods)
    return pairs, microversion.VERSIONS[0], microversion.VERSIONS[-1]


class Probe:
    def __init__(self, url, token, newest):
        self.url = url.rstrip("/")
        self.token = token
        self.newest = newest
        self.http = livehttp.LiveHttp()
        mark = uuid.uuid4().hex[:8]
        self.rp = str(uuid.uuid4())
        self.consumer = str(uuid.uuid4())
        self.klass = "CUSTOM_PROBE_" + mark.upper()
        self.trait = "CUSTOM_PROBE_" + mark.upper()
        self.name = "probe-" + mark

    def send(self, method, path, body=None):
        headers = {
            "accept": "application/json",
            "x-auth-token": self.token,
            "openstack-api-version": "placement " + self.newest,
        }
        data = b""
        if body is not None:
            headers["content-type"] = "application/json"
            data = json.dumps(body).encode()
        try:
            response, content = self.http.request(self.url + path, method=method, headers=headers, body=data)
        except Exception as exc:
            return None, "%s: %s" % (type(exc).__name__, exc)
        return int(response["status"]), content.decode("utf-8", "replace")

    def generation(self):
        status, content = self.send("GET", "/resource_providers/" + self.rp)
        try:
            return json.loads(content)["generation"]
        except (ValueError, KeyError, TypeError):
            return 0

    def seed(self):
        self.send("PUT", "/resource_classes/" + self.klass)
        self.send("PUT", "/traits/" + self.trait)
        self.send("POST", "/resource_providers", {"name": self.name, "uuid": self.rp})
        self.inventory()

    def inventory(self):
        self.send(
            "PUT",
            "/resource_providers/%s/inventories" % self.rp,
            {
                "resource_provider_generation": self.generation(),
                "inventories": {"VCPU": {"total": 8}, "DISK_GB": {"total": 8}},
            },
        )

    def request(self, method, path):
        """Body and query that make this route answer something sensible."""
        gen = self.generation
        allocations = {
            "allocations": {self.rp: {"resources": {"VCPU": 1}}},
            "project_id": "probe",
            "user_id": "probe",
            "consumer_generation": None,
            "consumer_type": "PROBE",
        }
        bodies = {
            ("POST", "/resource_classes"): lambda: {"name": self.klass + "_2"},
            ("POST", "/resource_providers"): lambda: {"name": self.name + "-2"},
            ("PUT", "/resource_providers/{uuid}"): lambda: {"name": self.name},
            ("POST", "/resource_providers/{uuid}/inventories"): lambda: {"resource_class": "MEMORY_MB", "total": 8},
            ("PUT", "/resource_providers/{uuid}/inventories"): lambda: {
                "resource_provider_generation": gen(),
                "inventories": {"VCPU": {"total": 8}, "DISK_GB": {"total": 8}},
            },
            ("PUT", "/resource_providers/{uuid}/inventories/{resource_class}"): lambda: {
                "resource_provider_generation": gen(),
                "total": 9,
            },
            ("PUT", "/resource_providers/{uuid}/aggregates"): lambda: {
                "resource_provider_generation": gen(),
                "aggregates": [str(uuid.uuid4())],
            },
            ("PUT", "/resource_providers/{uuid}/traits"): lambda: {
                "resource_provider_generation": gen(),
                "traits": [self.trait],
            },
            ("POST", "/allocations"): lambda: {self.consumer: allocations},
            ("PUT", "/allocations/{consumer_uuid}"): lambda: dict(allocations, consumer_generation=1),
            ("POST", "/reshaper"): lambda: {"inventories": {}, "allocations": {}},
        }
        queries = {"/allocation_candidates": "?resources=VCPU:1", "/usages": "?project_id=probe"}
        target = path
        for name, value in (
            ("{uuid}", self.rp),
            ("{name}", (self.trait if path.startswith("/traits") else self.klass)),
            ("{resource_class}", "VCPU"),
            ("{consumer_uuid}", self.consumer),
        ):
            target = target.replace(name, value)
        make = bodies.get((method, path))
        return target + queries.get(path, ""), make() if make else None

    def run(self, pairs):
        # Build up, look, then take down, most dependent things first.
        order = {"PUT": 1, "POST": 0, "GET": 2, "DELETE": 3}
        down = [
            "/allocations",
            "/resource_providers/{uuid}/inventories/",
            "/resource_providers/{uuid}/",
            "/resource_providers",
        ]

        def key(pair):
            path, method = pair
            rank = next((i for i, start in enumerate(down) if path.startswith(start)), len(down))
            return order.get(method, 2), rank if method == "DELETE" else 0

        self.seed()
        found = {}
        for path, method in sorted(pairs, key=key):
            target, body = self.request(method, path)
            if (method, path) == ("DELETE", "/resource_providers/{uuid}/inventories"):
                self.inventory()
            found[path, method] = self.send(method, target, body)
        self.send("DELETE", "/resource_classes/" + self.klass + "_2")
        status, content = self.send("GET", "/resource_providers?name=" + self.name + "-2")
        try:
            for rp in json.loads(content)["resource_providers"]:
                self.send("DELETE", "/resource_providers/" + rp["uuid"])
        except (ValueError, KeyError, TypeError):
            pass
        return found

    def versions(self):
        status, content = self.send("GET", "/")
        try:
            entry = json.loads(content)["versions"][0]
            return entry["min_version"], entry["max_version"]
        except (ValueError, KeyError, TypeError, IndexError):
            return None, None


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--probe", metavar="URL")
    parser.add_argument("--token", default="admin")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    pairs, oldest, newest = upstream()
    if not args.probe:
        if args.json:
            print(
                json.dumps(
                    {"min_version": oldest, "max_version": newest, "routes": [[m, p] for p, m in pairs]}, indent=1
                )
            )
        else:
            for path, method in pairs:
                print("%-7s %s" % (method, path or "(empty path)"))
            print("%d routes, microversions %s to %s" % (len(pairs), oldest, newest))
        return 0
    probe = Probe(args.probe, args.token, newest)
    found = probe.run(pairs)
    low, high = probe.versions()
    present = {pair for pair, (status, _) in found.items() if status is not None and status not in MISSING}
    if args.json:
        print(
            json.dumps(
                {
                    "routed": len(present),
                    "of": len(pairs),
                    "min_version": low,
                    "max_version": high,
                    "routes": [{"method": m, "path": p, "status": found[p, m][0]} for p, m in pairs],
                },
                indent=1,
            )
        )
    else:
        for path, method in pairs:
            status, content = found[path, method]
            print(
                "%-7s %-56s %s%s"
                % (
                    method,
                    path or "(empty path)",
                    status or content[:60],
                    "" if (path, method) in present else "  MISSING",
                )
            )
        print("microversions %s to %s (upstream %s to %s)" % (low, high, oldest, newest))
        print("%d of %d routes" % (len(present), len(pairs)))
    return 0 if len(present) == len(pairs) else 1


if __name__ == "__main__":
    sys.exit(main())

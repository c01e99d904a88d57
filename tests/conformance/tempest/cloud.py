"""What a cloud says about itself: enough of it to write a tempest.conf.

Only the standard library and PyYAML, so that nothing but the servers under test
decides how they are talked to.
"""

import json
import os
import pathlib
import struct
import urllib.error
import urllib.parse
import urllib.request

VOLUME_TYPES = ("block-storage", "volumev3", "volume", "block-store")
TINY = "conformance-tiny"  # the names of what we create
MIB = 2**20


class CloudError(Exception):
    """The cloud cannot be used as configured; the message says what to change."""


# ---- credentials ------------------------------------------------------------


def credentials(name=None, environ=os.environ):
    """The admin account: from OS_* or, with OS_CLOUD or `name`, a clouds file."""
    name = name or environ.get("OS_CLOUD")
    if name:
        return _from_file(name, environ)
    auth = {k[3:].lower(): v for k, v in environ.items() if k.startswith("OS_") and v}
    if "auth_url" not in auth:
        raise CloudError("no cloud: set OS_AUTH_URL and the other OS_* variables, or OS_CLOUD")
    return dict(auth, region=auth.get("region_name"), interface=auth.get("interface", "public"))


def _from_file(name, environ):
    import yaml

    home = pathlib.Path.home() / ".config/openstack"
    files = [
        environ.get("OS_CLIENT_CONFIG_FILE"),
        "clouds.yaml",
        "clouds.yml",
        home / "clouds.yaml",
        home / "clouds.yml",
        "/etc/openstack/clouds.yaml",
    ]
    for path in (pathlib.Path(f) for f in files if f):
        if path.is_file():
            clouds = (yaml.safe_load(path.read_text()) or {}).get("clouds", {})
            if name in clouds:
                cloud = clouds[name]
                return dict(
                    cloud.get("auth", {}),
                    region=cloud.get("region_name"),
                    interface=cloud.get("interface", "public"),
                    cacert=cloud.get("cacert"),
                    insecure=cloud.get("verify") is False,
                )
    raise CloudError(f"no cloud {name!r} in any of: {', '.join(str(f) for f in files if f)}")


# ---- a small client -----------------------------------------------------------


class Cloud:
    """A project-scoped admin session."""

    def __init__(self, auth):
        self.auth = auth
        self.auth_url = auth["auth_url"].rstrip("/")
        if not self.auth_url.endswith("/v3"):
            self.auth_url += "/v3"
        self.interface = auth.get("interface") or "public"
        self.insecure, self.cacert = bool(auth.get("insecure")), auth.get("cacert")
        self.token_id, self.token = self._login()
        regions = {e["region_id"] for s in self.token["catalog"] for e in s["endpoints"]}
        self.region = auth.get("region") or (
            "RegionOne" if "RegionOne" in regions else min(regions, default="RegionOne")
        )
        self.created = []

    def _login(self):
        def ref(kind, **more):
            for key in ("id", "name"):
                value = self.auth.get(f"{kind}_{key}")
                if value:
                    return dict({key: value}, **(more if key == "name" else {}))
            return None

        if "password" not in self.auth:
            raise CloudError("Tempest logs in with a password: set OS_PASSWORD")
        default = {"id": "default"}
        project = ref("project", domain=ref("project_domain") or default)
        if not project:
            raise CloudError("a project-scoped admin is needed: set OS_PROJECT_NAME")
        user = ref("user", domain=ref("user_domain") or default) or {
            "name": self.auth.get("username"),
            "domain": ref("user_domain") or default,
        }
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": dict(user, password=self.auth["password"])}},
                "scope": {"project": project},
            }
        }
        status, headers, reply = self.raw("POST", self.auth_url + "/auth/tokens", body)
        if status != 201:
            raise CloudError(f"{self.auth_url}: login answered {status}: {reply}")
        return headers["X-Subject-Token"], reply["token"]

    def raw(self, method, url, body=None, headers=None):
        """(status, headers, decoded body); a refused connection is a CloudError."""
        import ssl

        headers = dict({"Accept": "application/json"}, **(headers or {}))
        if getattr(self, "token_id", None):
            headers["X-Auth-Token"] = self.token_id
        if body is not None and not isinstance(body, bytes):
            body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        context = None
        if url.startswith("https"):
            context = ssl.create_default_context(cafile=self.cacert)
            if self.insecure:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as reply:
                status, headers, data = reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            status, headers, data = error.code, error.headers, error.read()
        except OSError as error:
            raise CloudError(f"{method} {url}: {error}") from error
        try:
            return status, headers, json.loads(data) if data else None
        except ValueError:
            return status, headers, data[:200]

    def endpoint(self, *types):
        """The URL of the first of these service types in our region, or None."""
        for wanted in types:
            for service in self.token["catalog"]:
                for e in service["endpoints"] if service["type"] == wanted else ():
                    if e["interface"] == self.interface and e["region_id"] == self.region:
                        return e["url"].rstrip("/")
        return None

    def call(self, service, method, path, body=None, headers=None, ok=(200, 201, 202, 204)):
        url = self.auth_url if service == "identity" else self.endpoint(service)
        status, _, reply = self.raw(method, url + path, body, headers)
        if status not in ok:
            raise CloudError(f"{method} {url}{path} answered {status}: {reply}")
        return reply

    # ---- what it offers ------------------------------------------------------

    def versions(self, service):
        """(minimum, maximum) microversion of the service, from its version document."""
        url = self.endpoint(service)
        _, _, doc = self.raw("GET", url + "/")
        if isinstance(doc, dict) and "version" not in doc and "versions" not in doc:
            doc = None
        if not doc:  # the endpoint has a project id in it: ask the host's root
            parts = urllib.parse.urlsplit(url)
            _, _, doc = self.raw("GET", f"{parts.scheme}://{parts.netloc}/")
        found = [doc["version"]] if "version" in doc else doc.get("versions", [])
        pairs = [(v["min_version"], v.get("max_version") or v.get("version")) for v in found if v.get("min_version")]
        if not pairs:
            return None, None
        return max(pairs, key=lambda p: [int(n) for n in p[1].split(".")])

    def roles(self):
        return {r["name"] for r in self.call("identity", "GET", "/roles")["roles"]}

    def is_real_network(self):
        """Whether the network service can make a network, as opposed to a stub."""
        url = self.endpoint("network")
        if not url:
            return False
        status, _, body = self.raw("GET", url + "/v2.0/extensions")
        return status == 200 and any(e.get("alias") == "router" for e in (body or {}).get("extensions", []))

    def network_extensions(self):
        _, _, body = self.raw("GET", self.endpoint("network") + "/v2.0/extensions")
        return [e["alias"] for e in body["extensions"]]

    def hypervisors(self):
        rows = self.call("compute", "GET", "/os-hypervisors/detail")["hypervisors"]
        return [h for h in rows if h["state"] == "up" and h["status"] == "enabled"]

    # ---- what the tests need to exist ------------------------------------------

    def images(self, file=None):
        """Ids of two images that any project can boot; made if there are none."""
        usable = []
        path = "/v2/images?status=active&visibility=public&limit=200"
        while path:
            page = self.call("image", "GET", path)
            path = page.get("next")
            usable += [
                i
                for i in page["images"]
                if i["container_format"] == "bare"
                and i["disk_format"] in ("raw", "qcow2")
                and i["size"] <= 256 * MIB
                and i.get("image_type") != "snapshot"
                and not i["name"].startswith("tempest")
                and i["min_disk"] <= 1
                and i["min_ram"] <= 128
            ]
        usable.sort(key=lambda i: (not i["name"].startswith(TINY), i["size"]))
        ids = [] if file else [i["id"] for i in usable[:2]]
        made = [("qcow2", pathlib.Path(file).read_bytes())] if file else [("raw", tiny_raw()), ("qcow2", tiny_qcow2())]
        while len(ids) < 2:
            disk_format, data = made[len(ids) % len(made)]
            if data[:4] != b"QFI\xfb":
                disk_format = "raw"
            ids.append(self._upload(f"{TINY}-{len(ids)}-{disk_format}", disk_format, data))
        return ids

    def _upload(self, name, disk_format, data):
        image = self.call(
            "image",
            "POST",
            "/v2/images",
            {"name": name, "disk_format": disk_format, "container_format": "bare", "visibility": "public"},
        )["id"]
        self.created.append(("image", f"/v2/images/{image}"))
        self.call("image", "PUT", f"/v2/images/{image}/file", data, {"Content-Type": "application/octet-stream"})
        status = self.call("image", "GET", f"/v2/images/{image}")["status"]
        if status != "active":
            raise CloudError(f"image {name} is {status!r} after its upload, not active")
        return image

    def flavors(self):
        """Ids of two public flavors of 1 vCPU, the second with more memory."""
        rows = self.call("compute", "GET", "/flavors/detail")["flavors"]
        small = sorted(
            (
                f
                for f in rows
                if f["vcpus"] == 1
                and 128 <= f["ram"] <= 512
                and 1 <= f["disk"] <= 2
                and not f["swap"]
                and f.get("os-flavor-access:is_public", True)
                and not f["name"].startswith("tempest")
            ),
            key=lambda f: (f["ram"], f["disk"]),
        )
        alt = [f for f in small[1:] if f["ram"] > small[0]["ram"] and f["disk"] >= small[0]["disk"]]
        if alt:
            return [small[0]["id"], alt[0]["id"]]
        ids = []
        for name, ram in (("nano", 128), ("micro", 192)):
            flavor = self.call(
                "compute", "POST", "/flavors", {"flavor": {"name": f"{TINY}-{name}", "ram": ram, "vcpus": 1, "disk": 1}}
            )["flavor"]["id"]
            self.created.append(("compute", f"/flavors/{flavor}"))
            ids.append(flavor)
        return ids

    def sweep(self):
        """Delete what a run that was cut short left: everything named tempest-...

        Returns {kind: how many}. Regions have no names; those of Tempest are
        told by their description.
        """
        self.token_id, self.token = self._login()
        gone = {}

        def delete(service, kind, listing, path, prepare=None):
            rows = self.call(service, "GET", listing).get(kind, [])
            for row in rows:
                name = row.get("name") or row.get("description") or ""
                if not name.startswith("tempest-") or row.get("id") == "default":
                    continue
                if prepare:
                    prepare(row["id"])
                status, _, _ = self.raw(
                    "DELETE", (self.auth_url if service == "identity" else self.endpoint(service)) + path + row["id"]
                )
                gone[kind] = gone.get(kind, 0) + (status < 300)

        if self.endpoint("compute"):
            delete("compute", "servers", "/servers/detail?all_tenants=1", "/servers/")
            delete("compute", "flavors", "/flavors/detail?is_public=None", "/flavors/")
            for row in self.call("compute", "GET", "/os-aggregates")["aggregates"]:
                if row["name"].startswith("tempest-"):
                    for host in row["hosts"]:
                        self.raw(
                            "POST",
                            f"{self.endpoint('compute')}/os-aggregates/{row['id']}/action",
                            {"remove_host": {"host": host}},
                        )
                    self.raw("DELETE", f"{self.endpoint('compute')}/os-aggregates/{row['id']}")
        if self.endpoint("image"):
            for hidden in ("false", "true"):
                delete("image", "images", f"/v2/images?limit=500&os_hidden={hidden}", "/v2/images/")

        def disable(domain):
            self.call("identity", "PATCH", f"/domains/{domain}", {"domain": {"enabled": False}})

        for kind in ("users", "groups", "projects", "roles", "services", "regions"):
            delete("identity", kind, f"/{kind}", f"/{kind}/")
        delete("identity", "domains", "/domains", "/domains/", disable)
        return gone

    def tidy(self):
        """Delete what images() and flavors() made. Returns what could not be."""
        left = []
        self.token_id, self.token = self._login()
        for service, path in self.created:
            try:
                self.call(service, "DELETE", path, ok=(200, 202, 204, 404))
            except CloudError as error:
                left.append(str(error))
        self.created = []
        return left


# ---- two images that are valid and nearly empty ------------------------------------


def tiny_raw():
    return bytes(MIB)


def tiny_qcow2():
    """An empty qcow2 (version 3) of 1 MiB: header, refcount table and block, L1 table."""
    cluster = 1 << 16
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, 0, 0, 16, MIB, 0, 1, 3 * cluster, cluster, 1, 0, 0, 0, 0, 0, 4, 104
    )
    table = struct.pack(">Q", 2 * cluster)
    counts = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(cluster, b"\0") for part in (header, table, counts, b""))


# ---- tempest.conf -------------------------------------------------------------------


def discover(cloud, identity_only=False, image_file=None):
    """{group: {option: value}} for tempest.conf, as the cloud describes itself.

    With `identity_only` nothing but Keystone is asked, and nothing is created."""
    token = cloud.token
    conf = {
        "auth": {
            "use_dynamic_credentials": True,
            "admin_username": token["user"]["name"],
            "admin_user_domain_name": token["user"]["domain"]["name"],
            "admin_password": cloud.auth["password"],
            "admin_project_name": token["project"]["name"],
            "admin_project_domain_name": token["project"]["domain"]["name"],
            "admin_domain_name": token["project"]["domain"]["name"],
            "default_credentials_domain_name": token["project"]["domain"]["name"],
        },
        "identity": {
            "uri_v3": cloud.auth_url,
            "region": cloud.region,
            "v3_endpoint_type": cloud.interface,
            "default_domain_id": token["project"]["domain"]["id"],
            "disable_ssl_certificate_validation": cloud.insecure,
        },
        "service_available": {
            "nova": bool(cloud.endpoint("compute")),
            "glance": bool(cloud.endpoint("image")),
            "cinder": bool(cloud.endpoint(*VOLUME_TYPES)),
            "swift": bool(cloud.endpoint("object-store")),
            "neutron": not identity_only and cloud.is_real_network(),
        },
    }
    if cloud.cacert:
        conf["identity"]["ca_certificates_file"] = cloud.cacert
    roles = cloud.roles()
    conf["compute-feature-enabled"] = {
        "nova_policy_roles": [r for r in ("admin", "manager", "member", "reader", "service") if r in roles]
    }
    if conf["service_available"]["cinder"]:
        conf["volume"] = {"catalog_type": next(t for t in VOLUME_TYPES if cloud.endpoint(t))}
    if conf["service_available"]["neutron"]:
        conf["network-feature-enabled"] = {"api_extensions": ",".join(cloud.network_extensions())}
    if identity_only:
        return conf
    if cloud.endpoint("placement"):
        low, high = cloud.versions("placement")
        conf["placement"] = {"min_microversion": low, "max_microversion": high}
    if cloud.endpoint("compute"):
        conf["compute"] = _compute(cloud, image_file)
    if cloud.endpoint("image"):
        if "compute" not in conf:
            cloud.images(image_file)
        conf.update(_image(cloud))
    return conf


def _image(cloud):
    """What the image service tells an admin about its stores, imports and cache."""

    def ask(path):
        status, _, body = cloud.raw("GET", cloud.endpoint("image") + path)
        return body if status == 200 and isinstance(body, dict) else {}

    stores = ask("/v2/info/stores/detail").get("stores", [])
    seen = (ask("/v2/images?limit=1&status=active").get("images") or [{}])[0]
    conf = {
        "image": {"image_caching_enabled": bool(ask("/v2/cache"))},
        "image-feature-enabled": {
            "import_image": bool(ask("/v2/info/import").get("import-methods", {}).get("value")),
            "http_store_enabled": any(s.get("type") == "http" for s in stores),
            "manage_locations": "locations" in seen,
            "do_secure_hash": bool(seen.get("os_hash_value", True)),
            "store_weight_enabled": len({s.get("weight", 0) for s in stores}) > 1,
        },
    }
    if seen.get("os_hash_algo"):
        conf["image"]["hashing_algorithm"] = seen["os_hash_algo"]
    if cloud.endpoint("image_remote"):
        conf["image"]["alternate_image_endpoint"] = "image_remote"
    return conf


def _compute(cloud, image_file):
    low, high = cloud.versions("compute")
    flavors = cloud.flavors()
    up = cloud.hypervisors()
    conf = {
        "flavor_ref": flavors[0],
        "flavor_ref_alt": flavors[1],
        "min_microversion": low,
        "max_microversion": high,
        "min_compute_nodes": max(1, len(up)),
    }
    if cloud.endpoint("image"):
        images = cloud.images(image_file)
        conf.update(image_ref=images[0], image_ref_alt=images[1])
    kinds = {h["hypervisor_type"] for h in up}
    if len(kinds) == 1:
        conf["hypervisor_type"] = kinds.pop()
    return conf


def as_text(conf, hide=False):
    lines = []
    for group in sorted(conf, key=lambda g: (g != "DEFAULT", g)):
        lines.append(f"[{group}]")
        for key, value in conf[group].items():
            if isinstance(value, bool):
                value = str(value).lower()
            elif isinstance(value, list):
                value = ",".join(map(str, value))
            elif value is None:
                continue
            # oslo.config would expand a dollar sign
            value = str(value).replace("$", "$$")
            if hide and key == "admin_password":
                value = "***"
            lines.append(f"{key} = {value}")
        lines.append("")
    return "\n".join(lines)

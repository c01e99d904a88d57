"""Real Keystone tokens in place of the suite's noauth headers.

The gabbits say who is calling with ``x-auth-token: admin|user`` plus
``x-roles``, ``x-project-id`` and ``openstack-system-scope``.  For every such
combination this makes a user with those roles on that project (or on the
system) in the Keystone that the OS_* environment names, asks it for a token
and sends that instead.
"""

import json
import os
import urllib.error
import urllib.request
import uuid

# Variables the fixtures hand to tests as project ids.
PROJECT_VARIABLES = ("PROJECT_ID", "PROJECT_ID_ALT", "ADMIN_PROJECT_ID", "SERVICE_PROJECT_ID")
NO_ROLE = "conformance-nobody"  # Keystone scopes no token without a role


class KeystoneError(Exception):
    pass


class Keystone:
    def __init__(self, environ=os.environ):
        self.url = environ["OS_AUTH_URL"].rstrip("/")
        if not self.url.endswith("/v3"):
            self.url += "/v3"
        self.domain = environ.get("OS_USER_DOMAIN_ID", "default")
        user = {"name": environ["OS_USERNAME"], "password": environ["OS_PASSWORD"]}
        if "OS_USER_DOMAIN_NAME" in environ:
            user["domain"] = {"name": environ["OS_USER_DOMAIN_NAME"]}
        else:
            user["domain"] = {"id": self.domain}
        if environ.get("OS_SYSTEM_SCOPE") == "all":
            scope = {"system": {"all": True}}
        else:
            project = {"name": environ["OS_PROJECT_NAME"]}
            if "OS_PROJECT_DOMAIN_NAME" in environ:
                project["domain"] = {"name": environ["OS_PROJECT_DOMAIN_NAME"]}
            else:
                project["domain"] = {"id": environ.get("OS_PROJECT_DOMAIN_ID", "default")}
            scope = {"project": project}
        self.admin_token, body = self._token(user, scope)
        self.domain = body["token"]["user"]["domain"]["id"]
        self.mark = "conf-" + uuid.uuid4().hex[:8]
        self.cleanups = []
        self.projects = {}  # what the suite calls it -> Keystone id
        self.roles = {}
        self.tokens = {}
        self.env = {name: self.project(name) for name in PROJECT_VARIABLES}

    # -- REST -------------------------------------------------------------

    def _call(self, method, path, body=None, token=None):
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json", "accept": "application/json"},
        )
        if token:
            request.add_header("x-auth-token", token)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                text = response.read()
                return response.headers, json.loads(text) if text else None
        except urllib.error.HTTPError as exc:
            raise KeystoneError("%s %s answered %d: %s" % (method, path, exc.code, exc.read()[:300])) from None

    def _admin(self, method, path, body=None):
        return self._call(method, path, body, self.admin_token)[1]

    def _token(self, user, scope):
        headers, body = self._call(
            "POST",
            "/auth/tokens",
            {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}},
        )
        return headers["X-Subject-Token"], body

    # -- identities -------------------------------------------------------

    def project(self, label):
        if label not in self.projects:
            made = self._admin(
                "POST", "/projects", {"project": {"name": "%s-%s" % (self.mark, label), "domain_id": self.domain}}
            )["project"]
            self.cleanups.append("/projects/" + made["id"])
            self.projects[label] = made["id"]
        return self.projects[label]

    def role(self, name):
        if name not in self.roles:
            found = self._admin("GET", "/roles?name=" + name)["roles"]
            if found:
                self.roles[name] = found[0]["id"]
            else:
                made = self._admin("POST", "/roles", {"role": {"name": name}})["role"]
                self.cleanups.append("/roles/" + made["id"])
                self.roles[name] = made["id"]
        return self.roles[name]

    def token(self, who, roles, project, system):
        key = (who, roles, project, system)
        if key not in self.tokens:
            password = uuid.uuid4().hex
            user = self._admin(
                "POST",
                "/users",
                {
                    "user": {
                        "name": "%s-user%d" % (self.mark, len(self.tokens)),
                        "domain_id": self.domain,
                        "password": password,
                    }
                },
            )["user"]
            self.cleanups.append("/users/" + user["id"])
            if system:
                base, scope = "/system", {"system": {"all": True}}
            else:
                base, scope = ("/projects/" + project, {"project": {"id": project}})
            for name in roles or (NO_ROLE,):
                self._admin("PUT", "%s/users/%s/roles/%s" % (base, user["id"], self.role(name)))
            self.tokens[key] = self._token({"id": user["id"], "password": password}, scope)[0]
        return self.tokens[key]

    def rewrite(self, headers):
        """Hook for LiveHttp: noauth headers in, Keystone headers out."""
        out = {}
        given = {}
        for name, value in headers.items():
            lowered = name.lower()
            if lowered in ("x-auth-token", "x-roles", "x-project-id", "openstack-system-scope"):
                given[lowered] = value
            else:
                out[name] = value
        if "x-auth-token" not in given:
            return out
        who, _, project = given["x-auth-token"].partition(":")
        project = given.get("x-project-id") or project or who
        if project not in self.env.values():
            project = self.project(project)
        if "x-roles" in given:
            roles = tuple(given["x-roles"].split(","))
        else:
            roles = ("admin",) if who == "admin" else ()
        system = bool(given.get("openstack-system-scope"))
        out["x-auth-token"] = self.token(who, roles, None if system else project, system)
        return out

    def close(self):
        for path in reversed(self.cleanups):
            try:
                self._admin("DELETE", path)
            except KeystoneError:
                pass
        self.cleanups = []

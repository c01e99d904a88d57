"""What `pileus identity doctor` looks at: each check returns what it found wrong, and what to do about it."""

from __future__ import annotations

import difflib
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from sqlalchemy import func, select

from pileus.clients.account import USER_OF
from pileus.identity.db import assignment, catalog, role, user
from pileus.identity.db.tables import user as users
from pileus.identity.model.resource import DEFAULT_DOMAIN_ID
from pileus.identity.operations.bootstrap import ACCOUNTS
from pileus.identity.policy import DEFAULTS
from pileus.identity.tokens import password
from pileus.kit.db import Database, Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.server import is_loopback
from pileus.kit.policy import Policy
from pileus.kit.state import StateDirectory
from pileus.wiring.settings import Settings, path_of

LEAST_KEYS = 2  # the staged one and the primary
LEAST_ROUNDS = 10  # of bcrypt, by OWASP's advice
LONGEST_TOKEN_S = 86_400
OLDEST_KEY_S = 90 * 86_400
MOST_SKEW_S = 5.0
PROBE_S = 3.0
WELL_KNOWN = ("admin", "password", "secret", "openstack", "devstack", "changeme", "pileus")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong. `is_grave`: somebody may come in, or cannot."""

    what: str
    todo: str
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Patient:
    """An identity service: its settings, its state and its database. Whether it runs does not matter."""

    settings: Settings
    state: StateDirectory
    database: Database


def key_files(folder: Path) -> list[Path]:
    """Return a folder's key files, the primary last."""
    return sorted((path for path in folder.glob("*") if path.name.isdigit()), key=lambda path: int(path.name))


def _files(patient: Patient) -> Iterator[Trouble]:
    """Keys and passwords are for the owner alone."""
    folder = patient.state.path / "keys"
    for path in (folder, *sorted(folder.rglob("*"))):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield Trouble(f"{path} may be read by others ({mode:o})", f"chmod go= {path}", is_grave=True)


def _token_keys(folder: Path, kind: str) -> Sequence[Path]:
    if kind == "fernet":
        return key_files(folder)
    return [path for path in [folder / "private.pem"] if path.exists()]


def _keys(patient: Patient) -> Iterator[Trouble]:
    """Tokens are made with a key that is changed now and then, and there is one to change to."""
    kind = patient.settings.identity.token_provider
    found = _token_keys(patient.state.keys / kind, kind)
    if len(found) < (LEAST_KEYS if kind == "fernet" else 1):
        todo = f"restore {patient.state.keys / kind}, or start identity, which makes new keys and voids all tokens"
        yield Trouble("keys of tokens lack", todo, is_grave=True)
        return
    age_s = time.time() - found[-1].stat().st_mtime
    if age_s > OLDEST_KEY_S:
        yield Trouble(f"tokens are made with a key of {age_s / 86_400:.0f} days", f"pileus identity rotate-keys {kind}")


def _hashing(patient: Patient) -> Iterator[Trouble]:
    """Passwords are slow to guess."""
    rounds = patient.settings.identity.password_hash_rounds
    if rounds < LEAST_ROUNDS:
        todo = f"[identity] password_hash_rounds = 12; at least {LEAST_ROUNDS}"
        yield Trouble(f"a password is hashed with 2**{rounds} rounds of bcrypt", todo, is_grave=True)


def _lifetime(patient: Patient) -> Iterator[Trouble]:
    """Tokens do not live for days."""
    lifetime_s = patient.settings.identity.token_lifetime_s
    if lifetime_s > LONGEST_TOKEN_S:
        yield Trouble(f"a token lives for {lifetime_s / 3600:.0f} hours", "[identity] token_lifetime_s = 3600")


def _exposure(patient: Patient) -> Iterator[Trouble]:
    """Who listens where others are encrypts, and counts wrong passwords."""
    chosen = patient.settings.identity
    if is_loopback(chosen.listen.address):
        return
    if not patient.settings.tls.certificate and not chosen.listen.public_url.startswith("https"):
        todo = "[tls] certificate and key, or a proxy that has them and [identity.listen] public_url"
        yield Trouble(f"passwords cross the network to {chosen.listen.address} in clear", todo, is_grave=True)
    if not chosen.security_compliance.lockout_failure_attempts:
        todo = "[identity.security_compliance] lockout_failure_attempts = 6"
        yield Trouble("nobody is locked out, however many wrong passwords he tries", todo)


def _passwords(patient: Patient) -> Iterator[Trouble]:
    """The first users have no password that everybody tries first."""
    with patient.database.read() as tx:
        for name in ACCOUNTS:
            found = user.find_by_name(tx, name, DEFAULT_DOMAIN_ID)
            hashed = found.password_hash if found and found.is_enabled else None
            if hashed is not None and any(password.verify(word, hashed) for word in {name, *WELL_KNOWN}):
                todo = f"openstack user set --password-prompt {name}"
                yield Trouble(f"the password of {name} is the first that one would guess", todo, is_grave=True)


def _without_password(patient: Patient) -> Iterator[Trouble]:
    """Whoever may log in can."""
    with patient.database.read() as tx:
        row = tx.first(
            select(func.count().label("n")).where(users.c.password_hash.is_(None), users.c.is_enabled.is_(True))
        )
    if row is not None and row.n:
        todo = "openstack user set --password-prompt USER, or --disable, unless another method lets them in"
        yield Trouble(f"{row.n} enabled users have no password", todo)


def _service_users(patient: Patient) -> Iterator[Trouble]:
    """A service may do what a service does, and nothing more."""
    with patient.database.read() as tx:
        for name in USER_OF.values():
            found = user.find_by_name(tx, name, DEFAULT_DOMAIN_ID)
            if found is None or not found.is_enabled:
                todo = f"openstack user set --enable {name}; a start of identity makes one that lacks"
                yield Trouble(f"the service user {name} lacks or is disabled", todo, is_grave=True)
            elif _is_admin(tx, found.id):
                todo = f"openstack role remove --user {name} --project service admin"
                yield Trouble(f"the service user {name} is an administrator", todo)


def _is_admin(tx: Transaction, user_id: str) -> bool:
    admin = role.find_by_name(tx, "admin")
    return admin is not None and any(
        one.role_id == admin.id for one in assignment.list_assignments(tx, user_id=user_id)
    )


def _endpoints(patient: Patient) -> Iterator[Trouble]:
    """What the catalog names answers, and its clock is ours."""
    with patient.database.read() as tx:
        names = {row.id: row.name or row.type for row in catalog.list_services(tx)}
        rows = [row for row in catalog.list_endpoints(tx) if row.is_enabled]
    pool = urllib3.PoolManager(ca_certs=patient.settings.tls.ca or None)
    roots = {_root(row.url): names[row.service_id] for row in rows if row.service_id in names and "(" not in row.url}
    for url, name in sorted(roots.items()):
        yield from _probe(pool, url, name)
    pool.clear()


def _probe(pool: urllib3.PoolManager, url: str, name: str) -> Iterator[Trouble]:
    try:
        reply = pool.request("GET", url, timeout=PROBE_S, retries=False)
    except urllib3.exceptions.HTTPError as error:
        todo = f"start it, or `openstack endpoint list --service {name}` and set or delete what is wrong"
        yield Trouble(f"{name} does not answer at {url} ({type(error).__name__})", todo, is_grave=True)
        return
    if "date" in reply.headers:
        skew_s = abs((parsedate_to_datetime(reply.headers["date"]) - datetime.now(UTC)).total_seconds())
        if skew_s > MOST_SKEW_S:
            yield Trouble(f"the clock of {name} at {url} is {skew_s:.0f} s off ours", "run an NTP client on both hosts")


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _policy(patient: Patient) -> Iterator[Trouble]:
    """The operator's rules can be read, and each has a name that somebody asks for."""
    path = path_of(patient.settings.identity.policy_file)
    if path is None:
        return
    if not path.is_file():
        yield Trouble(f"there is no policy file {path}", "[identity] policy_file, or make it", is_grave=True)
        return
    try:
        rules = Policy(DEFAULTS, file=path).rules
    except Invalid as error:
        yield Trouble(error.reason, "a running identity keeps the rules that it had", is_grave=True)
        return
    for name in sorted(name for name in rules.keys() - DEFAULTS.keys() if name.startswith("identity:")):
        near = difflib.get_close_matches(name, DEFAULTS, n=1)
        todo = f"did you mean {near[0]}?" if near else f"remove it from {path}"
        yield Trouble(f"nobody asks for the rule {name}", todo)


CHECKS: Sequence[tuple[str, Callable[[Patient], Iterator[Trouble]]]] = (
    ("files of keys", _files),
    ("keys of tokens", _keys),
    ("hashing of passwords", _hashing),
    ("lifetime of tokens", _lifetime),
    ("listening", _exposure),
    ("first passwords", _passwords),
    ("users without password", _without_password),
    ("service users", _service_users),
    ("policy", _policy),
    ("endpoints and clocks", _endpoints),
)
"""Name and check, in the order in which they are shown."""

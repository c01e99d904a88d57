"""Settings: one typed TOML file, overridden by the environment. A word that is not known is an error.

A setting is named by its path, `[image.database] url`; in the environment that is `PILEUS_IMAGE__DATABASE__URL`.
A list is written there with commas.
"""

from __future__ import annotations

import difflib
import tomllib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pileus.kit.errors import Invalid

T = TypeVar("T", bound=msgspec.Struct)
ENVIRONMENT_PREFIX = "PILEUS_"
SLIP = 0.8  # how much of a word must be right to be taken for a slip of another


class SettingInvalid(Invalid):
    """A setting is unknown, or its value is of the wrong kind."""

    message = "{source}: {reason}"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the settings file."""


class DatabaseSettings(Section, frozen=True, kw_only=True):
    """`[SERVICE.database]`."""

    url: str = ""  # an SQLAlchemy URL; empty: SQLite in the state directory
    pool_size: int = 20


class ListenSettings(Section, frozen=True, kw_only=True):
    """`[SERVICE.listen]`."""

    address: str = "127.0.0.1"
    public_url: str = ""  # scheme://host:port as clients reach it, behind a proxy for instance; empty: the address
    port: int


class AdminSettings(Section, frozen=True, kw_only=True):
    """`[auth.admin]`: who may register services and users in somebody else's Keystone. Without a password: nobody."""

    username: str = "admin"
    password: str = ""
    project_name: str = "admin"
    user_domain_name: str = "Default"
    project_domain_name: str = "Default"


class AuthSettings(Section, frozen=True, kw_only=True):
    """`[auth]`: whom a service asks about tokens, and who it is itself. Empty: the identity service of this process.

    With a URL and no password a service is its own user, such as `glance-RegionTwo`, of a password that was made here
    and that `[auth.admin]` registers.
    """

    url: str = ""  # of a Keystone, such as https://keystone.example.com:5000/v3
    username: str = ""
    password: str = ""
    project_name: str = "service"
    user_domain_name: str = "Default"
    project_domain_name: str = "Default"
    region: str = ""
    ca_file: str = ""
    token_cache_s: float = 10.0  # with a URL: for how long a revoked token may still be taken; 0 asks about each
    admin: AdminSettings = AdminSettings()


class TlsSettings(Section, frozen=True, kw_only=True):
    """`[tls]`: of every listener and client. Empty: plain HTTP."""

    certificate: str = ""
    key: str = ""
    ca: str = ""


class NotifierSettings(Section, frozen=True, kw_only=True):
    """Where a service tells of what happens in it. Without a URL: nowhere."""

    url: str = ""  # amqp://user:password@host:5672/vhost, or amqps://
    exchange: str
    topics: tuple[str, ...] = ("notifications",)
    is_durable: bool = False  # as the listeners' oslo.messaging has amqp_durable_queues


class CorsSettings(Section, frozen=True, kw_only=True):
    """`[cors]`: which web pages of other origins may use the services from a browser. Without an origin: none."""

    allowed_origin: tuple[str, ...] = ()  # scheme://host[:port] as browsers send it, or "*" for all
    allow_credentials: bool = True
    allow_methods: tuple[str, ...] = ("OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "PATCH")
    allow_headers: tuple[str, ...] = (
        "X-Auth-Token",
        "X-Subject-Token",
        "OpenStack-API-Version",
        "X-OpenStack-Nova-API-Version",
        "X-OpenStack-Request-ID",
    )
    expose_headers: tuple[str, ...] = (
        "X-Subject-Token",
        "OpenStack-API-Version",
        "X-OpenStack-Nova-API-Version",
        "X-OpenStack-Request-ID",
        "Location",
    )
    max_age: int = 3600  # seconds for which a browser may remember the answer to a preflight; 0: as it likes


class BusSettings(Section, frozen=True, kw_only=True):
    """`[bus]`."""

    url: str = ""  # empty: within this process


def load(kind: type[T], file: Path | None, environment: Mapping[str, str]) -> T:
    """Return the settings. Raises SettingInvalid, which names the nearest known word for an unknown one."""
    document = _read(file) if file is not None and file.exists() else {}
    _require_known(kind, document, str(file), "")
    settings = _convert(kind, document, str(file))
    names = []
    for name, text in sorted(environment.items()):
        overlay = _overlay(kind, name, text)
        if overlay:
            _require_known(kind, overlay, name, "")
            _merge(document, overlay)
            names.append(name)
    return _convert(kind, document, ", ".join(names)) if names else settings


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a TOMLDecodeError is one, and so is text that is not UTF-8
        raise SettingInvalid(source=file, reason=error) from None


def _overlay(kind: Any, name: str, text: str) -> dict[str, Any]:
    """Return what an environment variable sets, as a document; nothing if it is none of ours.

    A variable of one word that is no setting may be another's: the command line has some, and so has Kubernetes. One
    that is nearly a setting is a slip, and an error as everywhere.
    """
    if not name.startswith(ENVIRONMENT_PREFIX):
        return {}
    path = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
    known = [field.name for field in msgspec.structs.fields(kind)]
    if len(path) == 1 and not difflib.get_close_matches(path[0], known, n=1, cutoff=SLIP):
        return {}
    overlay: Any = [word.strip() for word in text.split(",") if word.strip()] if _is_list(kind, path) else text
    for part in reversed(path):
        overlay = {part: overlay}
    return dict(overlay)


def _is_list(kind: Any, path: Sequence[str]) -> bool:
    for part in path:
        fields = msgspec.structs.fields(kind) if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else ()
        kind = next((field.type for field in fields if field.name == part), None)
    return typing.get_origin(kind) is tuple


def _convert(kind: type[T], document: Mapping[str, Any], source: str) -> T:
    try:
        return msgspec.convert(_with_defaults(kind, document), kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingInvalid(source=source, reason=error) from None


def _with_defaults(kind: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """Complete each table from what the whole table would be: `[image.listen]` may name an address and no port."""
    whole = dict(document)
    for field in msgspec.structs.fields(kind):
        given = document.get(field.name)
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if isinstance(given, Mapping) and isinstance(default, msgspec.Struct):
            whole[field.name] = {**msgspec.structs.asdict(default), **_with_defaults(type(default), given)}
    return whole


def _require_known(kind: Any, document: Mapping[str, Any], source: str, prefix: str) -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for name, value in document.items():
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"; did you mean '{prefix}{near[0]}'?" if near else f"; known here: {', '.join(sorted(fields))}"
            raise SettingInvalid(source=source, reason=f"there is no setting '{prefix}{name}'{hint}")
        _require_known_inside(fields[name], value, source, f"{prefix}{name}.")


def _require_known_inside(kind: Any, value: Any, source: str, prefix: str) -> None:
    if not isinstance(value, Mapping):
        return
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        _require_known(kind, value, source, prefix)
    elif typing.get_origin(kind) is dict:  # a table for each name that the operator chooses
        for name, inner in value.items():
            _require_known_inside(typing.get_args(kind)[1], inner, source, f"{prefix}{name}.")


def _merge(document: dict[str, Any], overlay: Mapping[str, Any]) -> None:
    for name, value in overlay.items():
        if isinstance(value, Mapping) and isinstance(document.get(name), dict):
            _merge(document[name], value)
        else:
            document[name] = value

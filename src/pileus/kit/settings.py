"""Settings: one typed TOML file, overridden by the environment. A word that is not known is an error.

A setting is named by its path, `[image.database] url`; in the environment that is `PILEUS_IMAGE__DATABASE__URL`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pileus.kit.errors import Invalid

T = TypeVar("T", bound=msgspec.Struct)
ENVIRONMENT_PREFIX = "PILEUS_"


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
    port: int


class AuthSettings(Section, frozen=True, kw_only=True):
    """`[auth]`: whom a service asks about tokens, and who it is itself. Empty: the identity service of this process."""

    url: str = ""  # of a Keystone, such as https://keystone.example.com:5000/v3
    username: str = ""
    password: str = ""
    project_name: str = "service"
    user_domain_name: str = "Default"
    project_domain_name: str = "Default"
    region: str = ""
    ca_file: str = ""


class TlsSettings(Section, frozen=True, kw_only=True):
    """`[tls]`: of every listener and client. Empty: plain HTTP."""

    certificate: str = ""
    key: str = ""
    ca: str = ""


class BusSettings(Section, frozen=True, kw_only=True):
    """`[bus]`."""

    url: str = ""  # empty: within this process


def load(kind: type[T], file: Path | None, environment: Mapping[str, str]) -> T:
    """Return the settings. Raises SettingInvalid, which names the nearest known word for an unknown one."""
    document: dict[str, Any] = {}
    if file is not None and file.exists():
        try:
            document = tomllib.loads(file.read_text())
        except tomllib.TOMLDecodeError as error:
            raise SettingInvalid(source=file, reason=error) from None
        _require_known(kind, document, str(file), "")
    for name, text in sorted(environment.items()):
        if name.startswith(ENVIRONMENT_PREFIX):
            path = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
            if len(path) < 2:
                continue
            overlay: dict[str, Any] = {path[-1]: text}
            for part in reversed(path[:-1]):
                overlay = {part: overlay}
            _require_known(kind, overlay, name, "")
            _merge(document, overlay)
    try:
        return msgspec.convert(document, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingInvalid(source=file or "environment", reason=error) from None


def _require_known(kind: Any, document: Mapping[str, Any], source: str, prefix: str) -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for name, value in document.items():
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"; did you mean '{prefix}{near[0]}'?" if near else f"; known here: {', '.join(sorted(fields))}"
            raise SettingInvalid(source=source, reason=f"there is no setting '{prefix}{name}'{hint}")
        inner = fields[name]
        if isinstance(value, Mapping) and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            _require_known(inner, value, source, f"{prefix}{name}.")


def _merge(document: dict[str, Any], overlay: Mapping[str, Any]) -> None:
    for name, value in overlay.items():
        if isinstance(value, Mapping) and isinstance(document.get(name), dict):
            _merge(document[name], value)
        else:
            document[name] = value

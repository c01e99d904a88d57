"""The files through which clients find the cloud: clouds.yaml and the openrc files."""

from __future__ import annotations

from typing import Any

import yaml

from pileus.kit.state import StateDirectory, write_private

PEOPLE = {"admin": ("pileus", "admin"), "demo": ("pileus-demo", "demo")}
"""User → cloud name in clouds.yaml, and project."""


def write_access(state: StateDirectory, passwords: dict[str, str], auth_url: str, region: str, ca: str = "") -> None:
    """Write how to log in, for people; only the owner may read it."""
    clouds: dict[str, Any] = {}
    for user, (cloud, project) in PEOPLE.items():
        auth = {
            "auth_url": auth_url,
            "username": user,
            "password": passwords[user],
            "project_name": project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        clouds[cloud] = {"auth": auth, "region_name": region, "identity_api_version": "3"}
        if ca:
            clouds[cloud]["cacert"] = ca
        write_private(state.path / f"{user}-openrc", _openrc(auth, region, ca))
    write_private(state.clouds_yaml, yaml.safe_dump({"clouds": clouds}, sort_keys=False))


def _openrc(auth: dict[str, str], region: str, ca: str) -> str:
    lines = {f"OS_{name.upper()}": value for name, value in auth.items()}
    lines |= {"OS_REGION_NAME": region, "OS_IDENTITY_API_VERSION": "3"}
    if ca:
        lines["OS_CACERT"] = ca
    return "".join(f"export {name}={value}\n" for name, value in lines.items())

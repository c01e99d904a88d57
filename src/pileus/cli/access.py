"""The files through which clients find the cloud: clouds.yaml and the openrc files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from pileus.clients.account import admin_credentials
from pileus.clients.session import Credentials
from pileus.kit.settings import AuthSettings
from pileus.kit.state import StateDirectory, write_private

PEOPLE = {"admin": ("pileus", "admin"), "demo": ("pileus-demo", "demo")}
"""User → cloud name in clouds.yaml, and project."""


def people_of(auth: AuthSettings, auth_url: str, passwords: Mapping[str, str]) -> dict[str, Credentials]:
    """Return who may log in, by cloud name: our own people, or somebody else's administrator if we know him."""
    if auth.url:
        return {"pileus": admin_credentials(auth)} if auth.admin.password else {}
    return {
        cloud: Credentials(auth_url=auth_url, username=user, password=passwords[user], project_name=project)
        for user, (cloud, project) in PEOPLE.items()
    }


def write_access(
    state: StateDirectory, people: Mapping[str, Credentials], regions: Sequence[str], ca: str = ""
) -> None:
    """Write how to log in, for people, in the first of some regions; only the owner may read it.

    `--os-region-name` chooses among those that clouds.yaml lists, and refuses others.
    """
    region = regions[0]
    clouds: dict[str, Any] = {}
    for cloud, person in people.items():
        auth = {
            "auth_url": person.auth_url,
            "username": person.username,
            "password": person.password,
            "project_name": person.project_name,
            "user_domain_name": person.user_domain_name,
            "project_domain_name": person.project_domain_name,
        }
        clouds[cloud] = {"auth": auth, "region_name": region, "identity_api_version": "3"}
        if len(regions) > 1:
            clouds[cloud]["regions"] = list(regions)
        if ca:
            clouds[cloud]["cacert"] = ca
        write_private(state.path / f"{person.username}-openrc", _openrc(auth, region, ca))
    write_private(state.clouds_yaml, yaml.safe_dump({"clouds": clouds}, sort_keys=False))


def _openrc(auth: dict[str, str], region: str, ca: str) -> str:
    lines = {f"OS_{name.upper()}": value for name, value in auth.items()}
    lines |= {"OS_REGION_NAME": region, "OS_IDENTITY_API_VERSION": "3"}
    if ca:
        lines["OS_CACERT"] = ca
    return "".join(f"export {name}={value}\n" for name, value in lines.items())

"""The config drive: a small CD image that tells a guest who it is.

cloud-init and its likes find it by the volume label `config-2`. Every dated folder holds the same documents, cut to
what that date knew; the folders share their files, so the image stays small.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pileus.compute.agent.mac import mac_address
from pileus.kit import log
from pileus.kit.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from pileus.compute.messages import GuestSpec

logger = log.get_logger("pileus.agent.config_drive")

LABEL = "config-2"
_FAILED = "The config drive could not be built; the log of the host says why."
_BUILD_TIMEOUT_S = 60.0
_SEED_BYTES = 512

_META = "meta_data.json"
_USER = "user_data"
_VENDOR = "vendor_data.json"
_NETWORK = "network_data.json"
_CONTENT = "content"  # the folder of files for the guest
# What each version of the layout holds.
VERSIONS: dict[str, tuple[str, ...]] = {
    "2012-08-10": (_META, _USER),
    "2013-04-04": (_META, _USER),
    "2013-10-17": (_META, _USER, _VENDOR),
    "2015-10-15": (_META, _USER, _VENDOR, _NETWORK),
    "2016-06-30": (_META, _USER, _VENDOR, _NETWORK),
    "2016-10-06": (_META, _USER, _VENDOR, _NETWORK),
    "2017-02-22": (_META, _USER, _VENDOR, _NETWORK),
    "2018-08-27": (_META, _USER, _VENDOR, _NETWORK),
    "2020-10-14": (_META, _USER, _VENDOR, _NETWORK),
    "latest": (_META, _USER, _VENDOR, _NETWORK),
}


class ConfigDriveFailed(Unavailable):
    """The image could not be made; `reason` says why."""


class UserDataUnreadable(Invalid):
    """The user data is not base64."""

    message = "User data is not valid base64."


def meta_data(guest: GuestSpec, random_seed: bytes) -> dict[str, Any]:
    """Return the document in `meta_data.json`; `random_seed` feeds the guest's entropy pool."""
    document: dict[str, Any] = {
        "uuid": guest.server_id,
        "name": guest.name,
        "hostname": guest.hostname,
        "availability_zone": guest.availability_zone,
        "launch_index": guest.launch_index,
        "project_id": guest.project_id,
        "random_seed": base64.b64encode(random_seed).decode(),
        "devices": [],
        "dedicated_cpus": [],
    }
    if guest.personality:
        document["files"] = [
            {"content_path": f"/{_CONTENT}/{index:04d}", "path": path} for index, path in enumerate(guest.personality)
        ]
    if guest.metadata:
        document["meta"] = dict(guest.metadata)
    if guest.key_name and guest.public_key:
        document["public_keys"] = {guest.key_name: guest.public_key}
        document["keys"] = [{"name": guest.key_name, "type": "ssh", "data": guest.public_key}]
    return document


def network_data(guest: GuestSpec) -> dict[str, Any]:
    """Return the document in `network_data.json`: one card that asks for its address."""
    return {
        "links": [{"id": "port0", "type": "phy", "ethernet_mac_address": mac_address(guest.server_id), "mtu": 1500}],
        "networks": [{"id": "network0", "type": "ipv4_dhcp", "link": "port0", "network_id": "user"}],
        "services": [],
    }


def documents(guest: GuestSpec, random_seed: bytes) -> dict[str, bytes]:
    """Return the files of the drive by name. Raises UserDataUnreadable."""
    files = {
        _META: _json(meta_data(guest, random_seed)),
        _NETWORK: _json(network_data(guest)),
        _VENDOR: _json({}),
    }
    if guest.user_data is not None:
        files[_USER] = _decoded(guest.user_data)
    return files


def contents(guest: GuestSpec) -> list[bytes]:
    """Return the files that the guest shall have, in the order of its `meta_data.json`. Raises UserDataUnreadable."""
    return [_decoded(content) for content in guest.personality.values()]


def build(guest: GuestSpec, target: Path) -> None:
    """Write the guest's config drive to `target`. Raises ConfigDriveFailed, UserDataUnreadable."""
    program = _program()
    files = documents(guest, os.urandom(_SEED_BYTES))
    with tempfile.TemporaryDirectory(prefix=".config-", dir=target.parent) as scratch:
        root = Path(scratch) / "root"
        _lay_out(root, files)
        _lay_out_contents(root, contents(guest))
        image = Path(scratch) / "image"
        _run([*program, *_OPTIONS, "-o", str(image), str(root)])
        image.chmod(0o600)  # it may hold secrets of the guest's owner
        image.rename(target)


# Long file names as they are, Joliet and Rock Ridge beside them, and nothing said when all is well.
_OPTIONS = ("-quiet", "-J", "-r", "-l", "-ldots", "-allow-lowercase", "-allow-multidot", "-V", LABEL)


def _lay_out(root: Path, files: dict[str, bytes]) -> None:
    latest = root / "openstack" / "latest"
    latest.mkdir(parents=True)
    for name, content in files.items():
        (latest / name).write_bytes(content)
    for version, names in VERSIONS.items():
        folder = latest.parent / version
        folder.mkdir(exist_ok=True)
        for name in names:
            if name in files and folder != latest:
                (folder / name).hardlink_to(latest / name)


def _lay_out_contents(root: Path, files: list[bytes]) -> None:
    folder = root / "openstack" / _CONTENT
    if files:
        folder.mkdir()
    for index, content in enumerate(files):
        (folder / f"{index:04d}").write_bytes(content)


def _program() -> list[str]:
    for name in ("genisoimage", "mkisofs"):
        if found := shutil.which(name):
            return [found]
    if found := shutil.which("xorrisofs"):
        return [found]
    raise ConfigDriveFailed("No program to build a config drive: install the package genisoimage (or xorriso).")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.exception("a config drive could not be built")  # what it says is not for the server's owner
        raise ConfigDriveFailed(_FAILED) from error
    if done.returncode:
        logger.error("a config drive could not be built", why=done.stderr.strip()[-300:])
        raise ConfigDriveFailed(_FAILED)


def _decoded(user_data: str) -> bytes:
    try:
        return base64.b64decode(user_data, validate=False)
    except (binascii.Error, ValueError) as error:
        raise UserDataUnreadable from error


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode()

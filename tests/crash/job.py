"""The main job: upload, boot, snapshot, delete; again and again until the cloud is gone."""

from __future__ import annotations

import time
from pathlib import Path

from tests.crash.api import Api, CloudGone, Refused

FLAVOR = "1"


def run(clouds_yaml: Path, image: Path) -> str:
    """Do the job until the cloud is killed; return where that was. Raises Refused if the cloud says no."""
    member = Api(clouds_yaml, "pileus-demo")
    place = "log in"
    data = image.read_bytes()
    try:
        member.log_in()
        while True:
            place = "create image"
            body = {"name": "job", "disk_format": "qcow2", "container_format": "bare"}
            image_id = member.call("image", "POST", "/v2/images", body)["id"]
            place = "upload"
            member.call("image", "PUT", f"/v2/images/{image_id}/file", body=data)
            place = "boot"
            server_id = boot(member, image_id)
            place = "snapshot"
            snapshot(member, server_id)
            place = "delete"
            delete(member, server_id)
            member.call("image", "DELETE", f"/v2/images/{image_id}")
    except CloudGone:
        return place


def boot(member: Api, image_id: str) -> str:
    """Boot a server and wait until it is ACTIVE."""
    body = {"server": {"name": "job", "imageRef": image_id, "flavorRef": FLAVOR}}
    server_id = str(member.call("compute", "POST", "/servers", body)["server"]["id"])
    while (server := member.call("compute", "GET", f"/servers/{server_id}")["server"])["status"] == "BUILD":
        time.sleep(0.05)
    assert server["status"] == "ACTIVE", server.get("fault")
    return server_id


def snapshot(member: Api, server_id: str) -> None:
    """Snapshot a server and wait until nothing is being done to it."""
    member.call("compute", "POST", f"/servers/{server_id}/action", {"createImage": {"name": "job-snapshot"}})
    while member.call("compute", "GET", f"/servers/{server_id}")["server"]["OS-EXT-STS:task_state"]:
        time.sleep(0.05)


def delete(member: Api, server_id: str) -> None:
    """Delete a server and wait until it is gone."""
    member.call("compute", "DELETE", f"/servers/{server_id}")
    try:
        while True:
            member.call("compute", "GET", f"/servers/{server_id}")
            time.sleep(0.05)
    except Refused as error:
        if error.status != 404:
            raise

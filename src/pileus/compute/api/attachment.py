"""What is attached to a server. Without a network and a volume service that is nothing, and the lists are empty."""

from __future__ import annotations

from pileus.compute.api.lookup import read_server
from pileus.compute.backend import Backend
from pileus.kit.http.message import Reply, Request


def list_security_groups(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-security-groups."""
    read_server(request, backend)
    return Reply.json({"security_groups": []})


def list_interfaces(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-interface."""
    read_server(request, backend)
    return Reply.json({"interfaceAttachments": []})


def list_volumes(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-volume_attachments."""
    read_server(request, backend)
    return Reply.json({"volumeAttachments": []})

"""Who may do what with images, unless the operator says otherwise. The names are Glance's.

A target is an image: `project_id` and `owner` are the project that owns it, `visibility` is its own, and `member_id`
is the caller's project if the image is shared with it.

The original has its services carry the role admin. Here a service carries the role `service` alone, which sees every
image and may fetch, fill and delete it: that is what compute does for a server's owner.
"""

from __future__ import annotations

ADMIN = "rule:context_is_admin"
_MEMBER = "role:member and project_id:%(project_id)s"
_READER = "role:reader and project_id:%(project_id)s"
_SHOWN = (
    "(project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or "
    "'public':%(visibility)s or 'shared':%(visibility)s)"
)
SERVICE = "rule:service_role"
ADMIN_OR_MEMBER = f"{ADMIN} or ({_MEMBER})"
ADMIN_SERVICE_OR_MEMBER = f"{ADMIN} or {SERVICE} or ({_MEMBER})"
ADMIN_OR_READER = f"{ADMIN} or ({_READER})"
ADMIN_OR_SHARED_WITH = f"{ADMIN} or (role:member and project_id:%(member_id)s)"
ADMIN_OR_READER_OR_SHARED_WITH = f"{ADMIN} or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s))"
ANYBODY_KNOWN = "@"

DEFAULTS: dict[str, str] = {
    "default": "",
    "context_is_admin": "role:admin",
    "service_role": "role:service",
    "sees_every_image": f"{ADMIN} or {SERVICE}",
    "add_image": f"{ADMIN} or ({_MEMBER} and project_id:%(owner)s)",
    "delete_image": ADMIN_SERVICE_OR_MEMBER,
    "get_image": f"{ADMIN} or {SERVICE} or (role:reader and {_SHOWN})",
    "get_images": f"{ADMIN} or {SERVICE} or ({_READER})",
    "modify_image": ADMIN_OR_MEMBER,
    "publicize_image": ADMIN,
    "communitize_image": ADMIN_OR_MEMBER,
    "download_image": f"{ADMIN} or {SERVICE} or (role:member and {_SHOWN})",
    "upload_image": ADMIN_SERVICE_OR_MEMBER,
    "add_member": ADMIN_OR_MEMBER,
    "delete_member": ADMIN_OR_MEMBER,
    "get_member": ADMIN_OR_READER_OR_SHARED_WITH,
    "get_members": ADMIN_OR_READER_OR_SHARED_WITH,
    "modify_member": ADMIN_OR_SHARED_WITH,
    # These need no more than a token in the original, which has no rule for them.
    "get_schema": ANYBODY_KNOWN,
    "get_import_info": ANYBODY_KNOWN,
    "get_stores_info": ANYBODY_KNOWN,
}

REFUSAL = "You are not authorized to complete {rule} action."

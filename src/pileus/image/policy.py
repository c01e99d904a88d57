"""Who may do what with images, unless the operator says otherwise. Names and texts are Glance's.

A target is an image: `project_id` and `owner` are the project that owns it, `member_id` is the caller's project if the
image is shared with it, and all its attributes and properties go by their own names.

The original has its services carry the role admin. Here a service carries the role `service` alone, which sees every
image and may fetch, fill and delete it: that is what compute does for a server's owner. It may make images of its own:
one carries a server's disk from host to host. This is what follows the original's texts here.
"""

from __future__ import annotations

from pileus.kit.policy import ANY_SCOPE, PROJECT_SCOPE

ADMIN = "rule:context_is_admin"
_MEMBER = "role:member and project_id:%(project_id)s"
_READER = "role:reader and project_id:%(project_id)s"
_SHOWN = (
    "(project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or "
    "'public':%(visibility)s or 'shared':%(visibility)s)"
)
_OR_SERVICE = " or rule:service_api"
ADMIN_OR_MEMBER = f"{ADMIN} or ({_MEMBER})"
ADMIN_OR_READER = f"{ADMIN} or ({_READER})"
ADMIN_OR_SHARED_WITH = f"{ADMIN} or (role:member and project_id:%(member_id)s)"
ADMIN_OR_READER_OR_SHARED_WITH = f"{ADMIN} or role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)"
ANYBODY_KNOWN = "@"

# Of metadata definitions: `project_id` is the project that owns a namespace, `visibility` is the namespace's own.
METADEF_ADMIN = "rule:metadef_admin"
METADEF_READER = f"{ADMIN} or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))"

DEFAULTS: dict[str, str] = {
    "default": "",
    "context_is_admin": "role:admin",
    "service_api": "role:service or role:admin",
    "add_image": f"{ADMIN} or ({_MEMBER} and project_id:%(owner)s) or (role:service and project_id:%(owner)s)",
    "delete_image": ADMIN_OR_MEMBER + _OR_SERVICE,
    "get_image": f"{ADMIN} or (role:reader and {_SHOWN}){_OR_SERVICE}",
    "get_images": ADMIN_OR_READER + _OR_SERVICE,
    "modify_image": ADMIN_OR_MEMBER,
    "publicize_image": ADMIN,
    "communitize_image": ADMIN_OR_MEMBER,
    "download_image": f"{ADMIN} or (role:member and {_SHOWN}){_OR_SERVICE}",
    "upload_image": ADMIN_OR_MEMBER + _OR_SERVICE,
    "download_from_store": f"{ADMIN} or (role:member and {_SHOWN}){_OR_SERVICE}",
    "get_image_location": ADMIN_OR_READER,
    "set_image_location": ADMIN_OR_MEMBER,
    "delete_image_location": ADMIN,
    "add_image_location": f"rule:service_api or ({_MEMBER} and project_id:%(owner)s)",
    "fetch_image_location": "rule:service_api",
    "copy_image": ADMIN,
    "get_task": "rule:default",
    "get_tasks": "rule:default",
    "add_task": "rule:default",
    "tasks_api_access": ADMIN,
    "add_member": ADMIN_OR_MEMBER,
    "delete_member": ADMIN_OR_MEMBER,
    "get_member": ADMIN_OR_READER_OR_SHARED_WITH,
    "get_members": ADMIN_OR_READER_OR_SHARED_WITH,
    "modify_member": ADMIN_OR_SHARED_WITH,
    "manage_image_cache": ADMIN,
    "cache_list": ADMIN,
    "cache_image": ADMIN,
    "cache_delete": ADMIN,
    "cache_clean": ADMIN,
    "cache_prune": ADMIN,
    "list_cached_nodes": ADMIN,
    "deactivate": ADMIN_OR_MEMBER,
    "reactivate": ADMIN_OR_MEMBER,
    "metadef_default": "",
    "metadef_admin": ADMIN,
    "get_metadef_namespace": METADEF_READER,
    "get_metadef_namespaces": ADMIN_OR_READER,
    "modify_metadef_namespace": METADEF_ADMIN,
    "add_metadef_namespace": METADEF_ADMIN,
    "delete_metadef_namespace": METADEF_ADMIN,
    "get_metadef_object": METADEF_READER,
    "get_metadef_objects": METADEF_READER,
    "modify_metadef_object": METADEF_ADMIN,
    "add_metadef_object": METADEF_ADMIN,
    "delete_metadef_object": METADEF_ADMIN,
    "list_metadef_resource_types": METADEF_READER,
    "get_metadef_resource_type": METADEF_READER,
    "add_metadef_resource_type_association": METADEF_ADMIN,
    "remove_metadef_resource_type_association": METADEF_ADMIN,
    "get_metadef_property": METADEF_READER,
    "get_metadef_properties": METADEF_READER,
    "modify_metadef_property": METADEF_ADMIN,
    "add_metadef_property": METADEF_ADMIN,
    "remove_metadef_property": METADEF_ADMIN,
    "get_metadef_tag": METADEF_READER,
    "get_metadef_tags": METADEF_READER,
    "modify_metadef_tag": METADEF_ADMIN,
    "add_metadef_tag": METADEF_ADMIN,
    "add_metadef_tags": METADEF_ADMIN,
    "delete_metadef_tag": METADEF_ADMIN,
    "delete_metadef_tags": METADEF_ADMIN,
    # These need no more than a token in the original, which has no rule for them.
    "get_schema": ANYBODY_KNOWN,
    "get_import_info": ANYBODY_KNOWN,
    "get_usage_info": ANYBODY_KNOWN,
    "get_stores_info": ANYBODY_KNOWN,
    "stores_info_detail": f"{ADMIN} or rule:service_api",
}

REFUSAL = "You are not authorized to complete {rule} action."

_OF_NO_SCOPE = frozenset({"default", "context_is_admin", "service_api", "metadef_default", "metadef_admin"})


def scopes_of(rule: str) -> frozenset[str]:
    """Return for tokens of which scopes a rule is: images belong to projects."""
    is_for_all = rule in _OF_NO_SCOPE or DEFAULTS.get(rule) == ANYBODY_KNOWN
    return ANY_SCOPE if is_for_all else PROJECT_SCOPE

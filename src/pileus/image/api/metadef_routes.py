"""The API of metadata definitions, a row each."""

from __future__ import annotations

from typing import Any

from pileus.image.api import metadef_namespace as namespace
from pileus.image.api import metadef_object as object_
from pileus.image.api import metadef_property as property_
from pileus.image.api import metadef_resource_type as resource_type
from pileus.image.api import metadef_schema as schema
from pileus.image.api import metadef_tag as tag
from pileus.kit.http.routes import Route, Target, route

ROW = Target.ROW
NAMESPACES = "/v2/metadefs/namespaces"
NAMESPACE = f"{NAMESPACES}/{{namespace}}"
PROPERTIES = f"{NAMESPACE}/properties"
PROPERTY = f"{PROPERTIES}/{{property_name}}"
OBJECTS = f"{NAMESPACE}/objects"
OBJECT = f"{OBJECTS}/{{object_name}}"
TAGS = f"{NAMESPACE}/tags"
TAG = f"{TAGS}/{{tag_name}}"
TYPES = f"{NAMESPACE}/resource_types"
TYPE = f"{TYPES}/{{resource_type}}"

METADEF_ROWS: list[Route[Any]] = [
    route("GET", NAMESPACES, namespace.index, "get_metadef_namespaces", target=ROW),
    route("POST", NAMESPACES, namespace.create, "add_metadef_namespace", target=ROW),
    route("GET", NAMESPACE, namespace.show, "get_metadef_namespace", target=ROW),
    route("PUT", NAMESPACE, namespace.update, "modify_metadef_namespace", target=ROW),
    route("DELETE", NAMESPACE, namespace.delete, "delete_metadef_namespace", target=ROW),
    route("GET", PROPERTIES, property_.index, "get_metadef_properties", target=ROW),
    route("POST", PROPERTIES, property_.create, "add_metadef_property", target=ROW),
    route("DELETE", PROPERTIES, namespace.delete_properties, "delete_metadef_namespace", target=ROW),
    route("GET", PROPERTY, property_.show, "get_metadef_property", target=ROW),
    route("PUT", PROPERTY, property_.update, "modify_metadef_property", target=ROW),
    route("DELETE", PROPERTY, property_.delete, "remove_metadef_property", target=ROW),
    route("GET", OBJECTS, object_.index, "get_metadef_objects", target=ROW),
    route("POST", OBJECTS, object_.create, "add_metadef_object", target=ROW),
    route("DELETE", OBJECTS, namespace.delete_objects, "delete_metadef_namespace", target=ROW),
    route("GET", OBJECT, object_.show, "get_metadef_object", target=ROW),
    route("PUT", OBJECT, object_.update, "modify_metadef_object", target=ROW),
    route("DELETE", OBJECT, object_.delete, "delete_metadef_object", target=ROW),
    route("GET", TAGS, tag.index, "get_metadef_tags", target=ROW),
    route("POST", TAGS, tag.create_many, "add_metadef_tags", target=ROW),
    route("DELETE", TAGS, namespace.delete_tags, "delete_metadef_namespace", target=ROW),
    route("GET", TAG, tag.show, "get_metadef_tag", target=ROW),
    route("POST", TAG, tag.create, "add_metadef_tag", target=ROW),
    route("PUT", TAG, tag.update, "modify_metadef_tag", target=ROW),
    route("DELETE", TAG, tag.delete, "delete_metadef_tag", target=ROW),
    route("GET", "/v2/metadefs/resource_types", resource_type.index, "list_metadef_resource_types"),
    route("GET", TYPES, resource_type.list_associations, "list_metadef_resource_types", target=ROW),
    route("POST", TYPES, resource_type.associate, "add_metadef_resource_type_association", target=ROW),
    route("DELETE", TYPE, resource_type.dissociate, "remove_metadef_resource_type_association", target=ROW),
    route("GET", "/v2/schemas/metadefs/{name}", schema.show, "get_schema"),
]

"""What can go wrong with metadata definitions, as facts."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound


class NamespaceNotFound(NotFound):
    """There is no such namespace, or the caller must not know of it."""

    message = "Metadata definition namespace={namespace} was not found."


class NamespaceExists(Conflict):
    """Another namespace has this name."""

    message = "The metadata definition namespace={namespace} already exists."


class NamespaceProtected(Forbidden):
    """The namespace is guarded against deletion."""

    message = "Metadata definition namespace {namespace} is protected and cannot be deleted."


class PartNotFound(NotFound):
    """The namespace holds no such property, object, tag or resource type."""

    message = "The metadata definition {kind} with name={name} was not found in namespace={namespace}."


class PartExists(Conflict):
    """The namespace holds one of this kind and name already."""

    message = "A metadata definition {kind} with name={name} already exists in namespace={namespace}."


class PartProtected(Forbidden):
    """The namespace is guarded against deletion, and what it holds with it."""

    message = "Metadata definition {kind} {name} of the protected namespace {namespace} cannot be deleted."


class PrefixMissing(NotFound):
    """A property was asked for by the name that it has on a resource, and this is none."""

    message = "Property {name} does not start with the prefix '{prefix}' of resource type {resource_type}."


class CatalogueInvalid(Invalid):
    """A file of definitions cannot be loaded."""

    message = "{file} holds no metadata definitions: {reason}"


class CatalogueMissing(Invalid):
    """There is nothing to load."""

    message = "There are no files of metadata definitions (*.json) in {directory}"


class WayUnclear(Invalid):
    """How to load is said in words that do not fit together."""

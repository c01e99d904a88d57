"""What can be wrong in placement, a fact a class."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Invalid, NotFound, Unavailable

# --- anybody was faster -------------------------------------------------------------------------------


class ConcurrentUpdate(Conflict):
    """The caller's generation is not the current one."""

    code = "placement.concurrent_update"


class ProviderGenerationStale(ConcurrentUpdate):
    """The provider changed since the caller looked at it."""

    message = "resource provider generation conflict for resource provider {provider}: actual: {actual}, given: {given}"


class TraitsGenerationStale(ConcurrentUpdate):
    """As above, in the words that this route has always used."""

    message = "Resource provider's generation already changed. Please update the generation and try again."


class ProviderChanged(ConcurrentUpdate):
    """The provider changed while we were at it."""

    message = "Another thread concurrently updated the resource provider data. Please retry your update"


class ConsumerGenerationStale(ConcurrentUpdate):
    """The consumer changed since the caller looked at it, or is not new, or is no longer there."""

    message = "consumer generation conflict - expected {actual} but got {given}"


# --- resource providers -------------------------------------------------------------------------------


class ProviderNotFound(NotFound):
    """The URL names no provider."""

    message = "No resource provider with uuid {provider} found"


class ProviderToDeleteNotFound(NotFound):
    """As above, of one that shall go."""

    message = "No resource provider with uuid {provider} found for delete"


class ProviderExists(Conflict):
    """A provider of that name or uuid is already there."""

    code = "placement.duplicate_name"
    message = "Conflicting resource provider {duplicate} already exists."


class ProviderInUse(Conflict):
    """Somebody consumes from it."""

    code = "placement.resource_provider.inuse"
    message = "Unable to delete resource provider {provider}: Resource provider has allocations."


class ProviderIsParent(Conflict):
    """It has children."""

    code = "placement.resource_provider.cannot_delete_parent"
    message = (
        "Unable to delete parent resource provider {provider}: It has child resource providers. "
        "Delete the child providers first."
    )


class ProviderInvalid(Invalid):
    """The provider cannot be created like this."""

    message = 'Unable to create resource provider "{name}", {provider}: {cause}'


class ParentInvalid(Invalid):
    """The provider cannot be moved like this."""

    message = "Unable to save resource provider {provider}: {cause}"


class ReshapeProviderUnknown(Invalid):
    """The body names a provider that does not exist."""

    code = "placement.resource_provider.not_found"
    message = "Resource provider {provider} of the inventories to reshape does not exist"


# --- resource classes and traits ----------------------------------------------------------------------


class ResourceClassNotFound(NotFound):
    """The URL names no resource class."""

    message = "No such resource class {name}."


class ResourceClassUnknown(Invalid):
    """The body or the query names no resource class."""

    message = "No such resource class {name}."


class ResourceClassExists(Conflict):
    """There is one of that name."""

    message = "Conflicting resource class already exists: {name}"


class ResourceClassNameTaken(Conflict):
    """There is one of the new name."""

    message = "Resource class already exists: {name}"


class ResourceClassInUse(Conflict):
    """Some provider has an inventory of it."""

    message = "Cannot delete resource class {name}. Class is in use in inventory."


class ResourceClassIsStandard(Invalid):
    """Only custom classes may change."""

    message = "Cannot {verb} standard resource class {name}."


class TraitNotFound(NotFound):
    """The URL names no trait."""

    message = "No such trait(s): {names}."


class TraitUnknown(Invalid):
    """The body or the query names no trait."""

    message = "No such trait(s): {names}."


class TraitInUse(Conflict):
    """Some provider has it."""

    message = "The trait {name} is in use by a resource provider."


class TraitIsStandard(Invalid):
    """Only custom traits may go."""

    message = "Cannot delete standard trait {name}."


# --- inventories --------------------------------------------------------------------------------------


class InventoryNotFound(NotFound):
    """The URL names no inventory of the provider."""

    message = "No inventory of class {resource_class} for {provider}"


class InventoryToDeleteNotFound(NotFound):
    """As above, of one that shall go."""

    message = "No inventory of class {resource_class} found for delete"


class InventoryUnknown(Invalid):
    """There is nothing to update."""

    message = "No inventory record with resource class {resource_class} for resource provider {provider}."


class InventoryClassUnknown(Invalid):
    """An inventory of a class that does not exist."""

    message = "Unknown resource class in inventory for resource provider {provider}: No such resource class {name}."


class InventoryExists(Conflict):
    """The provider has one of that class."""

    message = "Update conflict: Inventory of class {resource_class} for {provider} already exists"


class InventoryInUse(Conflict):
    """Somebody consumes from it."""

    code = "placement.inventory.inuse"
    message = "Inventory for '{resource_classes}' on resource provider '{provider}' in use."


class InventoryInvalid(Invalid):
    """More is reserved than there is."""

    message = (
        "Unable to {verb} inventory for resource provider {provider}: Invalid inventory for '{resource_class}' on "
        "resource provider '{provider}'. The reserved value is {comparison} total."
    )


# --- allocations --------------------------------------------------------------------------------------


class ConsumerInvalid(Invalid):
    """The URL's consumer is no uuid."""

    message = "Malformed consumer_uuid: {consumer}"


class ConsumerRepeated(Invalid):
    """The body names a consumer twice, once with dashes and once without."""

    message = "Consumer {consumer} is given more than once."


class AllocationsNotFound(NotFound):
    """The consumer has none."""

    message = "No allocations for consumer '{consumer}'"


class AllocationProviderUnknown(Invalid):
    """An allocation from a provider that does not exist."""

    message = "Allocation for resource provider '{provider}' that does not exist."


class AllocationClassUnknown(Invalid):
    """An allocation of a class that does not exist."""

    message = "Unable to allocate inventory for consumer {consumer}: No such resource class {name}."


class AllocationRefused(Conflict):
    """The provider cannot give that."""


class NoInventory(AllocationRefused):
    """It has nothing of the class."""

    message = (
        "Unable to allocate inventory: Inventory for '{resource_class}' on resource provider '{provider}' invalid."
    )


class ConstraintsViolated(AllocationRefused):
    """It gives not so little, not so much, or not in such steps."""

    message = (
        "Unable to allocate inventory: Unable to create allocation for '{resource_class}' on resource provider "
        "'{provider}'. The requested amount would violate inventory constraints."
    )


class CapacityExceeded(AllocationRefused):
    """It has not so much left."""

    message = (
        "Unable to allocate inventory: Unable to create allocation for '{resource_class}' on resource provider "
        "'{provider}'. The requested amount would exceed the capacity."
    )


# --- the audit ----------------------------------------------------------------------------------------


class ComputeForeign(Unavailable):
    """The compute that answers is not the one that allocates here: another region's, or one that lost its database."""

    message = (
        "Compute knows none of the {count} consumers that look like its own, and none of their hosts. It seems to be "
        "another one; [auth] region, or region, says which is meant."
    )

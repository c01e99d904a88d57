"""The Placement API, a row each."""

from __future__ import annotations

from pileus.kit.http.routes import PUBLIC, Route, RouteTable, Target
from pileus.kit.http.routes import route as r
from pileus.placement.api import (
    aggregate,
    allocation,
    candidate,
    inventory,
    provider,
    reshaper,
    resource_class,
    root,
    trait,
    usage,
)
from pileus.placement.api import schema as s
from pileus.placement.api import versions as v
from pileus.placement.backend import Backend

P = "/resource_providers"
ONE = "/resource_providers/{uuid}"
STOCK = "/resource_providers/{uuid}/inventories"
RP = "placement:resource_providers"
RC = "placement:resource_classes"
TRAIT = "placement:traits"
ALLOCATION = "placement:allocations"

# fmt: off
PROVIDERS = (
    r("GET", P, provider.list_, f"{RP}:list"),
    r("POST", P, provider.create, f"{RP}:create", body=s.POST_PROVIDER),
    r("GET", ONE, provider.show, f"{RP}:show"),
    r("PUT", ONE, provider.update, f"{RP}:update", body=s.PUT_PROVIDER),
    r("DELETE", ONE, provider.delete, f"{RP}:delete"),
    r("GET", STOCK, inventory.list_, f"{RP}:inventories:list"),
    r("POST", STOCK, inventory.create, f"{RP}:inventories:create", body=s.POST_INVENTORY),
    r("PUT", STOCK, inventory.replace, f"{RP}:inventories:update", body=s.PUT_INVENTORIES),
    r("DELETE", STOCK, inventory.delete_all, f"{RP}:inventories:delete", since=v.DELETE_INVENTORIES),
    r("GET", STOCK + "/{resource_class}", inventory.show, f"{RP}:inventories:show"),
    r("PUT", STOCK + "/{resource_class}", inventory.update, f"{RP}:inventories:update", body=s.PUT_INVENTORY),
    r("DELETE", STOCK + "/{resource_class}", inventory.delete, f"{RP}:inventories:delete"),
    r("GET", ONE + "/usages", usage.show_provider, f"{RP}:usages"),
    r("GET", ONE + "/aggregates", aggregate.show, f"{RP}:aggregates:list", since=v.AGGREGATES),
    r("PUT", ONE + "/aggregates", aggregate.replace, f"{RP}:aggregates:update",
      body=s.PUT_AGGREGATES, since=v.AGGREGATES),
    r("GET", ONE + "/traits", trait.list_of_provider, f"{RP}:traits:list", since=v.TRAITS),
    r("PUT", ONE + "/traits", trait.replace_of_provider, f"{RP}:traits:update",
      body=s.PUT_TRAITS, since=v.TRAITS),
    r("DELETE", ONE + "/traits", trait.clear_of_provider, f"{RP}:traits:delete", since=v.TRAITS),
    r("GET", ONE + "/allocations", allocation.list_of_provider, f"{RP}:allocations:list"),
)
NAMES = (
    r("GET", "/resource_classes", resource_class.list_, f"{RC}:list", since=v.RESOURCE_CLASSES),
    r("POST", "/resource_classes", resource_class.create, f"{RC}:create",
      body=s.RESOURCE_CLASS, since=v.RESOURCE_CLASSES),
    r("GET", "/resource_classes/{name}", resource_class.show, f"{RC}:show", since=v.RESOURCE_CLASSES),
    r("PUT", "/resource_classes/{name}", resource_class.rename, f"{RC}:update",
      body=s.RESOURCE_CLASS, since=v.RESOURCE_CLASSES, until=v.ENSURE_RESOURCE_CLASS),
    r("PUT", "/resource_classes/{name}", resource_class.ensure, f"{RC}:update", since=v.ENSURE_RESOURCE_CLASS),
    r("DELETE", "/resource_classes/{name}", resource_class.delete, f"{RC}:delete", since=v.RESOURCE_CLASSES),
    r("GET", "/traits", trait.list_, f"{TRAIT}:list", since=v.TRAITS),
    r("GET", "/traits/{name}", trait.show, f"{TRAIT}:show", since=v.TRAITS),
    r("PUT", "/traits/{name}", trait.ensure, f"{TRAIT}:update", since=v.TRAITS),
    r("DELETE", "/traits/{name}", trait.delete, f"{TRAIT}:delete", since=v.TRAITS),
)
CONSUMERS = (
    r("POST", "/allocations", allocation.replace_many, f"{ALLOCATION}:manage",
      body=s.POST_ALLOCATIONS, since=v.POST_ALLOCATIONS),
    r("GET", "/allocations/{consumer_uuid}", allocation.show, f"{ALLOCATION}:list"),
    r("PUT", "/allocations/{consumer_uuid}", allocation.replace, f"{ALLOCATION}:update", body=s.PUT_ALLOCATIONS),
    r("DELETE", "/allocations/{consumer_uuid}", allocation.delete, f"{ALLOCATION}:delete"),
    r("GET", "/allocation_candidates", candidate.list_, "placement:allocation_candidates:list",
      since=v.ALLOCATION_CANDIDATES),
    r("GET", "/allocation_candidates/explanation", candidate.explain, "placement:allocation_candidates:list",
      since=v.ALLOCATION_CANDIDATES),
    r("GET", "/usages", usage.show_owner, "placement:usages", target=Target.ROW, since=v.USAGES),
    r("POST", "/reshaper", reshaper.create, "placement:reshaper:reshape", body=s.RESHAPE, since=v.RESHAPER),
)
# fmt: on

ROUTES: RouteTable[Backend] = RouteTable[Backend](
    [Route(method="GET", path="/", handler=root.show, rule=PUBLIC), *PROVIDERS, *NAMES, *CONSUMERS]
)

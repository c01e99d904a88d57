"""The history of the Placement API, a line each. Code says the name of a change, never its number."""

from __future__ import annotations

from pileus.kit.http.message import Request
from pileus.kit.versions import History, Version, VersionInvalid, VersionUnacceptable


class PlacementVersionInvalid(VersionInvalid):
    """In this API's words."""

    message = "invalid version string: {version}"


class PlacementVersionUnacceptable(VersionUnacceptable):
    """In this API's words."""

    message = "Unacceptable version header: {version}"


HISTORY = History(
    "placement",
    oldest=(1, 0),
    pattern=r"\d+\.\d+",
    invalid=PlacementVersionInvalid,
    unacceptable=PlacementVersionUnacceptable,
)

AGGREGATES = HISTORY.at(1, 1, "providers are members of aggregates")
RESOURCE_CLASSES = HISTORY.at(1, 2, "custom resource classes")
LIST_BY_AGGREGATE = HISTORY.at(1, 3, "providers are listed by member_of")
LIST_BY_RESOURCES = HISTORY.at(1, 4, "providers are listed by resources")
DELETE_INVENTORIES = HISTORY.at(1, 5, "all inventories of a provider are deleted at once")
TRAITS = HISTORY.at(1, 6, "traits")
ENSURE_RESOURCE_CLASS = HISTORY.at(1, 7, "PUT of a resource class makes it; it renames no more")
ALLOCATION_OWNER = HISTORY.at(1, 8, "an allocation says whose it is")
USAGES = HISTORY.at(1, 9, "usages of a project and a user")
ALLOCATION_CANDIDATES = HISTORY.at(1, 10, "allocation candidates")
ALLOCATIONS_LINK = HISTORY.at(1, 11, "a provider links to its allocations")
ALLOCATION_DICT = HISTORY.at(1, 12, "allocations are a dictionary, written as they are read")
POST_ALLOCATIONS = HISTORY.at(1, 13, "allocations of several consumers at once")
TREES = HISTORY.at(1, 14, "a provider may have a parent")
CACHE_HEADERS = HISTORY.at(1, 15, "last-modified and cache-control")
LIMIT = HISTORY.at(1, 16, "a limit to allocation candidates")
CANDIDATES_BY_TRAITS = HISTORY.at(1, 17, "allocation candidates by required traits, and traits in the summaries")
LIST_BY_TRAITS = HISTORY.at(1, 18, "providers are listed by required traits")
AGGREGATE_GENERATION = HISTORY.at(1, 19, "a provider's generation guards its aggregates")
POST_PROVIDER_BODY = HISTORY.at(1, 20, "a new provider is shown")
CANDIDATES_BY_AGGREGATE = HISTORY.at(1, 21, "allocation candidates by member_of")
FORBIDDEN_TRAITS = HISTORY.at(1, 22, "a required trait with '!' is forbidden")
ERROR_CODES = HISTORY.at(1, 23, "errors carry a code")
MEMBER_OF_AGAIN = HISTORY.at(1, 24, "member_of may be given several times")
GROUPS = HISTORY.at(1, 25, "allocation candidates of several numbered groups")
RESERVE_ALL = HISTORY.at(1, 26, "an inventory may reserve all of its total")
ALL_SUMMARIES = HISTORY.at(1, 27, "summaries show every resource class of a provider")
CONSUMER_GENERATION = HISTORY.at(1, 28, "a consumer's generation guards its allocations")
CANDIDATE_TREES = HISTORY.at(1, 29, "allocation candidates of trees of providers")
RESHAPER = HISTORY.at(1, 30, "inventories and allocations are moved at once")
IN_TREE = HISTORY.at(1, 31, "allocation candidates of one tree")
FORBIDDEN_AGGREGATES = HISTORY.at(1, 32, "a member_of with '!' is forbidden")
NAMED_GROUPS = HISTORY.at(1, 33, "groups have names instead of numbers")
MAPPINGS = HISTORY.at(1, 34, "candidates tell which provider serves which group")
ROOT_REQUIRED = HISTORY.at(1, 35, "allocation candidates by traits of the root")
SAME_SUBTREE = HISTORY.at(1, 36, "groups that shall be served close to each other")
REPARENT = HISTORY.at(1, 37, "a provider may leave its parent, for another or for none")
CONSUMER_TYPES = HISTORY.at(1, 38, "a consumer has a type, and usages are shown by it")
ANY_TRAITS = HISTORY.at(1, 39, "of required traits with 'in:' one is enough, and required may be given several times")


def read_version(request: Request, history: History) -> Version:
    """Return the version that a request names in `openstack-api-version: placement 1.31`, else the oldest."""
    for part in reversed(request.headers.get("openstack-api-version", "").split(",")):
        service, _, version = part.strip().partition(" ")
        if service.lower() == history.service_type:
            return history.parse(version.strip())
    return history.oldest

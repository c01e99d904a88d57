"""Speaking to a placement service (Placement 1.x)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from pileus.clients.session import Session
from pileus.kit.errors import Conflict, Invalid, NotFound, Unavailable
from pileus.kit.http.message import Reply

VERSION = "1.32"

Amounts = Mapping[str, int]
"""Resource class → amount."""


class PlacementFailed(Unavailable):
    """Placement answered what it should not."""

    message = "The placement service answered {status} to {what}: {reason}"


class RequestRefused(Invalid):
    """Placement does not understand what is asked for, such as a trait that does not exist."""

    message = "The placement service refused: {reason}"


class ProviderNotFound(NotFound):
    """Placement does not know this resource provider."""

    message = "Placement has no resource provider {provider}."


class ProviderNameTaken(Conflict):
    """Another resource provider has the name."""

    message = "Placement has another resource provider with the name {name}."


class ProviderInUse(Conflict):
    """Somebody still holds something of a resource provider."""

    message = "Placement does not delete the resource provider {provider}: {reason}"


class ClaimRefused(Conflict):
    """There is no room any more where there was some: somebody was faster."""

    message = "Placement refused to allocate: {reason}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to place something: what to take from which providers."""

    allocations: dict[str, dict[str, int]]  # provider → class → amount
    root_provider: str


@dataclass(frozen=True, slots=True)
class Room:
    """What providers can hold and what is used of that: columns per class, with a row for each provider."""

    providers: Sequence[str]
    capacity: Mapping[str, NDArray[np.int64]]
    used: Mapping[str, NDArray[np.int64]]


class Placement:
    """The placement service, as compute uses it."""

    def __init__(self, session: Session, *, token: str | None = None) -> None:
        """`token` is what a placement wants that takes everybody's word, in place of the session's."""
        self._session = session
        self._token = {"x-auth-token": token} if token else {}

    def candidates(
        self,
        resources: Amounts,
        *,
        required: Collection[str] = (),
        forbidden: Collection[str] = (),
        member_of: Collection[Collection[str]] = (),
        not_member_of: Collection[str] = (),
        limit: int | None = None,
    ) -> tuple[list[Candidate], Room]:
        """Return the ways to place something, and the room where they lead. Raises RequestRefused, PlacementFailed."""
        query = [("resources", ",".join(f"{name}:{amount}" for name, amount in sorted(resources.items())))]
        traits = [*sorted(required), *(f"!{trait}" for trait in sorted(forbidden))]
        if traits:
            query.append(("required", ",".join(traits)))
        query += [("member_of", f"in:{','.join(sorted(some))}") for some in member_of]
        if not_member_of:
            query.append(("member_of", f"!in:{','.join(sorted(not_member_of))}"))
        if limit is not None:
            query.append(("limit", str(limit)))
        reply = self._send("GET", f"/allocation_candidates?{urlencode(query, safe=',:!')}")
        if reply.status == 400:
            raise RequestRefused(reason=_detail(reply))
        document = self._ok(reply, "GET allocation candidates")
        summaries = document["provider_summaries"]
        found = [
            Candidate(
                {provider: dict(part["resources"]) for provider, part in request["allocations"].items()},
                next(summaries[provider].get("root_provider_uuid", provider) for provider in request["allocations"]),
            )
            for request in document["allocation_requests"]
        ]
        return found, _room(list(dict.fromkeys(candidate.root_provider for candidate in found)), summaries)

    def claim(self, consumer: str, allocations: Mapping[str, Amounts], *, project_id: str, user_id: str) -> None:
        """Allocate for a consumer that holds nothing yet; doing it again changes nothing. Raises ClaimRefused."""
        wanted = {provider: dict(amounts) for provider, amounts in allocations.items()}
        body = {
            "allocations": {provider: {"resources": amounts} for provider, amounts in wanted.items()},
            "project_id": project_id,
            "user_id": user_id,
            "consumer_generation": None,
        }
        reply = self._send("PUT", f"/allocations/{consumer}", body)
        if reply.status == 409 and self.allocations(consumer)[0] == wanted:
            return  # an earlier attempt came through, though its answer did not
        if reply.status == 409:
            raise ClaimRefused(reason=_detail(reply))
        self._ok(reply, "PUT allocations")

    def hand_over(self, giver: str, taker: str, *, project_id: str, user_id: str) -> None:
        """Let `taker`, who holds nothing, hold all that `giver` does, at one moment; doing it again changes nothing.

        Raises ClaimRefused, PlacementFailed.
        """
        held, generation = self.allocations(giver)
        if not held:
            return
        owner = {"project_id": project_id, "user_id": user_id}
        taken = {provider: {"resources": amounts} for provider, amounts in held.items()}
        body = {
            giver: {"allocations": {}, "consumer_generation": generation, **owner},
            taker: {"allocations": taken, "consumer_generation": None, **owner},
        }
        reply = self._send("POST", "/allocations", body)
        if reply.status == 409:
            raise ClaimRefused(reason=_detail(reply))
        self._ok(reply, "POST allocations")

    def release(self, consumer: str) -> None:
        """Give back all that a consumer holds; one that holds nothing is no error. Raises PlacementFailed."""
        reply = self._send("DELETE", f"/allocations/{consumer}")
        if reply.status != 404:
            self._ok(reply, "DELETE allocations")

    def allocations(self, consumer: str) -> tuple[dict[str, dict[str, int]], int | None]:
        """Return what a consumer holds, and its generation (None: it is unknown)."""
        document = self._ok(self._send("GET", f"/allocations/{consumer}"), "GET allocations")
        held = {provider: dict(part["resources"]) for provider, part in document["allocations"].items()}
        return held, document.get("consumer_generation")

    def consumers_of(self, provider: str) -> dict[str, dict[str, int]]:
        """Return who holds what of a provider. Raises ProviderNotFound."""
        reply = self._send("GET", f"/resource_providers/{provider}/allocations")
        document = self._ok(reply, "GET provider allocations", provider)
        return {consumer: dict(part["resources"]) for consumer, part in document["allocations"].items()}

    def ensure_provider(self, provider: str, name: str) -> None:
        """Make a resource provider if there is none of this uuid. Raises ProviderNameTaken, PlacementFailed."""
        made = self._send("POST", "/resource_providers", {"uuid": provider, "name": name})
        if made.status != 409:
            self._ok(made, "POST resource provider")
        elif self.find_provider(name) not in (None, provider):
            raise ProviderNameTaken(name=name)
        else:
            self._ok(self._send("GET", f"/resource_providers/{provider}"), "GET resource provider", provider)

    def generations(self) -> dict[str, int]:
        """Return every provider with its generation, which any change of it moves. Raises PlacementFailed."""
        found = self._ok(self._send("GET", "/resource_providers"), "GET resource providers")["resource_providers"]
        return {str(one["uuid"]): int(one["generation"]) for one in found}

    def find_provider(self, name: str) -> str | None:
        """Return the uuid of the resource provider of that name. Raises PlacementFailed."""
        reply = self._send("GET", f"/resource_providers?{urlencode({'name': name})}")
        found = self._ok(reply, "GET resource providers")["resource_providers"]
        return str(found[0]["uuid"]) if found else None

    def delete_provider(self, provider: str) -> None:
        """Remove a resource provider; one that is gone is no error. Raises ProviderInUse, PlacementFailed."""
        reply = self._send("DELETE", f"/resource_providers/{provider}")
        if reply.status == 409:
            raise ProviderInUse(provider=provider, reason=_detail(reply))
        if reply.status != 404:
            self._ok(reply, "DELETE resource provider")

    def set_inventories(self, provider: str, inventories: Mapping[str, Mapping[str, Any]]) -> None:
        """Let a provider have exactly these inventories, written only if they differ. Raises PlacementFailed."""
        path = f"/resource_providers/{provider}/inventories"
        current = self._ok(self._send("GET", path), "GET inventories", provider)
        if all(_covers(current["inventories"].get(name, {}), wanted) for name, wanted in inventories.items()) and len(
            current["inventories"]
        ) == len(inventories):
            return
        for name in inventories:
            if name.startswith("CUSTOM_"):
                self._ok(self._send("PUT", f"/resource_classes/{name}"), "PUT resource class")
        body = {"resource_provider_generation": current["resource_provider_generation"], "inventories": inventories}
        self._ok(self._send("PUT", path, body), "PUT inventories", provider)

    def traits(self, provider: str) -> frozenset[str]:
        """Return what a provider can do. Raises PlacementFailed."""
        path = f"/resource_providers/{provider}/traits"
        return frozenset(self._ok(self._send("GET", path), "GET traits", provider)["traits"])

    def set_traits(self, provider: str, traits: Collection[str]) -> None:
        """Let a provider have exactly these standard traits, written only if they differ. Raises PlacementFailed.

        Custom traits are left as they are: it is operators who give hosts those.
        """
        path = f"/resource_providers/{provider}/traits"
        current = self._ok(self._send("GET", path), "GET traits", provider)
        wanted = {*traits, *(trait for trait in current["traits"] if trait.startswith("CUSTOM_"))}
        if set(current["traits"]) == wanted:
            return
        body = {"resource_provider_generation": current["resource_provider_generation"], "traits": sorted(wanted)}
        self._ok(self._send("PUT", path, body), "PUT traits", provider)

    def set_aggregates(self, provider: str, aggregates: Collection[str], known: Collection[str]) -> None:
        """Let a provider be in these aggregates of those `known`, written only if it differs. Raises PlacementFailed.

        Others are left as they are: they are somebody else's.
        """
        path = f"/resource_providers/{provider}/aggregates"
        current = self._ok(self._send("GET", path), "GET aggregates", provider)
        wanted = {*aggregates, *(one for one in current["aggregates"] if one not in known)}
        if set(current["aggregates"]) != wanted:
            generation = current["resource_provider_generation"]
            body = {"aggregates": sorted(wanted), "resource_provider_generation": generation}
            self._ok(self._send("PUT", path, body), "PUT aggregates", provider)

    def _send(self, method: str, path: str, json: Any = None) -> Reply:
        headers = {"openstack-api-version": f"placement {VERSION}", **self._token}
        return self._session.request("placement", method, path, json=json, headers=headers)

    def _ok(self, reply: Reply, what: str, provider: str | None = None) -> Any:
        if reply.status == 404 and provider is not None:
            raise ProviderNotFound(provider=provider)
        if reply.status >= 300:
            raise PlacementFailed(status=reply.status, what=what, reason=_detail(reply))
        return reply.decoded()


def _room(providers: Sequence[str], summaries: Mapping[str, Any]) -> Room:
    parts = [summaries[provider]["resources"] if provider in summaries else {} for provider in providers]
    classes = sorted({name for resources in parts for name in resources})
    capacity, used = (
        {
            name: np.array([resources[name][what] if name in resources else 0 for resources in parts], dtype=np.int64)
            for name in classes
        }
        for what in ("capacity", "used")
    )
    return Room(providers, capacity, used)


def _covers(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(current.get(name) == value for name, value in wanted.items())


def _detail(reply: Reply) -> str:
    if not isinstance(reply.body, bytes) or not reply.headers.get("content-type", "").startswith("application/json"):
        return f"status {reply.status}"
    return str(reply.decoded()["errors"][0]["detail"])

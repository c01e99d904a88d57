"""The small languages inside of query strings."""

from __future__ import annotations

from collections.abc import Sequence

from pileus.kit import ids
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Request
from pileus.kit.schema import DatedSchema, Schema
from pileus.placement.api import versions
from pileus.placement.model.request_group import AggregateWish, TraitWish


class QueryInvalid(Invalid):
    """The query string is not understood."""

    message = "Invalid query string parameters: {cause}"


class ResourcesInvalid(Invalid):
    """`resources` is not understood."""

    message = (
        "Badly formed resources parameter. Expected resources query string parameter in form: "
        "?resources=VCPU:2,MEMORY_MB:1024. Got: {got}."
    )


class AmountInvalid(Invalid):
    """An amount in `resources` is no number from 1 up."""

    message = "Requested resource {name} expected positive integer amount. Got: {got}."


class AmountTooSmall(Invalid):
    """An amount in `resources` is 0 or less."""

    message = "Requested resource {name} requires amount >= 1. Got: {got}."


class RequiredInvalid(QueryInvalid):
    """`required` is not understood."""

    def __init__(self, key: str, got: str, *, may_forbid: bool) -> None:
        form = "HW_CPU_X86_VMX,!CUSTOM_MAGIC" if may_forbid else "HW_CPU_X86_VMX,CUSTOM_MAGIC"
        super().__init__(cause=f"Expected '{key}' parameter value of the form: {form}. Got: {got}")


class MemberOfInvalid(QueryInvalid):
    """`member_of` is not understood."""

    def __init__(self, got: str) -> None:
        super().__init__(cause=f"Expected 'member_of' parameter to contain valid UUID(s). Got: {got}")


def read(request: Request, schema: Schema | DatedSchema) -> dict[str, str]:
    """Return a query that fits its schema; of a name given twice the first value. Raises QueryInvalid."""
    names: dict[str, str] = {}
    for name, value in request.query.pairs():
        if "\0" in value:  # which PostgreSQL does not even compare
            raise QueryInvalid(cause=f"'{name}' holds a NUL character")
        names.setdefault(name, value)
    chosen = schema.at(request.version) if isinstance(schema, DatedSchema) else schema
    mismatch = chosen.mismatch(names)
    if mismatch is not None:
        raise QueryInvalid(cause=mismatch.text)
    return names


def resources(text: str) -> dict[str, int]:
    """Return `VCPU:2,MEMORY_MB:1024` as amounts. Raises ResourcesInvalid, AmountInvalid, AmountTooSmall."""
    if not text.strip():
        raise ResourcesInvalid(got="empty string")
    amounts = {}
    for part in text.split(","):
        name, colon, amount = part.partition(":")
        if not colon or not name or ":" in amount:
            raise ResourcesInvalid(got=text)
        amounts[name] = _amount(name, amount)
    return amounts


def _amount(name: str, text: str) -> int:
    try:
        amount = int(text)
    except ValueError:
        raise AmountInvalid(name=name, got=text) from None
    if amount < 1:
        raise AmountTooSmall(name=name, got=amount)
    return amount


def required(request: Request, key: str = "required") -> TraitWish:
    """Return values like `CUSTOM_A,!CUSTOM_B` and `in:CUSTOM_C,CUSTOM_D` as a wish. Raises QueryInvalid."""
    texts = request.query.all(key)
    if not request.since(versions.ANY_TRAITS):
        texts = texts[-1:]  # for long the last one silently won
    wanted: list[frozenset[str]] = []
    forbidden: set[str] = set()
    for text in texts:
        if text.startswith("in:"):
            wanted.append(_any_of(request, key, text))
        else:
            _collect(request, key, text, wanted, forbidden)
    both = sorted(forbidden & frozenset[str]().union(*(one for one in wanted if len(one) == 1)))
    if both:
        what = f"required and forbidden traits found in the following traits keys: {key}: ({', '.join(both)})"
        raise QueryInvalid(cause=f"Conflicting {what}")
    return TraitWish(tuple(wanted), frozenset(forbidden))


def _any_of(request: Request, key: str, text: str) -> frozenset[str]:
    if not request.since(versions.ANY_TRAITS):
        what = "The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39."
        raise QueryInvalid(cause=what)
    names = [name.strip() for name in text.removeprefix("in:").split(",")]
    if not all(name and not name.startswith("!") for name in names):
        raise RequiredInvalid(key, text, may_forbid=True)
    return frozenset(names)


def _collect(request: Request, key: str, text: str, wanted: list[frozenset[str]], forbidden: set[str]) -> None:
    may_forbid = request.since(versions.FORBIDDEN_TRAITS)
    for part in text.split(","):
        name = part.strip()
        is_forbidden = name.startswith("!")
        name = name.removeprefix("!")
        if not name or (is_forbidden and not may_forbid):
            raise RequiredInvalid(key, text, may_forbid=may_forbid)
        if is_forbidden:
            forbidden.add(name)
        else:
            wanted.append(frozenset([name]))


def member_of(request: Request, texts: Sequence[str]) -> AggregateWish:
    """Return values like `uuid` and `in:uuid,uuid` as a wish. Raises MemberOfInvalid, QueryInvalid."""
    if len(texts) > 1 and not request.since(versions.MEMBER_OF_AGAIN):
        raise QueryInvalid("Multiple member_of parameters are not supported")
    forbidding = [text for text in texts if text.startswith("!")]
    if forbidding and not request.since(versions.FORBIDDEN_AGGREGATES):
        raise QueryInvalid("Forbidden member_of parameters are not supported in the specified microversion")
    return AggregateWish(
        tuple(_one_member_of(text) for text in texts if not text.startswith("!")),
        frozenset[str]().union(*(_one_member_of(text.removeprefix("!")) for text in forbidding)),
    )


def _one_member_of(text: str) -> frozenset[str]:
    listed = text.removeprefix("in:").split(",") if text.startswith("in:") else [text]
    if not all(ids.is_uuid(uuid) for uuid in listed):
        raise MemberOfInvalid(text)
    return frozenset(listed)

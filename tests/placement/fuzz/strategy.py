"""What to send: values that fit a JSON schema, and the same with something wrong in them."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

UUIDS = (
    "10000000-0000-4000-8000-000000000001",
    "20000000-0000-4000-8000-000000000002",
    "c0000000-0000-4000-8000-000000000003",
    "a0000000-0000-4000-8000-000000000004",
)
SPELLINGS = (*UUIDS, UUIDS[2].upper(), UUIDS[2].replace("-", ""))  # a uuid may be written in several ways
NAMES = ("VCPU", "DISK_GB", "CUSTOM_THING", "CUSTOM_MISSING", "HW_CPU_X86_VMX")
WORDS = ("x", "name", "in:", "!", "INSTANCE", "all")
GENERATIONS = (0, 1, 2, 3, None)

DEEP: Any = "deep"
for _ in range(200):
    DEEP = [DEEP]

TEXTS = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202eabc", "\U0001f4a9", "\u0301", "é" * 200, "x" * 201,
    "x" * 256, "x" * 70_000, "../..", "%", "%00", "%zz", "'; --", "{x}", "%(x)s", "null", "NaN", "1", "-1", "1e3",
    "{10000000-0000-4000-8000-000000000001}", "urn:uuid:10000000-0000-4000-8000-000000000001",
    "10000000-0000-4000-8000-00000000000g", "10000000000040008000000000000001", "C0000000-0000-4000-8000-000000000003",
    "1-0-0-0-0-0-0-0-0000000000040008000000000000001", "CUSTOM_", "CUSTOM_\n", "VCPU\n", "vcpu", "CUSTOM_é", "\u2167",
    "\u0661",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**400, 0.0, -0.0,
    0.5, 1.0, 1.5, -1.5, 1e-320, 3.40282e38, 3.5e38, 1e308, float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
ODD: tuple[Any, ...] = (*TEXTS, *NUMBERS, None, True, False, [], {}, [[]], {"": None}, [None], {"a": {"a": {}}}, DEEP)

odd = st.sampled_from(ODD).map(copy.deepcopy)
odd_texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=8))


def fitting(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Return values that fit a schema, of the kinds of schema that this API has."""
    if "anyOf" in schema:
        return st.one_of(*map(fitting, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if isinstance(kind, list):
        return st.sampled_from(GENERATIONS)
    return {"object": _objects, "array": _arrays, "string": _texts, "integer": _integers}.get(kind, _others)(schema)


@st.composite
def _objects(draw: DrawFn, schema: dict[str, Any]) -> dict[str, Any]:
    properties, required = schema.get("properties", {}), schema.get("required", ())
    made = {name: draw(fitting(one)) for name, one in properties.items() if name in required or draw(st.booleans())}
    for pattern, one in schema.get("patternProperties", {}).items():
        names = st.sampled_from(UUIDS if "a-fA-F" in pattern else ("", "_A") if "a-z" in pattern else NAMES)
        made |= draw(st.dictionaries(names, fitting(one), min_size=schema.get("minProperties", 0), max_size=2))
    return made


def _arrays(schema: dict[str, Any]) -> SearchStrategy[Any]:
    is_unique = schema.get("uniqueItems", False)
    least = schema.get("minItems", 0)
    return st.lists(fitting(schema["items"]), min_size=least, max_size=2, unique=is_unique)


def _texts(schema: dict[str, Any]) -> SearchStrategy[Any]:
    if schema.get("format") == "uuid":
        return st.sampled_from(UUIDS)
    return st.sampled_from(NAMES if "pattern" in schema else WORDS)


def _integers(schema: dict[str, Any]) -> SearchStrategy[Any]:
    return st.integers(schema.get("minimum", 0), min(schema.get("maximum", 8), 8))


def _others(schema: dict[str, Any]) -> SearchStrategy[Any]:
    return st.sampled_from([0.5, 1.0, 2]) if schema["type"] == "number" else st.none()


def ways_into(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(one for key, part in parts for one in ways_into(part, (*way, key)))]


@st.composite
def spoiled(draw: DrawFn, value: Any) -> Any:
    """Return a document with something wrong in some place, or in several."""
    changed = [copy.deepcopy(value)]
    for _ in range(draw(st.integers(0, 2))):
        if not changed:
            break
        way = (0, *draw(st.sampled_from(ways_into(changed[0]))))
        holder: Any = changed
        for key in way[:-1]:
            holder = holder[key]
        verb = draw(st.sampled_from(("replace", "replace", "remove", "add", "rename", "wrap", "double")))
        _spoil(draw, holder, way[-1], verb)
    return changed[0] if changed else None


def _spoil(draw: DrawFn, holder: Any, key: Any, verb: str) -> None:
    part = holder[key]
    if verb == "remove":
        del holder[key]
    elif verb == "wrap":
        holder[key] = [part]
    elif verb == "add" and isinstance(part, dict):
        part[draw(odd_texts)] = draw(odd)
    elif verb == "rename" and isinstance(holder, dict):
        holder[draw(odd_texts)] = holder.pop(key)
    elif verb == "double" and isinstance(part, list):
        part += copy.deepcopy(part)
    else:
        holder[key] = draw(odd)


def written(value: Any) -> bytes:
    """Return a document as JSON, with the literals that JSON does not have and with halves of characters."""
    return json.dumps(value).encode()


@st.composite
def broken(draw: DrawFn, text: bytes) -> bytes:
    """Return a text that was cut, doubled, or has other bytes in it; most often as it was."""
    verb = draw(st.sampled_from(("keep", "keep", "keep", "cut", "double", "insert")))
    at = draw(st.integers(0, len(text)))
    piece = {"cut": b"", "double": text, "insert": draw(st.binary(max_size=4))}.get(verb, text[at:])
    return text[:at] + piece + (text[at:] if verb == "insert" else b"")

"""JSON schemas of request bodies, compiled at import.

A compiled validator answers yes or no in microseconds. Only when it says no does `jsonschema` look again, because
clients and people read the sentence that it words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jsonschema_rs

from pileus.kit import ids
from pileus.kit.patience import require_time_to_wait
from pileus.kit.versions import Change, Version


def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or ids.is_uuid(value)


_FORMATS = {"uuid": _is_uuid}  # OpenStack takes UUIDs with or without dashes; JSON schema's own must have them


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where and why a body does not fit its schema."""

    path: tuple[str | int, ...]  # of the offending value in the body
    value: Any
    sentence: str  # in jsonschema's words
    schema_path: tuple[str | int, ...]
    schema: Any  # the subschema that refused
    validator: str  # the keyword that refused, such as 'required'
    text: str  # the sentence, and behind it what jsonschema prints of the schema and the value


class Schema:
    """One JSON schema (draft 7)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = dict(document)
        self._compiled = jsonschema_rs.Draft7Validator(self.document, validate_formats=True, formats=_FORMATS)

    def mismatch(self, value: Any) -> Mismatch | None:
        """Return what is wrong with `value`, or None."""
        if self._compiled.is_valid(value):
            return None
        return self._explain(value)

    def _explain(self, value: Any) -> Mismatch:
        require_time_to_wait()  # an import, the first time, and afterwards as long as it takes
        from jsonschema.exceptions import best_match

        error = best_match(self._wordy.iter_errors(value))
        if error is None:  # the two libraries disagree, on a format for instance
            first = next(iter(self._compiled.iter_errors(value)))
            path = tuple(first.instance_path)
            return Mismatch(path, value, first.message, tuple(first.schema_path), {}, "format", first.message)
        return Mismatch(
            tuple(error.absolute_path),
            error.instance,
            error.message,
            tuple(error.relative_schema_path),
            error.schema,
            str(error.validator),
            str(error),
        )

    @cached_property
    def _wordy(self) -> Any:
        from jsonschema import Draft7Validator, FormatChecker

        checker = FormatChecker()
        for name, is_valid in _FORMATS.items():
            checker.checks(name)(is_valid)
        return Draft7Validator(self.document, format_checker=checker)


class DatedSchema:
    """A body whose schema changed over the microversions: `(change or None for the first, schema)`, oldest first."""

    def __init__(self, *dated: tuple[Change | None, Schema]) -> None:
        self.dated = dated

    def at(self, version: Version | None) -> Schema:
        """Return the schema in force at `version`."""
        chosen = self.dated[0][1]
        for change, schema in self.dated[1:]:
            if change is not None and version is not None and version >= change.version:
                chosen = schema
        return chosen


def obj(properties: Mapping[str, Any], required: Sequence[str] = (), *, extra: bool = False) -> dict[str, Any]:
    """Return the schema of an object; unknown members are refused unless `extra`."""
    document: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": extra}
    if required:
        document["required"] = list(required)
    return document

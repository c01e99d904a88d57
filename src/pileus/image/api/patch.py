"""The grammar of PATCH: two kinds of JSON patch, told apart by the content type.

v2.1  [{"op": "replace", "path": "/name", "value": "new"}]
v2.0  [{"replace": "/name", "value": "new"}]
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pileus.image.model.change import LOCATIONS, Change, require_settable
from pileus.image.schema import ImageSchema
from pileus.kit.errors import Invalid, UnsupportedMedia
from pileus.kit.http.message import MalformedBody, Request

MEDIA_2_0 = "application/openstack-images-v2.0-json-patch"
MEDIA_2_1 = "application/openstack-images-v2.1-json-patch"
VERBS = ("add", "remove", "replace")
_ARRAY_DEPTH = {("add", LOCATIONS): 2, ("remove", LOCATIONS): 2}


class PatchMediaUnknown(UnsupportedMedia):
    """The content type is none of the two."""

    message = f"Image PATCH expects Content-Type one of: {MEDIA_2_0}, {MEDIA_2_1}"


class PatchInvalid(Invalid):
    """The patch is not understood."""


def read(request: Request, schema: ImageSchema) -> list[Change]:
    """Return the changes that a request asks for.

    Raises PatchMediaUnknown, MalformedBody, PatchInvalid, SchemaMismatch, AttributeReadOnly, AttributeReserved.
    """
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media not in (MEDIA_2_0, MEDIA_2_1):
        raise PatchMediaUnknown(accept_patch=(MEDIA_2_0, MEDIA_2_1))
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(reason=error) from None
    if not isinstance(body, list):
        raise PatchInvalid("Request body must be a JSON array of operation objects.")
    return [_change(step, schema, is_newer=media == MEDIA_2_1) for step in body]


def _change(step: Any, schema: ImageSchema, *, is_newer: bool) -> Change:
    if not isinstance(step, dict):
        raise PatchInvalid("Operations must be JSON objects.")
    verb, pointer = _newer_step(step) if is_newer else _older_step(step)
    names = _decode(pointer)
    if len(names) != _ARRAY_DEPTH.get((verb, names[0]), 1):
        raise PatchInvalid(f"Invalid JSON pointer for this resource: '/{'/'.join(names)}'")
    if verb != "remove" and "value" not in step:
        raise PatchInvalid(f'Operation "{verb}" requires a member named "value".')
    require_settable(names[0])
    value = step.get("value")
    if value is None:
        schema.require_removable(names[0])
    if verb != "remove":
        schema.require_part({names[0]: value if len(names) == 1 else [value]})
    return Change(verb, names[0], value, may_exist=is_newer, place=names[-1])


def _newer_step(step: dict[str, Any]) -> tuple[str, Any]:
    verb = step.get("op")
    one_of = f"It must be one of the following: {', '.join(VERBS)}."
    if verb is None:
        raise PatchInvalid(f"Unable to find `op` in JSON Schema change. {one_of}")
    if verb not in VERBS:
        raise PatchInvalid(f"Invalid operation: `{verb}`. {one_of}")
    if "path" not in step:
        raise PatchInvalid("Unable to find 'path' in JSON Schema change")
    return str(verb), step["path"]


def _older_step(step: dict[str, Any]) -> tuple[str, Any]:
    verbs = [verb for verb in VERBS if verb in step]
    if len(verbs) != 1:
        count = "only one member" if verbs else "exactly one member"
        raise PatchInvalid(f'Operation objects must contain {count} named "add", "remove", or "replace".')
    return verbs[0], step[verbs[0]]


def _decode(pointer: Any) -> list[str]:
    """Return the names of a JSON pointer, of which only plain ones are understood."""
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise PatchInvalid(f'Pointer `{pointer}` does not start with "/".')
    if re.search(r"/\s*?/", pointer[1:]):
        raise PatchInvalid(f'Pointer `{pointer}` contains adjacent "/".')
    if len(pointer) > 1 and pointer.endswith("/"):
        raise PatchInvalid(f'Pointer `{pointer}` end with "/".')
    if re.search(r"~([^01]|$)", pointer):
        raise PatchInvalid(f'Pointer `{pointer}` contains "~" not part of a recognized escape sequence.')
    return [part.replace("~1", "/").replace("~0", "~").strip() for part in pointer.lstrip("/").split("/")]

from __future__ import annotations

import pytest
from jsonschema import Draft7Validator

from tests.image.bench import ADMIN, READER, Site
from tests.image.metadefs import FULL

NAMES = {
    "namespace": "namespace",
    "namespaces": "namespaces",
    "object": "object",
    "objects": "objects",
    "property": "property",
    "properties": "properties",
    "tag": "tag",
    "tags": "tags",
    "resource_type": "resource_type_association",
    "resource_types": "resource_type_associations",
}
PATHS = {
    "namespaces": "",
    "namespace": "/OS::Test",
    "objects": "/OS::Test/objects",
    "object": "/OS::Test/objects/both",
    "properties": "/OS::Test/properties",
    "property": "/OS::Test/properties/words",
    "tags": "/OS::Test/tags",
    "tag": "/OS::Test/tags/one",
    "resource_types": "/OS::Test/resource_types",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_reader_reads_every_schema(site: Site, name: str) -> None:
    reply = site.call("GET", f"/v2/schemas/metadefs/{name}", token=READER)
    assert (reply.status, reply.decoded()["name"]) == (200, NAMES[name])
    Draft7Validator.check_schema(reply.decoded())


@pytest.mark.parametrize("name", PATHS)
def test_what_is_shown_fits_its_schema(site: Site, name: str) -> None:
    assert site.call("POST", "/v2/metadefs/namespaces", FULL, token=ADMIN).status == 201
    schema = site.call("GET", f"/v2/schemas/metadefs/{name}").decoded()
    shown = site.call("GET", f"/v2/metadefs/namespaces{PATHS[name]}").decoded()
    Draft7Validator(schema).validate(shown)


def test_there_are_no_other_schemas(site: Site) -> None:
    assert site.call("GET", "/v2/schemas/metadefs/nothing").status == 404

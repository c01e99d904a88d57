from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from pileus.image.model import errors
from pileus.image.model.change import Change, apply
from pileus.image.model.image import Image, Limits

NOON = datetime(2026, 1, 1, 12)


def image(**attributes: Any) -> Image:
    return Image(**{"id": "i", "created_at": NOON, "updated_at": NOON, "properties": {"os": "linux"}, **attributes})


def test_attributes_and_properties_are_replaced() -> None:
    new = apply(image(), [Change("replace", "name", "new"), Change("replace", "os", "bsd")], Limits())
    assert (new.name, new.properties) == ("new", {"os": "bsd"})


def test_a_property_is_added_and_removed() -> None:
    assert apply(image(), [Change("add", "arch", "arm")], Limits()).properties == {"os": "linux", "arch": "arm"}
    assert apply(image(), [Change("remove", "os")], Limits()).properties == {}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (Change("remove", "name"), errors.AttributeNotRemovable),
        (Change("replace", "status", "active"), errors.AttributeReadOnly),
        (Change("add", "deleted_at", "now"), errors.AttributeReserved),
        (Change("add", "os_glance_stage", "x"), errors.AttributeReserved),
        (Change("remove", "nope"), errors.PropertyMissing),
        (Change("replace", "nope", "x"), errors.PropertyMissing),
        (Change("add", "os", "x", may_exist=False), errors.PropertyExists),
        (Change("add", "name", "x", may_exist=False), errors.PropertyExists),
        (Change("replace", "min_disk", -1), errors.NegativeValue),
        (Change("add", "k" * 256, "x"), errors.PropertyNameTooLong),
    ],
)
def test_a_change_that_may_not_be_is_refused(change: Change, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        apply(image(), [change], Limits())


def test_formats_are_fixed_once_there_are_bytes() -> None:
    change = Change("replace", "disk_format", "qcow2")
    assert apply(image(), [change], Limits()).disk_format == "qcow2"
    with pytest.raises(errors.FormatFixed):
        apply(image(status="active"), [change], Limits())


def test_properties_and_tags_are_counted() -> None:
    with pytest.raises(errors.TooManyProperties, match="Attempted: 2, Maximum: 1"):
        apply(image(), [Change("add", "second", "x")], Limits(properties=1))
    with pytest.raises(errors.TooManyTags):
        apply(image(), [Change("replace", "tags", ["a", "b"])], Limits(tags=1))
    apply(image(), [Change("add", "second", "x")], Limits(properties=-1))

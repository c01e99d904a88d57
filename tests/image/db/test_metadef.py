from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import event, func, select

from pileus.image.db import metadef_namespace as namespaces
from pileus.image.db import metadef_part as parts
from pileus.image.db import metadef_resource_type as resource_types
from pileus.image.db import metadef_tables as tables
from pileus.image.db.metadef_part import ASSOCIATION, OBJECT, PROPERTY, TAG
from pileus.image.model.metadef import Definition, Namespace
from pileus.image.model.metadef_errors import (
    NamespaceExists,
    NamespaceNotFound,
    NamespaceProtected,
    PartExists,
    PartNotFound,
    PartProtected,
)
from pileus.image.model.metadef_query import NAMESPACE_SORT_KEYS, PART_SORT_KEYS, NamespaceFilter, Page
from pileus.image.model.query import Viewer
from pileus.image.operations import metadef_catalogue as catalogues
from pileus.image.operations import metadef_namespace as operation
from pileus.image.operations import metadef_part as part_operation
from pileus.image.operations.metadef_catalogue import Way
from pileus.kit.db import Database
from tests.image.metadefs import NOON, NUMBER, WORDS, definition, empty

LATER = NOON + timedelta(hours=1)
ADMIN = Viewer("admin", is_admin=True)
ALL = NamespaceFilter()


def find(database: Database, name: str) -> Definition | None:
    """Return a namespace with all that it holds, without the id that the database gave it."""
    with database.read() as tx:
        namespace = namespaces.find(tx, name)
        if namespace is None:
            return None
        [found] = parts.with_parts(tx, [namespace])
        return replace(found, namespace=replace(found.namespace, id=0))


def names(database: Database, viewer: Viewer = ADMIN, wanted: NamespaceFilter = ALL, **page: Any) -> list[str]:
    with database.read() as tx:
        return [each.namespace for each in namespaces.list_namespaces(tx, viewer, wanted, Page(**page))]


def rows(database: Database) -> dict[str, int]:
    held = (tables.namespace, tables.association, tables.property_, tables.object_, tables.tag)
    with database.read() as tx:
        return {table.name: tx.scalar(select(func.count()).select_from(table)) for table in held}


def test_a_namespace_is_read_as_it_was_written(database: Database) -> None:
    whole = definition()
    database.write(operation.create, whole)
    assert find(database, "OS::Test") == whole
    assert find(database, "os::test") is None
    with database.read() as tx:
        assert [each.name for each in resource_types.list_resource_types(tx)] == [
            "OS::Glance::Image",
            "OS::Nova::Server",
        ]


def test_a_name_is_used_once_and_what_fails_leaves_nothing(database: Database) -> None:
    database.write(operation.create, empty("a"))
    with pytest.raises(NamespaceExists):
        database.write(operation.create, empty("a", tags=[{"name": "t"}]))
    with pytest.raises(PartExists):
        database.write(operation.create, empty("b", tags=[{"name": "t"}, {"name": "t"}]))
    assert names(database) == ["a"]
    assert rows(database)["metadef_tag"] == 0


def test_a_namespace_goes_with_all_that_it_holds(database: Database) -> None:
    database.write(operation.create, definition())
    database.write(operation.create, definition(namespace="other"))
    before = rows(database)
    database.write(operation.delete, "OS::Test")
    assert rows(database) == {table: count // 2 for table, count in before.items()}
    with pytest.raises(NamespaceNotFound):
        database.write(operation.delete, "OS::Test")
    with database.read() as tx:
        assert len(resource_types.list_resource_types(tx)) == 2


def test_a_protected_namespace_keeps_what_it_holds_but_may_change(database: Database) -> None:
    database.write(operation.create, definition(protected=True))
    with pytest.raises(NamespaceProtected):
        database.write(operation.delete, "OS::Test")
    with pytest.raises(NamespaceProtected):
        database.write(part_operation.remove_all, TAG, "OS::Test")
    for kind, name in ((TAG, "one"), (OBJECT, "both"), (PROPERTY, "words"), (ASSOCIATION, "OS::Nova::Server")):
        with pytest.raises(PartProtected):
            database.write(part_operation.remove, kind, "OS::Test", name)
    assert find(database, "OS::Test") == definition(protected=True)
    database.write(operation.update, "OS::Test", definition(protected=False).namespace)
    database.write(operation.delete, "OS::Test")


def test_an_update_keeps_the_id_and_the_day_of_birth(database: Database) -> None:
    database.write(operation.create, definition())
    database.write(operation.create, empty("taken"))
    new = replace(empty("renamed", LATER).namespace, owner="p-other")
    changed = database.write(operation.update, "OS::Test", new)
    assert (changed.created_at, changed.updated_at) == (NOON, LATER)
    found = find(database, "renamed")
    assert found is not None
    assert found.namespace == replace(changed, id=0)
    assert found.objects == definition().objects
    with pytest.raises(NamespaceExists):
        database.write(operation.update, "renamed", replace(new, namespace="taken"))
    with pytest.raises(NamespaceNotFound):
        database.write(operation.update, "OS::Test", new)


def test_parts_come_change_their_names_and_go(database: Database) -> None:
    database.write(operation.create, definition())
    third = replace(definition(LATER).properties[0], name="third", document=WORDS)
    database.write(part_operation.add, PROPERTY, "OS::Test", third)
    with pytest.raises(PartExists):
        database.write(part_operation.add, PROPERTY, "OS::Test", third)
    renamed = replace(third, name="Third", document=NUMBER, created_at=LATER, updated_at=LATER)
    database.write(part_operation.change, PROPERTY, "OS::Test", "third", renamed)
    with pytest.raises(PartExists):
        database.write(part_operation.change, PROPERTY, "OS::Test", "Third", replace(third, name="words"))
    with pytest.raises(PartNotFound):
        database.write(part_operation.change, PROPERTY, "OS::Test", "third", third)
    found = find(database, "OS::Test")
    assert found is not None
    assert [each.name for each in found.properties] == ["Third", "number", "words"]
    assert found.properties[0] == renamed
    database.write(part_operation.remove, PROPERTY, "OS::Test", "Third")
    with pytest.raises(PartNotFound):
        database.write(part_operation.remove, PROPERTY, "OS::Test", "Third")
    database.write(part_operation.remove_all, PROPERTY, "OS::Test")
    assert find(database, "OS::Test") == replace(definition(), properties=())


def test_tags_replace_those_that_were_there_or_join_them(database: Database) -> None:
    database.write(operation.create, definition())
    some = empty("x", tags=[{"name": "two"}, {"name": "three"}]).tags

    def held() -> list[str]:
        found = find(database, "OS::Test")
        assert found is not None
        return [tag.name for tag in found.tags]

    with pytest.raises(PartExists):
        database.write(part_operation.add_tags, "OS::Test", some, keeps_others=True)
    assert held() == ["one", "two"]
    database.write(part_operation.add_tags, "OS::Test", some, keeps_others=False)
    assert held() == ["three", "two"]
    database.write(part_operation.add_tags, "OS::Test", empty("x", tags=[{"name": "a"}]).tags, keeps_others=True)
    database.write(part_operation.add_tags, "OS::Test", (), keeps_others=False)
    assert held() == ["a", "three", "two"]


def test_a_list_shows_what_the_viewer_may_see(database: Database) -> None:
    for number, (owner, visibility) in enumerate(
        [("me", "private"), ("me", "public"), ("them", "private"), ("them", "public")]
    ):
        at = NOON + timedelta(seconds=number)
        database.write(operation.create, empty(f"{owner}-{visibility}", at, owner=owner, visibility=visibility))
    assert names(database) == ["them-public", "them-private", "me-public", "me-private"]
    assert names(database, Viewer("me")) == ["them-public", "me-public", "me-private"]
    assert names(database, Viewer(None)) == ["them-public", "me-public"]
    assert names(database, Viewer("me"), NamespaceFilter(visibility="private")) == ["me-private"]
    with pytest.raises(NamespaceNotFound):
        names(database, Viewer("me"), marker="them-private")


def test_a_list_is_narrowed_to_types_of_resources(database: Database) -> None:
    image, flavor = {"name": "OS::Glance::Image"}, {"name": "OS::Nova::Flavor"}
    database.write(operation.create, empty("both", resource_type_associations=[image, flavor]))
    database.write(operation.create, empty("image", resource_type_associations=[image]))
    database.write(operation.create, empty("none"))
    both = NamespaceFilter(resource_types=("OS::Glance::Image", "OS::Nova::Flavor"))
    assert sorted(names(database, wanted=both)) == ["both", "image"]
    assert names(database, wanted=NamespaceFilter(resource_types=("OS::Nova::Flavor",))) == ["both"]
    assert names(database, wanted=NamespaceFilter(resource_types=("",))) == []


@pytest.mark.parametrize("is_descending", [True, False])
def test_pages_hold_every_namespace_once_in_each_order(database: Database, is_descending: bool) -> None:
    for number in range(7):
        some = {"display_name": f"d{number % 3}", "description": "x", "protected": bool(number % 2)} if number else {}
        database.write(operation.create, empty(f"n{number}", NOON + timedelta(seconds=number // 2), **some))
    for key in NAMESPACE_SORT_KEYS:
        order = {"sort_key": key, "is_descending": is_descending}
        seen: list[str] = []
        while page := names(database, limit=2, marker=seen[-1] if seen else None, **order):
            seen += page
        assert seen == names(database, **order), key
        assert len(set(seen)) == len(seen) == 7, key


@pytest.mark.parametrize("key", PART_SORT_KEYS)
def test_pages_hold_every_tag_once(database: Database, key: str) -> None:
    database.write(operation.create, empty("x", tags=[{"name": f"t{number}"} for number in range(5)]))
    database.write(operation.create, empty("y", tags=[{"name": "elsewhere"}]))
    with database.read() as tx:
        namespace = namespaces.find(tx, "x")
        assert namespace is not None
        seen: list[str] = []
        while page := parts.list_parts(
            tx, TAG, namespace, Page(limit=2, sort_key=key, marker=seen[-1] if seen else None)
        ):
            seen += [tag.name for tag in page]
        assert sorted(seen) == [f"t{number}" for number in range(5)]
        with pytest.raises(PartNotFound):
            parts.list_parts(tx, TAG, namespace, Page(marker="elsewhere"))


def test_what_many_namespaces_hold_is_read_by_as_many_statements_as_of_one(database: Database) -> None:
    for number in range(9):
        database.write(operation.create, definition(namespace=f"n{number}"))
    statements: list[str] = []
    event.listen(database._reader, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with database.read() as tx:
        found: list[Namespace] = list(namespaces.list_all(tx))
        held = parts.with_parts(tx, found)
    selects = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(selects) == 5
    assert all(each.tags == definition().tags and each.objects == definition().objects for each in held)


def test_of_many_who_give_a_name_at_the_same_time_one_succeeds(database: Database) -> None:
    database.write(operation.create, empty("x"))
    outcomes: list[str] = []
    together = Barrier(6)

    def add(number: int) -> None:
        together.wait()
        association = empty("y", resource_type_associations=[{"name": "T", "prefix": str(number)}]).associations[0]
        try:
            database.write(part_operation.associate, "x", association)
            outcomes.append("added")
        except Exception as error:  # noqa: BLE001 (told by the test's own thread)
            outcomes.append(type(error).__name__)

    run(add)
    assert sorted(outcomes) == ["PartExists"] * 5 + ["added"]


def test_of_many_processes_that_start_on_an_empty_database_one_brings_the_catalogue(database: Database) -> None:
    outcomes: list[bool | str] = []
    together = Barrier(6)

    def install(_number: int) -> None:
        together.wait()
        try:
            outcomes.append(database.write(catalogues.install, [definition(), definition(namespace="b")]))
        except Exception as error:  # noqa: BLE001 (told by the test's own thread)
            outcomes.append(type(error).__name__)

    run(install)
    assert sorted(outcomes, key=str) == [False] * 5 + [True]
    assert sorted(names(database)) == ["OS::Test", "b"]


def run(work: Any) -> None:
    threads = [Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("way", "what", "description", "number", "tags"),
    [
        (Way.SKIP, "skipped", "mine", WORDS, ["mine"]),
        (Way.MERGE, "merged", "mine", WORDS, ["mine", "one", "two"]),
        (Way.PREFER_NEW, "updated", "For tests", NUMBER, ["mine", "one", "two"]),
        (Way.OVERWRITE, "overwritten", "For tests", NUMBER, ["one", "two"]),
    ],
)
def test_a_catalogue_is_loaded_in_four_ways(
    database: Database, way: Way, what: str, description: str, number: Any, tags: list[str]
) -> None:
    mine = empty("OS::Test", description="mine", properties={"number": WORDS}, tags=[{"name": "mine"}])
    database.write(operation.create, mine)
    catalogue = [definition(LATER), definition(LATER, namespace="new")]
    outcomes = database.write(catalogues.load, catalogue, way)
    assert [(each.namespace, each.what) for each in outcomes] == [("OS::Test", what), ("new", "added")]
    found = find(database, "OS::Test")
    assert found is not None
    assert found.namespace.description == description
    assert found.properties[0].document == number
    assert [tag.name for tag in found.tags] == tags
    assert find(database, "new") == definition(LATER, namespace="new")


def test_what_was_unloaded_does_not_come_back_by_itself(database: Database) -> None:
    assert database.write(catalogues.install, [definition(protected=True)])
    database.write(operation.create, empty("made by hand"))
    assert database.write(catalogues.unload) == 2
    assert not any(rows(database).values())
    assert not database.write(catalogues.install, [definition()])
    database.write(catalogues.load, [definition()], Way.SKIP)
    assert names(database) == ["OS::Test"]

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pileus.cli.image_metadefs import command
from pileus.image.formats.metadef import SHIPPED
from pileus.kit.errors import PileusError
from pileus.kit.state import StateDirectory
from tests.image.metadefs import FULL, WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "metadefs"
    folder.mkdir()
    write(folder / "test.json", FULL)
    (folder / "README").write_text("is no definition")
    return folder


def write(file: Path, document: object) -> None:
    file.write_text(json.dumps(document))


def run(state: StateDirectory, *words: object) -> Result:
    return CliRunner().invoke(command, [*map(str, words), "--state", str(state.path)])


def exported(state: StateDirectory, tmp_path: Path) -> dict[str, object]:
    assert run(state, "export", tmp_path / "out").exit_code == 0
    return {file.name: json.loads(file.read_text()) for file in (tmp_path / "out").iterdir()}


def test_a_directory_is_loaded_once_and_comes_out_as_it_went_in(
    state: StateDirectory, folder: Path, tmp_path: Path
) -> None:
    assert run(state, "load", folder).output == "OS::Test: added\n"
    assert run(state, "load", folder).output == "OS::Test: skipped\n"
    assert exported(state, tmp_path) == {"OS-Test.json": FULL}
    assert run(state, "unload").output == "1 namespaces are removed\n"
    assert run(state, "load", folder / "test.json").output == "OS::Test: added\n"


def test_what_is_there_is_merged_updated_or_overwritten(state: StateDirectory, folder: Path, tmp_path: Path) -> None:
    assert run(state, "load", folder).exit_code == 0
    write(folder / "test.json", {"namespace": "OS::Test", "properties": {"number": WORDS, "new": WORDS}})
    merged = {**FULL, "properties": {**FULL["properties"], "new": WORDS}}
    assert run(state, "load", folder, "--merge").output == "OS::Test: merged\n"
    assert exported(state, tmp_path) == {"OS-Test.json": merged}
    assert run(state, "load", folder, "--merge", "--prefer-new").output == "OS::Test: updated\n"
    own = {"namespace": "OS::Test", "visibility": "private", "protected": False, "owner": "admin"}
    kept = {key: FULL[key] for key in ("resource_type_associations", "objects", "tags")}
    updated = {**own, **kept, "properties": {"number": WORDS, "new": WORDS, "words": WORDS}}
    assert exported(state, tmp_path) == {"OS-Test.json": updated}
    assert run(state, "load", folder, "--merge", "--overwrite").output == "OS::Test: overwritten\n"
    assert exported(state, tmp_path) == {"OS-Test.json": {**own, "properties": {"number": WORDS, "new": WORDS}}}


@pytest.mark.parametrize("words", [("--prefer-new",), ("--overwrite",), ("--merge", "--prefer-new", "--overwrite")])
def test_words_that_do_not_fit_together_are_refused(
    state: StateDirectory, folder: Path, words: tuple[str, ...]
) -> None:
    assert isinstance(run(state, "load", folder, *words).exception, PileusError)


@pytest.mark.parametrize("text", ["{", "[]", '{"namespace": 3}', '{"display_name": "no name"}', "\xff"])
def test_a_file_that_is_no_good_keeps_all_others_out_too(
    state: StateDirectory, folder: Path, tmp_path: Path, text: str
) -> None:
    (folder / "zzz.json").write_text(text, encoding="latin-1")
    refusal = run(state, "load", folder).exception
    assert isinstance(refusal, PileusError)
    assert refusal.reason.startswith(f"{folder}/zzz.json holds no metadata definitions: ")
    assert exported(state, tmp_path) == {}


def test_a_directory_without_files_is_refused(state: StateDirectory, tmp_path: Path) -> None:
    assert isinstance(run(state, "load", tmp_path).exception, PileusError)


def test_names_that_make_no_good_files_are_exported_too(state: StateDirectory, folder: Path, tmp_path: Path) -> None:
    (folder / "test.json").unlink()
    awkward = ["a:b", "a/b", "A b", "../..", "größe", ""]
    for number, name in enumerate(name for name in awkward if name):
        write(folder / f"{number}.json", {"namespace": name})
    assert run(state, "load", folder).exit_code == 0
    files = exported(state, tmp_path)
    assert sorted(files) == ["A-b.json", "a-b-2.json", "a-b-3.json", "gr-e.json", "namespace.json"]


def test_the_catalogue_that_comes_with_pileus_comes_out_as_it_went_in(state: StateDirectory, tmp_path: Path) -> None:
    assert run(state, "load").exit_code == 0
    found = {each["namespace"]: each for each in exported(state, tmp_path).values() if isinstance(each, dict)}
    shipped = [json.loads(file.read_text()) for file in SHIPPED.glob("*.json")]
    assert len(shipped) == len(found) > 10
    for document in shipped:
        assert _sorted({**document, "owner": "admin"}) == _sorted(found[document["namespace"]])


def _sorted(document: dict[str, object]) -> dict[str, object]:
    """Order what a namespace holds: it comes out by name."""

    def name(each: dict[str, str]) -> str:
        return each["name"]

    lists = {key: sorted(value, key=name) for key, value in document.items() if isinstance(value, list)}
    return {**document, **lists}

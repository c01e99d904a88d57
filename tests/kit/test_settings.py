"""The settings file, the environment, and what is said about a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import field

from pileus.kit.settings import DatabaseSettings, ListenSettings, Section, SettingInvalid, load

if TYPE_CHECKING:
    from pathlib import Path


class Store(Section, frozen=True, kw_only=True):
    kind: str = "file"


class Part(Section, frozen=True, kw_only=True):
    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=9292)
    stores: dict[str, Store] = field(default_factory=lambda: {"local": Store()})
    ratio: float = 1.0
    is_on: bool = False
    origins: tuple[str, ...] = ()


class Whole(Section, frozen=True, kw_only=True):
    image: Part = Part()
    log_level: str = "INFO"


def read(tmp_path: Path, text: str, **environment: str) -> Whole:
    file = tmp_path / "pileus.toml"
    file.write_text(text)
    return load(Whole, file, environment)


def complaint(tmp_path: Path, text: str, **environment: str) -> str:
    with pytest.raises(SettingInvalid) as caught:
        read(tmp_path, text, **environment)
    return caught.value.reason


def test_without_a_file_everything_is_as_by_default(tmp_path: Path) -> None:
    assert load(Whole, tmp_path / "none.toml", {}) == load(Whole, None, {}) == Whole()


def test_a_file_sets_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    found = read(tmp_path, '[image.database]\nurl = "sqlite:////x"\n')
    assert (found.image.database.url, found.image.database.pool_size, found.log_level) == ("sqlite:////x", 20, "INFO")


def test_an_address_may_be_set_without_its_port(tmp_path: Path) -> None:
    found = read(tmp_path, '[image.listen]\naddress = "10.1.2.3"\n')
    assert (found.image.listen.address, found.image.listen.port) == ("10.1.2.3", 9292)
    found = read(tmp_path, "", PILEUS_IMAGE__LISTEN__ADDRESS="::1")
    assert (found.image.listen.address, found.image.listen.port) == ("::1", 9292)


def test_tables_that_the_operator_names_replace_those_of_the_default(tmp_path: Path) -> None:
    assert read(tmp_path, '[image.stores.fast]\nkind = "memory"\n').image.stores == {"fast": Store(kind="memory")}


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    text = '[image]\nratio = 2\n[image.database]\nurl = "sqlite:////x"\npool_size = 3\n'
    found = read(
        tmp_path, text, PILEUS_IMAGE__DATABASE__URL="sqlite:////y", PILEUS_IMAGE__IS_ON="true", PILEUS_LOG_LEVEL="DEBUG"
    )
    assert found.image.database == DatabaseSettings(url="sqlite:////y", pool_size=3)
    assert (found.image.ratio, found.image.is_on, found.log_level) == (2.0, True, "DEBUG")


def test_a_list_is_written_with_commas_in_the_environment(tmp_path: Path) -> None:
    found = read(tmp_path, 'image.origins = ["a"]\n', PILEUS_IMAGE__ORIGINS="https://b, https://c")
    assert found.image.origins == ("https://b", "https://c")
    assert read(tmp_path, 'image.origins = ["a"]\n', PILEUS_IMAGE__ORIGINS="").image.origins == ()
    assert read(tmp_path, 'image.origins = ["a,b"]\n').image.origins == ("a,b",)


def test_the_environment_may_set_what_the_file_has_a_table_for(tmp_path: Path) -> None:
    found = read(tmp_path, "[image.stores.fast]\n", PILEUS_IMAGE__STORES__FAST__KIND="memory")
    assert found.image.stores == {"fast": Store(kind="memory")}


def test_variables_of_others_are_none_of_ours(tmp_path: Path) -> None:
    assert read(tmp_path, "", PILEUS_STATE="/x", PILEUS_PORT="tcp://10.0.0.1", PATH="/bin", XPILEUS_A__B="1") == Whole()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[imge]\n", "there is no setting 'imge'; did you mean 'image'?"),
        ("[image.databse]\n", "there is no setting 'image.databse'; did you mean 'image.database'?"),
        (
            '[image.database]\nulr = "x"\n',
            "there is no setting 'image.database.ulr'; did you mean 'image.database.url'?",
        ),
        ("[image.stores.fast]\nknid = 1\n", "did you mean 'image.stores.fast.kind'?"),
        ("[image.listen]\nxyz = 1\n", "there is no setting 'image.listen.xyz'; known here: address, port"),
    ],
)
def test_an_unknown_word_is_refused_and_the_nearest_known_one_is_named(tmp_path: Path, text: str, wanted: str) -> None:
    assert wanted in complaint(tmp_path, text)
    assert "pileus.toml" in complaint(tmp_path, text)


def test_an_unknown_variable_is_refused_by_its_name(tmp_path: Path) -> None:
    said = complaint(tmp_path, "", PILEUS_IMAGE__DATABASE__ULR="x")
    assert said.startswith("PILEUS_IMAGE__DATABASE__ULR: there is no setting 'image.database.ulr'; did you mean")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[image.database]\npool_size = "many"\n', "image.database.pool_size"),
        ("[image.database]\nurl = 3\n", "image.database.url"),
        ("image = 3\n", "image"),
        ("[image]\nstores = 3\n", "image.stores"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_and_its_place_named(tmp_path: Path, text: str, where: str) -> None:
    said = complaint(tmp_path, text)
    assert "pileus.toml" in said
    assert f"`$.{where}`" in said


def test_a_wrong_value_in_the_environment_is_blamed_on_the_environment(tmp_path: Path) -> None:
    said = complaint(tmp_path, "[image]\nratio = 2\n", PILEUS_IMAGE__LISTEN__PORT="http")
    assert said.startswith("PILEUS_IMAGE__LISTEN__PORT: ")
    assert "`$.image.listen.port`" in said


@pytest.mark.parametrize("content", [b"[image", b"a = \n", b'log_level = "\xff"\n'])
def test_a_file_that_is_no_toml_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pileus.toml"
    file.write_bytes(content)
    with pytest.raises(SettingInvalid, match=r"pileus\.toml: "):
        load(Whole, file, {})


def test_a_complaint_shows_no_value_because_it_may_be_a_password(tmp_path: Path) -> None:
    assert "hunter2" not in complaint(tmp_path, '[image.database]\npool_size = "hunter2"\n')

"""Versions of a study: kept once for each content, found again whole, never overwritten, damage said in words."""

from pathlib import Path

import pytest
from hypothesis import given

from mug.study import content_hash, dump_study
from mug.study.errors import StudyFileError, StudyLoadError, VersionError
from mug.study.model import EndPage, StaticPage, Study
from mug.study.versions import VersionStore
from tests.drivers.closed_folder import closed_folder
from tests.drivers.random_studies import STUDIES

AT = "2026-03-01T12:00:00Z"
LATER = "2026-03-01T13:00:00Z"


def study(*names: str, title: str | None = None) -> Study:
    return Study(id="s", title=title, chain=tuple(StaticPage(scene_id=name) for name in names))


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path)


def test_that_each_content_is_kept_once_in_sequence(store: VersionStore, tmp_path: Path) -> None:
    assert store.list() == []
    assert store.newest() is None
    assert not store.folder.exists()
    first = store.keep(study("a", title="One"), at=AT, comment=" as piloted ")
    assert (first.number, first.at, first.title, first.comment) == (1, AT, "One", "as piloted")
    assert first.content_hash == content_hash(study("a", title="One"))
    assert first.path.parent == tmp_path / ".mug" / "versions"
    assert store.keep(study("a", title="One"), at=LATER) == first
    second = store.keep(study("a", "b"), at=LATER)
    third = store.keep(study("a", title="One"), at=LATER)  # back again: a version of its own
    assert [second.number, third.number] == [2, 3]
    assert store.list() == [first, second, third]
    assert store.newest() == third
    assert store.find(first.content_hash) == third
    assert store.find("0" * 64) is None
    assert store.read(second) == study("a", "b")
    assert sorted(path.name for path in store.folder.iterdir()) == [v.path.name for v in (first, second, third)]


@given(STUDIES)
def test_that_any_study_comes_back(tmp_path_factory: pytest.TempPathFactory, study: Study) -> None:
    store = VersionStore(tmp_path_factory.mktemp("study"))
    try:
        dump_study(study)
    except StudyFileError:
        return
    version = store.keep(study, at=AT)
    assert content_hash(store.read(version)) == content_hash(study) == version.content_hash


def test_that_comments_of_the_file_are_kept(store: VersionStore) -> None:
    text = '# mine\r\nid = "s"  # also mine\r\n'
    version = store.keep(text, at=AT)
    assert store.text(version) == text
    assert store.read(version) == Study(id="s")
    assert store.keep(Study(id="s"), at=LATER) == version
    with pytest.raises(StudyLoadError, match="not valid TOML"):
        store.keep("id = ", at=AT)
    assert len(store.list()) == 1


def test_that_a_script_has_versions_of_its_own(tmp_path: Path) -> None:
    script = VersionStore.of(tmp_path / "experiment.py")
    assert script.folder == tmp_path / ".mug" / "versions" / "experiment"
    assert VersionStore(tmp_path, script="experiment.py").folder == script.folder
    assert VersionStore.of(tmp_path).folder == VersionStore.of(tmp_path / "study.toml").folder
    script.keep(study("a"), at=AT)
    assert VersionStore.of(tmp_path).list() == []
    VersionStore.of(tmp_path).keep(study("b"), at=AT)
    assert [version.content_hash for version in script.list()] == [content_hash(study("a"))]


def test_that_what_else_lies_there_is_passed_over(store: VersionStore) -> None:
    version = store.keep(study("a"), at=AT)
    (store.folder / "notes.txt").write_text("mine")
    (store.folder / "v0007_zz.toml").write_text("mine")
    (store.folder / "v0008_0123456789abcdef.toml").mkdir()
    (store.folder / ".keeping-dead").write_text("half")
    (store.folder / "v999999999_0123456789abcdef.toml").write_text("a number after which there is none")
    assert store.list() == [version]
    assert store.keep(study("b"), at=AT).number == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('scene_id = "a"', 'scene_id = "other"'),
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: text.replace('"number":1', '"number":2').replace('"number": 1', '"number": 2'),
        lambda text: "\n".join(text.split("\n")[2:]).replace('"a"', '"b"'),
    ],
)
def test_that_a_damaged_version_says_so_and_nothing_takes_its_number(store: VersionStore, damage) -> None:
    version = store.keep(study("a"), at=AT)
    version.path.write_text(damage(version.path.read_text()))
    (listed,) = store.list()
    assert listed.number == 1
    if listed.problem == "":
        with pytest.raises(VersionError, match="version 1 is damaged"):
            store.read(listed)
    again = store.keep(study("b"), at=AT)
    assert again.number == 2
    assert store.read(again) == study("b")


def test_that_a_version_without_its_head_is_still_read(store: VersionStore) -> None:
    version = store.keep(study("a"), at=AT)
    version.path.write_text(dump_study(study("a")))
    (listed,) = store.list()
    assert "head" in listed.problem
    assert store.read(listed) == study("a")


def test_that_a_version_that_is_gone_or_no_text_says_so(store: VersionStore) -> None:
    version = store.keep(study("a"), at=AT)
    version.path.write_bytes(b"\xff\xfe")
    assert store.list()[0].problem
    with pytest.raises(VersionError, match="not UTF-8"):
        store.read(version)
    version.path.unlink()
    with pytest.raises(VersionError, match="version 1 cannot be read"):
        store.read(version)


def test_that_two_windows_never_give_one_number_twice(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.keep(study("a"), at=AT)
    other = VersionStore(store.folder.parent.parent)
    seen = other.newest()
    monkeypatch.setattr(other, "newest", lambda: seen)  # what the second window knew before the first one kept
    assert store.keep(study("b"), at=AT).number == 2
    assert other.keep(study("c"), at=AT).number == 3
    assert [version.number for version in store.list()] == [1, 2, 3]


def test_that_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / ".mug").write_text("a file")
    store = VersionStore(tmp_path)
    assert store.list() == []
    with pytest.raises(VersionError, match=r"no version was kept: .* cannot be written to"):
        store.keep(study("a"), at=AT)


def test_that_a_read_only_folder_is_said() -> None:
    with closed_folder(".mug/versions/v0001_0123456789abcdef.toml") as folder:
        store = VersionStore(folder)
        assert [version.number for version in store.list()] == [1]
        with pytest.raises(VersionError, match="no version was kept"):
            store.keep(study("b"), at=AT)
        assert len(list(store.folder.iterdir())) == 1


def test_that_a_study_that_toml_has_no_words_for_is_said(store: VersionStore) -> None:
    bad = Study(id="s", chain=(EndPage(scene_id="e", experiment_config={"x": None}),))
    with pytest.raises(VersionError, match=r"no version was kept: .*None"):
        store.keep(bad, at=AT)
    assert store.list() == []


def test_that_titles_and_comments_may_hold_anything(store: VersionStore) -> None:
    version = store.keep(study("a", title="é\n# x" * 900), at=AT, comment='"\n\ud800' + "ü" * 5_000)
    (listed,) = store.list()
    assert listed == version
    assert listed.problem == ""
    assert len(listed.comment) <= 1_000
    assert store.read(listed) == study("a", title="é\n# x" * 900)

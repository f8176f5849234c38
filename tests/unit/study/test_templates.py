"""Templates, and the studies that `mug new` makes of them: whole or not at all, under names that every system takes."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.cli import main
from mug.ids import is_valid_id
from mug.study import load, read_study, validate
from mug.study.errors import NewStudyError
from mug.study.folder_names import folder_name_of, folder_name_problem, study_id_of
from mug.study.model import CompletionCodePage, FormPage, GymGame, StartPage
from mug.study.multiplayer import is_multiplayer
from mug.study.templates import TEMPLATES, create_study, new_folder_problem, template, template_folder
from mug.study.traversal import human_agents, walk
from tests.drivers.closed_folder import closed_folder

KEYS = [known.key for known in TEMPLATES]
ICONS = Path(__file__).parents[3] / "resources" / "icons"


@pytest.mark.parametrize("key", KEYS)
def test_that_each_template_is_a_study_without_a_problem(key: str, tmp_path: Path) -> None:
    folder = create_study(key, tmp_path / "mine", title="My study")
    loaded = load(folder)
    assert validate(loaded.study) == []
    assert (loaded.study.id, loaded.study.title) == ("my-study", "My study")
    assert isinstance(loaded.study.chain[0], StartPage)
    assert isinstance(loaded.study.chain[-1], CompletionCodePage)
    games = [node for _, node in walk(loaded.study) if isinstance(node, GymGame)]
    assert [len(human_agents(game)) for game in games] == [template(key).players][: template(key).players]
    assert [is_multiplayer(game) for game in games] == [key == "two_players"] * len(games)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    assert text.startswith("# A ")
    assert text.count("#") >= 3
    assert (ICONS / f"{template(key).icon}.svg").is_file()


def test_that_the_survey_has_each_kind_of_form() -> None:
    forms = {node.kind for _, node in walk(template("survey").study()) if isinstance(node, FormPage)}
    assert forms == {"text_box", "multiple_choice", "scales_and_text_box", "option_boxes_with_scales_and_text_box"}


def test_that_every_folder_of_templates_is_a_template() -> None:
    folders = {path.parent.name for path in template_folder("survey").parent.glob("*/study.toml")}
    assert folders == set(KEYS)
    assert template("two-players") is template("two_players")
    with pytest.raises(NewStudyError, match="did you mean 'survey'"):
        template("surveys")


def test_that_both_games_of_gather_are_the_same() -> None:
    two, one = (template_folder(key) / "gather_env.py" for key in ("two_players", "human_ai"))
    assert two.read_text() == one.read_text()


def test_that_a_template_is_copied_whole_and_can_be_changed(tmp_path: Path) -> None:
    folder = create_study("two_players", tmp_path / "a" / "b")
    source = template_folder("two_players")
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert made == {name for name in files if "__pycache__" not in name}
    assert {"study.lock.json", "gather_env.py", "pages/welcome.html"} <= made
    assert all(os.access(folder / name, os.W_OK) for name in made)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    changed = (folder / "study.toml").read_text().splitlines()
    before = (source / "study.toml").read_text().splitlines()
    assert len([1 for one, other in zip(changed, before, strict=True) if one != other]) == 2


def test_that_names_come_from_what_there_is(tmp_path: Path) -> None:
    def named(**given: str) -> tuple[str, str | None]:
        study = read_study(
            create_study("survey", tmp_path / f"my_{len(list(tmp_path.iterdir()))}", **given) / "study.toml"
        )
        return study.id, study.title

    assert named() == ("my-0", "My 0")
    assert named(title="  Größe & Maß! ") == ("grosse-mass", "Größe & Maß!")
    assert named(title="协作") == ("my-2", "协作")
    assert named(title="T", study_id="pilot.2") == ("pilot.2", "T")
    with pytest.raises(NewStudyError, match="experiment id 'a b' is not allowed"):
        named(study_id="a b")


def test_that_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    folder = create_study("survey", tmp_path / "mine")
    before = (folder / "study.toml").read_bytes()
    with pytest.raises(NewStudyError, match="holds a study already") as caught:
        create_study("two_players", folder)
    assert caught.value.taken
    assert (folder / "study.toml").read_bytes() == before
    other = tmp_path / "other"
    other.mkdir()
    (other / "x").touch()
    with pytest.raises(NewStudyError, match="holds files already"):
        create_study("survey", other)
    with pytest.raises(NewStudyError, match="is a file"):
        create_study("survey", other / "x")
    with pytest.raises(NewStudyError, match="is not a folder"):
        create_study("survey", other / "x" / "y")
    (other / "x").unlink()
    assert create_study("survey", other) == other  # an empty one is filled


def test_that_a_study_that_cannot_be_written_leaves_nothing() -> None:
    with closed_folder() as parent:
        for folder in (parent / "mine", parent / "deep" / "mine"):
            problem = new_folder_problem(folder)
            assert problem is None or "cannot be written to" in str(problem)  # root's own check sees what root may do
            with pytest.raises(NewStudyError, match="choose another place"):
                create_study("survey", folder)
        assert list(parent.iterdir()) == []


def test_that_a_study_is_not_there_before_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mug.study.templates.tomlkit.dumps", fails)
    with pytest.raises(NewStudyError, match="No space left on device"):
        create_study("survey", tmp_path / "new" / "mine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CON", "device"),
        ("nul", "device"),
        ("aux.txt", "device"),
        ("Com1.tar.gz", "device"),
        ("lpt¹", "device"),
        ("study.", "ends with a dot"),
        ("study ", "ends with a space"),
        (" study", "begins with a space"),
        (".study", "hidden"),
        ("-study", "option"),
        ("a<b", "'<'"),
        ("a:b", "':'"),
        ('a"b', "'\"'"),
        ("a\\b", "Windows"),
        ("what?", "'?'"),
        ("a\nb", "cannot be seen"),
        ("", "no name"),
        ("   ", "no name"),
        ("..", "not a name"),
        ("a" * 81, "too long"),
        ("é" * 81, "too long"),
    ],
)
def test_that_names_that_windows_forbids_are_refused_with_a_better_one(name: str, said: str) -> None:
    problem = folder_name_problem(name)
    assert problem is not None
    assert said in problem.message
    assert folder_name_problem(problem.suggestion) is None


@pytest.mark.parametrize("name", ["study", "My study 2", "größe", "协作", "con_2", "a.b", "console", "comet", "com10"])
def test_that_good_names_are_taken(name: str) -> None:
    assert folder_name_problem(name) is None


@given(st.text(max_size=100))
def test_that_a_name_made_of_anything_is_right(title: str) -> None:
    problem = folder_name_problem(title)
    assert problem is None or folder_name_problem(problem.suggestion) is None
    made = folder_name_of(title)
    assert made == "" or folder_name_problem(made) is None
    assert study_id_of(title) == "" or is_valid_id(study_id_of(title))


def test_that_mug_new_says_what_it_made_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my pilot", "--template", "two_players", "--title", "Pilot"]) == 0
    said = capsys.readouterr().out
    assert "the study 'Pilot' (id pilot), 5 scenes" in said
    assert "gather_env.py" in said
    assert "mug lab 'my pilot'" in said or 'mug lab "my pilot"' in said
    assert (tmp_path / "my pilot" / "study.toml").is_file()
    assert main(["new", "my pilot"]) == 2
    assert "holds a study already" in capsys.readouterr().err
    assert main(["new", "nul"]) == 2
    assert "try 'study_nul'" in capsys.readouterr().err
    assert main(["new"]) == 2
    assert "mug new NAME" in capsys.readouterr().err
    assert main(["new", "x", "--template", "twoplayers"]) == 2
    assert "did you mean 'two_players'" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my pilot"]


def test_that_mug_new_lists_the_templates(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == KEYS

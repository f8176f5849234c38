"""What a session freezes, and what it gives to browsers."""

import io
import zipfile
from pathlib import Path

import pytest

from mug.server.errors import StudyRefusedError
from mug.server.freeze import freeze
from mug.study.loading import LoadedStudy
from mug.study.model import EnvironmentSection, GymGame, RenderingSection, RuntimeSection, StartPage, StaticPage, Study


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n", encoding="utf-8")


def loaded(folder: Path, *scenes: StaticPage | GymGame) -> LoadedStudy:
    return LoadedStudy(Study(id="x", chain=scenes), {}, folder, folder / "script.py", folder)


def own_names(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sorted(name for name in archive.namelist() if not name.startswith("mug/"))


def test_that_the_zip_holds_what_lies_beside_and_below_the_environment(tmp_path: Path) -> None:
    write(
        tmp_path, "script.py", "envs/car.py", "envs/physics.py", "envs/deep/er.py", "envs/tests/test_car.py",
        "envs/test_physics.py", "envs/.hidden/x.py", "envs/notes.txt", "other/far.py", "assets/track.csv",
    )  # fmt: skip
    game = GymGame(
        scene_id="car",
        runtime=RuntimeSection(environment_initialization_code_filepath="envs/car.py", files=("assets/*.csv",)),
    )
    files = freeze(loaded(tmp_path, game))
    assert own_names(files.zip_bytes) == ["assets/track.csv", "envs/car.py", "envs/deep/er.py", "envs/physics.py"]
    assert files.frozen.texts == {"envs/car.py": "# envs/car.py\n"}
    assert set(files.sha256s) == {"assets/track.csv", "envs/car.py", "envs/deep/er.py", "envs/physics.py"}


def test_that_the_study_script_stays_at_home(tmp_path: Path) -> None:
    write(tmp_path, "script.py", "env.py", "hud.py", "package/__init__.py", "package/part.py")
    game = GymGame(
        scene_id="car",
        environment=EnvironmentSection(env_creator="package.part:make"),
        rendering=RenderingSection(hud_text_fn="hud.py:text"),
    )
    assert own_names(freeze(loaded(tmp_path, game)).zip_bytes) == [
        "env.py", "hud.py", "package/__init__.py", "package/part.py"
    ]  # fmt: skip


def test_that_the_same_files_give_the_same_zip_and_a_changed_one_another(tmp_path: Path) -> None:
    write(tmp_path, "env.py")
    game = GymGame(scene_id="car", runtime=RuntimeSection(environment_initialization_code_filepath="env.py"))
    first, again = freeze(loaded(tmp_path, game)), freeze(loaded(tmp_path, game))
    assert first.zip_sha256 == again.zip_sha256
    (tmp_path / "env.py").write_text("changed = 1\n", encoding="utf-8")
    changed = freeze(loaded(tmp_path, game))
    assert changed.zip_sha256 != first.zip_sha256
    assert changed.sha256s != first.sha256s


def test_that_a_study_of_pages_needs_no_zip(tmp_path: Path) -> None:
    assert freeze(loaded(tmp_path, StartPage(scene_id="a"))).zip_sha256 == ""


def test_that_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    page = StaticPage(scene_id="page", scene_body_filepath="pages/lost.html")
    game = GymGame(
        scene_id="car",
        runtime=RuntimeSection(environment_initialization_code_filepath="lost.py", files=("*.bin",)),
    )
    with pytest.raises(StudyRefusedError) as caught:
        freeze(loaded(tmp_path, page, game))
    text = str(caught.value)
    assert all(word in text for word in ("'page'", "pages/lost.html", "'car'", "lost.py", "*.bin"))

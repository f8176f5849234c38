"""What the README shows is what works."""

import re
from pathlib import Path

from mug.cli import build_parser
from mug.study import load, validate

REPOSITORY = Path(__file__).resolve().parents[3]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_that_the_first_study_of_the_readme_loads_without_a_problem(tmp_path: Path) -> None:
    environment, study = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    (tmp_path / "my_env.py").write_text(environment, encoding="utf-8")
    (tmp_path / "my_study.py").write_text(study, encoding="utf-8")
    loaded = load(tmp_path / "my_study.py")
    assert validate(loaded.study) == []
    assert [node.scene_id for node in loaded.study.chain] == ["start", "drive", "end"]


def test_that_the_commands_of_the_readme_are_the_commands() -> None:
    text = build_parser().format_help()
    named = set(re.findall(r"^\| `mug (\w+)", README, flags=re.MULTILINE)) | {"verify"}
    listed = set(re.findall(r"^    (\w+)  ", text, flags=re.MULTILINE))
    assert named == listed


def test_that_links_and_pictures_of_the_texts_exist() -> None:
    for text in [
        REPOSITORY / "README.md",
        REPOSITORY / "ARCHITECTURE.md",
        *sorted((REPOSITORY / "docs").rglob("*.md")),
    ]:
        for target in re.findall(r"\]\(([^)#]+)", text.read_text(encoding="utf-8")):
            if not target.startswith("https://"):
                assert (text.parent / target).exists(), f"{text.name} links to {target}, which is not there"

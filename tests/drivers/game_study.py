"""The smallest study with a game: page, game, page. Participants that are programs play it without a browser."""

from pathlib import Path

__all__ = ["game_study", "write_game_study"]

STUDY = """\
format = 1
id = "{study_id}"
title = "{title}"

[hosting]
port = {port}

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "gym_game"
scene_id = "car"

[chain.rendering]
fps = 10

[chain.gameplay]
action_mapping = [{{keys = ["ArrowLeft"], action = 0}}, {{keys = ["ArrowRight"], action = 2}}]
default_action = 1
num_episodes = {episodes}

[chain.runtime]
run_through_pyodide = true
environment_initialization_code_filepath = "env.py"

[[chain]]
kind = "end_page"
scene_id = "end"
"""


def game_study(study_id: str = "game", title: str = "A study with a game", *, episodes: int = 2, port: int = 0) -> str:
    """Return the study's ``study.toml``."""
    return STUDY.format(study_id=study_id, title=title, episodes=episodes, port=port)


def write_game_study(folder: Path, environment: str = "env = object()\n", *, study: str | None = None) -> Path:
    """Make `folder` with the study and its environment's code; returns the folder."""
    folder.mkdir()
    (folder / "study.toml").write_text(game_study() if study is None else study, encoding="utf-8")
    (folder / "env.py").write_text(environment, encoding="utf-8")
    return folder

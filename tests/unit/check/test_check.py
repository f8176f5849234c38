"""`mug check`: files, functions, packages and environments are really looked for, resolved and tried."""

import argparse
import io
from pathlib import Path

import pytest

from mug.check import check_study, main
from mug.check.environments import try_environment
from mug.runtime import ResolutionError, RuntimeMissingError
from mug.study import load, walk

EXAMPLE = Path(__file__).parents[3] / "examples" / "mountain_car"

STUDY = """\
id = "s"

[[chain]]
kind = "start_page"
scene_id = "start"
scene_body_filepath = "pages/start.html"

[[chain]]
kind = "gym_game"
scene_id = "game"

[chain.gameplay]
action_mapping = [{keys = ["a"], action = 0}, {keys = ["b"], action = 1}]
default_action = 1
max_steps = 20

[chain.runtime]
environment_initialization_code_filepath = "env.py"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_body = "Bye"
"""

ENVIRONMENT = """\
import numpy as np
from gymnasium import spaces

class Counter:
    possible_agents = ["human"]
    action_space = spaces.Discrete(2)
    def reset(self, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.count = 0
        return np.zeros(2), {}
    def step(self, actions):
        self.count += 1 + int(self.rng.integers(3))
        return np.full(2, self.count), 1.0, False, False, {}
    def render(self):
        return {"game_state_objects": [], "removed": []}

env = Counter()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "start.html").write_text("<p>Hello</p>")
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "env.py").write_text(ENVIRONMENT)
    return tmp_path


def resolved(packages, *, lock_path):
    """Packages are resolved for real in the tests of mug.runtime; here there are none."""
    assert packages == ()


def found(folder, **options):
    options.setdefault("runtime", resolved)
    return [(p.field, p.severity, p.code) for p in check_study(load(folder), **options)]


def change(folder, old, new, name="study.toml"):
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_that_a_right_study_has_no_problems(folder):
    assert found(folder) == []


def test_that_pictures_of_forms_are_looked_for_in_the_folders_that_are_served(folder):
    form = '''
[[chain]]
kind = "multiple_choice"
scene_id = "form"
questions = ["Which?", "And?"]
choices = ["a", "b"]
images = [["art/a.png", ""], ["other/a.png", "art/missing.png"]]

[[chain]]
kind = "end_page"'''
    change(folder, '[[chain]]\nkind = "end_page"', form)
    change(folder, 'id = "', 'static_files = ["art"]\nid = "')
    (folder / "art").mkdir()
    (folder / "art" / "a.png").write_bytes(b"png")
    assert found(folder) == [
        ("images[1][0]", "error", "not_served"),
        ("images[1][1]", "error", "missing_file"),
    ]


def test_that_pictures_are_looked_for_where_the_page_will(folder):
    settings = """
[chain.rendering]
background = "sky.png"

[chain.assets]
assets_dir = "art"
assets_to_preload = ["icons/dot.png"]
preload_specs = [
    {name = "sheet", img_path = "shet.png", json_path = "sheet.json"},
    {name = "far", img_path = "static/far.png"},
]

[chain.runtime]"""
    change(folder, "\n[chain.runtime]", settings)
    change(folder, 'id = "s"', 'id = "s"\nstatic_files = ["static"]')
    for name in ("art/sky.png", "art/icons/dot.png", "art/sheet.png", "art/sheet.json", "static/far.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    [problem] = check_study(load(folder), runtime=resolved)
    assert (problem.field, problem.code) == ("assets.preload_specs[0].img_path", "missing_file")
    assert "'shet.png'" in problem.message
    assert "did you mean 'sheet.png'" in problem.message
    change(folder, "shet", "sheet")
    for name in ("art/sky.png", "art/icons/dot.png", "static/far.png"):
        (folder / name).unlink()
    assert found(folder) == [
        ("rendering.background", "error", "missing_file"),
        ("assets.preload_specs[1].img_path", "error", "missing_file"),
        ("assets.assets_to_preload[0]", "error", "missing_file"),
    ]
    change(folder, 'assets_dir = "art"', 'assets_dir = "../art"')
    assert ("rendering.background", "error", "not_served") in found(folder)


def test_that_the_example_is_right_as_folder_and_as_script():
    def nothing(packages, *, lock_path):
        assert packages == ("gymnasium>=1.0",)

    assert check_study(load(EXAMPLE), runtime=nothing) == []
    assert check_study(load(EXAMPLE / "mountain_car.py"), runtime=nothing) == []


def test_that_a_function_of_a_script_is_tried_where_the_browser_would_call_it(folder):
    script = folder / "script.py"
    text = """\
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import gym_scene, stager, static_scene
from mug.server import app

start = static_scene.StartScene().scene("start").display(scene_body="Hello")
game = gym_scene.GymScene().scene("game").gameplay(action_mapping={"a": 0}, default_action=1)
game.runtime(environment_initialization_code_filepath="env.py")
game.rendering(hud_text_fn=lambda game: f"{game.env.count}")
end = static_scene.EndScene().scene("end").display(scene_body="Bye")
app.run(ExperimentConfig().experiment(stager.Stager([start, game, end]), "s"))
"""
    script.write_text(text)
    assert check_study(load(script), runtime=resolved) == []
    script.write_text(text.replace("game.env.count", "game.env.nothing"))
    (problem,) = check_study(load(script), runtime=resolved)
    assert (problem.field, problem.code) == ("rendering.hud_text_fn", "environment_failed")
    assert "nothing" in problem.message


def test_that_missing_files_are_told_with_the_nearest_name(folder):
    (folder / "pages" / "start.html").rename(folder / "pages" / "startt.html")
    (problem,) = check_study(load(folder), runtime=resolved)
    assert (problem.node_id, problem.field, problem.code) == ("0", "scene_body_filepath", "missing_file")
    assert "did you mean 'startt.html'?" in problem.message


def test_that_a_missing_environment_file_is_told_once_and_nothing_is_tried(folder):
    (folder / "env.py").unlink()
    assert found(folder) == [("runtime.environment_initialization_code_filepath", "error", "missing_file")]


def test_that_a_syntax_error_in_the_environment_is_told_with_its_line(folder):
    change(folder, "env = Counter()", "env = = Counter()", "env.py")
    (problem,) = check_study(load(folder), runtime=resolved)
    assert problem.code == "code_does_not_compile"
    assert "env.py, line 17" in problem.message


def test_that_folders_and_patterns_are_looked_for(folder):
    change(folder, 'id = "s"', 'id = "s"\nstatic_files = ["static"]')
    change(folder, 'filepath = "env.py"', 'filepath = "env.py"\nfiles = ["levels/*.json"]')
    assert found(folder) == [
        ("static_files[0]", "error", "missing_folder"),
        ("runtime.files[0]", "error", "missing_file"),
    ]
    (folder / "static").mkdir()
    (folder / "levels").mkdir()
    (folder / "levels" / "one.json").write_text("{}")
    assert found(folder) == []


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ("env.py:hud", "missing_function"),
        ("nothing.py:hud", "missing_file"),
        ("env.py:Counter", None),
    ],
)
def test_that_functions_for_the_browser_are_looked_for_without_running_them(folder, ref, code):
    change(folder, "[chain.gameplay]", f'[chain.rendering]\nhud_text_fn = "{ref}"\n[chain.gameplay]')
    assert found(folder, try_environments=False) == ([("rendering.hud_text_fn", "error", code)] if code else [])


def nested(place):
    """A study in a folder of its own, beside which other files may lie."""
    folder = place / "study"
    folder.mkdir()
    text = STUDY.replace('scene_body_filepath = "pages/start.html"', 'scene_body = "Hello"')
    (folder / "study.toml").write_text(text)
    (folder / "env.py").write_text(ENVIRONMENT)
    return folder


@pytest.mark.parametrize("mode", ["p2p", "server_authoritative"])
@pytest.mark.parametrize("absolute", [False, True])
def test_that_functions_in_a_file_beside_the_study_s_folder_are_not_taken_for_the_study_s(tmp_path, mode, absolute):
    folder = nested(tmp_path)
    (tmp_path / "hud.py").write_text("def hud(game):\n    return ''\n")
    ref = f"{tmp_path.as_posix() if absolute else '..'}/hud.py:hud"
    sections = f'[chain.multiplayer]\nmode = "{mode}"\n[chain.rendering]\nhud_text_fn = "{ref}"\n[chain.gameplay]'
    change(folder, "[chain.gameplay]", sections)
    assert found(folder, try_environments=False) == [("rendering.hud_text_fn", "error", "outside_study")]


def test_that_patterns_of_files_beside_the_study_s_folder_are_told(tmp_path):
    folder = nested(tmp_path)
    (tmp_path / "levels.json").write_text("{}")
    change(folder, 'filepath = "env.py"', 'filepath = "env.py"\nfiles = ["../levels.json"]')
    assert found(folder, try_environments=False) == [("runtime.files[0]", "error", "outside_study")]


def test_that_functions_for_the_server_are_looked_for(folder):
    change(folder, "[chain.gameplay]", '[chain.content]\ngame_page_html_fn = "page.py:page"\n[chain.gameplay]')
    assert found(folder) == [("content.game_page_html_fn", "error", "missing_function")]
    (folder / "page.py").write_text("def page(game, subject_id):\n    return ''\n")
    assert found(folder) == []


def test_that_actions_must_be_in_the_action_space(folder):
    change(folder, "action = 1}", "action = 7}")
    change(folder, "default_action = 1", 'default_action = "left"')
    assert found(folder)[:2] == [
        ("gameplay.action_mapping[1].action", "error", "action_not_in_space"),
        ("gameplay.default_action", "error", "action_not_in_space"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("self.count = 0", "self.count = 1 / 0", ["env.reset failed", "env.py", "line 9", "ZeroDivisionError"]),
        ("self.count += 1", "self.count += None", ["env.step failed", "env.py", "line 12", "TypeError"]),
        ('return {"game_state_objects": [], "removed": []}', "return self.nothing", ["env.render failed", "line 15"]),
        ("env = Counter()", "raise RuntimeError('no')", ["could not be loaded", "RuntimeError: no"]),
    ],
)
def test_that_an_environment_that_raises_is_told_with_its_own_line(folder, old, new, words):
    change(folder, old, new, "env.py")
    (problem,) = check_study(load(folder), runtime=resolved)
    assert (problem.severity, problem.code) == ("error", "environment_failed")
    for word in words:
        assert word in problem.message


def test_that_an_environment_without_env_is_told(folder):
    change(folder, "env = Counter()", "game = Counter()", "env.py")
    (problem,) = check_study(load(folder), runtime=resolved)
    assert problem.code == "environment_does_not_fit"
    assert "left no environment" in problem.message


def test_that_an_environment_that_exits_is_told_and_ends_nothing_else(folder):
    change(folder, "env = Counter()", "import os; os._exit(3)", "env.py")
    (problem,) = check_study(load(folder), runtime=resolved)
    assert problem.code == "environment_crashed"
    assert "exit code 3" in problem.message


def test_that_an_environment_that_hangs_is_ended(folder):
    change(folder, "env = Counter()", "while True: pass", "env.py")
    loaded = load(folder)
    game = next(node for _, node in walk(loaded.study) if node.scene_id == "game")
    ((_, severity, code, message),) = try_environment(loaded, game, time_limit_s=2)
    assert (severity, code) == ("error", "environment_hangs")
    assert "within 2 s" in message


def test_that_an_environment_that_does_not_repeat_itself_is_a_warning(folder):
    (folder / "runs.txt").write_text("")
    change(folder, "self.count = 0", "self.count = self.runs()", "env.py")
    change(
        folder,
        "    def step",
        """\
    def runs(self):
        from pathlib import Path
        before = Path("runs.txt").read_text()
        Path("runs.txt").write_text(before + "x")
        return len(before)

    def step""",
        "env.py",
    )
    (problem,) = check_study(load(folder), runtime=resolved)
    assert (problem.severity, problem.code) == ("warning", "not_reproducible")
    assert "from frame 0 on" in problem.message


def test_that_infos_that_a_table_cannot_hold_are_named(folder):
    change(folder, "False, False, {}", "False, False, {'score': 1, 'thing': object()}", "env.py")
    (problem,) = check_study(load(folder), runtime=resolved)
    assert (problem.severity, problem.code) == ("warning", "info_not_kept")
    assert "'thing'" in problem.message


def test_that_a_module_that_is_not_installed_here_is_a_warning(folder):
    change(folder, "import numpy as np", "import numpy as np\nimport mug_no_such_module", "env.py")
    (problem,) = check_study(load(folder), runtime=resolved)
    assert (problem.severity, problem.code) == ("warning", "environment_not_tried")
    assert "'mug_no_such_module'" in problem.message


def test_that_packages_that_cannot_be_resolved_are_told(folder, tmp_path):
    def refuses(packages, *, lock_path):
        assert lock_path == folder / "study.lock.json"
        raise ResolutionError(packages, "they contradict each other")

    def missing(packages, *, lock_path):
        raise RuntimeMissingError(tmp_path, "0.0")

    assert found(folder, runtime=refuses, try_environments=False) == [
        ("runtime.packages_to_install", "error", "packages_not_loadable")
    ]
    assert found(folder, runtime=missing, try_environments=False) == [
        ("runtime.environment_initialization_code_filepath", "error", "runtime_missing")
    ]


def test_that_a_study_without_games_needs_no_runtime(folder):
    text = (folder / "study.toml").read_text()
    start, end = text.index('[[chain]]\nkind = "gym_game"'), text.index('[[chain]]\nkind = "end_page"')
    (folder / "study.toml").write_text(text[:start] + text[end:])

    def never(packages, *, lock_path):
        raise AssertionError("no game needs packages")

    assert found(folder, runtime=never) == []


def run(study) -> tuple[int, str]:
    out = io.StringIO()
    return main(argparse.Namespace(study=str(study)), out), out.getvalue()


def test_that_the_command_tells_errors_before_warnings_and_what_follows(folder):
    text = (folder / "study.toml").read_text()
    start, end = text.index('[[chain]]\nkind = "gym_game"'), text.index('[[chain]]\nkind = "end_page"')
    (folder / "study.toml").write_text(text[:start] + text[end:])
    assert run(folder) == (
        0,
        f"Study 's' ({folder / 'study.toml'}), 2 nodes\n\nno errors, no warnings: the study is ready\n",
    )
    change(folder, 'scene_body = "Bye"', "")
    code, said = run(folder)
    assert code == 0
    assert "warning: scene 'end': shows nothing" in said
    assert "no errors, 1 warning: the study can be run" in said
    (folder / "pages" / "start.html").unlink()
    code, said = run(folder)
    assert code == 1
    assert said.index("error: ") < said.index("warning: ")
    assert "1 error, 1 warning: the study is not run before the errors are corrected" in said


def test_that_the_command_tells_why_a_study_does_not_load(tmp_path):
    code, said = run(tmp_path / "nowhere")
    assert code == 2
    assert "there is no study at" in said


def test_that_files_and_environments_of_each_treatment_are_tried_and_named(folder):
    arms = """
[treatments.arms.usual]

[treatments.arms.broken.changes.game]
"runtime.environment_initialization_code_filepath" = "broken.py"

[treatments.arms.lost.changes.start]
scene_body_filepath = "pages/lost.html"

[treatments.arms.worded.changes.game]
"content.scene_header" = "Another game"

[[chain]]"""
    change(folder, "\n[[chain]]", arms)
    (folder / "broken.py").write_text(ENVIRONMENT.replace("self.count = 0", "self.count = 1 / 0"))
    told = []
    problems = check_study(load(folder), runtime=resolved, progress=told.append)
    assert [(p.label, p.code) for p in problems] == [("start", "missing_file"), ("game", "environment_failed")]
    assert problems[0].message.startswith("under treatment 'lost': ")
    assert problems[1].message.startswith("under treatment 'broken': ")
    tried = [text for text in told if text.startswith("trying")]
    assert tried == [
        "trying the environment of scene 'game'",
        "trying the environment of scene 'game' under treatment 'broken'",
    ]

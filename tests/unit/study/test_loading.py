"""Studies load from folders and from scripts; what does not load says what, where and how to fix it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mug.study import CallableError, StudyLoadError, content_hash, load, validate

EXAMPLE = Path(__file__).parents[3] / "examples" / "mountain_car"

SCRIPT = """\
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import gym_scene, stager, static_scene
from mug.server import app

start = static_scene.StartScene().scene("start").display(scene_body="Hello")
game = gym_scene.GymScene().scene("game").gameplay(default_action=0)
end = static_scene.EndScene().scene("end").display(scene_body="Bye")
config = ExperimentConfig().experiment(stager.Stager([start, game, end]), "my-study")
"""


@pytest.fixture(autouse=True)
def _own_interpreter_state(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def script(tmp_path):
    def write(text: str, name: str = "script.py") -> Path:
        path = tmp_path / name
        path.write_text(SCRIPT + textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", ["mountain_car", "questionnaire"])
def test_that_the_folder_and_the_script_of_the_example_are_one_study(name):
    example = EXAMPLE.parent / name
    folder, script = load(example), load(example / f"{name}.py")
    assert folder.study == script.study
    assert content_hash(folder.study) == content_hash(script.study)
    assert folder.folder == script.folder == example
    assert (folder.from_script, script.from_script) == (False, True)
    assert validate(folder.study) == []


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in EXAMPLE.parent.glob("*/study.toml")), ids=lambda p: p.name
)
def test_that_every_example_loads_and_has_no_problems(folder):
    assert validate(load(folder).study) == []


def test_that_the_study_file_itself_may_be_named():
    assert load(EXAMPLE / "study.toml").study == load(EXAMPLE).study


def test_that_a_script_hands_over_its_config_and_goes_on(script, capsys):
    loaded = load(script('app.run(config)\nprint("after run")\n'))
    assert loaded.study.id == "my-study"
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "after run" in captured.err


def test_that_a_script_runs_as_main_with_its_arguments(script):
    before = list(sys.argv)
    path = script(
        """\
        import sys
        if __name__ == "__main__":
            config.experiment(title=" ".join(sys.argv))
            app.run(config)
        """
    )
    assert load(path, ["--fast", "3"]).study.title == f"{path} --fast 3"
    assert sys.argv == before


def test_that_a_script_finds_modules_beside_it_and_in_the_working_directory(script, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mug_test_from_cwd.py").write_text("NAME = 'cwd'\n")
    (tmp_path / "mug_test_beside.py").write_text("NAME = 'beside'\n")
    monkeypatch.chdir(elsewhere)
    path = script(
        """\
        import mug_test_beside, mug_test_from_cwd
        config.experiment(title=mug_test_beside.NAME + mug_test_from_cwd.NAME)
        app.run(config)
        """
    )
    assert load(path).study.title == "besidecwd"


def test_that_loading_again_sees_changed_modules(script, tmp_path):
    module = tmp_path / "mug_test_changing.py"
    path = script("import mug_test_changing\nconfig.experiment(title=mug_test_changing.NAME)\napp.run(config)\n")
    module.write_text("NAME = 'one'\n")
    assert load(path).study.title == "one"
    module.write_text("NAME = 'another'\n")
    assert load(path).study.title == "another"


def test_that_two_studies_with_modules_of_one_name_get_their_own(tmp_path):
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "mug_test_same.py").write_text(f"NAME = {name!r}\n")
        (folder / "script.py").write_text(
            SCRIPT + "import mug_test_same\nconfig.experiment(title=mug_test_same.NAME)\napp.run(config)\n"
        )
    assert load(tmp_path / "a" / "script.py").study.title == "a"
    assert load(tmp_path / "b" / "script.py").study.title == "b"


def test_that_lambdas_and_local_functions_are_kept_under_the_scripts_name(script):
    path = script(
        """\
        from mug.server.callback import GameCallback
        class Watcher(GameCallback): ...
        def page(game, subject_id): return subject_id
        watcher = Watcher()
        game.content(game_page_html_fn=page).gameplay(callback=watcher)
        config.entry_screening(entry_callback=lambda context: {"exclude": False})
        app.run(config)
        """
    )
    loaded = load(path)
    game = loaded.study.chain[1]
    assert game.content.game_page_html_fn == "script.py:game.game_page_html_fn"
    assert game.gameplay.callback == "script.py:game.callback"
    assert loaded.study.screening.entry_callback == "script.py:screening.entry_callback"
    assert loaded.resolve_callable("script.py:game.game_page_html_fn")(None, "me") == "me"
    assert type(loaded.resolve_callable("script.py:game.callback")).__name__ == "Watcher"
    assert loaded.resolve_callable("script.py:screening.entry_callback")({}) == {"exclude": False}


def test_that_functions_of_modules_are_named_after_them(script, tmp_path):
    (tmp_path / "mug_test_hud.py").write_text("def hud(game):\n    return 'hud'\n")
    loaded = load(script("import mug_test_hud\ngame.rendering(hud_text_fn=mug_test_hud.hud)\napp.run(config)\n"))
    assert loaded.study.chain[1].rendering.hud_text_fn == "mug_test_hud:hud"
    assert loaded.callables == {}
    assert loaded.resolve_callable("mug_test_hud:hud")(None) == "hud"


def test_that_hooks_of_scene_subclasses_are_kept(script):
    path = script(
        """\
        class Greeting(static_scene.StaticScene):
            def on_connect(self, context):
                return ["hello", context]
        hello = Greeting().scene("hello").display(scene_body="x")
        config.experiment(stager.Stager([start, hello, end]))
        app.run(config)
        """
    )
    loaded = load(path)
    assert loaded.study.chain[1].on_connect == "script.py:hello.on_connect"
    assert loaded.study.chain[1].on_client_callback is None
    assert loaded.resolve_callable("script.py:hello.on_connect")(1) == ["hello", 1]


def test_that_a_function_of_the_script_goes_to_the_browser_with_what_it_needs(script):
    path = script(
        """\
        import math
        from fractions import Fraction as Half
        WORDS = {"score": ["Score", 2]}
        def rounded(value): return math.floor(value)
        def hud(game, digits=len(WORDS)) -> "SomeType":
            return f"{WORDS['score'][0]}: {rounded(game)} {Half(1, 2)} {digits}"
        game.rendering(hud_text_fn=hud, env_to_state_fn=lambda env: [WORDS, env])
        app.run(config)
        """
    )
    loaded = load(path)
    rendering = loaded.study.chain[1].rendering
    results = {}
    for ref in (rendering.hud_text_fn, rendering.env_to_state_fn):
        file, _, name = ref.partition(":")
        namespace: dict = {}
        exec(compile(loaded.generated[file], file, "exec"), namespace)
        results[name] = namespace[name]
    assert results["hud_text_fn"](3.7) == "Score: 3 1/2 1"
    assert results["env_to_state_fn"](1) == [{"score": ["Score", 2]}, 1]
    assert not [problem for problem in validate(loaded.study) if problem.field.startswith("rendering")]


def test_that_two_lambdas_on_one_line_are_told_apart(script):
    loaded = load(script("game.rendering(hud_text_fn=lambda g: 'x', env_to_state_fn=lambda g: 'y')\napp.run(config)\n"))
    sources = sorted(loaded.generated.values())
    assert any("hud_text_fn = lambda g: 'x'" in source for source in sources)
    assert any("env_to_state_fn = lambda g: 'y'" in source for source in sources)


def test_that_functions_made_in_a_loop_keep_their_own_defaults(script):
    path = script(
        """\
        for i in range(2):
            game.rendering(hud_text_fn=lambda g, *, i=i, wide=max(i, 1) * 3: (i, wide))
            break
        i = 7
        found = [lambda env, i=i: i for i in range(3)][1]
        game.rendering(env_to_state_fn=found)
        app.run(config)
        """
    )
    loaded = load(path)
    results = {}
    for ref in (loaded.study.chain[1].rendering.hud_text_fn, loaded.study.chain[1].rendering.env_to_state_fn):
        file, _, name = ref.partition(":")
        namespace: dict = {}
        exec(compile(loaded.generated[file], file, "exec"), namespace)
        results[name] = namespace[name](None)
    assert results == {"hud_text_fn": (0, 3), "env_to_state_fn": 1}


def test_that_a_default_that_is_an_object_keeps_the_function_in_the_script(script):
    loaded = load(script("game.rendering(hud_text_fn=lambda g, thing=object(): str(thing))\napp.run(config)\n"))
    found = [problem for problem in validate(loaded.study) if problem.field == "rendering.hud_text_fn"]
    assert [problem.code for problem in found] == ["not_in_the_browser"]


@pytest.mark.parametrize("join", ["thread.join()", ""])
def test_that_a_script_that_runs_in_a_thread_serves_nothing(script, join):
    path = script(
        f"import threading\nthread = threading.Thread(target=app.run, args=(config,))\nthread.start()\n{join}\n"
    )
    assert len(load(path).study.chain) == 3


def test_that_another_function_is_another_study(script):
    first = load(script("game.rendering(hud_text_fn=lambda g: 'x')\napp.run(config)\n"))
    second = load(script("game.rendering(hud_text_fn=lambda g: 'y')\napp.run(config)\n"))
    assert content_hash(first.study) != content_hash(second.study)


@pytest.mark.parametrize(
    "text",
    [
        "thing = object()\ngame.rendering(hud_text_fn=lambda game: str(thing))\napp.run(config)\n",
        "game.rendering(hud_text_fn=lambda game: __file__)\napp.run(config)\n",
        "class Hud:\n    def text(self, game): return ''\ngame.rendering(hud_text_fn=Hud().text)\napp.run(config)\n",
    ],
)
def test_that_a_function_that_cannot_leave_the_script_is_a_problem(script, text):
    loaded = load(script(text))
    found = [problem for problem in validate(loaded.study) if problem.field == "rendering.hud_text_fn"]
    assert [problem.code for problem in found] == ["not_in_the_browser"]


def test_that_relative_paths_start_in_the_study_folder_then_in_the_working_directory(script, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    loaded = load(script("app.run(config)\n"))
    (elsewhere / "page.html").write_text("cwd")
    assert loaded.resolve_path("page.html") == elsewhere / "page.html"
    (tmp_path / "page.html").write_text("folder")
    assert loaded.resolve_path("page.html") == tmp_path / "page.html"
    assert loaded.resolve_path("nowhere.html") == tmp_path / "nowhere.html"
    assert loaded.resolve_path("/absolute.html") == Path("/absolute.html")


def test_that_absolute_paths_inside_the_folder_become_relative(script, tmp_path):
    loaded = load(
        script(
            """\
            from pathlib import Path
            start.display(scene_body=None, scene_body_filepath=str(Path(__file__).parent / "pages" / "a.html"))
            app.run(config)
            """
        )
    )
    assert loaded.study.chain[0].scene_body_filepath == "pages/a.html"


def test_that_eventlet_need_not_be_there(script):
    loaded = load(script("import eventlet\neventlet.monkey_patch()\napp.run(config)\n"))
    assert loaded.study.id == "my-study"
    assert "eventlet" not in sys.modules


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\nraise RuntimeError('broken')\n", 10, "RuntimeError: broken"),
        ("def f():\n    return 1 / 0\n\nf()\n", 10, "return 1 / 0"),
        ("game.gameplay(num_episodes=0)\n", 9, "num_episodes"),
        ("import json\njson.loads('{')\n", 10, "json.loads"),
        ("x = = 1\n", 9, "SyntaxError"),
        ("static_scene.TextBox(' ')\n", 9, "TextBox(text_box_header=…) is empty"),
    ],
)
def test_that_a_script_that_raises_is_told_with_its_own_line(script, text, line, words):
    path = script(text)
    with pytest.raises(StudyLoadError) as caught:
        load(path)
    assert caught.value.line == line
    assert f"{path}, line {line}: " in str(caught.value)
    assert words in str(caught.value)
    assert "Traceback" in caught.value.detail


def test_that_a_script_that_never_calls_run_is_a_problem(script):
    with pytest.raises(StudyLoadError, match=r"never calls mug\.server\.app\.run"):
        load(script(""))


def test_that_a_script_that_calls_run_twice_is_a_problem(script):
    with pytest.raises(StudyLoadError, match="2 times"):
        load(script("app.run(config)\napp.run(config)\n"))


def test_that_a_script_that_ends_itself_is_a_problem(script):
    with pytest.raises(StudyLoadError, match=r"ended itself \(sys\.exit\(3\)\)"):
        load(script("import sys\nsys.exit(3)\napp.run(config)\n"))


def test_that_a_script_may_end_itself_after_run(script):
    assert load(script("import sys\napp.run(config)\nsys.exit(0)\n")).study.id == "my-study"


def test_that_run_refuses_what_is_no_config(script):
    with pytest.raises(StudyLoadError, match="must be an ExperimentConfig"):
        load(script("app.run(game)\n"))


def test_that_a_config_without_scenes_is_told(script):
    with pytest.raises(StudyLoadError, match="has no scenes"):
        load(script("app.run(ExperimentConfig())\n"))


def test_that_an_unknown_path_is_told_with_what_is_there(tmp_path):
    (tmp_path / "mountain_car").mkdir()
    with pytest.raises(StudyLoadError, match=r"there is no study at .*mountian_car; did you mean '.*mountain_car'\?"):
        load(tmp_path / "mountian_car")
    with pytest.raises(StudyLoadError, match="did you mean"):
        load(tmp_path / "mountain_cra" / "study.toml")
    with pytest.raises(StudyLoadError, match="has no 'zzz'"):
        load(tmp_path / "zzz")


def test_that_a_folder_without_a_study_is_told_with_its_script(script, tmp_path):
    with pytest.raises(StudyLoadError, match=r"has no study\.toml$"):
        load(tmp_path)
    script("app.run(config)\n")
    with pytest.raises(StudyLoadError, match=r"did you mean '.*script\.py'\?"):
        load(tmp_path)


def test_that_another_file_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(StudyLoadError, match=r"is no study: give a folder with study\.toml, or a Python script"):
        load(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("nothing", "is not a reference"),
        ("missing.py:f", r"there is no file missing\.py"),
        ("mug_test_no_such_module:f", "there is no module 'mug_test_no_such_module'"),
        ("module.py:huud", r"has no 'huud'; did you mean 'hud'\?"),
        ("module.py:hud.inner", r"has no 'hud\.inner'"),
        ("broken.py:f", r"broken\.py, line 2: ZeroDivisionError"),
    ],
)
def test_that_a_reference_to_nothing_is_told(script, tmp_path, ref, words):
    (tmp_path / "module.py").write_text("def hud(game):\n    return 'hud'\n")
    (tmp_path / "broken.py").write_text("x = 0\n1 / x\n")
    loaded = load(script("app.run(config)\n"))
    assert loaded.resolve_callable("module.py:hud")(None) == "hud"
    with pytest.raises(CallableError, match=words):
        loaded.resolve_callable(ref)


def test_that_a_file_reference_has_the_hash_of_its_file(script, tmp_path):
    (tmp_path / "module.py").write_text("def hud(game):\n    return 'hud'\n")
    loaded = load(script("app.run(config)\n"))
    digest = loaded.callable_sha256("module.py:hud")
    assert digest is not None
    assert len(digest) == 64
    (tmp_path / "module.py").write_text("def hud(game):\n    return 'other'\n")
    assert loaded.callable_sha256("module.py:hud") != digest
    assert loaded.callable_sha256("json:dumps") is None


def test_that_classes_of_a_file_can_be_pickled(script, tmp_path):
    import pickle

    (tmp_path / "module.py").write_text("class Box:\n    pass\n")
    box = load(script("app.run(config)\n")).resolve_callable("module.py:Box")()
    assert type(pickle.loads(pickle.dumps(box))) is type(box)


def test_that_importing_the_package_imports_nothing_heavy():
    imports = "import sys, mug.study, mug.scenes, mug.configurations"
    code = f"{imports}; print([name for name in ('msgspec', 'numpy', 'flask') if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"


def test_that_an_experiment_without_scenes_names_its_script(tmp_path: Path) -> None:
    script = tmp_path / "empty_experiment.py"
    script.write_text(
        "from mug.configurations.experiment_config import ExperimentConfig\n"
        "from mug.server import app\n"
        "app.run(ExperimentConfig())\n"
    )
    with pytest.raises(StudyLoadError, match=r"empty_experiment\.py: ValueError: the experiment has no scenes"):
        load(script)

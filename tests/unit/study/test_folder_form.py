"""A script's study saved as a folder is the same study: what only Python can say stays in the script."""

import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from mug.check import check_study
from mug.check.files import files_of_node, files_of_study
from mug.runtime import study_parts
from mug.server.callback import GameCallback
from mug.server.matchmaker import MatchCandidate
from mug.study import CallableError, GymGame, StaticPage, StudyFileError, dump_study, load, validate, walk, write_study
from mug.study.folder_form import folder_form, with_references
from mug.study.scripts import calls_run

ENVIRONMENT = "env = None\n"
MODULE = "ROOM = 'B12'\n\n\ndef decide(context):\n    return {'exclude': context['subject_id'] == 'no'}\n"
SCRIPT = '''\
"""A study of which much is Python."""

import lab
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import gym_scene, stager, static_scene
from mug.server import app
from mug.server.callback import GameCallback
from mug.server.matchmaker import FIFOMatchmaker, Matchmaker

print("loaded")
GREETING = "hello"
LABELS = {"score": "Score"}


class Greeting(static_scene.StartScene):
    def on_connect(self, context):
        return [GREETING, lab.ROOM, context]


class Watcher(GameCallback):
    def __init__(self, room):
        self.room = room


class Last(Matchmaker):
    def find_match(self, arriving, waiting, group_size):
        return [*waiting[-(group_size - 1):], arriving]


def make_matchmaker():
    return Last(max_p2p_rtt_ms=7)


def hud(game):
    return f"{LABELS['score']}: {game}"


welcome = Greeting().scene("welcome").display(scene_body="Hello")
played = dict(action_mapping={"a": 0}, default_action=0)
alone = (
    gym_scene.GymScene()
    .scene("play alone".replace(" ", "-"))
    .rendering(hud_text_fn=hud, env_to_state_fn=lambda env: [env, LABELS])
    .gameplay(callback=Watcher("west"), **played)
    .content(game_page_html_fn=lambda game, subject_id: f"<p>{subject_id}</p>")
    .runtime(environment_initialization_code_filepath="env.py")
)
duel = (
    gym_scene.GymScene()
    .scene("2nd.duel")
    .rendering(hud_text_fn=hud)
    .policies(policy_mapping={"left": "human", "right": "human"})
    .gameplay(**played)
    .matchmaking(matchmaker=Last())
    .multiplayer(continuous_callback=lambda context: {"warn": context["ping"] > 5})
    .runtime(environment_initialization_code_filepath="env.py")
)
end = static_scene.EndScene().scene("end").display(scene_body="Bye")
config = (
    ExperimentConfig()
    .experiment(stager.Stager([welcome, alone, duel, end]), "mostly-python")
    .entry_screening(entry_callback=lambda context: lab.decide(context))
)
app.run(config)
'''


@pytest.fixture(autouse=True)
def _own_interpreter_state(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "experiment.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "lab.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "env.py").write_text(ENVIRONMENT, encoding="utf-8")
    return tmp_path


def saved(folder: Path, script: str = "experiment.py"):
    """Save a script's study as a folder around it, as MUG Lab does, and load it from there."""
    form = folder_form(load(folder / script))
    write_study(form.study, folder / "study.toml")
    for name, text in form.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return form, load(folder)


def references(study):
    found = {}
    for _, node in walk(study):
        for name in ("on_connect",):
            if getattr(node, name, None):
                found[f"{node.scene_id}.{name}"] = getattr(node, name)
        if isinstance(node, GymGame):
            for section, name in (
                ("rendering", "hud_text_fn"),
                ("rendering", "env_to_state_fn"),
                ("gameplay", "callback"),
                ("content", "game_page_html_fn"),
                ("matchmaking", "matchmaker"),
                ("multiplayer", "continuous_callback"),
            ):
                ref = getattr(getattr(node, section), name)
                if ref:
                    found[f"{node.scene_id}.{name}"] = ref
    return {**found, "screening.entry_callback": study.screening.entry_callback}


def test_that_the_study_file_refers_to_the_script(folder):
    form, loaded = saved(folder)
    assert form.script == folder / "experiment.py"
    assert loaded.study == form.study
    assert references(loaded.study) == {
        "welcome.on_connect": "experiment.py:welcome.on_connect",
        "play-alone.hud_text_fn": "play_alone_hud_text_fn.py:hud_text_fn",
        "play-alone.env_to_state_fn": "play_alone_env_to_state_fn.py:env_to_state_fn",
        "play-alone.callback": "experiment.py:play-alone.callback",
        "play-alone.game_page_html_fn": "experiment.py:play-alone.game_page_html_fn",
        "2nd.duel.hud_text_fn": "play_alone_hud_text_fn.py:hud_text_fn",
        "2nd.duel.matchmaker": "experiment.py:2nd.duel.matchmaker",
        "2nd.duel.continuous_callback": "experiment.py:2nd.duel.continuous_callback",
        "screening.entry_callback": "experiment.py:screening.entry_callback",
    }
    assert set(form.files) == {"play_alone_hud_text_fn.py", "play_alone_env_to_state_fn.py"}
    assert validate(loaded.study) == []


def test_that_every_function_is_found_and_does_the_same(folder, capsys):
    _, loaded = saved(folder)
    capsys.readouterr()
    call = {place: loaded.resolve_callable(ref) for place, ref in references(loaded.study).items()}
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("loaded")) == ("", 1), "the script is run once, and says it to stderr"
    assert call["welcome.on_connect"]("c") == ["hello", "B12", "c"]
    assert call["play-alone.hud_text_fn"](3) == "Score: 3"
    assert call["play-alone.env_to_state_fn"](1) == [1, {"score": "Score"}]
    assert isinstance(call["play-alone.callback"], GameCallback)
    assert call["play-alone.callback"].room == "west"
    assert call["play-alone.game_page_html_fn"](None, "me") == "<p>me</p>"
    one, two = MatchCandidate("one"), MatchCandidate("two")
    assert call["2nd.duel.matchmaker"].find_match(two, [one], 2) == [one, two]
    assert call["2nd.duel.continuous_callback"]({"ping": 9}) == {"warn": True}
    assert call["screening.entry_callback"]({"subject_id": "no"}) == {"exclude": True}


def test_that_named_functions_and_classes_of_a_script_are_found_too(folder):
    _, loaded = saved(folder)
    made = loaded.resolve_callable("experiment.py:make_matchmaker")()
    assert (type(made).__name__, made.max_p2p_rtt_ms) == ("Last", 7)
    assert type(loaded.resolve_callable("experiment.py:Last")()) is type(made)
    assert loaded.resolve_callable("experiment.py:lab.decide")({"subject_id": "yes"}) == {"exclude": False}
    with pytest.raises(CallableError, match=r"experiment\.py has no 'make_matchmakr'; did you mean 'make_matchmaker'"):
        loaded.resolve_callable("experiment.py:make_matchmakr")
    assert loaded.resolve_callable("experiment.py:GameCallback") is GameCallback


def test_that_the_script_itself_resolves_its_named_functions(folder):
    loaded = load(folder / "experiment.py")
    assert loaded.resolve_callable("experiment.py:make_matchmaker")().max_p2p_rtt_ms == 7


def test_that_nothing_is_served_whoever_calls_run(folder):
    (folder / "sly.py").write_text(
        "from experiment import config\nfrom lab import decide\nimport mug.server.app as a\na.run(config)\n"
    )
    loaded = load(folder / "experiment.py")
    assert loaded.resolve_callable("sly.py:decide")({"subject_id": "no"}) == {"exclude": True}
    (folder / "slyer.py").write_text("from experiment import app, config\napp.run(config)\nNAME = 1\n")
    assert loaded.resolve_callable("slyer.py:NAME") == 1
    assert loaded.resolve_callable("slyer:NAME") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("raise RuntimeError('broken')\n", r"experiment\.py, line 1: RuntimeError: broken"),
        ("import sys\nsys.exit(3)\n", r"ended itself \(sys\.exit\(3\)\)"),
        ("import no_such_module_anywhere\n", "no_such_module_anywhere"),
    ],
)
def test_that_a_script_that_fails_is_told_where_it_is_referred_to(folder, change, words):
    saved(folder)
    (folder / "experiment.py").write_text(change + SCRIPT, encoding="utf-8")
    loaded = load(folder)
    with pytest.raises(CallableError, match=words):
        loaded.resolve_callable("experiment.py:welcome.on_connect")
    found = [finding for _, node in walk(loaded.study) for finding in files_of_node(loaded, node)]
    assert ("on_connect", "error", "missing_function") in [finding[:3] for finding in found]


def test_that_a_reference_to_what_the_script_no_longer_says_is_told(folder):
    saved(folder)
    (folder / "experiment.py").write_text(SCRIPT.replace('.scene("welcome")', '.scene("hello")'), encoding="utf-8")
    assert load(folder).resolve_callable("experiment.py:hello.on_connect")(1) == ["hello", "B12", 1]
    for gone in ("welcome.on_connect", "end.on_connect"):  # of the scene that still has this name in the script
        with pytest.raises(CallableError, match=rf"experiment\.py has no '{gone}'"):
            load(folder).resolve_callable(f"experiment.py:{gone}")


def test_that_the_check_accepts_such_a_folder(folder):
    _, loaded = saved(folder)
    assert list(files_of_study(loaded)) == []
    assert [finding for _, node in walk(loaded.study) for finding in files_of_node(loaded, node)] == []
    problems = check_study(loaded, runtime=lambda packages, lock_path: None, try_environments=False)
    assert problems == validate(loaded.study)


def test_that_a_thing_of_the_script_that_is_no_matchmaker_is_found(folder):
    (folder / "experiment.py").write_text(SCRIPT.replace("matchmaker=Last()", "matchmaker=lambda: 3"), encoding="utf-8")
    text = dump_study(folder_form(load(folder / "experiment.py")).study)
    (folder / "study.toml").write_text(text.replace("2nd.duel.matchmaker", "welcome.on_connect.nothing"))
    loaded = load(folder)
    found = [finding for _, node in walk(loaded.study) for finding in files_of_node(loaded, node)]
    assert ("matchmaking.matchmaker", "error", "missing_function") in [finding[:3] for finding in found]


def test_that_the_script_does_not_go_to_the_browsers(folder):
    form, loaded = saved(folder)
    games = [node for _, node in walk(loaded.study) if isinstance(node, GymGame)]
    parts, problems = study_parts(loaded, games)
    assert problems == []
    assert {"env.py", *form.files} <= set(parts)
    assert "experiment.py" not in parts
    from_script, _ = study_parts(load(folder / "experiment.py"), games)
    assert "experiment.py" not in from_script


def test_that_a_browser_function_in_the_script_is_refused(folder):
    _, loaded = saved(folder)
    text = (folder / "study.toml").read_text().replace("play_alone_hud_text_fn.py:hud_text_fn", "experiment.py:hud")
    (folder / "study.toml").write_text(text)
    loaded = load(folder)
    found = [finding for _, node in walk(loaded.study) for finding in files_of_node(loaded, node)]
    assert {finding[2] for finding in found} == {"not_in_the_browser"}


def test_that_a_script_that_was_changed_since_is_told_by_what_is_missing(folder):
    study = load(folder / "experiment.py").study
    (folder / "experiment.py").write_text(
        SCRIPT.replace('"welcome"', '"hello"').replace("score']}: {game}", "score']} {game}"), encoding="utf-8"
    )
    changed = msgspec.structs.replace(study, title="Edited")
    with pytest.raises(StudyFileError, match="was changed since") as caught:
        folder_form(replace(load(folder / "experiment.py"), study=changed))
    for place in ("welcome.on_connect", "play-alone.hud_text_fn", "2nd.duel.hud_text_fn"):
        assert place in str(caught.value)
    assert "matchmaker" not in str(caught.value)


def test_that_an_edited_study_takes_the_references_too(folder):
    loaded = load(folder / "experiment.py")
    form = folder_form(loaded)
    chain = list(loaded.study.chain)
    chain[1] = msgspec.structs.replace(chain[1], scene_id="renamed")
    edited = msgspec.structs.replace(loaded.study, chain=(*chain[:2], StaticPage(scene_id="new"), *chain[2:]))
    adapted = with_references(edited, form.references)
    assert adapted.chain[1].rendering.hud_text_fn == "play_alone_hud_text_fn.py:hud_text_fn"
    assert adapted.chain[3].rendering.hud_text_fn == "play_alone_hud_text_fn.py:hud_text_fn"
    assert adapted.chain[1].gameplay.callback == "experiment.py:play-alone.callback"


def test_that_files_that_are_there_are_not_overwritten_but_used_again(folder):
    (folder / "play_alone_hud_text_fn.py").write_text("mine = 1\n")
    first, loaded = saved(folder)
    assert set(first.files) == {"play_alone_hud_text_fn_2.py", "play_alone_env_to_state_fn.py"}
    assert (folder / "play_alone_hud_text_fn.py").read_text() == "mine = 1\n"
    again, _ = saved(folder)
    assert again == first
    assert loaded.resolve_callable("play_alone_hud_text_fn_2.py:hud_text_fn")(1) == "Score: 1"


def test_that_a_folder_and_a_plain_script_have_nothing_to_keep(folder):
    _, loaded = saved(folder)
    form = folder_form(loaded)
    assert (form.study, dict(form.files), dict(form.references), form.script) == (loaded.study, {}, {}, None)
    plain = folder / "plain.py"
    plain.write_text(
        textwrap.dedent(
            """\
            import lab
            from mug.configurations.experiment_config import ExperimentConfig
            from mug.scenes import stager, static_scene
            from mug.server.app import run

            scenes = [static_scene.StartScene().scene("a"), static_scene.EndScene().scene("b")]
            config = ExperimentConfig().experiment(stager.Stager(scenes), "plain")
            if __name__ == "__main__":
                run(config.entry_screening(entry_callback=lab.decide))
            """
        )
    )
    form = folder_form(load(plain))
    assert (dict(form.files), form.script) == ({}, None)
    assert form.study.screening.entry_callback == "lab:decide"
    assert load(folder).resolve_callable("plain.py:scenes")[0].scene_id == "a"


def test_that_a_written_module_stands_alone(folder):
    form, _ = saved(folder)
    code = "import play_alone_hud_text_fn as one; print(one.hud_text_fn(5))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "Score: 5\n"
    assert all(text.startswith('"""Written by MUG') for text in form.files.values())


@pytest.mark.parametrize(
    ("source", "is_script"),
    [
        ("from mug.server.app import run\nrun(1)\n", True),
        ("from mug.server.app import run as go\nif __name__ == '__main__':\n    go(1)\n", True),
        ("from mug.server import app\ndef main(): app.run(1)\n", True),
        ("import mug.server.app\nmug.server.app.run(1)\n", True),
        ("import mug.server.app as served\nserved.run(1)\n", True),
        ("from mug.server.app import *\nrun(1)\n", True),
        ("from mug.server.app import run\n", False),
        ("from mug.server import app\napp.other(1)\n", False),
        ("def run(game): ...\nrun(1)  # ExperimentConfig, mug.server\n", False),
        ("import subprocess\nsubprocess.run(1)\n", False),
        ("not Python at all", False),
        ("# -*- coding: latin-1 -*-\nfrom mug.server.app import run\nrun('\u00e9')\n", True),
    ],
)
def test_that_scripts_are_told_from_other_modules(tmp_path, source, is_script):
    file = tmp_path / "some.py"
    file.write_bytes(source.encode("latin-1"))
    assert calls_run(file) is is_script
    assert not calls_run(tmp_path / "none.py")

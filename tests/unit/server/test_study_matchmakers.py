"""The matchmakers that a study names: MUG's own by class or object, a study's own by class, object or function."""

from pathlib import Path
from typing import Any

import pytest

from mug.check.files import files_of_node
from mug.server.hooks import StudyHooks
from mug.server.matchmaker import FIFOMatchmaker, LatencyFIFOMatchmaker, Matchmaker, StrangersMatchmaker
from mug.server.study_matchmakers import built_in_matchmakers
from mug.study import draw_plan, validate
from mug.study.errors import CallableError
from mug.study.game import MatchmakingSection
from mug.study.loading import LoadedStudy, load
from mug.study.model import GymGame, Study
from mug.study.waitrooms import waitroom_at

FILE = '''\
from mug.server.matchmaker import LatencyFIFOMatchmaker, Matchmaker

near = LatencyFIFOMatchmaker(100, max_p2p_rtt_ms=150)


class Youngest(Matchmaker):
    """The last who came first."""

    def __init__(self, max_p2p_rtt_ms=80):
        super().__init__(max_p2p_rtt_ms)

    def find_match(self, arriving, waiting, group_size):
        if len(waiting) < group_size - 1:
            return None
        assert all(other.group_history is None or other.group_history.role for other in waiting)
        return [arriving, *list(waiting)[1 - group_size:]]


class Picky(Youngest):
    def should_reject_for_rtt(self, measured_rtt_ms):
        return measured_rtt_ms is None or measured_rtt_ms > 12


def make():
    return Youngest(None)


def make_nothing():
    return None


class Needs(Youngest):
    def __init__(self, what):
        super().__init__()


class Other:
    pass


number = 7
'''


def loaded(folder: Path, ref: str, **callables: Any) -> LoadedStudy:
    (folder / "mm.py").write_text(FILE, encoding="utf-8")
    game = GymGame(scene_id="game", matchmaking=MatchmakingSection(matchmaker=ref))
    return LoadedStudy(Study(id="s", chain=(game,)), callables, folder, folder / "study.toml")


def candidate(name: str, partners: tuple[str, ...] = ()) -> dict[str, Any]:
    past = None
    if partners:
        past = {
            "previous_partners": list(partners),
            "source_scene_id": "one",
            "group_id": "g",
            "role": "a0",
            "outcome": "completed",
            "earlier_partners": [],
        }
    return {"subject_id": name, "rtt_ms": 12.0, "group_history": past, "waited_ms": 5.0}


def ask(study: LoadedStudy, ref: str) -> Any:
    waiting = [candidate("a", ("c",)), candidate("b")]
    return StudyHooks(study).call("find_match", ref, {"arriving": candidate("me"), "waiting": waiting, "group_size": 2})


def test_that_mugs_own_are_named_by_class_or_object(tmp_path: Path) -> None:
    own = "mug.server.matchmaker:StrangersMatchmaker"
    assert isinstance(built_in_matchmakers(loaded(tmp_path, own))[own], StrangersMatchmaker)
    near = built_in_matchmakers(loaded(tmp_path, "mm.py:near"))["mm.py:near"]
    assert isinstance(near, LatencyFIFOMatchmaker)
    assert (near.max_server_rtt_ms, near.max_p2p_rtt_ms) == (100, 150)
    script = "script.py:game.matchmaker"
    given = {script: FIFOMatchmaker(max_p2p_rtt_ms=9)}
    assert built_in_matchmakers(loaded(tmp_path, script, **given)) == given


def test_that_a_studys_own_do_not_run_in_the_engine(tmp_path: Path) -> None:
    for name in ("Youngest", "make", "Picky"):
        assert built_in_matchmakers(loaded(tmp_path, f"mm.py:{name}")) == {}


@pytest.mark.parametrize(
    ("name", "limit", "judges"), [("Youngest", 80, False), ("make", None, False), ("Picky", 80, True)]
)
def test_that_a_studys_own_is_asked_with_candidates(tmp_path: Path, name: str, limit: int | None, judges: bool) -> None:
    ref = f"mm.py:{name}"
    answer = ask(loaded(tmp_path, ref), ref)
    assert answer == {"group": ["me", "b"], "max_p2p_rtt_ms": limit, "judges": judges}


def test_that_one_object_is_asked_again_and_again(tmp_path: Path) -> None:
    class Counting(Matchmaker):
        made = 0

        def __init__(self) -> None:
            super().__init__()
            type(self).made += 1

        def find_match(self, arriving: Any, waiting: Any, group_size: int) -> None:
            assert len(waiting) == 2

    study = loaded(tmp_path, "s:m", **{"s:m": Counting})
    hooks = StudyHooks(study)
    for _ in range(3):
        context = {"arriving": candidate("me"), "waiting": [candidate("a"), candidate("b")], "group_size": 2}
        assert hooks.call("find_match", "s:m", context)["group"] is None
    assert Counting.made == 1


def test_that_its_rule_for_round_trips_is_asked(tmp_path: Path) -> None:
    hooks = StudyHooks(loaded(tmp_path, "mm.py:Picky"))
    assert hooks.call("should_reject_for_rtt", "mm.py:Picky", {"rtts": [None, 12.0, 12.5]}) == [True, False, True]


@pytest.mark.parametrize("name", ["make_nothing", "Other", "number", "Needs"])
def test_that_what_is_no_matchmaker_is_told_when_it_is_asked(tmp_path: Path, name: str) -> None:
    ref = f"mm.py:{name}"
    with pytest.raises(CallableError, match=r"[mM]atchmaker"):
        ask(loaded(tmp_path, ref), ref)


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ("mug.server.matchmaker:FIFOMatchmaker", None),
        ("mm.py:near", None),
        ("mm.py:Youngest", None),
        ("mm.py:make", None),
        ("mug.server.matchmaker:LatencyFIFOMatchmaker", "no_matchmaker"),
        ("mm.py:Needs", "no_matchmaker"),
        ("mm.py:Other", "no_matchmaker"),
        ("mm.py:number", "no_matchmaker"),
        ("mm.py:missing", "missing_function"),
    ],
)
def test_that_the_check_finds_what_is_no_matchmaker(tmp_path: Path, ref: str, code: str | None) -> None:
    study = loaded(tmp_path, ref)
    found = [(field, word) for field, _, word, _ in files_of_node(study, study.study.chain[0])]
    of_matchmaker = [word for field, word in found if field == "matchmaking.matchmaker"]
    assert of_matchmaker == ([code] if code else [])


SCRIPT = """\
from mug.configurations import configuration_constants, experiment_config
from mug.scenes import gym_scene, scene, stager, static_scene
from mug.server import app
from mug.server.matchmaker import LatencyFIFOMatchmaker

human = configuration_constants.PolicyTypes.Human
games = [
    gym_scene.GymScene()
    .scene(scene_id=name)
    .policies(policy_mapping={0: human, 1: human})
    .gameplay(action_mapping={"a": 1}, default_action=0)
    .matchmaking(matchmaker=LatencyFIFOMatchmaker(100), max_rtt=80, max_rtt_widening=1.5, roles="swap")
    .waitroom(timeout=5000, timeout_scene_id="end")
    for name in ("one", "two")
]
stages = stager.Stager(
    scenes=[
        static_scene.StartScene().scene(scene_id="start").display(scene_header="x"),
        scene.RandomizeOrder(games),
        static_scene.EndScene().scene(scene_id="end").display(scene_header="x"),
    ]
)
app.run(experiment_config.ExperimentConfig().experiment(stager=stages, experiment_id="s"))
"""


def test_that_a_script_gives_matchmakers_with_arguments(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    study = load(script)
    found = list(built_in_matchmakers(study).values())
    assert [type(matchmaker) for matchmaker in found] == [LatencyFIFOMatchmaker] * 2
    rules = waitroom_at(study.study, (1,))
    assert rules is not None
    assert (rules.is_order, rules.needed, rules.timeout_ms, rules.max_rtt_ms) == (True, 2, 5_000.0, 80.0)
    assert rules.widening_ms_per_s == 1.5
    assert [problem.code for problem in validate(study.study) if "matchm" in (problem.field or "")] == []
    assert draw_plan(study.study, 1)[1].kind == "group_order"

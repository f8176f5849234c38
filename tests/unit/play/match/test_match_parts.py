"""The parts of a match session, each for itself."""

import builtins
import random
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from match_worlds import arena, match_config
from matches import on_all, play

from mug.play.encoding import encode
from mug.play.inputs import NO_KEY, STATUS_HIDDEN, STATUS_INPUT, Given
from mug.play.match_calibration import Calibration
from mug.play.match_globals import MatchGlobals
from mug.play.match_identity import match_identity
from mug.play.match_inputs import InputCodec, LocalPerson
from mug.play.match_interpreter import OwnInterpreter, with_generators_kept
from tests.drivers.match_net import Play


def test_that_inputs_travel_and_whatever_the_mapping_cannot_give_is_no_key() -> None:
    config = match_config()
    codec = InputCodec(config.action_mapping)
    for given in (NO_KEY, Given(STATUS_HIDDEN), Given(STATUS_INPUT, 3)):
        assert codec.read(codec.write(given)) == given
    for foreign in (b"", b"\xff" * 40, encode((0, 99)), encode((0, [1] * 1000)), encode((7, None)), encode("x")):
        assert codec.read(foreign) == NO_KEY
    assert codec.default == codec.write(NO_KEY)


def test_that_a_hidden_person_gives_nothing_and_leaves_no_press_behind() -> None:
    person = LocalPerson(match_config(input_mode="single_keystroke"))
    person.hidden = True
    person.update([], ["ArrowUp"])
    assert person.peek() == Given(STATUS_HIDDEN)
    person.next_frame()
    person.hidden = False
    assert person.peek() == NO_KEY


def test_that_the_identity_names_what_players_must_have_alike_and_nothing_of_their_own() -> None:
    config = match_config(study_hash="abc", human_agents=("a",), subject_id="anna")
    one = match_identity(config, "walker")
    assert one == match_identity(replace(config, human_agents=("b",), subject_id="ben", restart_pyodide=True), "walker")
    assert one["study"] == "abc"
    assert all(one.values())
    for change, name in (
        ({"study_hash": "other"}, "study"),
        ({"default_action": 1}, "settings of the match"),
        ({"mug_globals": {"n": 1}}, "settings of the match"),
        ({"environment_code": arena(("a", "b"), 7)}, "settings of the match"),
    ):
        other = match_identity(replace(config, **change), "walker")  # type: ignore[arg-type]
        assert [key for key in one if one[key] != other[key]] == [name]
    assert match_identity(config, "pickle")["way of saving states"] == "pickle"


def test_that_the_worst_tick_counts_every_frame_of_the_window() -> None:
    calibration = Calibration()
    assert calibration.worst_tick_ms(6, 1) is None
    assert calibration.warning(6, 1, 30) is None
    for name, ms in (("step", 2.0), ("save", 0.5), ("load", 1.0)):
        for _ in range(5):
            calibration.add(name, ms)
    assert calibration.figures() == {"step_ms": 2.0, "save_ms": 0.5, "load_ms": 1.0}
    assert calibration.worst_tick_ms(6, 1) == pytest.approx(1.0 + 7 * 2.0 + 8 * 0.5)
    assert calibration.warning(6, 1, 30) is None
    warned = calibration.warning(6, 1, 60)
    assert warned is not None
    assert warned["worst_tick_ms"] > 0.6 * warned["frame_ms"]


def test_that_globals_are_locked_in_steps_only() -> None:
    values = MatchGlobals({"a": [1]})
    with values.locked():
        assert values.setdefault("a", 2) == [1]
        for change in (
            lambda: values.update(b=1),
            lambda: values.pop("a"),
            lambda: values.setdefault("b", 1),
            values.clear,
            values.popitem,
        ):
            with pytest.raises(TypeError, match="cannot be changed in a step"):
                change()
    values["b"] = 2
    values |= {"c": 3}
    del values["b"]
    assert values.plain() == {"a": [1], "c": 3}


def test_that_each_world_has_its_own_share_of_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(builtins, "mug_globals", raising=False)  # a world of another test may have been left open
    before = random.getstate(), np.random.get_state(legacy=False)["state"]["pos"]
    shares = [OwnInterpreter(alone=False) for _ in range(2)]
    drawn: list[list[float]] = [[], []]
    for _ in range(3):
        for number, share in enumerate(shares):
            with share():
                if not drawn[number]:
                    random.seed(7)
                    np.random.seed(7)
                    sys.modules["mug_env_share"] = ModuleType(str(number))
                    builtins.mug_globals = number  # type: ignore[attr-defined]
                assert sys.modules["mug_env_share"].__name__ == str(number)
                assert builtins.mug_globals == number  # type: ignore[attr-defined]
                drawn[number] += [random.random(), float(np.random.normal())]
    assert drawn[0] == drawn[1]
    assert "mug_env_share" not in sys.modules
    assert not hasattr(builtins, "mug_globals")
    assert (random.getstate(), np.random.get_state(legacy=False)["state"]["pos"]) == before


def test_that_a_picture_takes_no_chance_from_the_steps() -> None:
    for draw, drew in ((random.random, True), (np.random.normal, True), (lambda: 1.0, False)):
        before = random.getstate(), np.random.get_state(legacy=False)["gauss"]
        _, found = with_generators_kept(draw)
        assert found is drew
        assert (random.getstate(), np.random.get_state(legacy=False)["gauss"]) == before


def test_that_two_of_four_may_be_lost_one_after_the_other() -> None:
    players = ("a", "b", "c", "d")
    config = match_config(arena(players, 180), players, dropout_policy="default_action", window=5)
    config = replace(config, network_conditions=on_all(config, {"delay_ms": 70, "jitter_ms": 30, "loss": 0.08}))
    plays = {1: Play(dead_ms=2000.0), 3: Play(dead_ms=8000.0)}
    net = play(config, plays=plays, lost_after_ms=500.0)
    survivors = [net.pages[0], net.pages[2]]
    for page in survivors:
        assert page.outcome == "completed"
        assert page.bodies == survivors[0].bodies
        assert page.heard("desync") == []
        assert [data["agent"] for data in page.heard("dropped")] == ["b", "d"]
    cuts = [data["frame"] for data in survivors[0].heard("dropped")]
    assert cuts == [data["frame"] for data in survivors[1].heard("dropped")]
    for agent, cut in zip(("b", "d"), cuts, strict=True):
        statuses = survivors[0].column(f"status.{agent}")
        assert set(statuses[cut:]) == {"dropped"}
        assert "dropped" not in statuses[:cut]

"""Games of several people on the Design page, in words."""

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.node_looks import look_of_node
from gui.models.opened_study import OpenedStudy
from gui.models.together_words import together_words
from mug.study.game import PoliciesSection
from mug.study.model import GymGame, MultiplayerSection

DEADLINE_MS = 60_000
TWO = {"left": "human", "right": "human", "ball": "random"}

STUDY = """\
format = 1
id = "together"
title = "Together"

[[chain]]
kind = "gym_game"
scene_id = "volley"

[chain.policies]
policy_mapping = {left = "human", right = "human"}

[chain.gameplay]
action_mapping = [{keys = ["ArrowLeft"], action = 0}]
default_action = 1

[chain.multiplayer]
network_conditions = {delay_ms = 75, jitter_ms = 50, loss = 0.05}

[chain.runtime]
run_through_pyodide = true
environment_initialization_code_filepath = "env.py"

[[chain]]
kind = "end_page"
scene_id = "end"
"""


def game(mapping: dict[str, Any] | None = None, **multiplayer: Any) -> GymGame:
    return GymGame(
        scene_id="volley",
        policies=PoliciesSection(policy_mapping=TWO if mapping is None else mapping),
        multiplayer=MultiplayerSection(**multiplayer),
    )


def test_that_a_game_for_one_person_has_no_words_about_partners() -> None:
    assert together_words(game({"left": "human"}, network_conditions={"delay_ms": 75})) == ()


def test_that_partners_delay_and_what_follows_a_dropout_are_said() -> None:
    sentences = together_words(game(input_delay=2, dropout_policy="end", reconnection_timeout_ms=7500))
    assert sentences == (
        "Played together: each match has 2 people, who play left and right.",
        "Each page runs the game and rollback keeps them equal; a key takes effect 2 frames later.",
        "When a player is gone for 7.5 s, the match ends for everybody.",
    )
    assert look_of_node(game()).details == together_words(game())


@pytest.mark.parametrize(("delay", "words"), [(0, "at once"), (1, "1 frame later"), ("auto", "round trip")])
def test_that_the_input_delay_is_said(delay: int | str, words: str) -> None:
    assert words in together_words(game(input_delay=delay))[1]


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("default_action", "does its default action"),
        ("void", "marked as void"),
        ("policy", "a policy (policies/left.onnx) takes over"),
    ],
)
def test_that_every_way_after_a_dropout_is_said(policy: str, words: str) -> None:
    assert words in together_words(game(dropout_policy=policy, dropout_agent_policy="policies/left.onnx"))[-1]


def test_that_equal_network_conditions_are_said_once() -> None:
    conditions = {"delay_ms": 75, "jitter_ms": 50, "loss": 0.05, "seed": 7}
    assert together_words(game(network_conditions=conditions))[2] == (
        "Network conditions, added on purpose to what every player sends: 75 ms ± 50 ms delay, 5 % of packets lost."
    )


def test_that_network_conditions_of_one_player_are_said_for_each() -> None:
    sentence = together_words(game(network_conditions={"right": {"loss": 0.125, "duplicate": 0.01}}))[2]
    assert sentence.endswith("left: unchanged; right: 12.5 % of packets lost, 1 % sent twice.")


def test_that_conditions_that_change_nothing_are_not_said() -> None:
    assert len(together_words(game(network_conditions={"seed": 7}))) == 3


def test_that_impossible_conditions_are_said_and_the_study_is_shown() -> None:
    assert "cannot be" in together_words(game(network_conditions={"loss": 2}))[2]


def test_that_the_words_are_on_the_card_and_the_run_page_expects_matches(
    lab: Lab, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "env.py").write_text("env = object()\n", encoding="utf-8")
    with qtbot.waitSignal(lab.studies.opened, timeout=DEADLINE_MS) as signal:
        lab.open_study(tmp_path)
    study = signal.args[0]
    assert isinstance(study, OpenedStudy)
    assert study.plays_together
    assert "75 ms ± 50 ms delay" in " ".join(lab.window.design.editor.canvas.items_by_path()[(0,)].look.details)

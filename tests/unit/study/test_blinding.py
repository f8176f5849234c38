"""Words that would tell who has which treatment, and texts without them."""

from typing import Any

import msgspec
import pytest

from mug.study.blinding import telling_words, without
from mug.study.game import PoliciesSection
from mug.study.model import GymGame, StartPage, Study, Treatments


def study_with(changes: dict[str, Any], partner: Any = "human") -> Study:
    game = GymGame(scene_id="game", policies=PoliciesSection(policy_mapping={"a0": "human", "a1": partner}))
    arms = {"same": {}, "other": {"changes": changes}}
    return Study(id="s", chain=(StartPage(scene_id="intro"), game), treatments=Treatments(arms=arms, blind=True))


@pytest.mark.parametrize(
    ("changes", "partner", "text"),
    [
        ({"game": {"policies.policy_mapping.a1": "m/keen.onnx"}}, "human", "with the policy keen: m/keen.onnx has NaN"),
        ({"game": {"policies.policy_mapping": {"a1": "human"}}}, "lazy.py:Lazy", 'File "/study/lazy.py": in Lazy'),
        ({"game": {"policies.policy_mapping.a1": {"kind": "onnx", "onnx_path": "m/keen.onnx"}}}, "human", "keen.onnx"),
        ({"game": {"multiplayer.dropout_agent_policy": "random"}}, "human", "played on by random"),
        ({"game": {"runtime.environment_initialization_code_filepath": "envs/hard.py"}}, "human", "line 3 of hard.py"),
        ({"game": {"rendering.hud_text_fn": "hooks.py:harder"}}, "human", "hud hooks.py:harder: no"),
    ],
)
def test_that_what_differs_by_treatment_is_not_read(changes: dict[str, Any], partner: Any, text: str) -> None:
    words = telling_words(study_with(changes, partner))
    shown = without(text, words)
    assert "(hidden)" in shown
    assert not any(word in shown for word in ("keen", "lazy", "Lazy", "random", "hard"))


def test_that_other_words_stay() -> None:
    words = telling_words(study_with({"intro": {"scene_body": "be kind."}, "game": {"rendering.fps": 9}}))
    assert words == ()
    text = "the keenest partner of match m-1 left"
    assert without(text, ("keen", "m")) == "the keenest partner of match (hidden)-1 left"
    assert telling_words(msgspec.structs.replace(study_with({}), treatments=Treatments())) == ()

"""Staff that is blind watches matches without reading which policy plays."""

from pathlib import Path

import msgspec
import pytest

from mug.engine import FrozenStudy
from mug.engine.effects import AnswerDetail, ConnectionId
from mug.protocol.lab_console import DetailView
from mug.server.details import DetailReader
from mug.server.watching import WatchedMatches
from mug.study.game import PoliciesSection
from mug.study.model import GymGame, Study, Treatments
from tests.drivers.recorded_session import RecordedSession


@pytest.mark.parametrize("blind", [True, False])
def test_that_neither_the_list_of_matches_nor_the_story_names_a_policy(tmp_path: Path, blind: bool) -> None:
    game = GymGame(scene_id="game", policies=PoliciesSection(policy_mapping={"north": "human", "south": "m/keen.onnx"}))
    arms = {"a": {}, "b": {"changes": {"game": {"policies.policy_mapping.south": "human"}}}}
    study = Study(id="exp", chain=(game,), treatments=Treatments(arms=arms, blind=blind))
    frozen = FrozenStudy(study=study, content_hash="h")
    with RecordedSession(tmp_path) as session:
        session.together("m1", {"north": "ann", "south": "policy:keen"})
        session.writer.flush(10.0)
        watched = WatchedMatches(session.path, "s1", frozen, None, live=True)
        shown = str(watched.matches())
        watched.close()
        details = DetailReader(session.path)
        asked = AnswerDetail(ConnectionId("c"), "r", "s1", DetailView(participant_id="ann"), (), frozen.telling)
        story = msgspec.convert(details.answer(asked).data, DetailView).timeline
        details.close()
    played = next(entry.text for entry in story if entry.kind == "match_formed")
    assert played == f"plays game as north with the policy {'(hidden)' if blind else 'keen'} (match m1)"
    assert ("keen" in shown) is not blind

"""What a page is told of a match that the server steps."""

from pathlib import Path

from mug.engine import FrozenStudy
from mug.server.watching import WatchedMatches
from mug.study.game import PoliciesSection
from mug.study.model import GymGame, Study
from mug.study.multiplayer_section import MultiplayerSection
from tests.drivers.recorded_session import RecordedSession


def test_that_a_game_on_the_server_is_watched_from_its_process_while_it_runs(tmp_path: Path) -> None:
    game = GymGame(
        scene_id="game",
        policies=PoliciesSection(policy_mapping={"north": "human"}),
        multiplayer=MultiplayerSection(mode="server_authoritative"),
    )
    with RecordedSession(tmp_path) as session:
        session.together(
            "m1",
            {"north": "ann"},
            settings={"mode": "server_authoritative", "dropout_policy": "end", "mug_globals": {}},
        )
        session.writer.flush(10.0)
        frozen = FrozenStudy(study=Study(id="exp", chain=(game,)), content_hash="h")
        watched = WatchedMatches(session.path, "s1", frozen, None, live=True)
        shown = watched.match("m1")
        assert watched.is_known("m1")
        assert not watched.is_known("m2")
        watched.close()
    assert shown is not None
    assert (shown["on_server"], shown["state"], shown["problem"]) == (True, "live", "")
    assert shown["content"]["config"]["players"] == ("north",)

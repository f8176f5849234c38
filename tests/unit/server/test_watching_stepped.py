"""What a page is told of a match that the server steps."""

import platform
import sys
from importlib.metadata import version
from pathlib import Path

from mug.authority.place import StudyPlace
from mug.engine import FrozenStudy
from mug.records import facts as f
from mug.records.withdrawal import withdraw
from mug.server.watching import WatchedMatches
from mug.server.watching_again import SteppedCode, missing_packages, other_versions
from mug.study.game import PoliciesSection, RuntimeSection
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


def test_that_a_missing_package_is_said_with_the_command_that_installs_it() -> None:
    there, missing = (
        GymGame(scene_id="game", runtime=RuntimeSection(packages_to_install=(text,)))
        for text in ("numpy", "surely-not-installed>=2")
    )
    assert missing_packages(there) == ""
    said = missing_packages(missing)
    assert "'surely-not-installed' is not installed" in said
    assert f'{sys.executable} -m pip install "surely-not-installed>=2"' in said


def test_that_other_versions_than_the_sessions_are_said() -> None:
    here = {"numpy (server)": version("numpy"), "python": platform.python_version(), "mug": "0"}
    assert other_versions(here) == ""
    assert other_versions({}) == ""
    said = other_versions(here | {"numpy (server)": "0.1", "python": "2.7", "gone (server)": "1"})
    assert f"numpy 0.1 (here {version('numpy')})" in said
    assert "Python 2.7" in said
    assert "gone" not in said


def test_that_a_match_of_somebody_who_was_taken_out_is_not_stepped_again(tmp_path: Path) -> None:
    game = GymGame(
        scene_id="game",
        policies=PoliciesSection(policy_mapping={"north": "human"}),
        multiplayer=MultiplayerSection(mode="server_authoritative"),
    )
    settings = {"mode": "server_authoritative", "players": ["north"], "dropout_policy": "end", "mug_globals": {}}
    frozen = FrozenStudy(study=Study(id="exp", chain=(game,)), content_hash="h")
    with RecordedSession(tmp_path) as session:
        session.together("m1", {"north": "ann"}, settings=settings)
        session.add(f.SessionEnded(at="2026-03-01T11:00:00.000Z", reason="it is over"))
        session.writer.flush(10.0)
        code = SteppedCode(StudyPlace(root=tmp_path))
        watched = WatchedMatches(session.path, "s1", frozen, None, live=False, code=code)
        found = watched.recorded("m1")
        assert found is not None
        assert (found.config.players, found.config.subjects) == (("north",), {"north": "ann"})
        assert watched.recorded("m2") is None
    watched.close()
    withdraw(session.path, "s1", "ann", "removed", reason="asked for")
    watched = WatchedMatches(session.path, "s1", frozen, None, live=False, code=code)
    shown = watched.match("m1")
    assert shown is not None
    assert "taken out" in shown["problem"]
    assert watched.recorded("m1") is None
    watched.close()

"""What the engine asks for, as the supervisor of the processes hears it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mug.authority.supervisor import AuthorityInput, StudyPlace
from mug.engine.effects import StartAuthority, StopAuthority, TellAuthority
from mug.engine.inputs import AuthorityFailed
from mug.ids import MatchId
from mug.play.config import GameConfig
from mug.protocol.partners import ServerKeys, ServerSeen
from mug.server import stepping
from mug.server.stepping import Stepping, has_stepped_games, study_place
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame, Repeat, StartPage, Study
from mug.study.multiplayer_section import MultiplayerSection

M = MatchId("m")
CONFIG = GameConfig(scene_id="s", match_id="m", match_seed=1, subject_id="", human_agents=(), players=("a",))


class Heard:
    """Stands for the supervisor, whose own tests are elsewhere."""

    calls: list[tuple[Any, ...]]

    def __init__(self, place: StudyPlace, **_: Any) -> None:
        self.calls = [("made", place.root)]

    def __getattr__(self, name: str) -> Any:
        def called(*args: Any) -> tuple[()]:
            self.calls.append((name, *args))
            return ()

        return called


@pytest.fixture
def said() -> list[AuthorityInput]:
    return []


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[AuthorityInput]) -> Stepping:
    monkeypatch.setattr(stepping, "Supervisor", Heard)

    def read(sha256s: Sequence[str]) -> tuple[bytes, ...]:
        if "missing" in sha256s:
            raise KeyError("missing")
        return tuple(sha256.encode() for sha256 in sha256s)

    return Stepping(StudyPlace(root=tmp_path), put=said.append, show=lambda *_: None, read=read)


def calls(made: Stepping) -> list[tuple[Any, ...]]:
    heard = made._supervisor
    assert isinstance(heard, Heard)
    return heard.calls[1:]


def test_that_a_process_gets_the_stored_rows_in_their_order(made: Stepping) -> None:
    made.perform(StartAuthority(M, CONFIG, ("one", "two"), ("b",)))
    assert calls(made) == [("start", M, CONFIG, (b"one", b"two"), ("b",))]


def test_that_a_start_that_fails_is_answered(made: Stepping, said: list[AuthorityInput]) -> None:
    made.perform(StartAuthority(M, CONFIG, ("missing",)))
    assert [(type(word), word.match_id) for word in said] == [(AuthorityFailed, M)]


def test_that_a_page_that_is_there_gets_views_and_one_that_is_gone_none(made: Stepping) -> None:
    made.perform(TellAuthority(M, "begin"))
    made.perform(TellAuthority(M, "back", "a"))
    made.perform(TellAuthority(M, "away", "a"))
    made.perform(TellAuthority(M, "drop", "a", "policy"))
    made.perform(StopAuthority(M, "over"))
    assert calls(made) == [
        ("tell", M, "begin", "", ""),
        ("tell", M, "back", "a", ""),
        ("attach", M, "a"),
        ("detach", M, "a"),
        ("tell", M, "away", "a", ""),
        ("tell", M, "drop", "a", "policy"),
        ("stop", M, "over"),
    ]


def test_that_keys_and_what_was_seen_go_to_the_process(made: Stepping) -> None:
    keys = ServerKeys(match_id=M, n=2, held=("ArrowUp",))
    made.take(M, "a", keys)
    made.take(M, "a", ServerSeen(match_id=M, n=7))
    assert calls(made) == [("keys", M, "a", keys), ("seen", M, "a", 7)]


def test_that_only_studies_with_such_games_need_processes() -> None:
    here = GymGame(scene_id="here")
    there = GymGame(scene_id="there", multiplayer=MultiplayerSection(mode="server_authoritative"))

    def needs(*nodes: Any) -> bool:
        return has_stepped_games(LoadedStudy(Study(id="x", chain=(StartPage(scene_id="s"), *nodes))))

    assert not needs(here)
    assert needs(here, Repeat(n=2, scenes=(there,)))


def test_that_a_process_finds_the_studys_code(tmp_path: Path) -> None:
    loaded = LoadedStudy(
        Study(id="x", chain=()),
        folder=tmp_path / "study",
        working_directory=tmp_path,
        generated={"own.py": "x = 1"},
    )
    place = study_place(loaded, tmp_path / "logs")
    assert (place.root, place.paths) == (tmp_path / "study", (tmp_path,))
    assert (place.generated, place.log_folder) == ({"own.py": "x = 1"}, tmp_path / "logs")

"""Templates as people get them: `mug check` finds nothing, and each is played to its end at a real server."""

import argparse
import io
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import tomlkit

from mug.check import check_study
from mug.check.together import proved
from mug.play.session import GameSession
from mug.protocol.messages import FormContent, GameContent, ShowScene
from mug.records import RecordReader, records_path
from mug.records.verify import verify
from mug.runtime import prepare_study
from mug.study import load, walk
from mug.study.commands import new_main
from mug.study.model import GymGame
from mug.study.templates import TEMPLATES
from tests.drivers.form_answers import answer_rows
from tests.drivers.match_bots import MatchPlayer, play
from tests.drivers.server_driver import ParticipantClient, ServerDriver

pytestmark = pytest.mark.pyodide

KEYS = [known.key for known in TEMPLATES]


def made(key: str, folder: Path) -> Path:
    args = argparse.Namespace(name=str(folder), template=key, title=None, list=False)
    assert new_main(args) == 0
    return folder


def shorter(folder: Path, frames: int = 60) -> Path:
    """Let the game last two seconds; how its states are saved does not depend on that."""
    file = folder / "study.toml"
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    for node in document["chain"]:  # type: ignore[union-attr]
        if node["kind"] == "gym_game":
            node["gameplay"].update({"max_steps": frames})
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found about these games before on this machine is not seen: the template's own lock has to do."""
    monkeypatch.setattr("mug.check.together._private", lambda key: tmp_path / "kept" / f"{key}.json")


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize("key", KEYS)
def test_that_check_finds_nothing_wrong_with_a_new_study(key: str, tmp_path: Path) -> None:
    said: list[str] = []
    problems = check_study(load(made(key, tmp_path / "mine")), progress=said.append)
    assert problems == []
    assert not any("taking back frames" in text for text in said)  # known already: a first session starts at once


@pytest.mark.node
@pytest.mark.long
def test_that_the_two_player_template_passes_the_sync_test_anew(tmp_path: Path) -> None:
    from mug.check import main

    out = io.StringIO()
    assert main(argparse.Namespace(study=str(made("two_players", tmp_path / "mine")), argv=()), out) == 0
    assert "no errors, no warnings" in out.getvalue()


@pytest.mark.usefixtures("nothing_known")
def test_that_the_lock_of_the_two_player_template_is_of_its_game(tmp_path: Path) -> None:
    folder = made("two_players", tmp_path / "mine")
    loaded = load(folder)
    (game,) = [node for _, node in walk(loaded.study) if isinstance(node, GymGame)]
    prepared = prepare_study(game.runtime.packages_to_install, lock_path=folder / "study.lock.json")
    proof = proved(loaded, game, prepared)
    assert proof is not None, "run `mug check resources/templates/two_players` and commit its study.lock.json"
    assert (proof.level, proof.tried) == ("pickle", ("CPython", "Pyodide"))


def answered(client: ParticipantClient, scene: ShowScene) -> None:
    """Do what a scene asks for, if it is a form."""
    if isinstance(scene.content, FormContent):
        client.put_rows("form", *answer_rows(scene.content))


def play_alone(client: ParticipantClient, folder: Path) -> list[str]:
    """Play the present game with random keys; returns how its episodes ended."""
    config, hands, ends = client.config, random.Random(1), []
    session = GameSession(config, root=folder)
    keys = sorted({key for binding in config.action_mapping for key in binding.keys})
    try:
        outputs = [session.open(), session.start()]
        while not outputs[-1].finished:
            session.keys([key for key in keys if hands.random() < 0.4], [])
            outputs.append(session.tick())
            assert len(outputs) < 1_000
    finally:
        session.close()
    for output in outputs:
        for chunk in output.chunks:
            client.put("frames", chunk.body, chunk.meta)
        ends += [event.data["end"] for event in output.events if event.name == "episode_ended"]
    assert any(view for output in outputs for view in output.views)
    return ends


@pytest.mark.parametrize("key", [key for key in KEYS if key != "two_players"])
def test_that_one_participant_goes_through_to_the_completion_code(key: str, tmp_path: Path, stack: ExitStack) -> None:
    folder = shorter(made(key, tmp_path / "mine"))
    server = stack.enter_context(ServerDriver(folder, tmp_path / "data"))
    client = stack.enter_context(ParticipantClient(server, "anna"))
    scene, seen = client.enter(), []
    while scene.scene_id != "end":
        seen.append(scene.scene_id)
        if isinstance(scene.content, GameContent):
            assert play_alone(client, folder) == ["max_steps", "max_steps"]
        answered(client, scene)
        scene = client.finish()
    assert len(seen) == sum(1 for _, node in walk(load(folder).study) if hasattr(node, "scene_id")) - 1
    assert client.page.completion_code


def test_that_two_participants_play_the_two_player_template(tmp_path: Path, stack: ExitStack) -> None:
    folder = shorter(made("two_players", tmp_path / "mine"))
    server = stack.enter_context(ServerDriver(folder, tmp_path / "data"))
    clients = [stack.enter_context(ParticipantClient(server, name)) for name in ("anna", "ben")]
    for client in clients:
        client.enter()
        client.finish()
        client.finish()
        client.join()
    for client in clients:
        client.matched()
    players = [MatchPlayer(client, folder, seed) for seed, client in enumerate(clients)]
    with play(*players) as match:
        match.to_the_end()
    for player in players:
        assert (player.outcome, player.episodes_ended) == ("completed", 2)
        scene = player.client.finish()
        assert scene.scene_id == "partner"
        answered(player.client, scene)
        assert player.client.finish().scene_id == "end"
        assert player.client.page.completion_code
    path = records_path(tmp_path / "data", "mine")
    with RecordReader(path) as reader:
        (head,) = reader.sessions()
        assert list(reader.facts(head.session_id, ("match_flagged", "player_dropped"))) == []
    assert verify(path, head.session_id).problems == []

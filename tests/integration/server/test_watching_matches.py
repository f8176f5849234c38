"""Watching at a real server: what is told of matches and to whom, and `mug replay` from the records alone."""

import base64
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from mug.cli import main
from mug.play.chunks import decode_chunk, encode_chunk
from mug.play.config import GameConfig
from mug.play.resimulate import resimulate
from mug.play.values import own_copy
from mug.play.watching import WatchedMatch
from mug.records import RecordReader, records_path
from mug.records import facts as f
from mug.records.errors import RecordsError
from mug.records.withdrawal import withdraw
from mug.server.replay import recorded_study
from mug.server.watching import WatchedMatches
from mug.study.loading import load
from tests.drivers.console_study import write_pages_study
from tests.drivers.match_bots import MatchPlayer, play
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import ParticipantClient, ServerDriver
from tests.drivers.watch_driver import replaying

pytestmark = pytest.mark.pyodide

FPS = 30
FRAMES = 75
WAY = {"delay_ms": 60, "jitter_ms": 20, "loss": 0.03, "seed": 7}


class Played:
    """A match of two programs at a real server, which was looked at while it was played.

    Attributes:
        live: What the server told of the match, and of its rows, before its end.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.study = write_pair_study(
            folder / "study", fps=FPS, episodes=2, frames=FRAMES, conditions=WAY, webrtc={"force_relay": True}
        )
        self.data = folder / "data"
        self.server = stack.enter_context(ServerDriver(self.study, self.data))
        clients = [stack.enter_context(ParticipantClient(self.server, f"p{number}")) for number in range(2)]
        for client in clients:
            client.enter()
            client.finish()
            client.join()
        for client in clients:
            client.matched()
        players = [MatchPlayer(client, self.study, seed) for seed, client in enumerate(clients)]
        self.match_id = clients[0].config.match_id
        self.config = clients[0].config
        with play(*players) as match:
            match.until(lambda: all(player.episodes_ended for player in players), "a round is over")
            for player in players:
                player.client.settle()
            self.live = self.ask(f"/{self.match_id}"), self.ask(f"/{self.match_id}/frames?episode=0&frame=0")
            match.to_the_end()
        for player in players:
            player.client.settle()
            player.client.finish("completed")

    def ask(self, path: str = "", token: str | None = None, status: int = 200) -> dict[str, Any]:
        """Ask for the session's matches."""
        header = {"Authorization": f"Bearer {self.server.token if token is None else token}"}
        answered, headers, body = self.server.get(f"/_mug/lab/matches{path}", header)
        assert answered == status, body
        return json.loads(body) if headers.get("content-type", "").startswith("application/json") else {}

    @property
    def records(self) -> Path:
        """The file of records."""
        return records_path(self.data, "points")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with ExitStack() as stack:
        yield Played(tmp_path_factory.mktemp("watched"), stack)


@pytest.fixture
def copied(played: Played, tmp_path: Path) -> Path:
    """The records by themselves, in another data folder, for tests that change them."""
    target = records_path(tmp_path, "points")
    target.parent.mkdir(parents=True)
    with sqlite3.connect(played.records) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()
    return tmp_path


def bodies_of(answer: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(chunk["body"]) for chunk in answer["chunks"]]


def config_of(description: dict[str, Any]) -> GameConfig:
    return GameConfig.from_dict(description["content"]["config"])


def forget_what_pages_ran(path: Path) -> None:
    """Make the records as older versions wrote them."""
    with sqlite3.connect(path) as records:
        body = "SELECT bytes FROM body JOIN journal ON sha256 = body_sha256 WHERE kind = 'session_opened'"
        opened = json.loads(records.execute(body).fetchone()[0])
        records.execute("DELETE FROM body WHERE sha256 IN (?, ?)", (opened["zip_sha256"], opened["lock_sha256"]))
    records.close()


def get(line: dict[str, Any], path: str) -> tuple[int, bytes]:
    request = Request(line["url"] + path, headers={"Authorization": f"Bearer {line['token']}"})
    with urlopen(request, timeout=20) as response:
        return response.status, response.read()


def told_of(line: dict[str, Any], match_id: str) -> tuple[dict[str, Any], list[bytes]]:
    """What a replay tells of a match, and all its rows."""
    place = f"/_mug/lab/matches/{quote(match_id, safe='')}"
    description = json.loads(get(line, place)[1])
    answer = json.loads(get(line, f"{place}/frames")[1])
    assert not answer["more"]
    return description, bodies_of(answer)


def test_that_a_match_is_described_as_its_players_had_it_while_it_is_played(played: Played) -> None:
    description, _ = played.live
    assert (description["state"], description["number"], description["problem"]) == ("live", 1, "")
    assert [(agent["agent"], agent["is_person"]) for agent in description["agents"]] == [
        ("north", True),
        ("east", True),
    ]
    config = config_of(description)
    assert config.match_seed == played.config.match_seed
    assert isinstance(description["content"]["config"]["match_seed"], str), "too large for a browser's number"
    for name in (
        "players",
        "environment_code",
        "env_creator",
        "env_config",
        "snapshot_level",
        "max_steps",
        "mug_globals",
    ):
        assert getattr(config, name) == getattr(played.config, name), name
    assert description["runtime"]["study_url"].startswith("/_mug/study/")


def test_that_the_rows_of_the_match_are_there_from_a_place_on(played: Played) -> None:
    _, answer = played.live
    first = [chunk for chunk in answer["chunks"] if chunk["episode"] == 0]
    assert (first[0]["first"], first[-1]["last"]) == (0, FRAMES - 1)
    whole = played.ask(f"/{played.match_id}/frames")
    assert [chunk["episode"] for chunk in whole["chunks"]] == [0, 0, 0, 1, 1, 1]
    assert (answer["flags"], answer["dropped"]) == ([], []), "who watches live hears of what happens to the match"
    later = played.ask(f"/{played.match_id}/frames?episode=0&frame=30")
    assert later["chunks"] == whole["chunks"][1:]
    assert played.ask(f"/{played.match_id}/frames?episode=1&frame={FRAMES}")["chunks"] == []
    for who in ("p0", "p1"):
        assert played.ask(f"/{played.match_id}/frames?recorder={who}")["chunks"] == whole["chunks"]
    assert played.ask(f"/{played.match_id}/frames?recorder=nobody")["chunks"] == []
    assert played.ask(f"/{played.match_id}/frames?episode=-3&frame=x")["chunks"] == whole["chunks"]


def test_that_what_is_told_is_enough_to_step_the_match_again(played: Played) -> None:
    description = played.ask(f"/{played.match_id}")
    assert (description["state"], description["outcome"]) == ("over", "completed")
    bodies = bodies_of(played.ask(f"/{played.match_id}/frames"))
    watched = WatchedMatch(config_of(description), root=played.study)
    for body in bodies:
        watched.rows.add(body)
    for episode, frame in ((1, FRAMES), (0, FRAMES), (0, 10)):
        assert watched.go(episode, frame)
    assert watched.told is None
    assert watched.compared == {0: FRAMES, 1: FRAMES}
    assert resimulate(played.config, bodies, root=played.study).difference is None


def test_that_nobody_without_the_token_learns_of_matches(played: Played) -> None:
    for path in ("", f"/{played.match_id}", f"/{played.match_id}/frames"):
        played.ask(path, token="", status=403)
        played.ask(path, token="wrong", status=403)
        assert played.server.get(f"/_mug/lab/matches{path}")[0] == 403
    assert played.server.get("/_mug/watch")[0] in (200, 503), "the page is nothing without the token"


def test_that_other_ids_are_refused_in_words(played: Played) -> None:
    for path in ("/nothing", "/nothing/frames", "/..%2f..%2fetc", f"/{'x' * 3000}"):
        answer = played.ask(path, status=404)
        assert not answer or "no match" in answer["error"]


def test_that_the_records_hold_what_the_pages_ran_once_for_all_sessions(played: Played) -> None:
    with RecordReader(played.records) as reader:
        (head,) = reader.sessions()
        (opened,) = reader.facts(head.session_id, ("session_opened",))
        assert isinstance(opened, f.SessionOpened)
        packed, lock = reader.body(opened.zip_sha256), reader.body(opened.lock_sha256)
    assert hashlib.sha256(packed).hexdigest() == opened.zip_sha256
    assert packed.startswith(b"PK")
    assert "numpy" in json.loads(lock)["packages"]
    assert len(packed) < 1_000_000


def test_that_a_recorded_session_is_replayed_from_its_records_alone(copied: Path, played: Played) -> None:
    with replaying(copied, "points") as line:
        assert line["problem"] == ""
        (match,) = line["matches"]
        assert match["match_id"] == played.match_id
        assert match["watch"] == line["watch"]
        description, bodies = told_of(line, played.match_id)
        assert config_of(description) == config_of(played.ask(f"/{played.match_id}"))
        assert [decode_chunk(body).episode for body in bodies] == [0, 0, 0, 1, 1, 1]
        runtime = description["runtime"]
        assert get(line, runtime["study_url"])[1].startswith(b"PK")
        lock = json.loads(get(line, runtime["lock_url"])[1])
        for entry in lock["packages"].values():
            name = Path(entry["file_name"]).name
            _, wheel = get(line, runtime["lock_url"].replace("pyodide-lock.json", name))
            assert hashlib.sha256(wheel).hexdigest() == entry["sha256"]
        assert get(line, runtime["index_url"] + "pyodide.mjs")[0] == 200


def test_that_a_replay_beside_the_running_server_changes_nothing(played: Played) -> None:
    with RecordReader(played.records) as reader:
        before = reader.head
    with replaying(played.data, "points", "--match", played.match_id) as line:
        assert line["watch"].endswith(f"&token={line['token']}")
        told_of(line, played.match_id)
    with RecordReader(played.records) as reader:
        assert reader.head == before


def test_that_records_without_what_pages_ran_need_the_study_and_say_so(copied: Path, played: Played) -> None:
    path = records_path(copied, "points")
    forget_what_pages_ran(path)
    with RecordReader(path) as reader:
        (head,) = reader.sessions()
        alone = recorded_study(reader, head.session_id)
        assert "--study" in alone.problem
        assert alone.manifest is None
        known = recorded_study(reader, head.session_id, load(played.study, ()))
    assert known.problem == ""
    assert known.manifest is not None
    assert any("older session" in note for note in known.notes)
    for study in (alone, known):
        matches = WatchedMatches(path, head.session_id, study.frozen, study.manifest, live=False, problem=study.problem)
        description = matches.match(played.match_id)
        assert description is not None
        assert description["problem"] == study.problem
        matches.close()


def test_that_a_study_that_was_changed_since_gives_its_pictures_only_and_is_told(copied: Path, played: Played) -> None:
    other = copied / "other"
    shutil.copytree(played.study, other)
    (other / "study.toml").write_text((other / "study.toml").read_text().replace('title = "Points"', 'title = "P"'))
    path = records_path(copied, "points")
    with RecordReader(path) as reader:
        (head,) = reader.sessions()
        known = recorded_study(reader, head.session_id, load(other, ()))
        assert known.problem == ""
        assert ["was changed since the session" in note for note in known.notes] == [True]
        assert known.frozen.study.title == "Points"
    forget_what_pages_ran(path)
    with RecordReader(path) as reader, pytest.raises(RecordsError, match="did not run this study"):
        recorded_study(reader, head.session_id, load(other, ()))


def test_that_a_match_of_somebody_who_was_withdrawn_is_not_stepped_and_says_why(copied: Path, played: Played) -> None:
    path = records_path(copied, "points")
    with RecordReader(path) as reader:
        (head,) = reader.sessions()
        known = recorded_study(reader, head.session_id)
    withdraw(path, head.session_id, "p0", "removed", reason="asked for")
    matches = WatchedMatches(path, head.session_id, known.frozen, known.manifest, live=False)
    description = matches.match(played.match_id)
    assert description is not None
    assert "was withdrawn" in description["problem"]
    matches.close()


def test_that_a_study_without_games_has_nothing_to_watch_and_says_so(tmp_path: Path) -> None:
    study = write_pages_study(tmp_path / "pages")
    with ServerDriver(study, tmp_path / "data"):
        pass
    with RecordReader(records_path(tmp_path / "data", "pages")) as reader:
        (head,) = reader.sessions()
        for loaded in (None, load(study, ())):
            known = recorded_study(reader, head.session_id, loaded)
            assert known.problem == "The study has no game, so this session has no matches to watch."


def test_that_a_replay_of_nothing_is_refused_in_words(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, said in (
        (("--experiment", "nothing"), "nothing"),
        (("--experiment", "points", "--session", "none"), "none"),
        (("--experiment", "points", "--match", "none"), "there is no match 'none'"),
    ):
        assert main(["replay", "--data", str(copied), *options]) == 2
        assert said in capsys.readouterr().err


def test_that_a_row_that_was_changed_afterwards_is_told(copied: Path, played: Played) -> None:
    path = records_path(copied, "points")
    with replaying(copied, "points") as line:
        description, bodies = told_of(line, played.match_id)
    digest = hashlib.sha256(bodies[1]).hexdigest()
    chunk = decode_chunk(bodies[1])
    columns = {name: [own_copy(value) for value in column] for name, column in chunk.columns.items()}
    columns["rewards.north"][3] = 1000.0
    changed = encode_chunk(
        match_id=chunk.match_id,
        episode=chunk.episode,
        first=chunk.first,
        columns=columns,
        previous_chain_hash=chunk.previous_chain_hash,
    )
    with sqlite3.connect(path) as records:
        records.execute("UPDATE body SET bytes = ? WHERE sha256 = ?", (changed, digest))
    records.close()
    with replaying(copied, "points") as line:
        description, bodies = told_of(line, played.match_id)
    watched = WatchedMatch(config_of(description), root=played.study)
    for body in bodies:
        watched.rows.add(body)
    watched.go(0, FRAMES)
    assert watched.told is not None
    assert (watched.told.frame, watched.told.column, watched.told.recorded) == (33, "rewards.north", "1000.0")
    assert "do not follow each other at frame 60" in watched.rows.problem

"""Watching games that the server steps: live from their processes, by the token alone, and never in anybody's way."""

import json
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psutil
import pytest

from mug.play.view_deltas import SeenView, ViewDecoder
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.altered_records import change_a_reward
from tests.drivers.server_driver import DEADLINE_S, ServerDriver
from tests.drivers.stepped_study import SteppedClient, logged_rows, write_stepped_study
from tests.drivers.waiting import until
from tests.drivers.watch_driver import replaying


class Watcher:
    """A watching page: asks for views, takes them in, says which it has.

    Attributes:
        shown: Every view, decoded. about: What was beside the newest.
    """

    def __init__(self, server: ServerDriver, match_id: str, name: str = "w", agent: str = "") -> None:
        self.server, self.match_id, self.name, self.agent = server, match_id, name, agent
        self.life = self.seen = -1
        self.stage = ""
        self.shown: list[SeenView] = []
        self.about: dict[str, Any] = {}
        self._decoder = ViewDecoder()

    def ask(self, token: str | None = None) -> tuple[int, dict[str, Any]]:
        """Ask once."""
        query = urlencode({"watcher": self.name, "agent": self.agent, "life": self.life, "seen": self.seen})
        header = {"Authorization": f"Bearer {self.server.token if token is None else token}"}
        status, _, body = self.server.get(f"/_mug/lab/matches/{self.match_id}/views?{query}", header)
        return status, json.loads(body) if status in (200, 404, 409) else {}

    def look(self) -> None:
        """Ask, and take in what comes."""
        status, answer = self.ask()
        assert status == 200, answer
        if answer["life"] != self.life:
            self.life, self.seen, self._decoder = answer["life"], -1, ViewDecoder()
        self.stage = answer["stage"]
        for view in answer["views"]:
            self.shown.append(self._decoder.take(view["n"], json.dumps(view["view"]).encode()))
            self.seen, self.about = view["n"], view["about"]

    def look_until(self, frame: int, episode: int = 0) -> None:
        """Look until a frame is shown."""
        ends_s = time.monotonic() + DEADLINE_S
        while not self.shown or (self.shown[-1].episode, self.shown[-1].frame) < (episode, frame):
            assert time.monotonic() < ends_s, f"frame {frame} was not shown; the match is {self.stage!r}"
            self.look()


def test_that_a_match_is_watched_as_its_players_see_it_and_only_with_the_token(tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", players=2, frames=90)
    with (
        ServerDriver(study, tmp_path / "data") as server,
        SteppedClient(server, "ann") as ann,
        SteppedClient(server, "ben") as ben,
    ):
        for client in (ann, ben):
            client.play()
        for client in (ann, ben):
            client.wait_for_match()
        match_id = ann.config.match_id
        watcher = Watcher(server, match_id)
        assert watcher.ask(token="another")[0] == 403
        assert watcher.ask(token="")[0] == 403
        assert Watcher(server, "no-match").ask()[0] == 404
        ann.wait_for_stage("playing")
        ann.press("ArrowRight")
        watcher.look_until(40)
        at = watcher.shown[-1]
        assert set(at.objects) == {"north", "east"}
        acted = {row["agent"]: row for row in watcher.about["agents"]}
        assert (acted["north"]["action"], acted["north"]["keys"], acted["north"]["status"]) == (
            1,
            "ArrowRight",
            "input",
        )
        assert acted["east"]["status"] == "default"
        assert watcher.about["viewers"] == [], "one picture is for all"
        ann.over()
        rows = {row["frame"]: row for row in logged_rows(study)}
        for agent in ("north", "east"):
            earned = sum(rows[frame]["rewards"][agent] for frame in range(at.frame))
            assert abs(acted[agent]["total"] - earned) < 1e-6
        by_frame = {view.frame: view for view in ann.seen_views}
        same = [view for view in watcher.shown if view.frame in by_frame]
        assert len(same) > 5
        assert all(view.objects == by_frame[view.frame].objects for view in same)


def test_that_watchers_who_are_slow_or_go_away_delay_nobody(tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", frames=150)
    with ServerDriver(study, tmp_path / "data") as server, SteppedClient(server, "ann") as ann:
        ann.play().wait_for_match()
        ann.wait_for_stage("playing")
        match_id = ann.config.match_id
        gone, slow, quick = (Watcher(server, match_id, name) for name in ("gone", "slow", "quick"))
        gone.look()
        slow.look()
        looking = threading.Thread(target=quick.look_until, args=(100,))
        looking.start()
        ann.wait_for_frame(100)
        looking.join(DEADLINE_S)
        assert len(quick.shown) > 20
        gone.seen = -1  # it never said that it has what it was sent
        waiting = gone.ask()[1]["views"]
        assert max(view["view"]["frame"] for view in waiting) < 100, "what was made for it waits, and no more was made"
        before = len(slow.shown)
        slow.look_until(100)
        assert len(slow.shown) - before < 20, "who comes late sees the newest, and none of those between"
        ann.over()
        assert [view.frame for view in ann.seen_views[-3:]] == [148, 149, 150]


class Again:
    """A page that shows a match again, at any server.

    Attributes:
        opened: What the match is. looked: What was shown last.
    """

    def __init__(self, url: str, token: str, match_id: str, name: str = "again") -> None:
        self.address = f"{url}/_mug/lab/matches/{match_id}"
        self.token, self.name = token, name
        self.opened: dict[str, Any] = {}
        self.looked: dict[str, Any] = {}

    def ask(self, path: str = "/replay", **what: Any) -> dict[str, Any]:
        """Ask once."""
        body = json.dumps({"replay": self.name, **what}).encode() if path else None
        header = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urlopen(Request(self.address + path, data=body, headers=header), timeout=DEADLINE_S) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def show(self, episode: int, frame: int, *, done: bool = False) -> dict[str, Any]:
        """Ask until a frame is shown (and all is stepped); returns the view."""
        ends_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < ends_s:
            answer = self.ask(episode=episode, frame=frame)
            assert "failed" not in answer, answer
            self.opened = answer["opened"] or self.opened
            self.looked = answer["looked"] or {}
            if self.looked.get("view") and (self.looked["done"] or not done):
                view: dict[str, Any] = self.looked["view"]
                return view
        raise AssertionError(f"frame {frame} was not shown: {self.looked}")


def played(study: Path, data: Path, **how: Any) -> tuple[str, dict[tuple[int, int], SeenView], dict[str, Any]]:
    """Let somebody play; returns the match, what their page showed, and what the same server shows of it again."""
    with ServerDriver(study, data) as server, SteppedClient(server, "ann") as ann:
        ann.play().wait_for_match()
        match_id = ann.config.match_id
        ann.wait_for_stage("playing")
        ann.press("ArrowRight")
        ann.wait_for_frame(20)
        ann.press("ArrowLeft")
        ann.go_on()
        again = Again(server.url, server.token, match_id)
        again.show(0, 30, done=True)
        looked = again.looked
        assert again.ask(ends=True)["opened"] is None
        until(lambda: not psutil.Process(server.pid).children(recursive=True), "the replay's process ends")
        server.interrupt()
    return match_id, {(view.episode, view.frame): view for view in ann.seen_views}, looked


def test_that_a_match_is_stepped_again_from_the_records_alone_and_a_changed_row_is_told(tmp_path: Path) -> None:
    study, data = write_stepped_study(tmp_path / "study", frames=45, episodes=2), tmp_path / "data"
    match_id, seen, at_server = played(study, data)
    assert (at_server["told"], at_server["problem"], at_server["compared"], at_server["hashes"]) == ("", "", 90, 4)
    shutil.rmtree(study)
    with replaying(data, "line") as line:
        assert line["problem"] == ""
        again = Again(line["url"], line["token"], match_id)
        with pytest.raises(HTTPError, match="403"):
            Again(line["url"], "another", match_id).show(0, 0)
        described = again.ask("")
        assert (described["on_server"], described["problem"], described["state"]) == (True, "", "over")
        again.show(1, 45, done=True)
        assert [(told["episode"], told["frames"]) for told in again.opened["rounds"]] == [(0, 45), (1, 45)]
        assert again.looked["compared"] == 90
        for place in [(1, 45), (0, 10), (1, 3), (0, 45), (0, 0)]:
            view = again.show(*place)
            assert (view["episode"], view["frame"]) == place
            if place in seen:
                assert view["objects"] == list(seen[place].objects.values()), "what was seen is shown again"
        again.show(0, 20)
        (north,) = again.looked["agents"]
        assert (north["action"], north["keys"], north["status"]) == (1, "ArrowRight", "input")
    change_a_reward(records_path(data, "line"), agent="north")
    with replaying(data, "line") as line:
        again = Again(line["url"], line["token"], match_id)
        again.show(1, 45, done=True)
        assert "another rewards.north in round 1, frame 40: recorded 7.0" in again.looked["told"]


@pytest.mark.long
def test_that_what_this_machine_lacks_for_a_match_is_said(tmp_path: Path) -> None:
    study, data = write_stepped_study(tmp_path / "study", frames=20), tmp_path / "data"
    match_id, _, _ = played(study, data)
    file = records_path(data, "line")
    with RecordReader(file) as reader:
        opened = next(x for x in reader.facts(reader.sessions()[0].session_id, ("session_opened",)))
    assert isinstance(opened, f.SessionOpened)
    with sqlite3.connect(file) as database:
        database.execute("DELETE FROM body WHERE sha256 = ?", (opened.stepped_zip_sha256,))
    database.close()
    with replaying(data, "line") as line:
        assert "Start the replay with --study" in line["problem"]
        assert "--study" in Again(line["url"], line["token"], match_id).ask("")["problem"]
    with replaying(data, "line", "--study", str(study)) as line:
        assert line["problem"] == ""
        assert Again(line["url"], line["token"], match_id).show(0, 20)["frame"] == 20


@pytest.mark.long
def test_that_a_watcher_stays_when_the_process_of_its_match_is_started_again(tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", frames=120, env={"fails_at": [50], "fails_by": "exit"})
    with ServerDriver(study, tmp_path / "data") as server, SteppedClient(server, "ann") as ann:
        ann.play().wait_for_match()
        ann.wait_for_stage("playing")
        watcher = Watcher(server, ann.config.match_id)
        watcher.look_until(20)
        life = watcher.life
        watcher.look_until(100)
        assert watcher.life > life, "views are counted anew, from a whole one"
        assert set(watcher.shown[-1].objects) == {"north"}
        ann.over()
        again = Again(server.url, server.token, ann.config.match_id)
        again.show(0, 120, done=True)
        assert (again.looked["told"], again.looked["problem"], again.looked["compared"]) == ("", "", 120)

"""Watching games that the server steps: live from their processes, by the token alone, and never in anybody's way."""

import json
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from mug.play.view_deltas import SeenView, ViewDecoder
from tests.drivers.server_driver import DEADLINE_S, ServerDriver
from tests.drivers.stepped_study import SteppedClient, logged_rows, write_stepped_study


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
        assert gone.ask()[1]["views"][0]["view"]["frame"] < 100, "what was made for it waits, and no more was made"
        before = len(slow.shown)
        slow.look_until(100)
        assert len(slow.shown) - before < 20, "who comes late sees the newest, and none of those between"
        ann.over()
        assert [view.frame for view in ann.seen_views[-3:]] == [148, 149, 150]

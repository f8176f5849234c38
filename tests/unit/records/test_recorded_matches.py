"""Real matches, played over bad networks, recorded as pages do, exported, and compared with what was played."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mug.data import read_export, read_manifest
from mug.play.config import ActionBinding, GameConfig
from mug.records import facts as f
from mug.records.export import ExportOptions, export_session
from mug.records.verify import verify
from mug.records.withdrawal import withdraw
from mug.study.conditions import conditions_by_agent
from tests.drivers.match_net import MatchNet, Play
from tests.drivers.recorded_session import AT, RecordedSession

CODE = """
import numpy as np


class Drift:
    def __init__(self):
        self.agents = list(AGENTS)

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.at = {agent: self.rng.normal(size=2) for agent in self.agents}
        self.steps = 0
        return dict(self.at), {agent: {} for agent in self.agents}

    def step(self, actions):
        self.steps += 1
        for agent, action in actions.items():
            self.at[agent] = self.at[agent] * 0.99 + self.rng.normal(scale=0.01, size=2) + 0.05 * int(action)
        over = self.steps >= 90
        seen = {agent: place.copy() for agent, place in self.at.items()}
        rewards = {agent: float(place.sum()) for agent, place in self.at.items()}
        infos = {agent: {"steps": self.steps} for agent in self.agents}
        return seen, rewards, dict.fromkeys(self.agents, over), dict.fromkeys(self.agents, False), infos

    def render(self):
        return []


env = Drift()
"""


def config(players: tuple[str, ...], **values: Any) -> GameConfig:
    return GameConfig(
        scene_id="game",
        match_id="m1",
        match_seed=11,
        subject_id="",
        human_agents=(),
        players=players,
        fps=30,
        num_episodes=2,
        max_steps=1000,
        action_mapping=(ActionBinding(keys=("a",), action=1), ActionBinding(keys=("b",), action=2)),
        default_action=0,
        environment_code=CODE.replace("AGENTS", repr(players)),
        countdown_ms=0,
        snapshot_level="walker",
        **values,
    )


def recorded(session: RecordedSession, net: MatchNet) -> list[str]:
    """Store what the pages of a match gave, as the server would; returns the participants."""
    game = net.config
    people = [f"subject-{number}" for number in range(len(game.players))]
    agents = dict(zip(game.players, people, strict=True))
    visits = session.together("m1", agents, settings={"network_conditions": dict(game.network_conditions)})
    for page, who in zip(net.pages, people, strict=True):
        for chunk in page.recorded:
            session.chunk(who, visits[who], "frames", chunk.body, dict(chunk.meta))
        told = [{"name": event.name, **event.data} for event in page.events]
        told += [{"name": f"match_{event.name}", **event.data} for event in page.peers]
        session.lines(who, visits[who], "event", *({"at": AT, "at_ms": 1.0, **row} for row in told))
        session.lines(who, visits[who], "telemetry", *({**row, "at": AT, "at_ms": 1.0} for row in page.rows))
    return people


def rows_of(net: MatchNet, number: int) -> pd.DataFrame:
    """What a page recorded, decoded by itself."""
    parts = [
        pd.DataFrame({name: list(column) for name, column in chunk.columns.items()} | {"episode": chunk.episode})
        for chunk in net.pages[number].chunks
    ]
    return pd.concat(parts, ignore_index=True)


def check_same(frames: pd.DataFrame, rows: pd.DataFrame, players: tuple[str, ...]) -> None:
    assert frames[["episode", "frame"]].to_numpy().tolist() == rows[["episode", "frame"]].to_numpy().tolist()
    for agent in players:
        assert frames[f"status.{agent}"].tolist() == rows[f"status.{agent}"].tolist()
        assert frames[f"actions.{agent}"].tolist() == [int(action) for action in rows[f"actions.{agent}"]]
        assert frames[f"rewards.{agent}"].tolist() == rows[f"rewards.{agent}"].tolist()
        seen = frames[[f"observations.{agent}.0", f"observations.{agent}.1"]].to_numpy()
        np.testing.assert_array_equal(seen, np.stack(rows[f"observations.{agent}"].to_list()))


@pytest.mark.parametrize("players", [("left", "right"), ("a", "b", "c")], ids=["two", "three"])
def test_that_a_match_through_delay_and_loss_is_exported_as_it_was_played(
    tmp_path: Path, players: tuple[str, ...]
) -> None:
    conditions = conditions_by_agent({"delay_ms": 75, "jitter_ms": 30, "loss": 0.05, "seed": 7}, players)
    net = MatchNet(config(players, network_conditions=conditions)).run()
    try:
        assert [page.outcome for page in net.pages] == ["completed"] * len(players)
        assert min(page.rollbacks for page in net.pages) > 10
        with RecordedSession(tmp_path) as session:
            people = recorded(session, net)
            session.writer.flush()
            result = export_session(session.path, "s1", tmp_path / "out", ExportOptions(ticks=True))
    finally:
        net.close()
    assert result.problems == ()
    assert verify(session.path).problems == []
    tables = read_export(tmp_path / "out")
    check_same(tables["frames"], rows_of(net, 0), players)
    assert tables["episodes"]["agreement"].tolist() == ["agreed", "agreed"]
    assert tables["episodes"]["frames"].tolist() == [90, 90]
    assert tables["episodes"]["recorders"].tolist() == [len(players)] * 2
    assert tables["episodes"]["complete"].all()
    assert (tables["episodes"]["compared"] > 0).all()
    [match] = tables["matches"].to_dict("records")
    assert match["compared"] == tables["episodes"]["compared"].sum() == max(page.compared for page in net.pages)
    assert (match["desyncs"], match["players"], match["input_delay"]) == (0, len(players), 0)
    assert (match["snapshot_level"], match["window"]) == ("walker", net.pages[0].heard("agreed")[0]["window"])
    assert match[f"delay_ms.{players[0]}"] == 75
    assert set(tables["frames"][f"loss.{players[1]}"]) == {0.05}
    agreement = read_manifest(tmp_path / "out")["agreement"]
    assert (agreement["compared"], agreement["desyncs"]) == (match["compared"], 0)
    network, ticks = tables["network"], tables["ticks"]
    assert set(network["participant_id"]) == set(people)
    assert network["rollbacks"].sum() > 0
    expected = [row for page in net.pages for row in page.rows]
    assert len(network) == sum(row["table"] == "network" for row in expected)
    assert len(ticks) == sum(len(row["depth"]) for row in expected if row["table"] == "ticks")
    assert ticks["depth"].max() > 0
    for agent in players:
        played = ticks[(ticks["agent"] == agent) & ~ticks["stalled"]]
        joined = tables["frames"].merge(played, on=["match_id", "episode", "frame"])
        assert len(joined) == 180, "every frame was played once on every player's computer"


def test_that_a_match_that_lost_a_player_and_went_on_has_all_of_its_frames(tmp_path: Path) -> None:
    game = config(("left", "right"), dropout_policy="default_action")
    net = MatchNet(game, delay_ms=30.0, plays={1: Play(dead_ms=4000.0)}, lost_after_ms=2000.0).run()
    try:
        assert net.pages[0].outcome == "completed"
        with RecordedSession(tmp_path) as session:
            recorded(session, net)
            session.add(
                f.PlayerDropped(
                    at=AT, match_id="m1", agent="right", participant_id="subject-1", policy="default_action"
                )
            )
            session.writer.flush()
            result = export_session(session.path, "s1", tmp_path / "out")
    finally:
        net.close()
    assert result.problems == ()
    assert verify(session.path).problems == []
    tables = read_export(tmp_path / "out")
    check_same(tables["frames"], rows_of(net, 0), game.players)
    assert tables["episodes"]["complete"].tolist() == [True, True]
    assert len(rows_of(net, 1)) < len(tables["frames"]) == 180
    dropped = tables["frames"]["status.right"] == "dropped"
    assert dropped.any()
    assert dropped.is_monotonic_increasing, "who is lost stays lost"
    assert tables["matches"]["dropped"].tolist() == ["right"]


def test_that_a_match_that_ended_with_a_loss_keeps_what_was_confirmed(tmp_path: Path) -> None:
    game = config(("left", "right"), dropout_policy="end")
    net = MatchNet(game, delay_ms=30.0, plays={1: Play(dead_ms=2000.0)}, lost_after_ms=2000.0).run()
    try:
        assert net.pages[0].outcome == "partner_left"
        with RecordedSession(tmp_path) as session:
            recorded(session, net)
            session.add(f.MatchEnded(at=AT, match_id="m1", outcome="partner_left"))
            session.writer.flush()
            result = export_session(session.path, "s1", tmp_path / "out")
    finally:
        net.close()
    assert result.problems == ()
    assert verify(session.path).problems == []
    tables = read_export(tmp_path / "out")
    check_same(tables["frames"], rows_of(net, 0), game.players)
    [episode] = tables["episodes"].to_dict("records")
    assert (episode["end"], episode["complete"], episode["agreement"]) == ("partner_left", False, "agreed")
    assert 0 < episode["frames"] < 90
    assert episode["compared"] > 0


@pytest.mark.parametrize("players", [("left", "right"), ("a", "b", "c")], ids=["two", "three"])
def test_that_partners_keep_their_rows_when_a_player_withdraws(tmp_path: Path, players: tuple[str, ...]) -> None:
    net = MatchNet(config(players)).run()
    try:
        with RecordedSession(tmp_path) as session:
            people = recorded(session, net)
            session.add(*(f.ParticipantFinished(at=AT, participant_id=who, outcome="complete") for who in people))
        done = withdraw(session.path, "s1", people[0], "removed")
        assert done.matches == ("m1",)
        result = export_session(session.path, "s1", tmp_path / "out")
        rows = rows_of(net, 1)
    finally:
        net.close()
    assert result.problems == ()
    assert verify(session.path).problems == []
    tables = read_export(tmp_path / "out")
    check_same(tables["frames"], rows, players[1:])
    assert set(tables["frames"][f"status.{players[0]}"]) == {"withdrawn"}
    blank = [name for name in tables["frames"] if f".{players[0]}" in name and not name.startswith("status.")]
    assert tables["frames"][blank].isna().all().all()
    assert {f"observations.{players[0]}.0", f"actions.{players[0]}"} <= set(blank)
    assert tables["episodes"]["agreement"].tolist() == ["agreed", "agreed"]
    assert tables["episodes"]["complete"].all()
    assert set(tables["network"]["participant_id"]) == set(people[1:])

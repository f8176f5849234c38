"""Games of several people: every frame once, whose record differs is told and kept, and nothing is missed in vain."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mug.data import read_array, read_export, read_manifest
from mug.records import facts as f
from mug.records import library
from mug.records.commands import add_export_arguments, export_main
from mug.records.export import ExportOptions, ExportResult, export_session
from mug.records.verify import verify
from tests.drivers.recorded_session import AT, RecordedSession

PAIR = {"left": "anna", "right": "bert"}
TRIO = {"left": "anna", "right": "bert", "top": "cara", "ball": "policy:random"}


def world(frames: int, agents: tuple[str, ...] = ("left", "right"), seed: int = 1) -> dict[str, Any]:
    """Columns of an episode, as every peer records them."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {f"status.{agent}": ["input"] * frames for agent in agents}
    columns |= {f"actions.{agent}": rng.integers(0, 6, frames) for agent in agents}
    columns |= {f"rewards.{agent}": rng.normal(size=frames) for agent in agents}
    columns |= {f"terminated.{agent}": np.arange(frames) == frames - 1 for agent in agents}
    columns |= {f"observations.{agent}": rng.normal(size=(frames, 2)).astype(np.float32) for agent in agents}
    columns |= {f"infos.{agent}": [{"hits": int(hits)} for hits in rng.integers(0, 9, frames)] for agent in agents}
    columns["state_hash"] = [f"{frame:032x}" if frame % 30 == 29 else None for frame in range(frames)]
    return columns


def changed(columns: dict[str, Any], frame: int, name: str = "rewards.right") -> dict[str, Any]:
    """The same columns, but for the last bit of one number."""
    column = np.array(columns[name])
    column[frame] = np.nextafter(column[frame], 99)
    return {**columns, name: column}


def exported(session: RecordedSession, out: Path, **options: Any) -> tuple[dict[str, pd.DataFrame], ExportResult]:
    session.writer.flush()
    result = export_session(session.path, session.session_id, out, ExportOptions(**options))
    return read_export(out), result


def ended(session: RecordedSession, who: str, frames: int, chain: str, match_id: str = "m1", episode: int = 0) -> None:
    visit = next(
        fact.visits[who] for fact in session.facts if isinstance(fact, f.MatchFormed) and fact.match_id == match_id
    )
    end = {"name": "episode_ended", "at": AT, "match_id": match_id, "episode": episode, "frames": frames}
    session.lines(who, visit, "event", end | {"end": "terminated", "chain_hash": chain})


def check_frames(frames: pd.DataFrame, columns: dict[str, Any], agent: str = "left") -> None:
    count = len(columns[f"actions.{agent}"])
    assert frames["frame"].tolist() == list(range(count))
    assert frames[f"actions.{agent}"].tolist() == columns[f"actions.{agent}"].tolist()
    assert frames[f"rewards.{agent}"].tolist() == columns[f"rewards.{agent}"].tolist()
    seen = frames[f"observations.{agent}.1"].to_numpy(np.float32)
    assert seen.tolist() == columns[f"observations.{agent}"][:, 1].tolist()


@pytest.mark.parametrize("agents", [PAIR, TRIO], ids=["two", "three"])
def test_that_alike_records_give_one_copy(tmp_path: Path, agents: dict[str, str]) -> None:
    people = [who for who in agents.values() if not who.startswith("policy:")]
    columns = world(100, tuple(agents))
    with RecordedSession(tmp_path) as session:
        session.together("m1", agents)
        for number, who in enumerate(people):
            chain = session.track(who, "m1", 0, columns, repeated=number > 0)
            ended(session, who, 100, chain)
        tables, result = exported(session, tmp_path / "out")
    check_frames(tables["frames"], columns)
    assert "frames_disagreeing" not in tables
    [episode] = tables["episodes"].to_dict("records")
    assert (episode["agreement"], episode["recorders"], episode["complete"]) == ("agreed", len(people), True)
    assert pd.isna(episode["disagrees_from"])
    assert result.problems == ()
    assert verify(session.path).ok
    assert read_manifest(tmp_path / "out")["agreement"]["episodes"] == {"single": 0, "agreed": 1, "differs": 0}
    assert library(tmp_path)[0].rows["frames"] == 100
    assert tables["participants"]["frames"].tolist() == [100] * len(people)
    visits = tables["visits"].set_index("participant_id")
    assert visits["match_id"].tolist() == ["m1"] * len(people)
    assert visits["agent_id"].to_dict() == {who: agent for agent, who in agents.items() if who in people}


def test_that_one_other_bit_is_found_told_and_kept(tmp_path: Path) -> None:
    columns = world(100)
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR)
        session.track("anna", "m1", 0, columns)
        session.track("bert", "m1", 0, changed(columns, 37))
        tables, result = exported(session, tmp_path / "out")
    check_frames(tables["frames"], columns, "right")
    other = tables["frames_disagreeing"]
    assert other["participant_id"].tolist() == ["bert"] * 63
    assert other["frame"].tolist() == list(range(37, 100))
    assert (other["rewards.right"].to_numpy() != columns["rewards.right"][37:]).tolist() == [True] + [False] * 62
    [episode] = tables["episodes"].to_dict("records")
    assert (episode["agreement"], episode["disagrees_from"], episode["frames"]) == ("differs", 37, 100)
    assert tables["matches"]["flags"].tolist() == ["frames_differ"]
    [problem] = result.problems
    assert problem == (
        "match m1, episode 0: the rows of bert differ from those of anna from frame 37 on (first in rewards.right); "
        "they are in frames_disagreeing"
    )
    [found] = verify(session.path).problems
    assert (found.code, found.where) == ("frames_differ", "match m1, episode 0")
    manifest = read_manifest(tmp_path / "out")
    assert manifest["agreement"]["episodes"]["differs"] == 1
    assert manifest["counts"]["frames_disagreeing"] == 63


def test_that_one_of_three_who_differs_is_named(tmp_path: Path) -> None:
    columns = world(70, tuple(TRIO))
    with RecordedSession(tmp_path) as session:
        session.together("m1", TRIO)
        session.track("anna", "m1", 0, columns)
        session.track("bert", "m1", 0, changed(columns, 69, "rewards.top"))
        session.track("cara", "m1", 0, columns, until=50)
        tables, result = exported(session, tmp_path / "out")
    check_frames(tables["frames"], columns)
    assert tables["frames_disagreeing"]["participant_id"].tolist() == ["bert"]
    assert len(result.problems) == 1
    assert "bert" in result.problems[0]


def test_that_an_episode_that_began_differently_differs_from_its_first_frame_on(tmp_path: Path) -> None:
    columns = world(40)
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR)
        session.track("anna", "m1", 0, columns, context={"seed": 1})
        session.track("bert", "m1", 0, columns, context={"seed": 2})
        tables, result = exported(session, tmp_path / "out")
    assert tables["frames_disagreeing"]["frame"].tolist() == list(range(40))
    assert "(first in context)" in result.problems[0]


@pytest.mark.parametrize("until", [0, 1, 30, 44, 99])
@pytest.mark.parametrize("gone", ["anna", "bert"])
def test_that_who_left_early_is_missed_nowhere(tmp_path: Path, gone: str, until: int) -> None:
    columns = world(100)
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR)
        for who in ("anna", "bert"):
            if who == gone and until == 0:
                continue
            chain = session.track(who, "m1", 0, columns, until=until if who == gone else None)
            # the lost page may have told of the end without sending all frames before it
            ended(session, who, 100, chain if who != gone else "")
        tables, result = exported(session, tmp_path / "out")
    check_frames(tables["frames"], columns)
    [episode] = tables["episodes"].to_dict("records")
    assert episode["agreement"] == ("agreed" if until else "single")
    assert (episode["frames"], episode["complete"]) == (100, True)
    assert result.problems == ()
    assert verify(session.path).problems == []


def test_that_an_end_that_only_the_lost_page_saw_does_not_count(tmp_path: Path) -> None:
    columns = world(100)
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR)
        early = session.track("anna", "m1", 0, columns, until=45)
        ended(session, "anna", 45, early)
        ended(session, "bert", 100, session.track("bert", "m1", 0, columns))
        tables, result = exported(session, tmp_path / "out")
    [episode] = tables["episodes"].to_dict("records")
    assert (episode["frames"], episode["complete"], episode["end"]) == (100, True, "terminated")
    assert result.problems == ()
    assert verify(session.path).ok


def test_that_chunks_cut_elsewhere_are_still_the_same_rows(tmp_path: Path) -> None:
    columns = world(100)
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR)
        one = session.track("anna", "m1", 0, columns, cuts=(41,))
        other = session.track("bert", "m1", 0, columns, cuts=(7, 75))
        ended(session, "anna", 100, one)
        ended(session, "bert", 100, other)
        assert one != other, "chain hashes depend on where chunks are cut"
        tables, result = exported(session, tmp_path / "out")
    check_frames(tables["frames"], columns)
    assert tables["episodes"]["agreement"].tolist() == ["agreed"]
    assert result.problems == ()
    assert verify(session.path).ok


def test_that_frames_that_one_player_lost_come_from_another(tmp_path: Path) -> None:
    columns = world(100)
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR)
        session.track("anna", "m1", 0, columns, lost=(1,))
        session.track("bert", "m1", 0, columns, lost=(2,))
        tables, result = exported(session, tmp_path / "out")
        session.track("anna", "m1", 1, columns, lost=(2,))
        session.track("bert", "m1", 1, columns, lost=(1, 2))
        _, second = exported(session, tmp_path / "again")
    check_frames(tables["frames"], columns)
    assert result.problems == ()
    assert second.problems == ("match m1, episode 1: frames 60 to 89 are missing",)


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_that_however_records_are_cut_every_frame_comes_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("match")
    agents = data.draw(st.sampled_from([PAIR, TRIO]))
    people = [who for who in agents.values() if not who.startswith("policy:")]
    frames = data.draw(st.integers(1, 70))
    columns = world(frames, tuple(agents))
    whole = data.draw(st.sampled_from(people))
    differs = data.draw(st.none() | st.integers(0, frames - 1))
    liar = data.draw(st.sampled_from([who for who in people if who != whole]))
    with RecordedSession(folder) as session:
        session.together("m1", agents)
        ends: dict[str, int] = {}
        for who in people:
            cuts = data.draw(st.lists(st.integers(1, frames), max_size=3, unique=True))
            ends[who] = frames if who == whole else data.draw(st.integers(0, frames))
            mine = changed(columns, differs) if differs is not None and who == liar else columns
            if ends[who]:
                session.track(who, "m1", 0, mine, size=20, cuts=cuts, until=ends[who])
        tables, result = exported(session, folder / "out")
    [episode] = tables["episodes"].to_dict("records")
    several = sum(end > 0 for end in ends.values()) > 1
    if differs is not None and ends[liar] > differs:
        assert (episode["agreement"], episode["disagrees_from"]) == ("differs", differs)
        assert len(result.problems) >= 1
        assert tables["frames"]["frame"].tolist() == list(range(frames))
    else:
        check_frames(tables["frames"], columns)
        assert "frames_disagreeing" not in tables
        assert episode["agreement"] == ("agreed" if several else "single")
        assert result.problems == ()
        assert verify(session.path).ok


def test_that_a_match_goes_on_without_a_lost_player(tmp_path: Path) -> None:
    columns = world(100)
    columns["status.right"] = ["input"] * 40 + ["hidden"] * 5 + ["dropped"] * 55
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", PAIR, settings={"dropout_policy": "default_action"})
        session.track("anna", "m1", 0, columns)
        session.track("bert", "m1", 0, columns, until=45)
        session.add(
            f.PlayerDropped(
                at=AT, match_id="m1", agent="right", participant_id="bert", policy="default_action", reason="silent"
            ),
            f.VisitFinished(at=AT, participant_id="bert", visit_id=visits["bert"], outcome="partner_left"),
            f.MatchEnded(at=AT, match_id="m1", outcome="completed", reason="all episodes were played"),
        )
        tables, result = exported(session, tmp_path / "out")
    frames = tables["frames"]
    assert frames["status.right"].value_counts().to_dict() == {"dropped": 55, "input": 40, "hidden": 5}
    [match] = tables["matches"].to_dict("records")
    assert (match["dropped"], match["outcome"]) == ("right", "completed")
    assert match["reason"] == "all episodes were played"
    assert json.loads(match["dropped_details"]) == [
        {"agent": "right", "at": AT, "policy": "default_action", "reason": "silent"}
    ]
    [event] = tables["events"].to_dict("records")
    assert (event["name"], event["participant_id"], event["match_id"]) == ("player_dropped", "bert", "m1")
    assert (event["visit_id"], event["source"]) == (visits["bert"], "server")
    assert result.problems == ()
    assert library(tmp_path)[0].rows["events"] == 1


def test_that_a_match_without_frames_has_its_row(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR, settings={"input_delay": "auto", "snapshot_level": "own"})
        session.add(f.MatchEnded(at=AT, match_id="m1", outcome="refused", reason="other programs"))
        tables, result = exported(session, tmp_path / "out")
    [match] = tables["matches"].to_dict("records")
    assert (match["players"], match["recorders"], match["episodes"], match["compared"]) == (2, 0, 0, 0)
    assert (match["outcome"], match["snapshot_level"]) == ("refused", "own")
    assert pd.isna(match["input_delay"])
    assert len(tables["frames"]) == 0
    assert len(tables["episodes"]) == 0
    assert "network" not in tables
    assert result.problems == ()
    assert verify(session.path).ok


def test_that_matches_tell_how_the_players_agreed(tmp_path: Path) -> None:
    columns = world(60)
    with RecordedSession(tmp_path) as session:
        chosen = {"input_delay": "auto", "window": 6, "snapshot_level": "pickle"}
        visits = session.together("m1", PAIR, settings=chosen)
        for who, visit in visits.items():
            for episode in (0, 1):
                session.track(who, "m1", episode, columns)
            about = {"at": AT, "match_id": "m1"}
            session.lines(
                who, visit, "event",
                about | {"name": "match_agreed", "input_delay": 2, "window": 6},
                about | {"name": "match_episode_agreed", "episode": 0, "frames": 60, "compared": 2, "equal": True},
                about | {"name": "match_desync", "episode": 1, "frame": 29, "ours": "a", "theirs": "b"},
                about | {"name": "match_episode_agreed", "episode": 1, "frames": 60, "compared": 3, "equal": False},
            )  # fmt: skip
        tables, _ = exported(session, tmp_path / "out")
    [match] = tables["matches"].to_dict("records")
    assert (match["input_delay"], match["window"], match["snapshot_level"]) == (2, 6, "pickle")
    assert (match["compared"], match["desyncs"], match["players"], match["recorders"]) == (5, 1, 2, 2)
    assert (match["visits.left"], match["visits.right"]) == (visits["anna"], visits["bert"])
    assert tables["episodes"][["compared", "desyncs"]].to_numpy().tolist() == [[2, 0], [3, 1]]
    events = tables["events"]
    assert events.groupby("participant_id").size().to_dict() == {"anna": 4, "bert": 4}
    assert events[events["name"] == "match_desync"]["frame"].tolist() == [29, 29]
    agreement = read_manifest(tmp_path / "out")["agreement"]
    assert (agreement["compared"], agreement["desyncs"]) == (5, 1)


def test_that_a_desync_that_only_the_server_knows_counts(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR)
        session.add(f.MatchFlagged(at=AT, match_id="m1", flag="desync", detail="from frame 29 on"))
        tables, _ = exported(session, tmp_path / "out")
    assert tables["matches"]["desyncs"].tolist() == [1]
    assert tables["matches"]["flags"].tolist() == ["desync"]


def test_that_people_who_play_alone_have_no_figures_of_partners(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", {"left": "anna", "ball": "policy:random"})
        session.frames("anna", visit, "m1", 0, 0, {"status.left": ["input"]})
        tables, _ = exported(session, tmp_path / "out")
    [match] = tables["matches"].to_dict("records")
    assert (match["players"], match["recorders"]) == (1, 1)
    assert all(pd.isna(match[name]) for name in ("compared", "desyncs", "transport", "input_delay", "dropped"))
    assert pd.isna(tables["episodes"]["compared"].iloc[0])
    assert not any(name.startswith(("delay_ms.", "visits.")) for name in tables["matches"].columns)


# --- network conditions -----------------------------------------------------------------------------------------------


def test_that_network_conditions_are_columns_of_matches_and_frames(tmp_path: Path) -> None:
    conditions = {"left": {"delay_ms": 80.0, "jitter_ms": 0.0, "loss": 0.05, "burst": 0.0, "seed": 7}}
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR, settings={"network_conditions": conditions})
        session.track("anna", "m1", 0, world(10))
        session.track("bert", "m1", 0, changed(world(10), 4))
        session.together("m2", {"left": "cara", "right": "dora"})
        session.track("cara", "m2", 0, world(5))
        tables, _ = exported(session, tmp_path / "out")
    frames = tables["frames"]
    made = [name for name in frames.columns if name.startswith(("delay", "jitter", "loss", "burst", "cond"))]
    assert made == ["delay_ms.left", "delay_ms.right", "jitter_ms.left", "jitter_ms.right", "loss.left", "loss.right"]
    by_match = frames.groupby("match_id")[made].first()
    assert by_match.loc["m1"].tolist() == [80.0, 0.0, 0.0, 0.0, 0.05, 0.0]
    assert by_match.loc["m2"].isna().all()
    assert len(frames[frames["match_id"] == "m2"]) == 5
    assert tables["frames_disagreeing"]["delay_ms.left"].tolist() == [80.0] * 6
    first, second = tables["matches"].to_dict("records")
    assert (first["loss.left"], first["condition_seed.left"], first["condition_seed.right"]) == (0.05, 7, 0)
    assert pd.isna(second["loss.left"])


# --- network and ticks ------------------------------------------------------------------------------------------------


def network(agent: str, partner: str, second: int, **more: Any) -> dict[str, Any]:
    return {
        "table": "network",
        "match_id": "m1",
        "agent": agent,
        "partner": partner,
        "episode": 0,
        "frame": 30 * second + 29,
        "path": "p2p",
        "pair": "host",
        "rtt_ms": 40.5,
        "jitter_ms": None,
        "loss": 0.01,
        "rollbacks": 3,
        "resimulated": 7,
        "depth_mean": 2.333,
        "depth_max": 4,
        "stalled_ms": 0,
        "predicted_shown": 12,
        "confirm_lag_mean": 2.1,
        "frame_time_ms_mean": 33.4,
        "frame_time_ms_max": 41.2,
        "tick_ms_p50": 1.2,
        "tick_ms_max": 8.8,
        "bytes_sent": 900,
        "bytes_received": 880,
        "at": AT,
        "at_ms": 1000.5 * (second + 1),
        **more,
    }


def ticks(agent: str, first: int, frames: list[int], **more: Any) -> dict[str, Any]:
    count = len(frames)
    return {
        "table": "ticks",
        "match_id": "m1",
        "agent": agent,
        "episode": 0,
        "first": first,
        "frame": frames,
        "predicted": [number % 2 for number in range(count)],
        "depth": [number % 3 for number in range(count)],
        "stalled": [int(number + 1 < count and frames[number + 1] == frames[number]) for number in range(count)],
        "tick_ms": [0.5 + number for number in range(count)],
        "interval_ms": [33.3] * count,
        "at": AT,
        "at_ms": 10.0,
        **more,
    }


def record_telemetry(session: RecordedSession) -> None:
    visits = session.together("m1", PAIR)
    for agent, partner in (("left", "right"), ("right", "left")):
        who = PAIR[agent]
        path = "relay" if agent == "right" else "p2p"
        for second in range(3):
            frames = list(range(second * 30, second * 30 + 30))
            session.lines(
                who, visits[who], "telemetry",
                {"at": AT, "at_ms": 1.0, "rtt_ms": 12.5, "lost": 0, "focused": True, "visible": True},
                network(agent, partner, second, path=path if second else "", odd=1),
                ticks(agent, frames[0], frames[:10] + [frames[9]] * 2 + frames[10:]),
            )  # fmt: skip


def test_that_network_and_ticks_are_tables_of_their_own(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        record_telemetry(session)
        tables, result = exported(session, tmp_path / "out", ticks=True)
    assert result.problems == ()
    assert len(tables["telemetry"]) == 6
    assert "table" not in tables["telemetry"].columns
    assert tables["telemetry"]["rtt_ms"].tolist() == [12.5] * 6
    found = tables["network"]
    assert found.groupby("participant_id").size().to_dict() == {"anna": 3, "bert": 3}
    row = found.to_dict("records")[5]
    assert (row["agent"], row["partner"], row["frame"], row["path"]) == ("right", "left", 89, "relay")
    assert (row["rtt_ms"], row["loss"], row["depth_max"], row["bytes_sent"], row["odd"]) == (40.5, 0.01, 4, 900, 1)
    assert found["path"].tolist()[0] == ""
    assert found["jitter_ms"].isna().all()
    assert found["rollbacks"].dtype == np.int64
    assert tables["matches"]["transport"].tolist() == ["p2p relay"]
    each = tables["ticks"]
    assert len(each) == 2 * 3 * 32
    assert each["predicted"].dtype == each["stalled"].dtype == np.bool_
    mine = each[each["agent"] == "left"]
    assert mine["frame"].tolist()[:13] == [*range(10), 9, 9, 10]
    assert mine["stalled"].sum() == 6
    assert mine["tick_ms"].tolist()[:3] == [0.5, 1.5, 2.5]
    assert mine["participant_id"].unique().tolist() == ["anna"]
    played = mine[~mine["stalled"]]
    assert played["frame"].tolist() == list(range(90)), "one played tick a frame, to be joined with frames"


def test_that_ticks_come_only_when_they_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RecordedSession(tmp_path / "data") as session:
        record_telemetry(session)
        tables, _ = exported(session, tmp_path / "without")
    assert "ticks" not in tables
    counts = read_manifest(tmp_path / "without")["counts"]
    stored = library(tmp_path / "data")[0].rows
    assert {name: stored[name] for name in counts} == counts
    parser = argparse.ArgumentParser()
    add_export_arguments(parser)
    arguments = ["--data", str(tmp_path / "data"), "--experiment", "exp", "--out", str(tmp_path / "with"), "--ticks"]
    assert export_main(parser.parse_args(arguments)) == 0
    assert "ticks 192" in capsys.readouterr().out
    assert len(read_export(tmp_path / "with", ["ticks"])["ticks"]) == 192


def test_that_asking_for_ticks_gives_the_table_even_when_there_are_none(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.join("anna")
        tables, _ = exported(session, tmp_path / "out", ticks=True)
    assert tables["ticks"].empty
    assert "depth" in tables["ticks"].columns


@pytest.mark.parametrize(
    "wrong",
    [
        {"depth": [1]},
        {"depth": None},
        {"depth": ["a", "b", "c"]},
        {"depth": [[1], [2], [3]]},
        {"episode": "first"},
        {"frame": [0, 1, 2**70]},
    ],
)
def test_that_ticks_that_do_not_fit_together_are_told(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", PAIR)
        session.lines("anna", visits["anna"], "telemetry", ticks("left", 0, [0, 1, 2], **wrong))
        session.lines("bert", visits["bert"], "telemetry", ticks("right", 0, [0, 1, 2]))
        tables, result = exported(session, tmp_path / "out", ticks=True)
    assert tables["ticks"]["agent"].tolist() == ["right"] * 3
    assert result.problems == (f"chunk {visits['anna']}/telemetry/0: line 1 holds no ticks that fit together",)


def test_that_ticks_without_frames_count_from_their_first(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", PAIR)
        session.lines("anna", visits["anna"], "telemetry", ticks("left", 60, [0, 0, 0], frame=None))
        tables, _ = exported(session, tmp_path / "out", ticks=True)
    assert tables["ticks"]["frame"].tolist() == [60, 61, 62]


# --- what else the table of disagreeing rows must hold ----------------------------------------------------------------


def test_that_large_observations_that_differ_lie_beside_the_canonical_ones(tmp_path: Path) -> None:
    pictures = np.arange(4 * 400, dtype=np.float32).reshape(4, 400)
    other = pictures.copy()
    other[2, 5] += 1
    with RecordedSession(tmp_path) as session:
        session.together("m1", PAIR)
        session.track("anna", "m1", 0, {"status.left": ["input"] * 4, "observations.left": pictures})
        session.track("bert", "m1", 0, {"status.left": ["input"] * 4, "observations.left": other})
        tables, result = exported(session, tmp_path / "out")
    assert "from frame 2 on (first in observations.left)" in result.problems[0]
    ours = tables["frames"]["observations.left.array"].tolist()
    theirs = tables["frames_disagreeing"]["observations.left.array"].tolist()
    assert len(theirs) == 2
    np.testing.assert_array_equal(read_array(tmp_path / "out", ours[2]), pictures[2])
    np.testing.assert_array_equal(read_array(tmp_path / "out", theirs[0]), other[2])


def test_that_the_export_of_a_match_is_described_whole_and_always_the_same(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        record_telemetry(session)
        session.track("anna", "m1", 0, world(90))
        session.track("bert", "m1", 0, changed(world(90), 50))
        tables, _ = exported(session, tmp_path / "one", ticks=True)
        exported(session, tmp_path / "two", ticks=True)
    codebook = pd.read_csv(tmp_path / "one" / "documentation" / "codebook.csv", keep_default_na=False)
    assert "Not described." not in set(codebook["description"])
    for name, table in tables.items():
        assert codebook[codebook["table"] == name]["column"].tolist() == list(table.columns)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_that_a_damaged_record_of_another_player_is_told_and_the_match_exported(tmp_path: Path) -> None:
    columns = world(60)
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", PAIR)
        session.track("anna", "m1", 0, columns)
        session.track("bert", "m1", 0, columns, until=30)
        meta = {"match_id": "m1", "episode": 0, "first": 30, "last": 59, "chain_hash": "ab" * 16}
        session.chunk("bert", visits["bert"], "frames", b"no chunk", meta)
        tables, result = exported(session, tmp_path / "out")
    check_frames(tables["frames"], columns)
    assert result.problems == (
        f"match m1, episode 0: chunk {visits['bert']}/frames/1 of bert is left out: "
        "its bytes are not the frames it says",
    )
    assert {problem.code for problem in verify(session.path).problems} == {"frames"}

"""An export holds exactly what was recorded: every row once, every value as it was."""

import csv
import json
import math
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mug.data import read_array, read_export, read_manifest
from mug.records import ExportError, RecordReader, UnknownSessionError, library
from mug.records import facts as f
from mug.records.arrays import digest_of
from mug.records.dataset import FILES
from mug.records.export import ExportOptions, export_session
from mug.records.keys import write_keys
from tests.drivers.recorded_session import AT, RecordedSession

AGENTS = {"human": "anna"}


def rows(count: int, **more: list[Any]) -> dict[str, list[Any]]:
    return {
        "status.human": ["input"] * count,
        "actions.human": [1] * count,
        "rewards.human": [-1.0] * count,
        "terminated.human": [False] * count,
        "truncated.human": [False] * count,
        **more,
    }


def exported(session: RecordedSession, out: Path) -> dict[str, pd.DataFrame]:
    session.writer.flush()
    export_session(session.path, session.session_id, out)
    return read_export(out)


def missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def test_that_rows_come_back_with_their_values_and_types(tmp_path: Path) -> None:
    observations = np.array([[-0.5, 0.0], [-0.49, 0.001], [-0.48, 1e-300]], dtype=np.float32)
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        columns = rows(3, **{"observations.human": list(observations), "state_hash": ["a", "b", "c"]})
        columns["infos.human"] = [{"hits": 1, "name": "NA"}, {"hits": 2}, {"late": True}]
        session.frames("anna", visit, "m1", 0, 0, columns)
        tables = exported(session, tmp_path / "out")
    frames = tables["frames"]
    assert list(frames.columns) == [
        "session_id",
        "scene_id",
        "match_id",
        "episode",
        "frame",
        "status.human",
        "actions.human",
        "rewards.human",
        "terminated.human",
        "truncated.human",
        "observations.human.0",
        "observations.human.1",
        "infos.human.hits",
        "infos.human.name",
        "infos.human.late",
        "state_hash",
    ]
    assert frames["frame"].tolist() == [0, 1, 2]
    assert frames["scene_id"].tolist() == ["game"] * 3
    # single precision is written as the exact double
    assert frames["observations.human.0"].tolist() == observations[:, 0].astype(np.float64).tolist()
    assert frames["observations.human.1"].tolist() == observations[:, 1].astype(np.float64).tolist()
    assert frames["actions.human"].dtype == np.int64
    assert frames["terminated.human"].dtype == np.bool_
    assert frames["infos.human.hits"].tolist()[:2] == [1, 2]
    assert frames["infos.human.hits"].isna().tolist() == [False, False, True]
    assert frames["infos.human.name"].tolist()[0] == "NA"
    assert frames["infos.human.name"].isna().tolist() == [False, True, True]
    assert frames["infos.human.late"].isna().tolist() == [True, True, False]


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(["NA", "null", "nan", "", "=1+1", '"', "a,b\r\nc", "007", "true"]),
)


@given(values=st.lists(st.lists(PLAIN, min_size=4, max_size=4), min_size=1, max_size=4))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_that_any_info_survives_the_way_from_the_page_to_pandas(
    tmp_path_factory: pytest.TempPathFactory, values: list[list[Any]]
) -> None:
    folder = tmp_path_factory.mktemp("export")
    with RecordedSession(folder) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        for number, chunk in enumerate(values):
            columns = rows(4, **{"infos.human": [{"x": value} for value in chunk]})
            session.frames("anna", visit, "m1", 0, number * 4, columns)
        frames = exported(session, folder / "out")["frames"]
    given_values = [value for chunk in values for value in chunk]
    assert frames["frame"].tolist() == list(range(len(given_values)))
    if all(value is None for value in given_values):
        return
    found = frames["infos.human.x"].tolist()
    kinds = {type(value) for value in given_values if value is not None}
    for value, seen in zip(given_values, found, strict=True):
        if value is None:
            assert missing(seen)
        elif isinstance(value, str):
            # what UTF-8 cannot hold is replaced, everything else is exact
            assert seen == value.encode("utf-8", "replace").decode()
        elif isinstance(seen, str):
            assert str not in kinds or len(kinds) > 1 or not isinstance(value, str)
            assert seen == ("true" if value is True else "false" if value is False else seen)
            if isinstance(value, bool):
                continue
            assert type(value)(seen) == value
        else:
            assert seen == value


def test_that_each_frame_comes_once_when_a_page_sends_again_or_overlaps(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        marks = {"infos.human": [{"n": number} for number in range(10)]}
        start = session.chain.get(("m1", 0))
        session.frames("anna", visit, "m1", 0, 0, rows(10, **marks))
        session.frames("anna", visit, "m1", 0, 0, rows(10, **marks), repeated=True, chain="00" * 16)
        overlapping = {"infos.human": [{"n": number} for number in range(5, 15)]}
        session.frames("anna", visit, "m1", 0, 5, rows(10, **overlapping))
        session.frames("anna", visit, "m1", 0, 15, rows(5, **{"infos.human": [{"n": n} for n in range(15, 20)]}))
        assert start is None
        tables = exported(session, tmp_path / "out")
    assert tables["frames"]["frame"].tolist() == list(range(20))
    assert tables["frames"]["infos.human.n"].tolist() == list(range(20))
    assert tables["episodes"]["frames"].tolist() == [20]
    assert library(tmp_path)[0].rows["frames"] == 20


def test_that_missing_frames_are_reported_and_the_rest_is_exported(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        session.frames("anna", visit, "m1", 0, 0, rows(5))
        session.frames("anna", visit, "m1", 0, 8, rows(5))
        session.writer.flush()
        result = export_session(session.path, "s1", tmp_path / "out")
    assert result.problems == ("match m1, episode 0: frames 5 to 7 are missing",)
    assert read_export(tmp_path / "out")["frames"]["frame"].tolist() == [0, 1, 2, 3, 4, 8, 9, 10, 11, 12]
    assert read_manifest(tmp_path / "out")["problems"] == list(result.problems)


def test_that_two_games_share_the_table_and_lack_each_others_columns(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        first, second = session.join("anna", ["cars", "poles"])
        session.start("anna", first)
        session.match("m1", first, AGENTS, "cars")
        session.frames("anna", first, "m1", 0, 0, rows(2, **{"observations.human": [1, 2]}))
        session.start("anna", second)
        session.match("m2", second, AGENTS, "poles")
        session.frames("anna", second, "m2", 0, 0, rows(2, **{"observations.human": [np.ones(2)] * 2}))
        frames = exported(session, tmp_path / "out")["frames"]
    assert frames["scene_id"].tolist() == ["cars", "cars", "poles", "poles"]
    assert frames["observations.human"].isna().tolist() == [False, False, True, True]
    assert frames["observations.human"].tolist()[:2] == [1, 2]
    assert frames["observations.human.1"].isna().tolist() == [True, True, False, False]


def test_that_large_observations_lie_in_arrays_with_their_digest(tmp_path: Path) -> None:
    pictures = [np.full((20, 20, 3), number, dtype=np.uint8) for number in range(4)]
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        session.frames("anna", visit, "m1", 0, 0, rows(4, **{"observations.human": pictures}))
        frames = exported(session, tmp_path / "out")["frames"]
    assert "observations.human.0" not in frames.columns
    for row, picture in zip(frames.to_dict("records"), pictures, strict=True):
        array = read_array(tmp_path / "out", row["observations.human.array"])
        np.testing.assert_array_equal(array, picture)
        assert array.dtype == np.uint8
        assert row["observations.human.sha256"] == digest_of(picture)
    assert "arrays/match-m1_episode-0.npz" in read_manifest(tmp_path / "out")["files"]


def test_that_episodes_tell_seed_end_and_observations_at_reset_and_end(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        session.lines(
            "anna", visit, "event",
            {"name": "episode_started", "at": AT, "at_ms": 5.5, "match_id": "m1", "episode": 0, "seed": 2**53 + 1,
             "reset_observations": {"human": [0.5, "NaN"]}, "reset_infos": {"human": {"level": 3}},
             "agents": ["human"]},
        )  # fmt: skip
        session.frames("anna", visit, "m1", 0, 0, rows(3))
        end = {"name": "episode_ended", "at": AT, "at_ms": 9.5, "match_id": "m1", "episode": 0, "frames": 3,
               "end": "terminated", "final_observations": {"human": [1.5, "-Infinity"]},
               "chain_hash": session.chain["m1", 0]}  # fmt: skip
        session.lines("anna", visit, "event", end)
        session.lines("anna", visit, "event", {"name": "episode_started", "match_id": "m1", "episode": 1, "seed": 4})
        session.frames("anna", visit, "m1", 1, 0, rows(2))
        tables = exported(session, tmp_path / "out")
    first, second = tables["episodes"].to_dict("records")
    assert first["seed"] == str(2**53 + 1)
    assert (first["frames"], first["end"], first["complete"], first["agreement"]) == (3, "terminated", True, "single")
    assert first["chain_hash"] == session.chain["m1", 0]
    assert first["reset_observations.human.0"] == 0.5
    assert math.isnan(first["reset_observations.human.1"])
    assert first["reset_infos.human.level"] == 3
    assert (first["final_observations.human.0"], first["final_observations.human.1"]) == (1.5, -math.inf)
    assert (second["frames"], second["complete"]) == (2, False)
    assert missing(second["end"])
    assert tables["events"]["name"].tolist() == ["episode_started", "episode_ended", "episode_started"]
    assert tables["events"]["episode"].tolist() == [0, 0, 1]


def test_that_people_events_telemetry_and_console_are_all_there(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        visit, _ = session.join(
            "anna",
            ["game", "end"],
            params={"PROLIFIC_PID": "007", "condition": "08"},
            environment={"browser": "chromium", "mobile": False},
            completion_code="C-1",
        )
        session.join("bert")
        session.add(f.Connected(at=AT, participant_id="anna", tab_id="t1"))
        session.play("anna", visit, "m1", {"human": "anna", "other": "policy:random"})
        session.lines(
            "anna", visit, "event",
            {"name": "page_shown", "at": AT, "at_ms": 1},
            {"name": "focus", "at": AT, "at_ms": 2.25, "frame": 3, "participant_id": "bert", "odd": [1, "ü"]},
        )  # fmt: skip
        session.chunk("anna", visit, "event", b"not json\n[1]\n")
        session.lines(
            "anna", visit, "telemetry",
            {"at": AT, "at_ms": 1000, "rtt_ms": 3, "lost": 0, "focused": True, "visible": False, "battery": 0.5},
            {"at": AT, "at_ms": 2000, "rtt_ms": None, "lost": 1, "focused": "no"},
        )  # fmt: skip
        session.add(
            f.ErrorReported(at=AT, participant_id="anna", kind="environment", message="boom", visit_id=visit),
            f.MatchFlagged(at=AT, match_id="m1", flag="not_reproduced", detail="why"),
            f.GlobalsSet(at=AT, participant_id="anna", values={"score": 1}),
            f.GlobalsSet(at=AT, participant_id="anna", values={"score": 2.5, "list": [1, 2], "name": "NA"}),
            f.VisitFinished(at=AT, participant_id="anna", visit_id=visit, outcome="completed"),
            f.ParticipantFinished(at=AT, participant_id="anna", outcome="complete"),
            f.ConsoleAction(at=AT, action="let_in", participant_id="bert", reason="lost the tab"),
            f.ReleaseSet(at=AT, mode="experimenter", reason="a late group"),
            f.ConsoleAction(at=AT, action="release_groups", detail={"groups": [["anna", "bert"]]}),
            f.SessionEnded(at=AT, reason="done"),
        )
        tables = exported(session, tmp_path / "out")
    anna, bert = tables["participants"].to_dict("records")
    assert anna["params.condition"] == "08"
    assert missing(bert["params.condition"])
    assert "params.PROLIFIC_PID" not in anna, "a recruiter's ids are in the key file only"
    assert anna["environment.browser"] == "chromium"
    assert anna["seed"] == str(2**63 + 5)
    assert json.loads(anna["plan"]) == ["game", "end"]
    assert (anna["globals.score"], anna["globals.list"], anna["globals.name"]) == (2.5, "[1,2]", "NA")
    assert missing(bert["globals.name"])
    assert (anna["outcome"], anna["connections"], anna["errors"]) == ("complete", 1, 1)
    assert "completion_code" not in anna
    assert missing(bert["outcome"])
    [visit_row] = tables["visits"].to_dict("records")
    assert (visit_row["match_id"], visit_row["agent_id"], visit_row["outcome"]) == ("m1", "human", "completed")
    [match] = tables["matches"].to_dict("records")
    assert (match["agents.human"], match["agents.other"], match["flags"]) == ("anna", "policy:random", "not_reproduced")
    events = tables["events"]
    assert events["name"].tolist() == ["page_shown", "focus", "unreadable", "unreadable", "connected", "error"]
    assert events["participant_id"].tolist() == ["anna"] * 6  # what a page says of itself is not believed
    focus = events.to_dict("records")[1]
    assert (focus["frame"], focus["at_ms"], focus["scene_id"]) == (3, 2.25, "game")
    assert json.loads(focus["data"]) == {"participant_id": "bert", "odd": [1, "ü"]}
    telemetry = tables["telemetry"].to_dict("records")
    assert (telemetry[0]["rtt_ms"], telemetry[0]["focused"], telemetry[0]["battery"]) == (3, True, 0.5)
    assert missing(telemetry[1]["focused"])
    assert json.loads(telemetry[1]["data"]) == {"focused": "no"}
    opened, _, release, groups, _ = tables["console"].to_dict("records")
    actions = ["session_opened", "let_in", "release_set", "release_groups", "session_ended"]
    assert tables["console"]["action"].tolist() == actions
    assert json.loads(opened["detail"])["release"] == "automatic"
    assert (json.loads(release["detail"]), release["reason"]) == ({"mode": "experimenter"}, "a late group")
    assert json.loads(groups["detail"]) == {"groups": [["anna", "bert"]]}
    assert "forms" not in tables
    manifest = read_manifest(tmp_path / "out")
    assert manifest["state"] == "ended"
    assert len(manifest["problems"]) == 2
    summary = library(tmp_path)[0]
    assert {name: count for name, count in summary.rows.items() if name in manifest["counts"]} == manifest["counts"]
    assert (summary.state, summary.participants, summary.finished) == ("ended", 2, 1)


def test_that_screening_warnings_and_ends_are_events_and_who_people_are_is_only_in_the_key_file(tmp_path: Path) -> None:
    recruited = {"PROLIFIC_PID": "5f1e", "SESSION_ID": "s-7"}
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.add(
            f.ParticipantJoined(at=AT, participant_id="p-1", seed=1, token_sha256="t", recruiter=recruited),
            f.PlanDrawn(at=AT, participant_id="p-1", visits=()),
            f.ScreeningPassed(at=AT, participant_id="anna", ping_ms=12.5, measurements=5),
            f.TokenRenewed(at=AT, participant_id="anna", token_sha256="u"),
        )
        session.start("anna", visit)
        session.add(
            f.ParticipantWarned(
                at=AT, participant_id="anna", kind="ping", visit_id=visit, value=350.0, message="Slow."
            ),
            f.VisitFinished(at=AT, participant_id="anna", visit_id=visit, outcome="excluded"),
            f.ParticipantFinished(
                at=AT, participant_id="anna", outcome="excluded", reason="ping", message="Too slow.", value=400.0,
                completion_code="OUT-1", redirect_url="https://x.test/OUT-1",
            ),
            f.ParticipantFinished(
                at=AT, participant_id="p-1", outcome="screened_out", reason="browser", completion_code="OUT-2"
            ),
        )  # fmt: skip
        tables = exported(session, tmp_path / "out")
        keys = write_keys(session.path, "s1", tmp_path / "data")
        assert write_keys(session.path, "s1", tmp_path / "data") == keys
    events = [(row["participant_id"], row["name"], row["data"]) for row in tables["events"].to_dict("records")]
    assert [event[:2] for event in events] == [
        ("anna", "screening_passed"),
        ("anna", "let_in"),
        ("anna", "warned"),
        ("anna", "participation_ended"),
        ("p-1", "participation_ended"),
    ]
    assert json.loads(events[0][2]) == {"ping_ms": 12.5, "measurements": 5}
    assert json.loads(events[2][2]) == {"kind": "ping", "value_ms": 350.0, "message": "Slow."}
    assert json.loads(events[3][2]) == {
        "outcome": "excluded", "reason": "ping", "message": "Too slow.", "value_ms": 400.0
    }  # fmt: skip
    assert tables["events"]["scene_id"].tolist()[2] == "game"
    assert tables["participants"]["outcome_reason"].tolist() == ["ping", "browser"]
    assert library(tmp_path)[0].rows["events"] == 5
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(word in content for word in (b"5f1e", b"s-7", b"OUT-1", b"OUT-2")), path
    assert keys == tmp_path / "data" / "exp" / "keys" / "s1_keys.csv"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.parent.stat().st_mode) == 0o700
    anna, recruit = csv.DictReader(keys.read_text(encoding="utf-8").splitlines())
    assert (anna["completion_code"], anna["outcome"], anna["recruiter.PROLIFIC_PID"]) == ("OUT-1", "excluded", "")
    assert (recruit["completion_code"], recruit["outcome_reason"]) == ("OUT-2", "browser")
    assert (recruit["recruiter.PROLIFIC_PID"], recruit["recruiter.SESSION_ID"]) == ("5f1e", "s-7")
    assert recruit["session_id"] == "s1"


def test_that_records_of_older_versions_keep_their_recruiters_ids_out_of_the_tables_too(tmp_path: Path) -> None:
    with RecordedSession(tmp_path, study={"id": "exp", "chain": [{"kind": "completion_code_page"}]}) as session:
        session.join("anna", params={"workerId": "w-9", "batch": "2"}, completion_code="OLD-CODE")
        session.add(f.ParticipantFinished(at=AT, participant_id="anna", outcome="complete"))
        tables = exported(session, tmp_path / "out")
        keys = write_keys(session.path, "s1", tmp_path / "data")
    assert [name for name in tables["participants"] if name.startswith("params.")] == ["params.batch"]
    [row] = csv.DictReader(keys.read_text(encoding="utf-8").splitlines())
    assert (row["recruiter.workerId"], row["completion_code"]) == ("w-9", "OLD-CODE")


def test_that_the_same_records_always_make_the_same_files(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        session.frames("anna", visit, "m1", 0, 0, rows(3, **{"observations.human": [np.zeros((300,))] * 3}))
        session.writer.flush()
        export_session(session.path, "s1", tmp_path / "one")
        export_session(session.path, "s1", tmp_path / "two")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert files == sorted(
        path.relative_to(tmp_path / "two") for path in (tmp_path / "two").rglob("*") if path.is_file()
    )
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_that_every_file_is_in_the_manifest_and_every_column_in_the_descriptions(tmp_path: Path) -> None:
    with RecordedSession(tmp_path, study={"id": "exp", "title": "Tïtle"}) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        session.frames("anna", visit, "m1", 0, 0, rows(2, **{"infos.human": [{"a": 1}] * 2}))
        session.lines("anna", visit, "form", {"question_id": "q", "answer": "NA"})
        tables = exported(session, tmp_path / "out")
    out = tmp_path / "out"
    manifest = read_manifest(out)
    assert set(manifest["files"]) | {"provenance/manifest.json", "provenance/manifest.sha256"} == {
        path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()
    }
    for name in FILES:
        assert name in {"arrays/", "excel/", "materials/scenes/", "materials/study.zip"} or (out / name).exists()
    package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    described = json.loads((out / "dataset_description.json").read_text(encoding="utf-8"))
    measured = {variable["name"] for variable in described["variableMeasured"]}
    codebook = pd.read_csv(out / "documentation" / "codebook.csv", keep_default_na=False)
    assert "Not described." not in set(codebook["description"])
    for resource in package["resources"]:
        names = [field["name"] for field in resource["schema"]["fields"]]
        assert list(tables[resource["name"]].columns) == names
        assert set(names) <= measured
        assert codebook[codebook["table"] == resource["name"]]["column"].tolist() == names
        assert resource["path"] == f"data/study-exp_session-s1_description-{resource['name']}_data.csv"
    assert tables["forms"]["answer"].tolist() == ["NA"]
    assert json.loads((out / "materials" / "study.json").read_text(encoding="utf-8"))["title"] == "Tïtle"
    with RecordReader(session.path) as reader:
        assert manifest["journal"]["head_hash"] == reader.head.hash


def test_that_an_export_never_writes_over_another_and_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    with RecordedSession(tmp_path / "data") as session:
        session.join("anna")
        session.writer.flush()
        export_session(session.path, "s1", tmp_path / "out" / "one")
        with pytest.raises(ExportError, match="exists already"):
            export_session(session.path, "s1", tmp_path / "out" / "one")
        with pytest.raises(UnknownSessionError, match="s1"):
            export_session(session.path, "s2", tmp_path / "out" / "two")

        def stop(fraction: float, text: str) -> None:
            if fraction > 0.9:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            export_session(session.path, "s1", tmp_path / "out" / "two", progress=stop)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["one"]


def test_that_excel_copies_cannot_run_formulas_and_the_tables_stay_exact(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.start("anna", visit)
        session.lines(
            "anna", visit, "form", {"question_id": "q", "answer": "=1+1"}, {"question_id": "r", "answer": "-"}
        )
        session.writer.flush()
        export_session(session.path, "s1", tmp_path / "out", ExportOptions(excel=True))
    name = "study-exp_session-s1_description-forms_data.csv"
    assert read_export(tmp_path / "out")["forms"]["answer"].tolist() == ["=1+1", "-"]
    copy = (tmp_path / "out" / "excel" / name).read_bytes()
    assert copy.startswith(b"\xef\xbb\xbf")
    assert b'"\'=1+1"' in copy
    assert b'"\'-"' in copy


def test_that_plain_pandas_reads_the_tables_too(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", AGENTS)
        session.frames("anna", visit, "m1", 0, 0, rows(3, **{"rewards.human": [0.1, 1 / 3, 1e-17]}))
        exported(session, tmp_path / "out")
    file = tmp_path / "out" / "data" / "study-exp_session-s1_description-frames_data.csv"
    frames = pd.read_csv(file, keep_default_na=False, na_values=["NA"])
    assert frames["rewards.human"].tolist() == [0.1, 1 / 3, 1e-17]
    assert file.read_bytes().count(b"\r\n") == 4

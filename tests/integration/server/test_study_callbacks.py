"""The study's own functions decide who takes part and who goes on, at a real server: with a limit of two seconds."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mug.protocol.messages import Closed, Screening, ShowScene, Warned, Welcome
from mug.records import RecordReader, records_path
from tests.drivers.game_study import game_study, write_game_study
from tests.drivers.server_driver import ParticipantClient, ServerDriver

CODE = '''\
"""What the study decides; every context is kept."""

import json
import time
from pathlib import Path

SEEN = Path(__file__).with_name("seen.jsonl")


def keep(kind, context):
    with SEEN.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"kind": kind, **context}) + "\\n")


def decide(context):
    keep("entry", context)
    match context["subject_id"]:
        case "never":
            return {"exclude": True, "message": "Not you, please."}
        case "slow":
            while not SEEN.with_name("go").exists():
                time.sleep(0.05)
            return {"exclude": True, "message": "too late"}
        case "broken":
            raise LookupError("no list of participants")
    return {"exclude": False}


def look(context):
    keep("continuous", context)
    if context["is_tab_hidden"]:
        return {"exclude": True, "message": "Out of sight."}
    return {"warn": context["ping"] > 100, "message": "Your ping is large."}
'''


SCREENING = """\
[screening]
entry_callback = "decide.py:decide"
max_ping = 500
min_ping_measurements = 2
"""
RULES = """\
[chain.multiplayer]
continuous_callback = "decide.py:look"
continuous_callback_interval_frames = 10
"""


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerDriver]:
    folder = tmp_path_factory.mktemp("decided") / "study"
    screening = (
        '[screening]\nentry_callback = "decide.py:decide"\nmax_ping = 500\nmin_ping_measurements = 2\n\n[[chain]]'
    )
    rules = '[chain.multiplayer]\ncontinuous_callback = "decide.py:look"\ncontinuous_callback_interval_frames = 10\n\n'
    text = (
        game_study("decided").replace("[[chain]]", screening, 1).replace("[chain.runtime]", f"{rules}[chain.runtime]")
    )
    write_game_study(folder, study=text)
    (folder / "decide.py").write_text(CODE, encoding="utf-8")
    with ServerDriver(folder, folder.parent / "data") as server:
        yield server


def seen(server: ServerDriver, kind: str, who: str) -> list[dict[str, Any]]:
    text = (server.study / "seen.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return [row for row in rows if (row["kind"], row["subject_id"]) == (kind, who)]


def facts(server: ServerDriver, kind: str, who: str) -> list[Any]:
    with RecordReader(records_path(server.data_dir, "decided")) as reader:
        found = [fact for head in reader.sessions() for fact in reader.facts(head.session_id, (kind,))]
    return [fact for fact in found if fact.participant_id == who]


def measured(person: ParticipantClient) -> None:
    """Come in as a page does, with two measurements."""
    person.connect()
    person.wait_for(Welcome)
    person.wait_for(Screening)
    for number in range(3):
        person.pulse(number, rtt_ms=20.0 + number, rtt_n=number - 1 if number else None)


def test_that_the_study_turns_somebody_away_in_its_words(decided: ServerDriver) -> None:
    with ParticipantClient(decided, "never") as person:
        measured(person)
        closed = person.wait_for(Closed)
    assert (closed.reason, closed.message) == ("screened_out", "Not you, please.")
    [context] = seen(decided, "entry", "never")
    assert set(context) - {"kind"} == {
        "subject_id", "session_id", "experiment_id", "params", "recruiter", "environment", "ping_ms",
        "ping_measurements", "conditions",
    }  # fmt: skip
    assert context["experiment_id"] == "decided"
    assert context["ping_measurements"] == 2
    assert facts(decided, "visit_started", "never") == []


@pytest.mark.parametrize(
    ("who", "words"), [("slow", "did not return within 2 s"), ("broken", "no list of participants")]
)
def test_that_a_slow_or_broken_function_keeps_nobody_out_and_is_reported(
    decided: ServerDriver, who: str, words: str
) -> None:
    with ParticipantClient(decided, who) as person:
        measured(person)
        assert person.wait_for(ShowScene).scene_id == "welcome"
        (decided.study / "go").touch()  # until then the slow one does not return
    [error] = facts(decided, "error_reported", who)
    assert words in error.message
    assert error.kind == "callback"
    assert len(facts(decided, "screening_passed", who)) == 1


def test_that_the_study_warns_and_excludes_during_the_game(decided: ServerDriver) -> None:
    with ParticipantClient(decided, "ann") as person:
        measured(person)
        person.wait_for(ShowScene)
        person.finish()
        assert person.scene is not None
        assert person.scene.scene_id == "car"
        place: dict[str, Any] = {"phase": "playing", "episode": 1}
        person.pulse(10, rtt_ms=150.5, rtt_n=9, frame=10, **place)
        warned = person.wait_for(Warned)
        assert (warned.kind, warned.message, warned.active) == ("callback", "Your ping is large.", True)
        person.pulse(11, rtt_ms=50.0, rtt_n=10, frame=20, **place)
        assert person.wait_for(Warned, lambda message: not message.active).kind == "callback"
        person.pulse(12, rtt_ms=50.0, rtt_n=11, frame=25, **place)
        person.pulse(13, rtt_ms=50.0, rtt_n=12, frame=30, visible=False, **place)
        closed = person.wait_for(Closed)
        assert (closed.reason, closed.message) == ("excluded", "Out of sight.")
    contexts = seen(decided, "continuous", "ann")
    assert [context["frame_number"] for context in contexts] == [10, 20, 30]
    assert set(contexts[0]) - {"kind"} == {
        "ping", "is_tab_hidden", "tab_hidden_duration_ms", "frame_number", "episode_number", "subject_id", "scene_id",
    }  # fmt: skip
    assert (contexts[0]["ping"], contexts[0]["episode_number"], contexts[0]["scene_id"]) == (150.5, 1, "car")
    [end] = facts(decided, "participant_finished", "ann")
    assert (end.outcome, end.reason) == ("excluded", "callback")

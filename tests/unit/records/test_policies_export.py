"""The table of policies: what acted in which match, and what its decisions took."""

from pathlib import Path

import pytest

from mug.data import read_export
from mug.records import facts as f
from mug.records import library, records_path
from mug.records.export import ExportOptions, export_session
from mug.records.withdrawn_facts import Subject, without_participant
from tests.drivers.recorded_session import AT, RecordedSession

CARD = {
    "name": "partner",
    "framework": "onnx",
    "file": "models/partner.onnx",
    "sha256": "cd" * 32,
    "size": 4096,
    "inputs": [
        {"name": "obs", "dtype": "float32", "shape": [-1, 4]},
        {"name": "h_in", "dtype": "float32", "shape": [1, 6]},
    ],
    "outputs": [{"name": "logits", "dtype": "float32", "shape": [-1, 3]}],
    "recurrent": True,
    "sampling": "sample",
    "frame_skip": 4,
    "seed": "each decision: match seed, agent, episode and frame",
}


def measured(match_id: str, agent: str, participant_id: str, decisions: int, ms: float) -> f.PolicyMeasured:
    return f.PolicyMeasured(
        at=AT,
        match_id=match_id,
        agent=agent,
        participant_id=participant_id,
        decisions=decisions,
        median_ms=ms,
        p99_ms=3 * ms,
        late=1,
    )


def recorded(folder: Path) -> None:
    with RecordedSession(folder) as session:
        stand_in = {**CARD, "name": "Walker", "framework": "python", "inputs": [], "outputs": []}
        session.add(
            f.PolicyDescribed(at=AT, scene_id="game", agent="r", card=CARD),
            f.PolicyDescribed(at=AT, scene_id="game", agent="r", treatment="other", card={**CARD, "name": "second"}),
            f.PolicyDescribed(at=AT, scene_id="game", agent="(stand-in)", card=stand_in),
        )
        session.together("m1", {"a": "anna", "b": "bert", "r": "policy:partner"})
        session.together("m2", {"a": "anna", "b": "bert", "r": "policy:second"}, settings={"treatment": "other"})
        session.together("m3", {"a": "anna", "b": "bert"})
        session.add(
            measured("m1", "r", "anna", 700, 0.5),
            measured("m1", "r", "bert", 680, 2.0),
            measured("m1", "b", "anna", 90, 0.1),
            measured("m3", "x", "anna", 90, 0.1),
        )


@pytest.mark.parametrize("anonymise", [False, True])
def test_that_a_row_says_what_acted_and_what_it_took(tmp_path: Path, anonymise: bool) -> None:
    recorded(tmp_path)
    export_session(records_path(tmp_path, "exp"), "s1", tmp_path / "out", ExportOptions(anonymise=anonymise))
    table = read_export(tmp_path / "out")["policies"]
    assert table["agent"].tolist() == ["b", "r", "r"]
    stand_in, first, second = table.to_dict("records")
    assert (first["name"], first["framework"], first["file"]) == ("partner", "onnx", "models/partner.onnx")
    assert (first["sha256"], first["size"]) == ("cd" * 32, 4096)
    assert first["inputs"] == "obs float32 any×4; h_in float32 1×6"
    assert first["outputs"] == "logits float32 any×3"
    assert (first["decisions"], first["median_ms"], first["p99_ms"], first["late"]) == (700, 2.0, 6.0, 1)
    assert (first["measured_by"], first["pages"]) == ("page", 2)
    assert (second["name"], second["treatment"]) == ("second", "other")
    assert table["decisions"].isna().tolist() == [False, False, True]
    assert (stand_in["name"], stand_in["framework"], stand_in["decisions"]) == ("Walker", "python", 90)
    if not anonymise:
        assert library(tmp_path)[0].rows["policies"] == 4, "a figure of an agent that is none counts, too"


def test_that_what_a_page_measured_goes_with_its_participant(tmp_path: Path) -> None:
    who = Subject("anna", "p-1")
    assert without_participant(measured("m1", "r", "anna", 700, 0.5), who) is None
    assert without_participant(measured("m1", "r", "bert", 700, 0.5), who) is not None

"""Policies that fail in the middle of a game in Chromium: people are told calmly, and what was played is kept."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import export_session, verify_records
from tests.drivers.models import not_a_number, write
from tests.drivers.pair_driver import change_program, match_records, play, walk_in
from tests.drivers.policy_study import write_policy_study
from tests.drivers.server_driver import ServerDriver
from tests.drivers.waiting import until
from tests.e2e.test_policies_recorded import POINTS, STUDY

pytestmark = [pytest.mark.browser, pytest.mark.pyodide, pytest.mark.long]

FAILS_AT = 45

STUCK = """\
def Walker(observation, agent_id, rng):
    while observation[0] > LIMIT:
        pass
    return 1
"""


def study_with(folder: Path, walker: str) -> Path:
    """The study of the records' test with one policy; what its agent sees begins with the number of the frame."""
    chain, _, rest = STUDY.partition("[chain.policies.policy_mapping.model]")
    _, _, rest = rest.partition("[chain.gameplay]")
    folder.mkdir()
    (folder / "study.toml").write_text(
        f"{chain}[chain.gameplay]{rest}".replace('"ai/partners.py:Walker"', json.dumps(walker))
    )
    points = POINTS.replace('["human", "walker", "model"]', '["human", "walker"]')
    seen = points.replace("return dict(self.place)", 'return {**self.place, "walker": [float(self.n), 0.0, 0.0, 0.0]}')
    (folder / "points.py").write_text(seen)
    return folder


def play_until_it_fails(anna: ParticipantDriver) -> str:
    anna.open("anna")
    walk_in([anna], "points")
    anna.wait_for_phase("playing")
    anna.wait_for_phase("error", timeout_ms=90_000)
    return anna.page.inner_text("body")


def tables_of(tmp_path: Path) -> dict[str, pd.DataFrame]:
    tables = export_session(tmp_path / "data", "partners", tmp_path / "out")
    verify_records(tmp_path / "data", "partners")
    return tables


def test_that_logits_that_become_nan_end_the_game_with_words_and_its_rows(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = study_with(tmp_path / "study", "nan.onnx")
    write(study / "nan.onnx", not_a_number(above=FAILS_AT - 0.5))
    with ServerDriver(study, tmp_path / "data") as server, browser.participant(server.port) as anna:
        said = play_until_it_fails(anna)
        tables = tables_of(tmp_path)
    assert "The game cannot go on" in said
    assert "Traceback" not in said
    assert "NaN" not in said
    assert len(tables["frames"]) == FAILS_AT, "every frame before it is there"
    assert tables["policies"]["decisions"].tolist() == [FAILS_AT]
    assert tables["matches"]["flags"].tolist() == ["page_failed"]


def test_that_a_policy_that_never_comes_back_is_spoken_of_and_ends_the_game(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study = study_with(tmp_path / "study", "partners.py:Walker")
    (study / "partners.py").write_text(STUCK.replace("LIMIT", str(FAILS_AT - 0.5)))
    with ServerDriver(study, tmp_path / "data") as server, browser.participant(server.port) as anna:
        anna.open("anna")
        walk_in([anna], "points")
        anna.wait_for_phase("playing")
        anna.page.get_by_text("The game needs a moment").wait_for(timeout=60_000)
        anna.screenshot(artifacts / "policy-never-comes-back.png")
        anna.wait_for_phase("error", timeout_ms=90_000)
        assert "The game cannot go on" in anna.page.inner_text("body")
        tables = tables_of(tmp_path)
    [stall] = [event for event in tables["events"].to_dict("records") if event["name"] == "game_stalled"]
    about: dict[str, Any] = json.loads(stall["data"])
    assert (stall["episode"], stall["frame"], about["went_on"]) == (0, FAILS_AT, False)
    assert tables["participants"]["errors"].tolist() == [1]
    assert tables["matches"]["flags"].tolist() == ["page_failed"]


def test_that_a_policy_that_fails_on_two_peers_is_told_to_both_and_nobody_is_said_to_have_left(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    """The pages get a policy that fails at its 120th decision; `mug check` would have found it in the study's own."""
    study = write_policy_study(
        tmp_path / "study", people=2, frames=300, frame_skip=3, network_conditions={"delay_ms": 100}, input_delay=0
    )
    data, counts = tmp_path / "data", "        self.turns[side] += 1\n"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        browser.participant(server.port) as ann,
        browser.participant(server.port) as ben,
    ):
        for person, name in ((ann, "ann"), (ben, "ben")):
            fails = counts + "        self.turns[side] /= sum(self.turns.values()) < 120\n"
            change_program(person, server, "partners.py", counts, fails)
            person.open(name)
        play([ann, ben], "points")
        for person in (ann, ben):
            person.wait_for_phase("error", timeout_ms=120_000)
            said = person.page.inner_text("body")
            assert "The game cannot go on" in said
            assert "ZeroDivisionError" not in said
        until(lambda: match_records(data, "every-policy")[0].ended is not None, "the match was not ended")
        tables = export_session(data, "every-policy", tmp_path / "out")
    verify_records(data, "every-policy")
    assert list(tables["episodes"]["agreement"]) == ["agreed", "agreed"]
    second = tables["frames"][tables["frames"]["episode"] == 1]
    assert list(second["frame"]) == list(range(len(second)))
    assert 0 < len(second) <= 19 * 3, "up to the decision that failed"
    [match] = tables["matches"].to_dict("records")
    assert (match["outcome"], match["reason"]) == ("failed", "the game failed on the page")
    assert (match["flags"], match["desyncs"]) == ("page_failed", 0)
    assert "the policy 'Walker' of agent 'object' failed at frame" in match["flag_details"]
    assert tables["participants"]["errors"].tolist() == [1, 1]

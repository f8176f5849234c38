"""The Overcooked examples in Chromium: with partners that are no people, for two people, and stepped by the server."""

import json
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.pair_driver import finish, hands, identical_frames, match_records, sit_down, walk_in
from tests.drivers.server_driver import ServerDriver
from tests.drivers.slow_page import slow_page
from tests.e2e.conftest import REPOSITORY

pytest.importorskip("cogrid")
pytestmark = [pytest.mark.browser]

EXAMPLES = REPOSITORY / "examples"
KITCHENS = {"cramped-room", "asymmetric-advantages", "coordination-ring", "counter-circuit", "forced-coordination"}
KEYS = ("ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", " ")
FPS = 12

LOGGED = '''\
"""The example's kitchen; it keeps a log of its own of every step."""

import json
from pathlib import Path

from overcooked_env import Overcooked, hud_text  # noqa: F401


class Logged(Overcooked):
    def step(self, actions):
        answer = super().step(actions)
        seen, rewards = answer[:2]
        line = {
            "actions": {cook: int(action) for cook, action in actions.items()},
            "rewards": rewards,
            "did": {cook: info["did"] for cook, info in answer[4].items()},
            "observations": {cook: values.tolist() for cook, values in seen.items()},
        }
        with Path("LOG").open("a") as log:
            log.write(json.dumps(line) + "\\n")
        return answer


def make_kitchen(layout="cramped_room", seconds=60, colors=("blue", "orange")):
    return Logged(layout, seconds, tuple(colors))
'''


IS_BACK = """(frame) => {
    const game = document.querySelector('[data-mug="game"]');
    return document.body.dataset.mugScene === "with-green" || Number(game?.dataset.mugFrame ?? -1) >= frame;
}"""
"""In the game at this frame, or too late for it: the server does not wait."""


def short_study(name: str, folder: Path, seconds: float) -> Path:
    """An example whose rounds are short. How states are saved does not depend on that, so its lock file holds."""
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__", "data"))
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    assert "max_steps = 720" in text
    file.write_text(text.replace("max_steps = 720", f"max_steps = {round(seconds * FPS)}"), encoding="utf-8")
    script = folder / "together.py"
    if script.exists():
        text = script.read_text(encoding="utf-8")
        assert "max_steps=SECONDS * FPS" in text
        script.write_text(text.replace("max_steps=SECONDS * FPS", f"max_steps={round(seconds * FPS)}"))
    return folder


def start(person: ParticipantDriver, scene_id: str) -> None:
    """Read on to a game, and press Start."""
    walk_in([person], scene_id)
    person.wait_for_phase("playing")


def answer_preference(person: ParticipantDriver, choice: str) -> None:
    page = person.page
    page.get_by_text(choice, exact=True).click()
    for scale in page.get_by_role("slider").all():
        scale.focus()
        scale.press("End")
    for group in page.get_by_role("radiogroup").all()[1:]:
        group.get_by_role("radio").last.check(force=True)
    page.get_by_role("textbox").fill("It took what I had left.")


def rows_of(tables: dict[str, pd.DataFrame], scene: str) -> pd.DataFrame:
    rows: pd.DataFrame = tables["frames"][tables["frames"]["scene_id"] == scene]
    return rows.sort_values(["episode", "frame"])


@pytest.mark.pyodide
def test_that_a_person_cooks_with_both_partners_and_says_which_one_was_better(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study, data = short_study("overcooked", tmp_path / "overcooked", 6), tmp_path / "data"
    with ServerDriver(study, data).start(deadline_s=240) as server, browser.participant(server.port) as anna:
        anna.open("anna")
        order = []
        for _ in range(2):
            scene = next_game(anna)
            order.append(scene)
            anna.wait_for_phase("playing")
            hands([anna], seed=len(order), keys=KEYS)
            anna.wait_for_frame(0, 36)
            anna.screenshot(artifacts / f"overcooked-{scene}.png")
            anna.page.wait_for_function("(scene) => document.body.dataset.mugScene !== scene", arg=scene)
            hands([anna], every_ms=0)
        assert sorted(order) == ["with-green", "with-orange"]
        anna.wait_for_scene("preference")
        anna.screenshot(artifacts / "overcooked-preference.png")
        answer_preference(anna, "The partner in orange")
        anna.press_continue()
        finish([anna])
        assert set(anna.hosts) == {"lab.test"}, f"requests went to other hosts: {anna.hosts}"
        tables = export_session(data, "overcooked", tmp_path / "out")
    verify_records(data, "overcooked")
    for scene in ("with-orange", "with-green"):
        rows = rows_of(tables, scene)
        assert list(rows["frame"]) == list(range(6 * FPS))
        assert set(rows["status.orange"]) == {"policy"}
        assert "input" in set(rows["status.blue"]) <= {"input", "default"}
        decided = rows["actions.orange"].to_numpy()
        assert (decided[1::2] == 5).all(), "a partner decides every second frame, and stays between"
        assert len(set(decided[::2])) >= 3, "the partner moves about"
        assert "take_onion" in set(rows["infos.orange.did"]), "the partner fetches onions"
        seen = [column for column in rows.columns if column.startswith("observations.orange.")]
        assert len(seen) == 88
        assert not rows[seen].isna().any().any()
    answers = tables["forms"].set_index("question_id")["answer"].astype(str)
    assert "The partner in orange" in set(answers)
    assert {"orange_together", "green_understood"} <= set(answers.index)


def next_game(person: ParticipantDriver) -> str:
    """Read every page before the next game, press Start; returns the game's scene."""
    while True:
        person.wait_for_phase("page")
        scene = person.scene()
        person.press_continue()
        if scene is not None and scene.startswith("with-"):
            return scene
        person.page.wait_for_function("(before) => document.body.dataset.mugScene !== before", arg=scene)


@pytest.mark.long
@pytest.mark.pyodide
def test_that_two_people_cook_in_two_kitchens_drawn_for_them_and_record_alike(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study, data = short_study("overcooked", tmp_path / "overcooked", 15), tmp_path / "data"
    script = study / "together.py"
    with (
        ServerDriver(script, data).start(deadline_s=300) as server,
        sit_down(browser, server.port, ["ann", "ben"]) as people,
    ):
        slow_page(people[1], 60)
        people[1].open("ben")
        played: list[str] = []
        for number in range(2):
            scene = walk_to_kitchen(people, played)
            played.append(scene)
            for person in people:
                person.wait_for_phase("playing", timeout_ms=120_000)
            hands(people, seed=number + 1, keys=KEYS)
            for person in people:
                person.wait_for_frame(0, 80)
            people[0].screenshot(artifacts / f"overcooked-{scene}.png")
        finish(people)
        records = match_records(data, "overcooked-together")
        tables = export_session(data, "overcooked-together", tmp_path / "out")
    assert len(records) == 2
    for record in records:
        assert identical_frames(record) == 15 * FPS
        assert record.flags == []
    verify_records(data, "overcooked-together")
    assert step_again(data, "overcooked-together", script) == 2 * 2 * 15 * FPS
    assert tables["matches"]["snapshot_level"].tolist() == ["own", "own"]
    assert tables["matches"]["scene_id"].nunique() == 2, "a group does not cook twice in one kitchen"
    assert tables["network"]["rollbacks"].sum() >= 20
    assert set(tables["episodes"]["agreement"]) == {"agreed"}


def walk_to_kitchen(people: Sequence[ParticipantDriver], played: Sequence[str]) -> str:
    """Bring two people into the next kitchen that their group has drawn."""
    before = {"welcome", "instructions"}
    for person in people:
        while True:
            person.wait_for_phase("page", "waiting", "playing")
            scene = person.scene()
            if scene not in {*before, *played} or person.phase() != "page":
                break
            person.press_continue()
            person.page.wait_for_function("(before) => document.body.dataset.mugScene !== before", arg=scene)
    ready = """(kitchens) => kitchens.includes(document.body.dataset.mugScene)
        && ["page", "playing"].includes(document.body.dataset.mugPhase)"""
    for person in people:  # the group's wait for its kitchens goes on to the first of them by itself
        person.page.wait_for_function(ready, arg=sorted(KITCHENS - set(played)), timeout=60_000)
        if person.phase() == "page":
            person.press_continue()
    there = """(played) => document.body.dataset.mugPhase === "playing"
        && !played.includes(document.body.dataset.mugScene)"""
    for person in people:
        person.page.wait_for_function(there, arg=[*played], timeout=120_000)
    scenes = {str(person.scene()) for person in people}
    assert len(scenes) == 1, f"a group is in one kitchen, not in {scenes}"
    return scenes.pop()


def test_that_the_server_steps_a_kitchen_for_two_far_away_of_whom_one_leaves_and_comes_back(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study, data = short_study("overcooked_server", tmp_path / "overcooked_server", 9), tmp_path / "data"
    (study / "logged_env.py").write_text(LOGGED.replace('"LOG"', repr(str(tmp_path / "steps.jsonl"))), encoding="utf-8")
    file = study / "study.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("overcooked_env.py:make_kitchen", "logged_env.py:make_kitchen", 1), encoding="utf-8")
    with ServerDriver(study, data).start(deadline_s=120) as server, ExitStack() as stack:
        ann, ben = (stack.enter_context(browser.participant(server.port)) for _ in range(2))
        for person in (ann, ben):
            slow_page(person, 100)
        ann.open("ann")
        ben.open("ben")
        walk_in([ann, ben], "together")
        for person in (ann, ben):
            person.wait_for_phase("playing")
        hands([ann, ben], seed=3, keys=KEYS)
        for person in (ann, ben):
            person.wait_for_frame(0, 36)
        ann.screenshot(artifacts / "overcooked-server.png")
        ann.page.goto("about:blank")  # ann leaves, and comes back
        frame = int(ben.game_attribute("frame") or 0)
        ben.wait_for_frame(0, frame + 24)
        ann.open("ann")
        ann.page.wait_for_function(IS_BACK, arg=frame + 24)
        hands([ann], seed=4, keys=KEYS)
        for person in (ann, ben):
            person.wait_for_scene("with-green")
            hands([person], every_ms=0)
        # ann goes on with the partner that is no person; ben's part ends here.
        start(ann, "with-green")
        hands([ann], seed=5, keys=KEYS)
        ann.wait_for_frame(0, 60)
        ann.screenshot(artifacts / "overcooked-server-green.png")
        ann.wait_for_phase("ended")
        for person in (ann, ben):
            assert person.page_errors == []
            assert set(person.hosts) == {"lab.test"}
    tables = export_session(data, "overcooked-server", tmp_path / "out")
    verify_records(data, "overcooked-server")
    together = rows_of(tables, "together")
    compare_with_log(together, tmp_path / "steps.jsonl", frames=9 * FPS)
    gone = together["status.blue"].isin(["hidden", "away"]) | together["status.orange"].isin(["hidden", "away"])
    assert gone.sum() >= 12, "while ann was gone her cook stood still"
    for cook in ("blue", "orange"):
        assert "input" in set(together[f"status.{cook}"])
    alone = rows_of(tables, "with-green")
    assert list(alone["frame"]) == list(range(9 * FPS))
    assert "policy" in set(alone["status.orange"]) <= {"policy", "late"}, "late: on a computer that is busy"
    assert len(set(alone["actions.orange"])) >= 3


@pytest.mark.long
def test_that_a_cook_of_the_study_takes_over_from_somebody_who_leaves_for_good(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study, data = short_study("overcooked_server", tmp_path / "overcooked_server", 15), tmp_path / "data"
    file = study / "study.toml"
    text = file.read_text(encoding="utf-8")
    assert "reconnection_timeout_ms = 10000" in text
    file.write_text(text.replace("reconnection_timeout_ms = 10000", "reconnection_timeout_ms = 1500"), encoding="utf-8")
    with ServerDriver(study, data).start(deadline_s=120) as server, ExitStack() as stack:
        ann, ben = (stack.enter_context(browser.participant(server.port)) for _ in range(2))
        ann.open("ann")
        ben.open("ben")
        walk_in([ann, ben], "together")
        for person in (ann, ben):
            person.wait_for_phase("playing")
            person.wait_for_frame(0, 12)
        ann.page.goto("about:blank")
        ben.wait_for_scene("with-green")
        assert ben.page_errors == []
    tables = export_session(data, "overcooked-server", tmp_path / "out")
    rows = rows_of(tables, "together")
    assert list(rows["frame"]) == list(range(15 * FPS))
    [blue] = tables["matches"][tables["matches"]["scene_id"] == "together"]["agents.blue"]
    gone = "blue" if blue == "ann" else "orange"
    status = rows[f"status.{gone}"].to_list()
    taken = [number for number, one in enumerate(status) if one not in {"input", "default", "hidden", "away"}]
    assert taken, f"nobody took over: {set(status)}"
    assert len(set(rows[f"actions.{gone}"].to_numpy()[taken])) >= 3, "the cook who took over moves about"


def compare_with_log(rows: pd.DataFrame, log: Path, frames: int) -> None:
    """The export has what the process that stepped the kitchen wrote down itself, number by number."""
    steps = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert len(steps) == frames
    assert list(rows["frame"]) == list(range(frames)), "every frame exactly once, in order"
    seen = {
        cook: rows[[f"observations.{cook}.{place}" for place in range(88)]].to_numpy(np.float32)
        for cook in ("blue", "orange")
    }
    for number, (row, step) in enumerate(zip(rows.to_dict("records"), steps, strict=True)):
        for cook in ("blue", "orange"):
            assert row[f"actions.{cook}"] == step["actions"][cook]
            assert row[f"rewards.{cook}"] == step["rewards"][cook]
            if number + 1 < frames:
                assert np.array_equal(seen[cook][number + 1], np.array(step["observations"][cook], np.float32))

"""Embedded builds in a real browser: loaded ahead, played with keys, loaded again, recorded; and builds that fail."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mug.records import RecordReader, records_path
from mug.records.export import export_session
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.server_driver import ServerDriver
from tests.drivers.waiting import until

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "embedded_game"


def table(folder: Path, name: str) -> list[dict[str, str]]:
    (file,) = (folder / "data").glob(f"*description-{name}_data.csv")
    with file.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def exported(server: ServerDriver, experiment_id: str, out: Path) -> Path:
    with RecordReader(records_path(server.data_dir, experiment_id)) as reader:
        (head,) = reader.sessions()
    result = export_session(records_path(server.data_dir, experiment_id), head.session_id, out)
    assert result.problems == ()
    return result.folder


def wait_for_state(person: ParticipantDriver, state: str, episode: int | None = None) -> None:
    """Wait until the build is in a state."""
    try:
        person.page.wait_for_function(
            """([state, episode]) => {
                const game = document.querySelector('[data-mug="game"]');
                if (game?.dataset.mugState !== state) return false;
                return episode === null || game.dataset.mugEpisode === String(episode);
            }""",
            arg=[state, episode],
        )
    except Exception as error:
        raise AssertionError(f"the build is not {state}; {person.state()}") from error


def test_that_builds_are_loaded_ahead_played_with_keys_loaded_again_and_recorded(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = tmp_path / "embedded_game"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("data", "__pycache__"))
    fetched: list[str] = []
    with ServerDriver(study, tmp_path / "data") as server, browser.participant(server.port) as person:
        person.context.on("request", lambda request: fetched.append(request.url))
        arrived: list[str] = []
        person.context.on("requestfinished", lambda request: arrived.append(request.url))
        person.open("ann")
        person.wait_for_scene("welcome")
        while sum("/_mug/build/static/webgl/catch/Build/" in url for url in arrived) < 4:
            person.page.wait_for_event("requestfinished")
        before = len(fetched)

        person.press_continue()
        person.wait_for_scene("catch")
        wait_for_state(person, "playing", 0)
        person.page.keyboard.down("ArrowRight")
        wait_for_state(person, "playing", 1)
        person.page.keyboard.up("ArrowRight")
        assert not [url for url in fetched[before:] if "/_mug/build/" in url], "the game was loaded ahead"
        assert person.page.locator('[data-mug="continue"]').is_disabled()
        assert person.page.locator('[data-mug="round"]').inner_text() == "Round 2 of 2"

        person.page.reload()
        person.wait_for_scene("catch")
        wait_for_state(person, "playing", 1)
        score = person.page.locator('[data-mug="hud"]').inner_text()
        wait_for_state(person, "over")
        person.page.keyboard.press("Enter")

        person.wait_for_scene("reaction")
        wait_for_state(person, "playing", 0)
        light = person.page.frame_locator("iframe").locator("#light.on")

        def is_over() -> bool:
            if light.count() == 1:
                person.page.keyboard.press(" ")  # the game takes one press for each time that the light goes on
            return person.game_attribute("state") == "over"

        until(is_over, person.state)
        person.press_continue()
        person.wait_for_phase("ended")
        person.page.get_by_text("Everything is saved.").wait_for()
        assert set(person.hosts) == {"lab.test"}, "nothing is loaded from other hosts"
        assert person.page_errors == []
        folder = exported(server, "embedded_game", tmp_path / "out")

    episodes = table(folder, "build_episodes")
    assert [(row["scene_id"], row["episode"], row["attempts"]) for row in episodes] == [
        ("catch", "0", "1"),
        ("catch", "1", "2"),
        ("reaction", "0", "1"),
    ]
    first, second, reaction = episodes
    for row in (first, second):
        assert float(row["score"]) == 10 * float(row["reported_score"]) == 10 * json.loads(row["data"])["caught"]
        assert float(row["duration_s"]) > 1
    assert score == f"Score {float(first['score']):g}"
    assert float(reaction["score"]) == float(reaction["reported_score"]) > 0
    rows = [row for row in table(folder, "events") if row["name"] == "build_data" and row["scene_id"] == "catch"]
    told = [json.loads(row["data"]) for row in rows if row["episode"] == "0"]
    assert len(told) == 4
    assert told[-1]["values"]["basket"] > 0.55, "the arrow key reached the game without a click"
    speeds = [json.loads(row["start_data"])["speed"] for row in (first, second)]
    caught = json.loads(first["data"])["caught"]
    assert speeds == [0.7, 0.9 if caught > 2 else 0.6], "what the hook set was there when the next episode began"
    (answer,) = [row for row in table(folder, "forms") if row["question_id"] == "fastest_ms"]
    assert float(answer["answer"]) > 0
    names = [row["name"] for row in table(folder, "events") if row["scene_id"] == "catch"]
    assert "blur" not in names, "the keyboard in the game's frame is no loss of focus"


FLOOD = """<!doctype html><script>
window.addEventListener("message", ({ data }) => {
  if (data?.mug !== "start") return;
  const say = (message) => window.parent.postMessage(message, "*");
  say({ mug: "episode_start" });
  say({ mug: "nonsense" });
  say({ mug: "data", name: "", values: {} });
  say({ mug: "data", name: "large", values: { text: "x".repeat(20000) } });
  say({ mug: "data", name: "no json", values: { big: 10n } });
  say({ mug: "episode_end", score: "many" });
  say("not for us");
  for (let index = 0; index < 5000; index += 1) say({ mug: "data", name: "row", values: { index } });
  say({ mug: "episode_end", score: 3, data: { done: true } });
  say({ mug: "episode_start" });
});
window.parent.postMessage({ mug: "ready" }, "*");
</script>"""
THROWING = "function createUnityInstance() { return Promise.reject(new Error('no graphics here')); }"
CRASHING = """
function createUnityInstance(canvas) {
  window.addEventListener("keydown", () => { throw new Error("out of memory"); });
  return Promise.resolve({ SendMessage() { window.parent.postMessage({ mug: "episode_start" }, "*"); } });
}
"""
STUDY = """
format = 1
id = "faults"

[[chain]]
kind = "start_page"
scene_id = "start"
scene_header = "Hello"

[[chain]]
kind = "unity_game"
scene_id = "throwing"
webgl = { build_name = "throwing", webgl_base_url = "builds" }

[[chain]]
kind = "html_game"
scene_id = "silent"
webgl = { build_name = "silent", webgl_base_url = "builds", ready_timeout_s = 1 }

[[chain]]
kind = "unity_game"
scene_id = "crashing"
webgl = { build_name = "crashing", webgl_base_url = "builds" }

[[chain]]
kind = "html_game"
scene_id = "flood"
webgl = { build_name = "flood", webgl_base_url = "builds" }

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Bye"
"""


def unity_build(name: str, loader: str) -> dict[str, str]:
    texts = {"loader.js": loader, "framework.js": "x", "data": "x", "wasm": "\0asm"}
    return {f"builds/{name}/Build/{name}.{end}": text for end, text in texts.items()}


def test_that_builds_that_fail_are_told_in_words_with_a_way_on_and_a_flood_hurts_nobody(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = tmp_path / "faults"
    for path, text in {
        "study.toml": STUDY,
        "builds/silent/index.html": "<!doctype html><p>nothing",
        "builds/flood/index.html": FLOOD,
        **unity_build("throwing", THROWING),
        **unity_build("crashing", CRASHING),
    }.items():
        (study / path).parent.mkdir(parents=True, exist_ok=True)
        (study / path).write_text(text, encoding="utf-8")
    data_file = study / "builds" / "throwing" / "Build" / "throwing.data"
    with ServerDriver(study, tmp_path / "data") as server, browser.participant(server.port) as person:
        person.open("ann")
        person.wait_for_scene("start")
        data_file.rename(data_file.with_suffix(".away"))
        person.press_continue()
        person.page.get_by_text("The game could not be loaded").wait_for()
        assert person.phase() == "error"
        assert not person.page.locator('[data-mug="build-skip"]').is_visible()
        data_file.with_suffix(".away").rename(data_file)
        person.page.locator('[data-mug="build-retry"]').click()
        person.page.get_by_text("The game could not be started").wait_for()
        person.page.locator('[data-mug="build-skip"]').click()

        person.wait_for_scene("silent")
        person.page.get_by_text("The game takes unusually long to start").wait_for()
        person.page.locator('[data-mug="build-retry"]').click()
        person.page.locator('[data-mug="build-skip"]').click()

        person.wait_for_scene("crashing")
        wait_for_state(person, "playing")
        for hook in ("build-retry", "build-skip"):
            person.page.keyboard.press("a")
            person.page.get_by_text("Something in the game failed").wait_for()
            person.page.locator(f'[data-mug="{hook}"]').click()
            if hook == "build-retry":
                wait_for_state(person, "playing")

        person.wait_for_scene("flood")
        wait_for_state(person, "over")
        assert person.page.locator('[data-mug="hud"]').inner_text() == "Score 3"
        person.press_continue()
        person.wait_for_phase("ended")
        person.page.get_by_text("Everything is saved.").wait_for()
        folder = exported(server, "faults", tmp_path / "out")

    outcomes = {row["scene_id"]: row["outcome"] for row in table(folder, "visits")}
    assert {name: outcomes[name] for name in ("throwing", "silent", "crashing", "flood")} == {
        "throwing": "failed",
        "silent": "failed",
        "crashing": "failed",
        "flood": "completed",
    }
    crashed, episode = table(folder, "build_episodes")
    assert (crashed["attempts"], crashed["ended_at"]) == ("2", "NA")
    assert (float(episode["score"]), json.loads(episode["data"])) == (3, {"done": True})
    events = [(row["name"], {} if row["data"] == "NA" else json.loads(row["data"])) for row in table(folder, "events")]
    errors = [data["message"] for name, data in events if name == "error" and data.get("kind") == "build"]
    assert any("throwing.data cannot be loaded" in message for message in errors)
    assert any("no graphics here" in message for message in errors)
    assert any("out of memory" in message for message in errors)
    assert any("not ready after 1 s" in message for message in errors)
    assert any("more than this page takes" in message for message in errors)
    reasons = [data["reason"] for name, data in events if name == "build_malformed"]
    assert len(reasons) == 6, reasons
    going: dict[str, Any] = next(data for name, data in events if name == "continue" and data.get("dropped"))
    assert going["malformed"] == 6
    assert going["dropped"] > 2000
    kept = [data for name, data in events if name == "build_data"]
    assert len(kept) + going["dropped"] == 5000

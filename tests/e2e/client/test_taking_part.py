"""Who is turned away, who is excluded, and how a participation ends, as the participant sees it."""

from pathlib import Path
from typing import Any

import pytest
import tomlkit
from playwright.sync_api import Page

from mug.protocol.lab import LabBatch
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.page_memory import PageMemory
from tests.drivers.server_driver import LabDriver, ServerDriver
from tests.drivers.waiting import until
from tests.e2e.client.conftest import Serve
from tests.e2e.client.studies import write_game, write_pages

WORDS = "Please come back with Firefox. We are sorry."


def study_with(folder: Path, **sections: dict[str, Any]) -> Path:
    """Add sections to a study; `game` holds fields of its game's section `multiplayer`."""
    file = folder / "study.toml"
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    game = sections.pop("game", None)
    for name, fields in sections.items():
        document[name] = fields
    if game is not None:
        [scene] = [node for node in document["chain"] if node["kind"] == "gym_game"]  # type: ignore[union-attr]
        scene["multiplayer"] = game
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder


def facts(server: ServerDriver, kind: str) -> list[Any]:
    with RecordReader(records_path(server.data_dir, server.study.name)) as reader:
        return [fact for head in reader.sessions() for fact in reader.facts(head.session_id, (kind,))]


RELOADS_WHILE_MEASURED = """
new MutationObserver(() => {
  const shown = document.querySelector("h1")?.textContent;
  if (sessionStorage.getItem("reloaded") || shown !== "Checking your connection…") return;
  sessionStorage.setItem("reloaded", "yes");
  location.reload();
}).observe(document, { childList: true, subtree: true });
"""
"""The page itself, as a test may be late: the measurement lasts a second or two."""


def no_wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))


def test_that_a_browser_is_turned_away_in_the_studys_words_and_gets_the_same_answer_again(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    study = study_with(
        write_pages(tmp_path / "pages"),
        screening={"browser_requirements": ["firefox"], "exclusion_messages": {"browser": WORDS}},
        endings={
            "screened_out_code": "SCREENED-7",
            "screened_out_url": "http://lab.test:9/out?c={code}&p={PROLIFIC_PID}",
        },
    )
    server = serve(study)
    with browser.participant(server.port) as person:
        person.open("", "?PROLIFIC_PID=5f1e")
        person.wait_for_phase("excluded")
        for _ in range(2):
            page = person.page
            assert page.get_by_role("heading", name="You cannot take part").is_visible()
            assert page.get_by_text(WORDS).is_visible()
            assert page.locator("[data-mug=completion-code]").inner_text() == "SCREENED-7"
            page.get_by_text("Everything is saved.").wait_for()
            person.page.goto(person.address("", "?PROLIFIC_PID=5f1e"))
            person.wait_for_phase("excluded")
        person.screenshot(tmp_path / "pictures" / "turned_away.png")
        person.resize(360, 700)
        person.screenshot(tmp_path / "pictures" / "turned_away_narrow.png")
        assert no_wider_than_the_window(person.page)
        with person.page.expect_request("**/out*") as asked:
            person.press_continue()
        assert asked.value.url == "http://lab.test:9/out?c=SCREENED-7&p=5f1e"
    [joined] = facts(server, "participant_joined")
    assert joined.participant_id.startswith("p-")
    assert joined.recruiter == {"PROLIFIC_PID": "5f1e"}
    assert facts(server, "visit_started") == []


def test_that_the_connection_is_measured_before_the_first_page(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    study = study_with(write_pages(tmp_path / "pages"), screening={"max_ping": 10_000, "min_ping_measurements": 8})
    server = serve(study)
    with browser.participant(server.port) as person, LabDriver(server) as lab:
        shown = PageMemory(person, "h1")
        person.open("ann")
        shown.wait_for("h1", "Checking your connection…")
        person.screenshot(tmp_path / "pictures" / "checking.png")
        person.wait_for_scene("welcome")
        lab.wait_for(LabBatch, lambda batch: any(view.state == "screening" for view in batch.participants))
        lab.wait_for(LabBatch, lambda batch: any(view.state == "connected" for view in batch.participants))
    [passed] = facts(server, "screening_passed")
    assert passed.measurements == 8
    assert 0 < passed.ping_ms < 10_000


def test_that_a_reload_while_the_connection_is_measured_begins_again_and_passes(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    study = study_with(write_pages(tmp_path / "pages"), screening={"max_ping": 10_000, "min_ping_measurements": 12})
    server = serve(study)
    with browser.participant(server.port) as person:
        person.context.add_init_script(RELOADS_WHILE_MEASURED)
        person.open("ann")
        person.wait_for_scene("welcome")
        assert person.page.evaluate("() => sessionStorage.getItem('reloaded')") == "yes"
    assert len(facts(server, "visit_started")) == 1


def start_game(person: ParticipantDriver) -> None:
    person.wait_for_phase("page")
    person.press_continue()
    person.wait_for_scene("keys")
    person.page.locator('[data-mug="continue"]:not(:disabled)').wait_for()
    person.press_continue()
    person.wait_for_phase("playing")


@pytest.fixture
def watched(serve: Serve, tmp_path: Path) -> ServerDriver:
    rules = {
        "continuous_tab_warning_ms": 1000,
        "continuous_tab_exclude_ms": 8000,
        "continuous_exclusion_messages": {"tab": "You looked elsewhere.", "tab_warning": "Come back to the game!"},
        "focus_loss_timeout_ms": 0,
    }
    study = study_with(write_game(tmp_path / "keys"), game=rules, endings={"screened_out_code": "LOOKED-AWAY"})
    return serve(study)


def test_that_a_hidden_tab_is_warned_and_excluded_and_its_last_frames_are_saved(
    browser: BrowserDriver, watched: ServerDriver, tmp_path: Path
) -> None:
    with browser.hideable_participant(watched.port, tmp_path / "profile") as person:
        shown = PageMemory(person)
        person.open("ann")
        start_game(person)
        person.wait_for_frame(0, 40)
        other = person.hide_tab()
        banner = person.page.locator("#mug-warning")
        person.page.wait_for_function("() => document.querySelector('#mug-warning.shown') !== null", polling=200)
        assert banner.inner_text() == "Come back to the game!"
        person.show_tab()
        person.page.wait_for_function("() => document.querySelector('#mug-warning.shown') === null", polling=200)
        assert person.phase() == "playing"
        other.bring_to_front()
        person.page.wait_for_function("() => document.body.dataset.mugPhase === 'excluded'", polling=200)
        person.show_tab()
        assert person.page.get_by_role("heading", name="The study ends here for you").is_visible()
        assert person.page.get_by_text("You looked elsewhere.").is_visible()
        assert person.page.locator("[data-mug=completion-code]").inner_text() == "LOOKED-AWAY"
        person.page.get_by_text("Everything is saved.").wait_for()
        last = shown.last_frame
        assert person.page_errors == []
    [end] = facts(watched, "participant_finished")
    assert (end.outcome, end.reason) == ("excluded", "tab")
    assert end.value >= 8000
    assert [fact.kind for fact in facts(watched, "participant_warned")] == ["tab", "tab"]
    assert [fact.outcome for fact in facts(watched, "match_ended")] == ["abandoned"]
    frames = [fact.meta for fact in facts(watched, "chunk_stored") if fact.stream == "frames"]
    assert [meta["first"] for meta in frames] == [0, *(meta["last"] + 1 for meta in frames[:-1])]
    assert frames[-1]["last"] >= last - 1 > 40, "the rows of the last second came too"


def test_that_a_warning_covers_nothing_of_the_game(browser: BrowserDriver, serve: Serve, tmp_path: Path) -> None:
    rules = {"continuous_max_ping": 1, "continuous_ping_violation_window": 50, "continuous_ping_required_violations": 2}
    study = study_with(write_game(tmp_path / "keys"), game={**rules, "continuous_ping_required_violations": 50})
    server = serve(study)
    with browser.participant(server.port) as person:
        person.open("ann")
        start_game(person)
        person.page.evaluate(
            """() => {
                const banner = document.querySelector("#mug-warning");
                banner.textContent = "Your connection is slow at present. ".repeat(4);
                banner.classList.add("shown");
            }"""
        )
        for width, height in ((1280, 800), (360, 700)):
            person.resize(width, height)
            person.page.wait_for_function(BELOW_THE_WARNING)  # the game follows the window with its next picture
            person.screenshot(tmp_path / "pictures" / f"warning_{width}.png")


BELOW_THE_WARNING = """() => {
    const warning = document.querySelector("#mug-warning").getBoundingClientRect();
    const canvas = document.querySelector("canvas").getBoundingClientRect();
    return warning.height > 0 && canvas.height > 0 && canvas.top >= warning.bottom
        && document.documentElement.scrollWidth <= window.innerWidth;
}"""

BROKEN_ENV = """\
class Broken:
    agent_ids = ["human"]

    def reset(self, seed=None, options=None):
        return [0], {}

    def step(self, actions):
        raise RuntimeError("boom")

    def render(self):
        return {"game_state_objects": [], "removed": []}


env = Broken()


def hud(game):
    return ""
"""


def test_that_a_failing_game_offers_a_code_and_at_last_ends_the_study(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    study = study_with(write_game(tmp_path / "keys"), endings={"technical_code": "TECH-1"})
    (study / "keys_env.py").write_text(BROKEN_ENV, encoding="utf-8")
    server = serve(study)
    with browser.participant(server.port) as person:
        person.open("ann")
        person.wait_for_phase("page")
        person.press_continue()
        person.wait_for_scene("keys")
        person.wait_for_phase("page")
        person.press_continue()
        person.wait_for_phase("error")
        # Python has failed once; for the other times it is not waited for.
        person.context.add_init_script("delete globalThis.WebAssembly;")
        for _ in range(4):
            assert person.page.locator("[data-mug=completion-code]").inner_text() == "TECH-1"
            person.screenshot(tmp_path / "pictures" / "trouble.png")
            person.page.reload()
        person.page.get_by_role("heading", name="The study could not go on").wait_for()
        assert person.page.locator("[data-mug=completion-code]").inner_text() == "TECH-1"
        person.page.get_by_text("Everything is saved.").wait_for()
    [end] = facts(server, "participant_finished")
    assert (end.outcome, end.reason, end.completion_code) == ("technical", "page_failed", "TECH-1")


def test_that_the_end_leads_on_by_itself_only_after_everything_is_saved(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    study = study_with(
        write_pages(tmp_path / "pages"),
        endings={
            "complete_code": "DONE-1",
            "complete_url": "http://lab.test:9/done?cc={code}&b={batch}",
            "redirect_after_s": 2,
        },
    )
    server = serve(study)
    with browser.participant(server.port) as person:
        # The recruiter answers without a page, so that this one stays to be read.
        person.context.route("http://lab.test:9/**", lambda route: route.fulfill(status=204))
        person.open("", "?batch=a%20b")
        person.wait_for_phase("page")
        person.press_continue()
        person.wait_for_scene("scripted")
        with person.page.expect_request("**/done*") as asked:
            person.press_continue()
            person.wait_for_phase("ended")
            person.page.get_by_text("You will be redirected in").wait_for()
            person.screenshot(tmp_path / "pictures" / "end.png")
            assert person.page.locator("[data-mug=completion-code]").inner_text() == "DONE-1"
        assert asked.value.url == "http://lab.test:9/done?cc=DONE-1&b=a%20b"
    until(lambda: facts(server, "participant_finished"), "the end in the records")
    [end] = facts(server, "participant_finished")
    assert isinstance(end, f.ParticipantFinished)
    assert (end.outcome, end.completion_code) == ("complete", "DONE-1")

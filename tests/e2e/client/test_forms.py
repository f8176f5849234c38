"""Forms in a real browser: the keyboard, a finger, reloads, a server that says no, and what the export says of it."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import export_session
from tests.drivers.server_driver import ServerDriver
from tests.e2e.client.conftest import Serve
from tests.e2e.conftest import REPOSITORY

QUESTIONNAIRE = REPOSITORY / "examples" / "questionnaire"

STUDY = """\
format = 1
id = "asked"
title = "Asked"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "option_boxes_with_scales_and_text_box"
scene_id = "after"
scene_header = "Afterwards"
scene_body = '<p><label>Your seat <input name="seat"></label></p>'
option_box_header = "Which side won?"
options = ["Left", "Right"]
scale_questions = ["It was fun.", "It was hard."]
text_box_header = "Anything else?"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""


@pytest.fixture
def asked(serve: Serve, tmp_path: Path) -> ServerDriver:
    """The server of a study with one form between its first and its last page."""
    study = tmp_path / "asked"
    study.mkdir()
    (study / "study.toml").write_text(STUDY, encoding="utf-8")
    return serve(study)


def to_the_form(person: ParticipantDriver, subject_id: str = "ann") -> Page:
    person.open(subject_id)
    person.wait_for_scene("welcome")
    person.wait_for_phase("page")
    person.press_continue()
    person.wait_for_scene("after")
    return person.page


def scale(page: Page, name: str) -> Locator:
    return page.get_by_role("radiogroup", name=name)


def forms_of(server: ServerDriver, folder: Path) -> dict[str, pd.DataFrame]:
    return export_session(server.data_dir, server.study.name, folder)


def told(forms: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    plain = forms[list(columns)].astype(object).where(forms[list(columns)].notna(), None)
    return list(plain.itertuples(index=False, name=None))


def done(person: ParticipantDriver) -> None:
    person.wait_for_phase("ended")
    person.page.get_by_text("Everything is saved.").wait_for()


def test_that_the_whole_questionnaire_is_answered_with_the_keyboard_alone(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    server = serve(QUESTIONNAIRE)
    with browser.participant(server.port, viewport={"width": 1280, "height": 800}) as person:
        person.open("ann")
        person.wait_for_scene("welcome")
        person.wait_for_phase("page")
        press = person.page.keyboard.press
        press("Enter")

        person.wait_for_scene("habits")
        press("Tab")  # the first group: an arrow chooses
        press("ArrowDown")
        expect(person.page.get_by_label("A few times a year")).to_be_checked()
        press("Tab")
        press(" ")
        expect(person.page.get_by_label("Alone")).to_be_checked()
        press("Tab")
        expect(person.page.locator("[data-mug=continue]")).to_be_focused()
        press("Enter")

        person.wait_for_scene("devices")
        press("Tab")
        press(" ")
        press("Tab")
        press("Tab")
        press(" ")
        press("Enter")  # in a field it hands the form in

        for mood, other in ((4, "phones"), (2, "")):
            expect(person.page.locator("[data-mug-question=awake] input:checked")).to_have_count(0)
            person.wait_for_scene("mood")
            person.wait_for_phase("page")
            for _ in range(2):
                press("Tab")
                for _ in range(mood):
                    press("ArrowRight")
            press("Tab")
            person.page.keyboard.type(other)
            before = person.page.locator("[data-mug-question=awake]").element_handle()
            press("Tab")
            press("Enter")
            assert before is not None
            before.wait_for_element_state("hidden")

        person.wait_for_scene("comparison")
        press("Tab")
        press("ArrowRight")
        for _ in range(3):
            press("Tab")
            press("ArrowLeft")  # from the first point round to the last
        press("Tab")
        press("Tab")
        press("Enter")

        person.wait_for_scene("comments")
        press("Tab")
        person.page.keyboard.type("Rules that are\neasy; “fair” play, =1+1")
        press("Tab")
        press("Enter")
        done(person)
        assert person.page_errors == []
        assert person.page.evaluate("() => Object.keys(localStorage).filter((name) => name.includes('draft'))") == []

    tables = forms_of(server, tmp_path / "export")
    assert told(tables["forms"], "scene_id", "repetition", "submission", "question_id", "answer") == [
        ("habits", None, 1, "how_often", "A few times a year"),
        ("habits", None, 1, "with_whom", "Alone"),
        ("devices", None, 1, "q1", '["Keyboard","Touch screen"]'),
        ("mood", "0", 1, "awake", "5"),
        ("mood", "0", 1, "good_mood", "5"),
        ("mood", "0", 1, "text", "phones"),
        ("mood", "1", 1, "awake", "3"),
        ("mood", "1", 1, "good_mood", "3"),
        ("mood", "1", 1, "text", None),
        ("comparison", None, 1, "option", "Playing with others"),
        ("comparison", None, 1, "q1", "21"),
        ("comparison", None, 1, "q2", "21"),
        ("comparison", None, 1, "q3", "21"),
        ("comparison", None, 1, "text", None),
        ("comments", None, 1, "text", "Rules that are\neasy; “fair” play, =1+1"),
    ]
    assert tables["forms"]["problem"].isna().all()
    assert set(tables["questions"]["question_id"]) == set(tables["forms"]["question_id"])
    events = tables["events"]
    given = events[(events["name"] == "answer_given") & (events["scene_id"] == "comparison")]
    assert len(given) == 4, "one for each question, not for each key"


def test_that_missing_answers_are_pointed_out_where_they_are(browser: BrowserDriver, asked: ServerDriver) -> None:
    with browser.participant(asked.port) as person:
        page = to_the_form(person)
        boxes, fun = page.get_by_role("radiogroup", name="Which side won?"), scale(page, "It was fun.")
        text = page.get_by_role("textbox", name="Anything else?")
        expect(boxes).to_have_accessible_description("")
        text.fill("Not this alone")
        person.press_continue()
        expect(page.get_by_label("Left")).to_be_focused()
        expect(boxes).to_have_accessible_description("Please choose an answer.")
        expect(boxes).to_have_attribute("aria-invalid", "true")
        expect(fun).to_have_accessible_description("Please choose a point on the scale.")
        expect(text).to_have_accessible_description("")
        note = page.locator("[data-mug=form-note]")
        expect(note).to_have_text("3 questions still need an answer.")

        page.keyboard.press(" ")
        expect(boxes).to_have_accessible_description("")
        expect(boxes).not_to_have_attribute("aria-invalid", "true")
        expect(note).to_have_text("2 questions still need an answer.")
        person.press_continue()
        expect(fun.get_by_role("radio").first).to_be_focused()
        assert fun.get_by_role("radio").first.get_attribute("aria-label") == "Strongly disagree, 1 of 21"
        assert person.scene() == "after"


def test_that_a_reload_and_a_lost_network_lose_nothing_that_was_typed(
    browser: BrowserDriver, asked: ServerDriver, tmp_path: Path
) -> None:
    with browser.participant(asked.port) as person:
        page = to_the_form(person)
        page.get_by_label("Your seat").fill("7")
        page.get_by_label("Right").check()
        scale(page, "It was fun.").get_by_role("radio").nth(6).check()
        page.get_by_role("textbox", name="Anything else?").press_sequentially("half a sent")
        page.reload()
        person.wait_for_scene("after")
        expect(page.get_by_label("Right")).to_be_checked()
        expect(scale(page, "It was fun.").get_by_role("radio").nth(6)).to_be_checked()
        expect(scale(page, "It was hard.").locator("input:checked")).to_have_count(0)
        text = page.get_by_role("textbox", name="Anything else?")
        expect(text).to_have_value("half a sent")
        expect(page.get_by_label("Your seat")).to_have_value("7")
        text.press("End")
        text.press_sequentially("ence")
        scale(page, "It was hard.").get_by_role("radio").nth(20).check()

        # Handed in without a network, and the page is loaded again before it is back: both times are kept.
        asked.kill()
        page.get_by_text("interrupted").wait_for()
        person.press_continue()
        page.get_by_text("Saving…").wait_for()
        expect(page.locator("[data-mug=form]")).to_have_js_property("inert", True)
        person.wait_until_kept("form")
        page.goto("about:blank")  # before the server is back: the page would hand in by itself
        asked.start()
        person.open("ann")
        person.wait_for_scene("after")
        expect(page.get_by_role("textbox", name="Anything else?")).to_have_value("half a sentence")
        page.get_by_label("Left").check()
        person.press_continue()
        done(person)
    forms = forms_of(asked, tmp_path / "export")["forms"]
    assert forms.loc[forms["question_id"] == "seat", "answer"].tolist() == ["7", "7"]
    forms = forms[forms["question_id"] != "seat"]
    assert told(forms, "submission", "question_id", "answer") == [
        (number, question, answer)
        for number, side in ((1, "Right"), (2, "Left"))
        for question, answer in (("option", side), ("q1", "7"), ("q2", "21"), ("text", "half a sentence"))
    ]
    times = forms.groupby("submission")["at"].agg(["min", "max"])
    assert times["max"][1] < times["min"][2]


def test_that_a_page_that_lets_everything_through_is_stopped_by_the_server(
    browser: BrowserDriver, asked: ServerDriver, tmp_path: Path
) -> None:
    """The page is told that nothing is required, as if somebody had changed it; the server knows better."""

    def loosen(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def to_page(message: str | bytes) -> None:
            changed = message.replace('"required":true', '"required":false') if isinstance(message, str) else message
            route.send(changed)

        server.on_message(to_page)

    with browser.participant(asked.port) as person:
        person.context.route_web_socket(re.compile("socket.io"), loosen)
        page = to_the_form(person)
        expect(page.get_by_text("(optional)")).to_have_count(4)
        page.get_by_label("Your seat").fill("7")
        scale(page, "It was hard.").get_by_role("radio").nth(1).check()
        person.press_continue()
        expect(page.get_by_label("Left")).to_be_focused()
        person.wait_for_phase("page")
        expect(scale(page, "It was fun.")).to_have_accessible_description("Please choose a point on the scale.")
        expect(scale(page, "It was hard.")).to_have_accessible_description("")
        expect(page.locator("[data-mug=form-note]")).to_have_text("2 questions still need an answer.")
        expect(page.locator("[data-mug=continue]")).to_have_text("Continue")
        expect(page.locator("[data-mug=form]")).to_have_js_property("inert", False)

        page.get_by_label("Left").check()
        scale(page, "It was fun.").get_by_role("radio").nth(10).check()
        person.press_continue()
        done(person)
    tables = forms_of(asked, tmp_path / "export")
    assert told(tables["forms"], "submission", "question_id", "answer") == [
        (1, "seat", "7"),
        (1, "option", None),
        (1, "q1", None),
        (1, "q2", "2"),
        (1, "text", None),
        (2, "seat", "7"),
        (2, "option", "Left"),
        (2, "q1", "11"),
        (2, "q2", "2"),
        (2, "text", None),
    ]
    assert tables["forms"]["visit_id"].nunique() == 1
    visits = tables["visits"]
    assert visits.loc[visits["scene_id"] == "after", "outcome"].tolist() == ["completed"]
    assert "form_refused" in tables["events"]["name"].tolist()


class Finger:
    """One finger on a phone's screen, moved along a path."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def drag(self, *places: tuple[float, float]) -> None:
        for number, (x, y) in enumerate(places):
            kind = "touchStart" if number == 0 else "touchMove"
            self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        self._session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_that_a_scale_of_21_points_is_used_by_a_finger_on_a_narrow_phone(
    browser: BrowserDriver, asked: ServerDriver
) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with browser.participant(asked.port, **phone) as person:
        page = to_the_form(person)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
        points = scale(page, "It was fun.").locator(".scale-points")
        points.scroll_into_view_if_needed()
        box = points.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        middle = box["y"] + box["height"] / 2

        def at(point: int) -> tuple[float, float]:
            return box["x"] + box["width"] * (point - 0.5) / 21, middle

        chosen = scale(page, "It was fun.").locator("input:checked")
        finger = Finger(page)
        # Scrolling past it with a finger on it answers nothing.
        finger.drag(at(10), (at(10)[0], middle - 40), (at(10)[0], middle - 90))
        expect(chosen).to_have_count(0)
        points.scroll_into_view_if_needed()
        points.element_handle().wait_for_element_state("stable")  # it scrolls on after the finger has left
        box = points.bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        page.touchscreen.tap(*at(16))
        expect(chosen).to_have_attribute("value", "16")
        finger.drag(at(16), at(15), at(12), at(4))
        expect(chosen).to_have_attribute("value", "4")
        finger.drag(at(4), at(12), (355.0, middle))
        expect(chosen).to_have_attribute("value", "21")


def test_that_a_mouse_drags_along_a_scale_and_an_optional_answer_can_be_taken_back(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    study = tmp_path / "asked"
    study.mkdir()
    text = STUDY.replace('text_box_header = "Anything else?"', 'text_box_header = "Anything else?"\nrequired = false')
    (study / "study.toml").write_text(text, encoding="utf-8")
    server = serve(study)
    with browser.participant(server.port) as person:
        page = to_the_form(person)
        hard = scale(page, "It was hard.")
        box = hard.locator(".scale-points").bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 5, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, middle, steps=5)
        expect(hard.locator("input:checked")).to_have_attribute("value", "11")
        page.mouse.up()
        expect(hard.locator("input:checked")).to_have_attribute("value", "11")
        hard.get_by_role("button", name="Clear this answer").click()
        expect(hard.locator("input:checked")).to_have_count(0)
        person.press_continue()
        done(person)
    forms = forms_of(server, tmp_path / "export")["forms"]
    assert forms.loc[forms["question_id"] != "seat", "answer"].isna().all()


def test_that_a_text_says_how_much_room_is_left_and_takes_no_more(
    browser: BrowserDriver, asked: ServerDriver, tmp_path: Path
) -> None:
    with browser.participant(asked.port) as person:
        page = to_the_form(person)
        text = page.get_by_role("textbox", name="Anything else?")
        text.fill("x" * 9_400)
        expect(text).to_have_accessible_description("")
        text.fill("é" * 9_998)
        expect(text).to_have_accessible_description("2 characters left")
        text.press("End")
        text.press_sequentially("1234")
        expect(text).to_have_accessible_description("0 characters left")
        page.get_by_label("Left").check()
        for question in ("It was fun.", "It was hard."):
            scale(page, question).get_by_role("radio").first.check()
        person.press_continue()
        done(person)
    forms = forms_of(asked, tmp_path / "export")["forms"]
    assert forms.loc[forms["question_id"] == "text", "answer"].tolist() == ["é" * 9_998 + "12"]
    assert forms["problem"].isna().all()

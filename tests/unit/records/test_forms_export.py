"""The tables of forms: what was asked, every submission, and repetitions that never overwrite each other."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from mug.data import read_export
from mug.records import facts as f
from mug.records.export import export_session
from mug.study.decoding import encode_study
from mug.study.model import EndPage, MultipleChoiceForm, Repeat, ScalesForm, StartPage, Study
from tests.drivers.recorded_session import AT, RecordedSession

STUDY = Study(
    id="exp",
    chain=(
        StartPage(scene_id="start"),
        Repeat(
            scenes=(
                ScalesForm(
                    scene_id="mood",
                    scale_questions=("I am <b>awake</b>.",),
                    scale_size=5,
                    scale_labels=("no", "yes"),
                    question_ids=("awake",),
                    text_box_header="More?",
                ),
            ),
            n=2,
        ),
        MultipleChoiceForm(
            scene_id="devices",
            questions=("Which?",),
            choices=("Keyboard", 'The "pad", big'),
            multi_select=True,
            required=False,
        ),
        EndPage(scene_id="end"),
    ),
)
MOODS = ("v-0", "v-1")


def answer(question_id: str, value: Any, submission: int | None = None, minute: int = 0) -> dict[str, Any]:
    row = {"at": f"2026-03-01T10:{minute:02}:00.000Z", "at_ms": 60_000.5 * minute, "question_id": question_id}
    return row | {"answer": value} | ({} if submission is None else {"submission": submission})


def exported(tmp_path: Path, study: dict[str, Any] | None = None) -> dict[str, pd.DataFrame]:
    with RecordedSession(tmp_path, study=encode_study(STUDY) if study is None else study) as session:
        visits = (
            f.PlannedVisit(
                visit_id="v-0", scene_id="mood", node_path=(1, 0), kind="scales_and_text_box", repetition=(0,)
            ),
            f.PlannedVisit(
                visit_id="v-1", scene_id="mood", node_path=(1, 0), kind="scales_and_text_box", repetition=(1,)
            ),
            f.PlannedVisit(visit_id="v-2", scene_id="devices", node_path=(2,), kind="multiple_choice"),
        )
        session.add(
            f.ParticipantJoined(at=AT, participant_id="anna", seed=1, token_sha256="t"),
            f.PlanDrawn(at=AT, participant_id="anna", visits=visits),
        )
        for visit in visits:
            session.start("anna", visit.visit_id)
        session.lines("anna", "v-0", "form", answer("awake", None, 1), answer("text", "NA", 1))
        session.lines("anna", "v-0", "form", answer("awake", 4, 2, minute=1), answer("text", "", 2, minute=1))
        session.lines("anna", "v-1", "form", answer("awake", 5, 1, minute=2), answer("text", None, 1, minute=2))
        session.lines("anna", "v-2", "form", answer("q1", ["Keyboard", 'The "pad", big'], 1, minute=3))
        session.writer.flush()
        export_session(session.path, session.session_id, tmp_path / "out")
    return read_export(tmp_path / "out")


def test_that_both_submissions_and_every_repetition_have_rows_of_their_own(tmp_path: Path) -> None:
    forms = exported(tmp_path)["forms"]
    told = [
        (row.visit_id, row.submission, row.question_id, None if row.answer is pd.NA else row.answer)
        for row in forms.itertuples()
    ]
    assert told == [
        ("v-0", 1, "awake", None),
        ("v-0", 1, "text", "NA"),
        ("v-0", 2, "awake", "4"),
        ("v-0", 2, "text", ""),
        ("v-1", 1, "awake", "5"),
        ("v-1", 1, "text", None),
        ("v-2", 1, "q1", '["Keyboard","The \\"pad\\", big"]'),
    ]
    assert json.loads(told[-1][-1] or "") == ["Keyboard", 'The "pad", big']
    assert forms["repetition"].tolist()[:6] == ["0"] * 4 + ["1"] * 2
    assert forms["repetition"].isna().tolist() == [False] * 6 + [True]
    assert forms["at"].is_monotonic_increasing
    assert forms["at"].nunique() == 4
    assert forms["question"].tolist()[:2] == ["I am <b>awake</b>.", "More?"]
    assert forms["problem"].isna().all()


def test_that_the_reference_says_how_to_take_the_answers_that_hold(tmp_path: Path) -> None:
    tables = exported(tmp_path)
    page = (Path(__file__).parents[3] / "docs" / "reference" / "export.md").read_text(encoding="utf-8")
    section = page.split("\n## Forms\n", 1)[1].split("\n## ", 1)[0]
    code = "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))
    names: dict[str, Any] = {"tables": tables}
    exec(code, names)
    wide = names["wide"]
    assert wide[("mood", "awake")].dropna().tolist() == ["4", "5"]
    assert wide[("devices", "q1")].dropna().tolist() == ['["Keyboard","The \\"pad\\", big"]']


def test_that_the_questions_are_told_with_their_levels(tmp_path: Path) -> None:
    questions = exported(tmp_path)["questions"]
    assert questions.drop(columns="session_id").astype(object).where(questions.notna(), None).to_dict("records") == [
        {
            "scene_id": "mood",
            "node_path": "1.0",
            "question_id": "awake",
            "question": "I am <b>awake</b>.",
            "kind": "scale",
            "required": True,
            "levels": '["no","yes"]',
            "points": 5,
        },
        {
            "scene_id": "mood",
            "node_path": "1.0",
            "question_id": "text",
            "question": "More?",
            "kind": "text",
            "required": False,
            "levels": None,
            "points": None,
        },
        {
            "scene_id": "devices",
            "node_path": "2",
            "question_id": "q1",
            "question": "Which?",
            "kind": "choices",
            "required": False,
            "levels": '["Keyboard","The \\"pad\\", big"]',
            "points": None,
        },
    ]


def test_that_an_answer_that_no_page_gives_is_kept_and_marked(tmp_path: Path) -> None:
    with RecordedSession(tmp_path, study=encode_study(STUDY)) as session:
        visit = f.PlannedVisit(visit_id="v-0", scene_id="mood", node_path=(1, 0), kind="scales_and_text_box")
        session.add(
            f.ParticipantJoined(at=AT, participant_id="anna", seed=1, token_sha256="t"),
            f.PlanDrawn(at=AT, participant_id="anna", visits=(visit,)),
        )
        session.start("anna", "v-0")
        hostile = {"question": "forged", "problem": "none", "repetition": "7", "submission": "first"}
        session.lines("anna", "v-0", "form", answer("awake", 9) | hostile, answer("own_field", "x", 1))
        session.chunk("anna", "v-0", "form", b"not json\n")
        session.writer.flush()
        export_session(session.path, session.session_id, tmp_path / "out")
    forms = read_export(tmp_path / "out")["forms"]
    assert forms["answer"].tolist()[:2] == ["9", "x"]
    assert forms["problem"].tolist()[0] == "must be a whole number from 1 to 5"
    assert forms["question"].tolist()[0] == "I am <b>awake</b>."
    assert forms["problem"].isna().tolist() == [False, True, True]
    assert json.loads(forms["data"][0]) == hostile
    assert forms["submission"].isna().tolist() == [True, False, True]
    assert "not json" in forms["data"][2]


def test_that_a_study_without_forms_has_no_table_of_questions(tmp_path: Path) -> None:
    tables = exported(tmp_path, {"id": "exp", "title": "An experiment"})
    assert "questions" not in tables
    assert len(tables["forms"]) == 7
    assert tables["forms"]["question"].isna().all()


def test_that_an_answer_that_comes_after_the_form_was_finished_is_marked(tmp_path: Path) -> None:
    with RecordedSession(tmp_path, study=encode_study(STUDY)) as session:
        visit = f.PlannedVisit(visit_id="v-0", scene_id="mood", node_path=(1, 0), kind="scales_and_text_box")
        session.add(
            f.ParticipantJoined(at=AT, participant_id="anna", seed=1, token_sha256="t"),
            f.PlanDrawn(at=AT, participant_id="anna", visits=(visit,)),
        )
        session.start("anna", "v-0")
        session.lines("anna", "v-0", "form", answer("awake", 4, 1))
        session.add(f.VisitFinished(at=AT, participant_id="anna", visit_id="v-0", outcome="completed"))
        body = (json.dumps(answer("awake", 5, 2)) + "\n").encode()
        digest = hashlib.sha256(body).hexdigest()
        late = f.ChunkStored(
            at=AT.replace("10:00", "10:01"),
            participant_id="anna",
            visit_id="v-0",
            stream="form",
            seq=1,
            sha256=digest,
            size=len(body),
        )
        session.add(late, bodies={digest: body})
        session.writer.flush()
        export_session(session.path, session.session_id, tmp_path / "out")
    forms = read_export(tmp_path / "out")["forms"]
    assert told_problems(forms) == [("4", None), ("5", "came after the form was finished")]


def told_problems(forms: pd.DataFrame) -> list[tuple[str, str | None]]:
    return [(row.answer, None if row.problem is pd.NA else row.problem) for row in forms.itertuples()]

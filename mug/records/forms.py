"""The tables of forms: what was answered, and what was asked."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from typing_extensions import override

from mug.records import facts as f
from mug.records.allocation import treatment_columns
from mug.records.history import SessionHistory, VisitStory
from mug.records.lines import LinesTable
from mug.records.spool import TableSpool, json_text
from mug.study.decoding import decode_study
from mug.study.model import FormPage
from mug.study.questions import Question, answer_problem, questions_of
from mug.study.traversal import NodePath, walk
from mug.study.treatments import applied, arms_of

__all__ = ["FormsTable", "question_rows"]

Questions = Mapping[NodePath, tuple[FormPage, tuple[Question, ...]]]
"""Place in the chain -> the form there and what it asks."""

_ABOUT_AN_ANSWER: Final = ("at", "at_ms", "submission", "question_id")


class FormsTable(LinesTable):
    """Feeds the answers into a spool, each with what was asked.

    Attributes:
        answers: Participant -> (scene, question) -> the last answer.
        drop_texts: Whether answers are left out that are no choice of what a question offers.
    """

    def __init__(self, spool: TableSpool, history: SessionHistory, read_body: Callable[[str], bytes | None]) -> None:
        super().__init__(spool, history, read_body)
        self.answers: dict[str, dict[tuple[str, str], str]] = {}
        self.drop_texts = False
        self._forms = _forms_of(history)
        self._treatments = {who: said.get("treatment") or "" for who, said in treatment_columns(history).items()}

    @override
    def add_line(self, chunk: f.ChunkStored, number: int, line: dict[str, Any] | str) -> None:
        if self.drop_texts and isinstance(line, dict):
            asked = self._asked(chunk, line)
            if asked is None or asked.kind == "text":
                line = {name: value for name, value in line.items() if name in _ABOUT_AN_ANSWER}
        super().add_line(chunk, number, line)

    def _asked(self, chunk: f.ChunkStored, line: Mapping[str, Any]) -> Question | None:
        visit = self._history.visits.get(chunk.visit_id)
        forms = self._forms.get(self._treatments.get(chunk.participant_id, ""), self._forms[""])
        _, questions = forms.get(tuple(visit.planned.node_path) if visit else (), (None, ()))
        return next((one for one in questions if one.question_id == line.get("question_id")), None)

    @override
    def _about(self, chunk: f.ChunkStored, line: dict[str, Any] | str) -> dict[str, Any]:
        visit = self._history.visits.get(chunk.visit_id)
        if visit is None:
            return {}
        known: dict[str, Any] = {"repetition": ".".join(map(str, visit.planned.repetition)) or None}
        if isinstance(line, dict):
            asked = self._asked(chunk, line)
            known["question"] = asked.text if asked else None
            known["problem"] = _problem(visit, chunk, asked, line) if asked else None
            if asked is not None and line.get("answer") is not None:
                own = self.answers.setdefault(chunk.participant_id, {})
                own[visit.planned.scene_id, asked.question_id] = json_text(line["answer"])
        return known


def _problem(visit: VisitStory, chunk: f.ChunkStored, asked: Question, line: Mapping[str, Any]) -> str | None:
    finished = visit.finished
    if finished is not None and finished.outcome == "completed" and chunk.at > finished.at:
        return "came after the form was finished"
    return answer_problem(asked, line.get("answer"))


def question_rows(history: SessionHistory) -> list[dict[str, Any]]:
    """Return one row for each question of each form of the study, in the order of the chain.

    Questions that only a treatment asks come after them; of one that a treatment asks in other words, the study's own
    stand here, and the treatment's in the table of answers.
    """
    asked: dict[tuple[NodePath, str], tuple[FormPage, Question]] = {}
    for forms in _forms_of(history).values():
        for path, (form, questions) in forms.items():
            for question in questions:
                asked.setdefault((path, question.question_id), (form, question))
    return [
        {
            "session_id": history.opened.session_id,
            "scene_id": form.scene_id,
            "node_path": ".".join(map(str, path)),
            "question_id": question.question_id,
            "question": question.text,
            "kind": question.kind,
            "required": question.required,
            "levels": json_text(list(question.levels)) if question.levels else None,
            "points": question.points,
        }
        for (path, _), (form, question) in asked.items()
    ]


def _forms_of(history: SessionHistory) -> dict[str, Questions]:
    """Return treatment -> its forms; "": as the study stands."""
    study, _ = decode_study(history.opened.study)
    if study is None:  # written by another version of MUG
        return {"": {}}
    versions = {"": study, **{arm.name: applied(study, arm)[0] for arm in arms_of(study)}}
    return {
        name: {path: (node, questions_of(node)) for path, node in walk(version) if isinstance(node, FormPage)}
        for name, version in versions.items()
    }

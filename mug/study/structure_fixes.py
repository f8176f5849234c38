"""Obvious changes of a study's chain and of its scenes' ids that solve a problem."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from mug.ids import SceneId, is_valid_id
from mug.study.catalog import struct_fields
from mug.study.edits import Compound, Edit, SetField, fresh_scene_id, insert, move, name_of, remove, replace
from mug.study.model import EndPage, GymGame, Node, RandomizeOrder, Repeat, StartPage, StaticPage, Study
from mug.study.problems import Problem
from mug.study.questions import OPTION_ID, TEXT_ID
from mug.study.traversal import NodePath, node_at, walk

__all__ = ["STRUCTURE_FIXES", "Fix", "valid_id"]

Fix: TypeAlias = tuple[str, Edit] | None
"""A button's words, and what it does; None: no change is the obvious one."""


def valid_id(text: str, otherwise: str) -> str:
    """Return the valid id that is nearest to a text; `otherwise` when it holds nothing that an id could."""
    found = re.sub(r"[^A-Za-z0-9._-]+", "_", text)
    found = re.sub(r"\.{2,}", ".", found).lstrip("._-")[:64].rstrip("._")
    return found if is_valid_id(found) else otherwise


def _empty_chain(study: Study, _: Problem) -> Fix:
    return "Add a start page and an end page", insert((0,), (_start(study), _end(study)), verb="Add")


def _start(study: Study) -> StartPage:
    return StartPage(scene_id=fresh_scene_id(_scene_ids(study), "start"), scene_header="Welcome")


def _end(study: Study) -> EndPage:
    return EndPage(scene_id=fresh_scene_id(_scene_ids(study), "end"), scene_header="Thank you")


def _first_is_no_start(study: Study, _: Problem) -> Fix:
    others = [path for path, node in walk(study) if isinstance(node, StartPage)]
    if len(others) == 1 and len(others[0]) == 1:
        return _moved(study, others[0], (0,), "to the beginning")
    if type(study.chain[0]) is StaticPage:
        return "Make it the start page", _converted(study, (0,), StartPage, "Make it the start page")
    return "Put a start page before it", insert((0,), (_start(study),), verb="Add")


def _last_is_no_end(study: Study, _: Problem) -> Fix:
    last = (len(study.chain) - 1,)
    others = [path for path, node in walk(study) if isinstance(node, EndPage)]
    if len(others) == 1 and len(others[0]) == 1:
        return _moved(study, others[0], (len(study.chain),), "to the end")
    if type(study.chain[-1]) is StaticPage and len(study.chain) > 1:
        return "Make it the end page", _converted(study, last, EndPage, "Make it the end page")
    return "Put an end page after it", insert((len(study.chain),), (_end(study),), verb="Add")


def _moved(study: Study, path: NodePath, to: NodePath, where: str) -> Fix:
    edit = move(study, [path], to)
    return (f"Move {name_of(node_at(study, path))} {where}", edit) if edit is not None else None


def _start_not_first(study: Study, problem: Problem) -> Fix:
    starts = [path for path, node in walk(study) if isinstance(node, StartPage)]
    if starts == [problem.path] and len(problem.path) == 1:
        return _moved(study, problem.path, (0,), "to the beginning")
    return "Make it a page to read", _converted(study, problem.path, StaticPage, "Make it a page to read")


def _end_not_last(study: Study, problem: Problem) -> Fix:
    ends = [path for path, node in walk(study) if isinstance(node, EndPage)]
    if ends == [problem.path] and len(problem.path) == 1:
        return _moved(study, problem.path, (len(study.chain),), "to the end")
    return "Make it a page to read", _converted(study, problem.path, StaticPage, "Make it a page to read")


def _converted(study: Study, path: NodePath, struct: type[StaticPage], label: str) -> Edit:
    """Return the edit that makes a page one of another kind, with the same texts; what the kind has not is left out."""
    node = node_at(study, path)
    known = {info.name for info in struct_fields(struct)} & {info.name for info in struct_fields(type(node))}
    values: dict[str, Any] = {name: getattr(node, name) for name in known}
    return replace(study, path, struct(**values, extra=node.extra), label=label)


def _empty_wrapper(study: Study, problem: Problem) -> Fix:
    path = problem.path
    while len(path) > 1 and len(_scenes_of(study, path[:-1])) == 1:
        path = path[:-1]  # what would be empty then goes too
    if len(path) == 1 and len(study.chain) == 1:
        return None
    edits: list[Edit] = [remove(study, [path], verb="Remove")]
    around = node_at(study, path[:-1]) if len(path) > 1 else None
    if isinstance(around, RandomizeOrder) and around.keep_n is not None and around.keep_n >= len(around.scenes):
        edits.append(SetField(path=path[:-1], field="keep_n", value=len(around.scenes) - 1))
    return "Remove it", Compound(edits=tuple(edits), label=edits[0].label) if len(edits) > 1 else edits[0]


def _scenes_of(study: Study, path: NodePath) -> tuple[Node, ...]:
    node = node_at(study, path)
    return node.scenes if isinstance(node, RandomizeOrder | Repeat) else ()


def _keep_n_too_large(study: Study, problem: Problem) -> Fix:
    order = node_at(study, problem.path)
    assert isinstance(order, RandomizeOrder)
    count = len(order.scenes)
    return f"Keep {count}", SetField(path=problem.path, field="keep_n", value=count)


# --- ids ------------------------------------------------------------------------------------------------------------


def _scene_ids(study: Study) -> list[str]:
    return [node.scene_id for _, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat)]


def _duplicate_scene_id(study: Study, problem: Problem) -> Fix:
    taken = _scene_ids(study)
    edits: list[Edit] = []
    for path, node in walk(study):
        if isinstance(node, GymGame) and node.waitroom.timeout_scene_id == problem.label:
            return None  # which of them is meant there, only the researcher knows
        if _has_id(node, problem.label) and path != problem.path:
            fresh = fresh_scene_id(taken, str(problem.label))
            taken.append(fresh)
            edits.append(SetField(path=path, field="scene_id", value=fresh))
    return "Give the others fresh ids", Compound(edits=tuple(edits), label="Give scenes fresh ids")


def _has_id(node: Node, scene_id: str | None) -> bool:
    return not isinstance(node, RandomizeOrder | Repeat) and node.scene_id == scene_id


def _invalid_id(study: Study, problem: Problem) -> Fix:
    if problem.field not in ("id", "scene_id"):
        return _invalid_question_id(study, problem)
    if not problem.path:
        fresh = valid_id(study.id, "study")
        return f"Call it {fresh!r}", SetField(path=(), field="id", value=fresh)
    old = getattr(node_at(study, problem.path), "scene_id", "")
    wanted = fresh_scene_id((scene_id for scene_id in _scene_ids(study) if scene_id != old), valid_id(old, "scene"))
    edits: list[Edit] = [SetField(path=problem.path, field="scene_id", value=SceneId(wanted))]
    if _scene_ids(study).count(old) == 1:
        edits += [
            SetField(path=path, field="waitroom.timeout_scene_id", value=wanted)
            for path, node in walk(study)
            if isinstance(node, GymGame) and node.waitroom.timeout_scene_id == old
        ]
    return f"Call it {wanted!r}", Compound(edits=tuple(edits), label="Change scene id")


def _invalid_question_id(study: Study, problem: Problem) -> Fix:
    """Give one of a form's questions an id that is valid, its own, and not reserved."""
    form: Any = node_at(study, problem.path)
    ids = list(form.question_ids)
    index = int(str(problem.field).partition("[")[2].rstrip("]"))
    taken = [*(other for place, other in enumerate(ids) if place != index), TEXT_ID, OPTION_ID]
    ids[index] = fresh_scene_id(taken, valid_id(ids[index], f"q{index + 1}"))
    return f"Call it {ids[index]!r}", SetField(path=problem.path, field="question_ids", value=tuple(ids))


STRUCTURE_FIXES: Final[Mapping[str, Callable[[Study, Problem], Fix]]] = {
    "empty_chain": _empty_chain,
    "first_is_no_start": _first_is_no_start,
    "last_is_no_end": _last_is_no_end,
    "start_not_first": _start_not_first,
    "end_not_last": _end_not_last,
    "empty_wrapper": _empty_wrapper,
    "keep_n_too_large": _keep_n_too_large,
    "duplicate_scene_id": _duplicate_scene_id,
    "invalid_id": _invalid_id,
    "reserved_id": _invalid_question_id,
    "duplicate_id": _invalid_question_id,
}
"""Code of a problem → what finds the obvious change."""

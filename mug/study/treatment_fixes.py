"""Obvious changes of a study's treatments that solve a problem."""

from typing import Any, Final

from mug.study.edits import SetField
from mug.study.model import Study
from mug.study.problems import Problem, nearest
from mug.study.structure_fixes import Fix
from mug.study.traversal import walk

__all__ = ["TREATMENT_FIXES"]

_FIELD: Final = "treatments.arms"


def _unknown_scene(study: Study, problem: Problem) -> Fix:
    """Give changes of a scene that is not there to the one that was meant, or take them out."""
    arm, scene, _ = _place(study, problem)
    ids = [str(node.scene_id) for _, node in walk(study) if hasattr(node, "scene_id")]
    changes = study.treatments.arms[arm]["changes"]
    meant = nearest(scene, [name for name in ids if name not in changes])
    if meant is not None:
        renamed = {meant if name == scene else name: fields for name, fields in changes.items()}
        return f"Call the scene {meant}", _with_changes(study, arm, renamed)
    return "Take these changes out", _with_changes(study, arm, {n: f for n, f in changes.items() if n != scene})


def _not_possible(study: Study, problem: Problem) -> Fix:
    """Take one change out."""
    arm, scene, field = _place(study, problem)
    changes = {name: dict(fields) for name, fields in study.treatments.arms[arm]["changes"].items()}
    del changes[scene][field]
    return "Take this change out", _with_changes(study, arm, {n: f for n, f in changes.items() if f})


def _place(study: Study, problem: Problem) -> tuple[str, str, str]:
    """Return treatment, scene and field that a problem's place names; names may hold dots."""
    rest = (problem.field or "").removeprefix(f"{_FIELD}.")
    for arm, said in study.treatments.arms.items():
        for scene, fields in said.get("changes", {}).items():
            place = f"{arm}.changes.{scene}"
            if rest == place:
                return arm, scene, ""
            for field in fields:
                if rest == f"{place}.{field}":
                    return arm, scene, field
    raise LookupError(f"no treatment changes {rest}")


def _with_changes(study: Study, arm: str, changes: dict[str, Any]) -> SetField:
    arms = dict(study.treatments.arms)
    said = {word: value for word, value in arms[arm].items() if word != "changes"}
    arms[arm] = said | ({"changes": changes} if changes else {})
    return SetField(path=(), field=_FIELD, value=arms)


TREATMENT_FIXES: Final = {
    "treatment_unknown_scene": _unknown_scene,
    "treatment_unknown_field": _not_possible,
    "treatment_fixed_field": _not_possible,
    "treatment_changed_twice": _not_possible,
    "treatment_before_group": _not_possible,
}

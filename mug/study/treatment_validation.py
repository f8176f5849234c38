"""The problems of a study's treatments: what is said of each, whether its changes can be made, what they lead to."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from mug.ids import is_valid_id
from mug.study.allocation import MAX_WEIGHT
from mug.study.group_orders import draws_for_group
from mug.study.model import GymGame, Node, RandomizeOrder, Repeat, Study
from mug.study.multiplayer import is_multiplayer
from mug.study.places import problem_at
from mug.study.problems import Problem, did_you_mean
from mug.study.rules import shown
from mug.study.traversal import NodePath, human_agents, walk
from mug.study.treatments import ARM_FIELDS, Arm, applied, arms_of

__all__ = ["ArmStudies", "problems_of_arm", "problems_of_treatments"]

_RESERVED: Final = "treatments.arms"
_ROOM_FIELDS: Final = (
    *("waitroom.", "matchmaking.", "multiplayer.wait_for_known_group", "multiplayer.group_wait_timeout"),
    *("multiplayer.hide_lobby_count", "multiplayer.max_rtt", "multiplayer.matchmaker"),
)
"""What holds while people wait for partners."""
_PAGE_FIELDS: Final = ("assets.", "content.scene_header", "content.scene_body", "rendering.background")
"""What a game's page shows and loads before its group is there."""


class ArmStudies:
    """A study under each of its treatments, made anew only where something of it has changed."""

    def __init__(self) -> None:
        self._memo: dict[tuple[int, int], tuple[Any, ...]] = {}

    def of(self, study: Study, arm: Arm) -> tuple[Study, tuple[Any, ...]]:
        """Return the study under a treatment, and the changes that cannot be made."""
        if len(self._memo) > 2_000:
            self._memo.clear()
        return applied(study, arm, self._memo)


def problems_of_treatments(
    study: Study, base: list[Problem], studies: ArmStudies, validate: Callable[[Arm, Study], list[Problem]]
) -> Iterator[Problem]:
    """Return what is wrong with the treatments of a study.

    Args:
        study: The study.
        base: The problems that it has without them.
        studies: Where its versions are kept.
        validate: Finds the problems of the study under one treatment.
    """
    said = study.treatments.arms
    faults = False
    for name, words in said.items():
        found = list(problems_of_arm(name, words))
        faults = faults or any(problem.severity == "error" for problem in found)
        yield from found
    if len(said) == 1:
        yield _problem(
            f"{_RESERVED}.{next(iter(said))}",
            "one_treatment",
            "is the only treatment, so nothing is compared: add another one",
            "warning",
        )
    if faults:
        return
    known = {_key(problem) for problem in base}
    versions: dict[str, Study] = {}
    for arm in arms_of(study):
        version, wrong = studies.of(study, arm)
        for scene_id, field, code, message in wrong:
            place = f"{_RESERVED}.{arm.name}.changes.{scene_id}" + (f".{field}" if field else "")
            yield _problem(place, f"treatment_{code}", message)
        versions[arm.name] = version
        yield from _of_version(arm, [p for p in validate(arm, version) if _key(p) not in known])
    if any(problem.code == "wrong_type" for problem in base):
        return
    yield from _same_ways(study, versions)
    if study.treatments.per == "group":
        yield from _of_groups(study, versions)
    yield from _equal_arms(arms_of(study))


def _problem(field: str, code: str, message: str, severity: Any = "error") -> Problem:
    return problem_at(None, (), field, code, message, severity)


def _key(problem: Problem) -> tuple[object, ...]:
    return problem.path, problem.field, problem.code, problem.message


def problems_of_arm(name: str, said: Any) -> Iterator[Problem]:
    """Return what is wrong with how a treatment is written, whatever the scenes are."""
    place = f"{_RESERVED}.{name}"
    if not isinstance(said, Mapping):
        yield _problem(place, "treatment_wrong_type", f"must be a table, got {shown(said)}")
        return
    if not is_valid_id(name):
        yield _problem(
            _RESERVED,
            "treatment_invalid_id",
            f"has the treatment {name!r}: use 1 to 64 letters, digits, '-', '_' or '.', starting with a letter or a "
            "digit",
        )
    for word in said:
        if word not in ARM_FIELDS:
            yield _problem(
                f"{place}.{word}",
                "treatment_unknown_word",
                f"is none of {', '.join(ARM_FIELDS)}{did_you_mean(word, ARM_FIELDS)}; it has no effect",
                "warning",
            )
    title, weight, changes = (said.get(word) for word in ARM_FIELDS)
    if title is not None and not isinstance(title, str):
        yield _problem(f"{place}.title", "treatment_wrong_type", f"must be a text, got {shown(title)}")
    if weight is not None and (isinstance(weight, bool) or not isinstance(weight, int)):
        yield _problem(f"{place}.weight", "treatment_wrong_type", f"must be a whole number, got {shown(weight)}")
    elif weight is not None and not 1 <= weight <= MAX_WEIGHT:
        yield _problem(f"{place}.weight", "treatment_out_of_range", f"is {weight}; it must be from 1 to {MAX_WEIGHT}")
    if changes is not None and not isinstance(changes, Mapping):
        yield _problem(
            f"{place}.changes",
            "treatment_wrong_type",
            f"must be a table scene id → field → value, got {shown(changes)}",
        )
        return
    for scene, fields in (changes or {}).items():
        if not isinstance(fields, Mapping):
            yield _problem(
                f"{place}.changes.{scene}",
                "treatment_wrong_type",
                f"must be a table field → value, got {shown(fields)}",
            )


def _of_version(arm: Arm, problems: list[Problem]) -> Iterator[Problem]:
    """Say of a study's problems under a treatment that they are the treatment's."""
    for problem in problems:
        where = f"scene {problem.label!r}" if problem.label else f"node {problem.node_id}" if problem.node_id else ""
        fields = arm.changes.get(problem.label or "", {})
        changed = next((f for f in fields if problem.field is not None and _is_within(problem.field, f)), None)
        place = f"{_RESERVED}.{arm.name}" + (f".changes.{problem.label}.{changed}" if changed else "")
        named = ", ".join(word for word in (where, problem.field) if word)
        message = problem.message if changed else f"{named or 'the study'} under this treatment {problem.message}"
        yield _problem(place, f"treatment_{problem.code}", message, problem.severity)


def _is_within(field: str, changed: str) -> bool:
    return field == changed or field.startswith((f"{changed}.", f"{changed}[")) or changed.startswith(f"{field}.")


def _same_ways(study: Study, versions: Mapping[str, Study]) -> Iterator[Problem]:
    """Every treatment has the same way through the study: random orders are drawn for the same people."""
    orders = {path: draws_for_group(node) for path, node in walk(study) if isinstance(node, RandomizeOrder)}
    for name, version in versions.items():
        for path, node in walk(version):
            if isinstance(node, RandomizeOrder) and draws_for_group(node) != orders[path]:
                yield _problem(
                    f"{_RESERVED}.{name}",
                    "treatment_order_differs",
                    f"makes games for one person of games for several, or the other way round, so that the random "
                    f"order at node {'.'.join(map(str, path))} is drawn for other people than without it: say at that "
                    'random order for whom it is drawn (per = "participant" or "group")',
                )
                break


def _of_groups(study: Study, versions: Mapping[str, Study]) -> Iterator[Problem]:
    """With a treatment for each group: what comes before the group is there cannot differ."""
    first = _first_wait(study.chain, ())
    if first is None:
        yield _problem(
            "treatments.per",
            "treatment_no_group",
            'is "group", but no game of the study is for several people: use "participant"',
        )
        return
    games = {path: node for path, node in walk(study) if isinstance(node, GymGame)}
    places: dict[str, NodePath] = {}
    for path, node in walk(study):
        if not isinstance(node, RandomizeOrder | Repeat):
            places.setdefault(node.scene_id, path)
    for arm in arms_of(study):
        for scene, fields in arm.changes.items():
            at = places.get(scene)
            if at is None:
                continue
            for field in fields:
                place = f"{_RESERVED}.{arm.name}.changes.{scene}.{field}"
                if at[0] < first[0]:
                    yield _problem(
                        place,
                        "treatment_before_group",
                        "is in a scene before the groups are formed, where nobody has a treatment yet: use per = "
                        '"participant", or change a later scene',
                    )
                elif at in games and field.startswith(_ROOM_FIELDS):
                    yield _problem(
                        place,
                        "treatment_before_group",
                        'holds while people wait for their group, which has no treatment yet: use per = "participant", '
                        "or take this change out",
                    )
                elif at == first and field.startswith(_PAGE_FIELDS):
                    yield _problem(
                        place,
                        "treatment_before_group",
                        "is shown and loaded while people wait for their group, which has no treatment yet: use per = "
                        '"participant", or change a page after this game',
                    )
        version = versions[arm.name]
        for path, game in walk(version):
            if not isinstance(game, GymGame) or path not in games:
                continue
            before = games[path]
            if len(human_agents(game)) != len(human_agents(before)) or is_multiplayer(game) != is_multiplayer(before):
                yield _problem(
                    f"{_RESERVED}.{arm.name}",
                    "treatment_group_size",
                    f"scene {game.scene_id!r}: is for {len(human_agents(game))} people under this treatment, and for "
                    f"{len(human_agents(before))} without it; a group that draws its treatment has one size: use per = "
                    '"participant" to compare numbers of people',
                )


def _first_wait(nodes: tuple[Node, ...], above: NodePath) -> NodePath | None:
    """Return the path of the first node at which groups form."""
    for index, node in enumerate(nodes):
        path = (*above, index)
        if isinstance(node, RandomizeOrder) and draws_for_group(node):
            return path
        if isinstance(node, RandomizeOrder | Repeat):
            inside = _first_wait(node.scenes, path)
            if inside is not None:
                return inside
        elif isinstance(node, GymGame) and is_multiplayer(node):
            return path
    return None


def _equal_arms(arms: tuple[Arm, ...]) -> Iterator[Problem]:
    seen: list[Arm] = []
    for arm in arms:
        changes = {scene: dict(fields) for scene, fields in arm.changes.items() if fields}
        twin = next((other for other in seen if {s: dict(f) for s, f in other.changes.items() if f} == changes), None)
        if twin is not None:
            yield _problem(
                f"{_RESERVED}.{arm.name}",
                "treatment_same",
                f"changes the same as {twin.name!r}, so the two do not differ: change something, or remove one of them",
                "warning",
            )
        seen.append(arm)

"""The problems that a node's own data tell, wherever the node stands; and those of any section's fields."""

import operator
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from mug.ids import is_valid_id
from mug.study.catalog import FieldInfo, struct_fields
from mug.study.embedded_validation import problems_of_build
from mug.study.form_validation import problems_of_form
from mug.study.game_validation import problems_of_game
from mug.study.group_orders import draws_for_group
from mug.study.model import EmbeddedBuild, EndPage, FormPage, GymGame, Node, RandomizeOrder, Repeat, Section, StaticPage
from mug.study.participation_validation import address_problems_of
from mug.study.places import exclusive, problem_at
from mug.study.problems import Problem, did_you_mean, node_id_of
from mug.study.rules import refusal
from mug.study.traversal import NodePath
from mug.study.waitroom_validation import problems_of_order

__all__ = ["ID_RULE", "NodeFindings", "placed", "problems_of_fields"]

ID_RULE: Final = (
    "is not allowed: use 1 to 64 letters, digits, '-', '_' or '.', starting with a letter or a digit, without '..' and "
    "not ending with '.'"
)


class NodeFindings:
    """What is wrong with a node by itself; its problems have paths that begin at the node.

    Attributes:
        of_fields: Problems of the fields, each by itself.
        wrong: Whether a field has a wrong type, so that nothing else about the node can be said.
        of_node: Problems of the fields together.
        of_id: Problems of the scene's id.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.of_fields = tuple(problems_of_fields(node, node, ()))
        self.wrong = any(problem.code == "wrong_type" for problem in self.of_fields)
        self.of_node = () if self.wrong else tuple(_of_node(node))
        self.of_id: tuple[Problem, ...] = ()
        if not self.wrong and not isinstance(node, RandomizeOrder | Repeat) and not is_valid_id(node.scene_id):
            self.of_id = (problem_at(node, (), "scene_id", "invalid_id", f"{node.scene_id!r} {ID_RULE}"),)
        self._draws: bool | None = None
        self._of_order: tuple[Problem, ...] | None = None

    @property
    def draws(self) -> bool:
        """Whether it is a random order that a group draws; asked only where no node inside has a wrong type."""
        if self._draws is None:
            self._draws = isinstance(self.node, RandomizeOrder) and draws_for_group(self.node)
        return self._draws

    @property
    def of_order(self) -> tuple[Problem, ...]:
        """Problems of the people of a random order, also of orders inside of it; asked as `draws` is."""
        if self._of_order is None:
            order = self.node
            self._of_order = tuple(problems_of_order((), order)) if isinstance(order, RandomizeOrder) else ()
        return self._of_order


def placed(problem: Problem, path: NodePath) -> Problem:
    """Return a problem whose path begins at a node as the problem of a study that has the node at `path`."""
    whole = (*path, *problem.path)
    return Problem(
        node_id_of(whole) if whole else None,
        problem.field,
        problem.severity,
        problem.code,
        problem.message,
        problem.label,
        whole,
    )


def _of_node(node: Node) -> Iterator[Problem]:
    match node:
        case RandomizeOrder() | Repeat():
            yield from _of_wrapper(node)
        case StaticPage():
            yield from _of_page(node)
            if isinstance(node, FormPage):
                yield from problems_of_form((), node)
            if isinstance(node, EmbeddedBuild):
                yield from problems_of_build((), node)
        case GymGame():
            yield from problems_of_game((), node)


def _of_wrapper(node: RandomizeOrder | Repeat) -> Iterator[Problem]:
    if not node.scenes:
        yield problem_at(node, (), "scenes", "empty_wrapper", "has no scenes: add some, or remove it")
    elif isinstance(node, RandomizeOrder) and node.keep_n is not None and node.keep_n > len(node.scenes):
        yield problem_at(
            node,
            (),
            "keep_n",
            "keep_n_too_large",
            f"is {node.keep_n}, but there are only {len(node.scenes)} scenes: use at most {len(node.scenes)}",
        )


def _of_page(node: StaticPage) -> Iterator[Problem]:
    yield from exclusive(node, (), "scene_body", "scene_body_filepath", node)
    texts = (node.scene_header, node.scene_subheader, node.scene_body, node.scene_body_filepath)
    says_more = isinstance(node, FormPage | EmbeddedBuild) or (isinstance(node, EndPage) and node.redirect_url)
    if not any(texts) and not says_more:
        yield problem_at(
            node, (), None, "empty_page", "shows nothing: give it a header, a body or a body file", "warning"
        )
    if isinstance(node, EndPage) and node.redirect_url:
        yield from address_problems_of(node.redirect_url, "redirect_url", node, ())
    if isinstance(node, EndPage) and node.append_subject_id and not node.redirect_url:
        yield problem_at(
            node,
            (),
            "append_subject_id",
            "no_redirect",
            "has no effect without a redirect address: give redirect_url",
            "warning",
        )


# --- fields by their metadata -----------------------------------------------------------------------------------------


@cache
def _plan(struct: type[Section]) -> tuple[Callable[[Section], tuple[Any, ...]], tuple[Any, ...], tuple[FieldInfo, ...]]:
    """Return what reads all fields of a struct at once, their defaults, and what is known about them."""
    infos = struct_fields(struct)
    read: Any = operator.attrgetter(*(info.name for info in infos))
    defaults = tuple(_NO_DEFAULT if info.required else info.default for info in infos)
    return read if len(infos) > 1 else lambda section: (read(section),), defaults, infos


_NO_DEFAULT: Final = object()


def problems_of_fields(struct: Section, node: Node | None, path: NodePath, prefix: str = "") -> Iterator[Problem]:
    """Check every field of `struct` by what is known about it, its sections' fields too.

    Args:
        struct: A node, the study, or one of their sections.
        node: The node that it belongs to; None: the study.
        path: The node's path.
        prefix: What stands before the fields' names: the section's name and a dot.
    """
    read, defaults, infos = _plan(type(struct))
    for name in struct.extra:
        hint = did_you_mean(name, [info.name for info in infos])
        yield problem_at(
            node,
            path,
            prefix + name,
            "unknown_field",
            f"is not a field that this version of MUG knows{hint}; it is kept, but has no effect",
            "warning",
        )
    for value, default, info in zip(read(struct), defaults, infos, strict=True):
        if value is default:
            continue
        if info.section is not None:
            yield from problems_of_fields(value, node, path, f"{prefix}{info.name}.")
            continue
        if info.name in ("chain", "scenes", "action_mapping"):
            continue
        reason = refusal(info, value)
        if reason is not None:
            yield problem_at(node, path, prefix + info.name, *reason)

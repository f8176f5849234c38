"""All problems of a study that its data alone can tell.

What needs files, packages or the environment itself is found by `mug.check`, in the same form.
"""

from collections.abc import Iterator
from typing import Any, Final

from mug.ids import is_valid_id
from mug.study.catalog import FieldInfo, struct_fields
from mug.study.fields import Severity
from mug.study.form_validation import problems_of_form
from mug.study.game_validation import problems_of_game
from mug.study.group_orders import draws_for_group
from mug.study.model import (
    EndPage,
    FormPage,
    GymGame,
    Node,
    RandomizeOrder,
    Repeat,
    Section,
    StartPage,
    StaticPage,
    Study,
    WebRtc,
)
from mug.study.participation_validation import address_problems_of, problems_of_participation
from mug.study.places import exclusive, problem_at
from mug.study.problems import Problem, did_you_mean
from mug.study.rules import refusal, shown
from mug.study.traversal import NodePath, walk
from mug.study.waitroom_validation import problems_of_order, problems_of_waiting

__all__ = ["validate"]

_MAX_PLAN: Final = 10_000


def validate(study: Study) -> list[Problem]:
    """Return every problem of `study`, in the order of the chain; the study's own come first."""
    return list(_Validation(study).problems())


class _Validation:
    def __init__(self, study: Study) -> None:
        self.study = study
        self.nodes = list(walk(study))
        self.places: dict[str, list[NodePath]] = {}
        for path, node in self.nodes:
            if not isinstance(node, RandomizeOrder | Repeat):
                self.places.setdefault(node.scene_id, []).append(path)
        self.found = {path: list(_of_fields(node, node, path)) for path, node in self.nodes}
        wrong = any(problem.code == "wrong_type" for found in self.found.values() for problem in found)
        self.group_orders: list[NodePath] | None = None  # where fields have wrong types, nobody can say
        if not wrong:
            orders = ((path, node) for path, node in self.nodes if isinstance(node, RandomizeOrder))
            self.group_orders = [path for path, node in orders if draws_for_group(node)]

    def problems(self) -> Iterator[Problem]:
        yield from self._of_study()
        for path, node in self.nodes:
            yield from self._of_node(path, node)

    # --- the study -----------------------------------------------------------------------------------------------

    def _of_study(self) -> Iterator[Problem]:
        study = self.study
        found = list(_of_fields(study, None, ()))
        yield from found
        if not any(problem.code == "wrong_type" for problem in found):
            yield from _of_webrtc(study.webrtc)
            yield from problems_of_participation(study)
        if isinstance(study.id, str) and not is_valid_id(study.id):
            yield problem_at(None, (), "id", "invalid_id", f"{study.id!r} {_ID_RULE}")
        if not study.chain:
            yield problem_at(
                None, (), "chain", "empty_chain", "has no scenes: begin with a start page and end with an end page"
            )
            return
        if not isinstance(study.chain[0], StartPage):
            yield problem_at(
                study.chain[0],
                (0,),
                None,
                "first_is_no_start",
                "is the first of the chain, but not a start page: put a start page (StartScene) before it",
            )
        last = len(study.chain) - 1
        if not isinstance(study.chain[last], EndPage):
            yield problem_at(
                study.chain[last],
                (last,),
                None,
                "last_is_no_end",
                "is the last of the chain, but not an end page: put an end page (EndScene or CompletionCodeScene) "
                "after it",
            )
        length = sum(_length(node) for node in study.chain)
        if length > _MAX_PLAN:
            yield problem_at(
                None,
                (),
                "chain",
                "too_long",
                f"gives every participant {length} scenes; at most {_MAX_PLAN} are possible: repeat less",
            )

    # --- nodes ---------------------------------------------------------------------------------------------------

    def _of_node(self, path: NodePath, node: Node) -> Iterator[Problem]:
        found = self.found[path]
        yield from found
        if any(problem.code == "wrong_type" for problem in found):
            return  # the rest reads the fields as what they are not
        match node:
            case RandomizeOrder() | Repeat():
                yield from self._of_wrapper(path, node)
                return
            case StaticPage():
                yield from self._of_page(path, node)
                if isinstance(node, FormPage):
                    yield from problems_of_form(path, node)
            case GymGame():
                yield from problems_of_game(path, node)
                yield from problems_of_waiting(self.study, path, node, self.places)
        if not is_valid_id(node.scene_id):
            yield problem_at(node, path, "scene_id", "invalid_id", f"{node.scene_id!r} {_ID_RULE}")
        if len(self.places[node.scene_id]) > 1 and path == self.places[node.scene_id][0]:
            yield problem_at(
                node,
                path,
                "scene_id",
                "duplicate_scene_id",
                f"{node.scene_id!r} names {len(self.places[node.scene_id])} scenes; their data can only be told apart "
                "by the visit: give each its own id",
                "warning",
            )

    def _of_wrapper(self, path: NodePath, node: RandomizeOrder | Repeat) -> Iterator[Problem]:
        if not node.scenes:
            yield problem_at(node, path, "scenes", "empty_wrapper", "has no scenes: add some, or remove it")
        if not isinstance(node, RandomizeOrder):
            return
        if node.keep_n is not None and node.scenes and node.keep_n > len(node.scenes):
            yield problem_at(
                node,
                path,
                "keep_n",
                "keep_n_too_large",
                f"is {node.keep_n}, but there are only {len(node.scenes)} scenes: use at most {len(node.scenes)}",
            )
        if self.group_orders is None or any(path[: len(order)] == order != path for order in self.group_orders):
            return
        yield from problems_of_order(path, node)

    def _of_page(self, path: NodePath, node: StaticPage) -> Iterator[Problem]:
        if isinstance(node, StartPage) and path != (0,):
            yield problem_at(
                node,
                path,
                None,
                "start_not_first",
                "is a start page, but not the first of the chain: use a static page",
            )
        if isinstance(node, EndPage) and path != (len(self.study.chain) - 1,):
            yield problem_at(
                node,
                path,
                None,
                "end_not_last",
                "is an end page, but not the last of the chain; nothing after it would be reached: use a static page",
            )
        yield from exclusive(node, path, "scene_body", "scene_body_filepath", node)
        shown = (node.scene_header, node.scene_subheader, node.scene_body, node.scene_body_filepath)
        says_more = isinstance(node, FormPage) or (isinstance(node, EndPage) and node.redirect_url)
        if not any(shown) and not says_more:
            yield problem_at(
                node, path, None, "empty_page", "shows nothing: give it a header, a body or a body file", "warning"
            )
        if isinstance(node, EndPage) and node.redirect_url:
            yield from address_problems_of(node.redirect_url, "redirect_url", node, path)
        if isinstance(node, EndPage) and node.append_subject_id and not node.redirect_url:
            yield problem_at(
                node,
                path,
                "append_subject_id",
                "no_redirect",
                "has no effect without a redirect address: give redirect_url",
                "warning",
            )


# --- fields by their metadata -----------------------------------------------------------------------------------------

_ID_RULE: Final = (
    "is not allowed: use 1 to 64 letters, digits, '-', '_' or '.', starting with a letter or a digit, without '..' and "
    "not ending with '.'"
)


def _of_fields(struct: Section, node: Node | None, path: NodePath, prefix: str = "") -> Iterator[Problem]:
    """Check every field of `struct` by what is known about it, its sections' fields too."""
    infos = struct_fields(type(struct))
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
    for info in infos:
        value = getattr(struct, info.name)
        if value is info.default and not info.required:
            continue
        if info.section is not None:
            yield from _of_fields(value, node, path, f"{prefix}{info.name}.")
            continue
        if info.name in ("chain", "scenes", "action_mapping"):
            continue
        reason = refusal(info, value)
        if reason is not None:
            yield problem_at(node, path, prefix + info.name, *reason)
        elif info.later is not None and value != info.default:
            yield _later(info, node, path, prefix + info.name, value)


def _later(info: FieldInfo, node: Node | None, path: NodePath, field: str, value: Any) -> Problem:
    severity: Severity = info.later_severity or "error"
    ending = "it has no effect" if severity == "warning" else "the study would not do what it says: leave it out"
    return problem_at(
        node,
        path,
        field,
        "not_available_yet",
        f"is {shown(value)}, but this version of MUG does not have {info.later} yet: {ending}",
        severity,
    )


def _of_webrtc(webrtc: WebRtc) -> Iterator[Problem]:
    relays = False
    for index, server in enumerate(webrtc.ice_servers):
        urls = server.get("urls")
        listed = [urls] if isinstance(urls, str) else urls
        if not isinstance(listed, list | tuple) or not listed:
            hint = did_you_mean("url", ["urls"]) if "url" in server else ""
            yield problem_at(
                None,
                (),
                f"webrtc.ice_servers[{index}]",
                "invalid_ice_server",
                f'has no urls{hint}: write one as {{urls = "turn:turn.example.org:3478"}}',
            )
            continue
        for url in listed:
            if not isinstance(url, str) or not url.startswith(_ICE_SCHEMES):
                yield problem_at(
                    None,
                    (),
                    f"webrtc.ice_servers[{index}].urls",
                    "invalid_ice_server",
                    f"is {shown(url)}; it must begin with {', '.join(_ICE_SCHEMES[:-1])} or {_ICE_SCHEMES[-1]}",
                )
            elif url.startswith(("turn:", "turns:")):
                relays = True
    for name in ("turn_username", "turn_credential"):
        if getattr(webrtc, name) is not None and not relays:
            yield problem_at(
                None,
                (),
                f"webrtc.{name}",
                "no_effect",
                'has no effect without a TURN server: name one in webrtc.ice_servers, as {urls = "turn:…"}',
                "warning",
            )


_ICE_SCHEMES: Final = ("stun:", "stuns:", "turn:", "turns:")


def _inside(node: Node) -> Iterator[Node]:
    for inner in node.scenes if isinstance(node, RandomizeOrder | Repeat) else ():
        yield inner
        yield from _inside(inner)


def _count(value: Any) -> int:
    return max(value, 0) if isinstance(value, int) else 0


def _length(node: Node) -> int:
    match node:
        case Repeat():
            return _count(node.n) * sum(_length(inner) for inner in node.scenes)
        case RandomizeOrder():
            lengths = sorted((_length(inner) for inner in node.scenes), reverse=True)
            return sum(lengths if node.keep_n is None else lengths[: _count(node.keep_n)])
        case _:
            return 1

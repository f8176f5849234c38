"""All problems of a study that its data alone can tell.

What needs files, packages or the environment itself is found by `mug.check`, in the same form.
"""

from collections.abc import Iterator
from typing import Any, Final

from mug.ids import is_valid_id
from mug.study.model import EndPage, GymGame, Node, RandomizeOrder, Repeat, StartPage, Study, WebRtc
from mug.study.node_validation import ID_RULE, NodeFindings, placed, problems_of_fields
from mug.study.participation_validation import problems_of_participation
from mug.study.places import problem_at
from mug.study.problems import Problem, did_you_mean
from mug.study.rules import shown
from mug.study.traversal import NodePath, walk
from mug.study.treatment_validation import ArmStudies, problems_of_treatments
from mug.study.treatments import Arm
from mug.study.waitroom_validation import problems_of_waiting

__all__ = ["Validator", "validate"]

_MAX_PLAN: Final = 10_000


def validate(study: Study) -> list[Problem]:
    """Return every problem of `study`, in the order of the chain; the study's own come first."""
    return Validator().validate(study)


class Validator:
    """Finds the problems of one version of a study after the other, reading again only the nodes that are others.

    Nodes are the same where they are the same objects, as an edit leaves all that it does not change.
    """

    def __init__(self) -> None:
        self._known: dict[int, NodeFindings] = {}
        self._versions = ArmStudies()
        self._under: dict[str, Validator] = {}
        self._shared: dict[int, NodeFindings] = {}

    def validate(self, study: Study) -> list[Problem]:
        """Return every problem of `study`, as the function `validate` does."""
        found = self._of_chain(study)
        if not study.treatments.arms or any(p.code == "wrong_type" and not p.path for p in found):
            return found
        own = list(problems_of_treatments(study, found, self._versions, self._of_version))
        place = next((number for number, problem in enumerate(found) if problem.path), len(found))
        return [*found[:place], *own, *found[place:]]

    def _of_version(self, arm: Arm, study: Study) -> list[Problem]:
        under = self._under.setdefault(arm.name, Validator())
        under._shared = self._known  # most scenes are the same objects under every treatment
        return under._of_chain(study)

    def _of_chain(self, study: Study) -> list[Problem]:
        nodes = list(walk(study))
        before, self._known = self._known, {}
        findings = []
        for _, node in nodes:
            # The findings hold their node, so that no other object can have its id.
            key = id(node)
            found = self._known.get(key) or before.get(key) or self._shared.get(key) or NodeFindings(node)
            self._known[id(node)] = found
            findings.append(found)
        return list(_Validation(study, nodes, findings).problems())


class _Validation:
    def __init__(self, study: Study, nodes: list[tuple[NodePath, Node]], findings: list[NodeFindings]) -> None:
        self.study = study
        self.nodes = nodes
        self.findings = findings
        self.places: dict[str, list[NodePath]] = {}
        for path, node in nodes:
            if not isinstance(node, RandomizeOrder | Repeat):
                self.places.setdefault(node.scene_id, []).append(path)
        self.group_orders: list[NodePath] | None = None  # where fields have wrong types, nobody can say
        if not any(found.wrong for found in findings):
            self.group_orders = [path for (path, _), found in zip(nodes, findings, strict=True) if found.draws]

    def problems(self) -> Iterator[Problem]:
        yield from self._of_study()
        for (path, node), findings in zip(self.nodes, self.findings, strict=True):
            yield from self._of_node(path, node, findings)

    # --- the study -----------------------------------------------------------------------------------------------

    def _of_study(self) -> Iterator[Problem]:
        study = self.study
        found = list(problems_of_fields(study, None, ()))
        yield from found
        if not any(problem.code == "wrong_type" for problem in found):
            yield from _of_webrtc(study.webrtc)
            yield from problems_of_participation(study)
        if isinstance(study.id, str) and not is_valid_id(study.id):
            yield problem_at(None, (), "id", "invalid_id", f"{study.id!r} {ID_RULE}")
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

    def _of_node(self, path: NodePath, node: Node, findings: NodeFindings) -> Iterator[Problem]:
        for problem in findings.of_fields:
            yield placed(problem, path)
        if findings.wrong:
            return  # the rest reads the fields as what they are not
        if isinstance(node, StartPage | EndPage):
            yield from self._of_place(path, node)
        for problem in findings.of_node:
            yield placed(problem, path)
        if isinstance(node, RandomizeOrder | Repeat):
            if isinstance(node, RandomizeOrder) and self._is_outermost(path):
                for problem in findings.of_order:
                    yield placed(problem, path)
            return
        if isinstance(node, GymGame):
            yield from problems_of_waiting(self.study, path, node, self.places)
        for problem in findings.of_id:
            yield placed(problem, path)
        others = self.places[node.scene_id]
        if len(others) > 1 and path == others[0]:
            yield problem_at(
                node,
                path,
                "scene_id",
                "duplicate_scene_id",
                f"{node.scene_id!r} names {len(others)} scenes; their data can only be told apart by the visit: give "
                "each its own id",
                "warning",
            )

    def _is_outermost(self, path: NodePath) -> bool:
        """Whether a random order is in none that a group draws, and no field keeps this from being known."""
        orders = self.group_orders
        return orders is not None and not any(path[: len(order)] == order != path for order in orders)

    def _of_place(self, path: NodePath, node: StartPage | EndPage) -> Iterator[Problem]:
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

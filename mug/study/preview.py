"""What is served when one scene of a study is previewed: that scene, or the chain from it on, and nothing that lasts.

A preview is for the person who makes the study: nobody is screened out, excluded or sent to another address, and
people need no partner but the preview's own pages. Everything else is as it will be for participants.
"""

import html
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from mug.ids import ExperimentId, SceneId, is_valid_id
from mug.study.edits import fresh_scene_id, outermost
from mug.study.endings import Endings
from mug.study.model import (
    EmbeddedBuild,
    EndPage,
    EntryScreening,
    GymGame,
    Hosting,
    MultiplayerSection,
    Node,
    RandomizeOrder,
    Repeat,
    StartPage,
    StaticPage,
    Study,
    Treatments,
    WebRtc,
)
from mug.study.multiplayer import is_multiplayer
from mug.study.problems import Problem
from mug.study.traversal import NodePath, human_agents, node_at, walk
from mug.study.treatments import applied, arms_of
from mug.study.validation import validate

__all__ = ["NOT_NEEDED", "PreviewMode", "pages_of_preview", "preview_study", "without_broken"]

PreviewMode: TypeAlias = Literal["scene", "from"]

NOT_NEEDED: Final = frozenset({"first_is_no_start"})
"""Codes of problems that a preview may have: it begins with the scene itself, not with a page before it."""

END_HEADER: Final = "End of the preview"
_END_BODY: Final = (
    "<p>In a session the next scene would follow here. Reload the preview in MUG Lab to see it again.</p>"
)
_NO_PARTNER: Final = "Nobody came to play with you."
_MAX_PAGES: Final = 4


def preview_study(
    study: Study, paths: NodePath | Iterable[NodePath], mode: PreviewMode = "scene", treatment: str = ""
) -> Study:
    """Return the study that a preview of some of its nodes serves.

    Args:
        study: The study as it is edited; it may have errors.
        paths: The node, or several that are shown one after the other; ``()`` is the study itself: its whole chain.
        mode: "scene": the nodes alone, a wrapper with its scenes. "from": the chain from the (first) node to its end.
            Of a scene inside wrappers that is the scene, once, and then what follows the outermost wrapper around it.
        treatment: Under which treatment; empty, or none that the study has: as the study stands.

    Returns:
        A study without layout, screening, exclusions, custom matchmakers and addresses to go on to (end pages and
        waitroom messages say them instead). It ends with an end page, made if there is none, and need not begin with a
        start page (`NOT_NEEDED`). Start and end pages in other places become static pages. It has no errors that its
        nodes do not have in `study`.

    Raises:
        LookupError: When there is no such node.
    """
    arm = next((arm for arm in arms_of(study) if arm.name == treatment), None)
    study = applied(study, arm)[0] if arm is not None else msgspec.structs.replace(study, treatments=Treatments())
    chosen = _chosen(study, paths)
    if not chosen:
        nodes: Sequence[Node] = study.chain
    elif mode == "from":
        nodes = (node_at(study, chosen[0]), *study.chain[chosen[0][0] + 1 :])
    else:
        nodes = tuple(node_at(study, path) for path in chosen)
    chain = _with_end([_shown(node, study, (index,), len(nodes)) for index, node in enumerate(nodes)])
    endings = study.endings
    codes: dict[str, Any] = {
        name: code
        for name in ("complete_code", "screened_out_code", "partner_left_code", "technical_code")
        if isinstance(code := getattr(endings, name), str) and code.strip()
    }
    derived = msgspec.structs.replace(
        study,
        id=study.id if is_valid_id(study.id) else ExperimentId("preview"),
        hosting=Hosting(),
        static_files=_folders(study),
        webrtc=WebRtc(force_relay=study.webrtc.force_relay is True),
        screening=EntryScreening(),
        endings=Endings(**codes),
        chain=chain,
        layout={},
    )
    return _with_reachable_targets(derived)


def pages_of_preview(study: Study) -> int:
    """Return how many pages a (derived) study needs to be played: its largest game's people, 1 to 4."""
    games = (node for _, node in walk(study) if isinstance(node, GymGame) and is_multiplayer(node))
    return max(1, min(_MAX_PAGES, max((len(human_agents(game)) for game in games), default=1)))


def without_broken(study: Study, problems: Iterable[Problem]) -> Study:
    """Return a preview in whose later scenes each with an error is replaced by a page that says what is wrong.

    What is previewed itself, the first of the chain, is left as it is.

    Args:
        study: What `preview_study` returned.
        problems: Of this study.
    """
    found: dict[NodePath, list[Problem]] = {}
    for problem in problems:
        if problem.severity == "error" and problem.path and problem.path[0] > 0:
            found.setdefault(problem.path, []).append(problem)
    if not found:
        return study
    used = {node.scene_id for _, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat)}
    broken = set(outermost(found))

    def fixed(node: Node, path: NodePath) -> Node:
        if path in broken:
            messages = [problem for where, listed in found.items() if where[: len(path)] == path for problem in listed]
            return _instead(node, messages, is_last=path == (len(study.chain) - 1,), used=used)
        if isinstance(node, RandomizeOrder | Repeat):
            return msgspec.structs.replace(
                node, scenes=tuple(fixed(inner, (*path, index)) for index, inner in enumerate(node.scenes))
            )
        return node

    return msgspec.structs.replace(study, chain=tuple(fixed(node, (index,)) for index, node in enumerate(study.chain)))


# --- which nodes ------------------------------------------------------------------------------------------------------


def _chosen(study: Study, paths: NodePath | Iterable[NodePath]) -> tuple[NodePath, ...]:
    listed = tuple(paths)
    one: list[int] = [index for index in listed if isinstance(index, int)]
    several: list[NodePath] = [path for path in listed if isinstance(path, tuple)]
    chosen = (tuple(one),) if one else outermost(path for path in several if path)
    for path in chosen:
        node_at(study, path)
    return chosen


def _with_end(nodes: list[Node]) -> tuple[Node, ...]:
    if nodes and isinstance(nodes[-1], EndPage):
        return tuple(nodes)
    used = {node.scene_id for node in _scenes(nodes)}
    scene_id = fresh_scene_id(used, "preview_end")
    return (*nodes, EndPage(scene_id=scene_id, scene_header=END_HEADER, scene_body=_END_BODY))


def _scenes(nodes: Iterable[Node]) -> Iterable[Any]:
    for node in nodes:
        if isinstance(node, RandomizeOrder | Repeat):
            yield from _scenes(node.scenes)
        else:
            yield node


def _folders(study: Study) -> tuple[str, ...]:
    """The served folders, those of all games too: a page may show what a game that is not here has its pictures in."""
    games = [node.assets.assets_dir for _, node in walk(study) if isinstance(node, GymGame)]
    builds = [node.webgl.webgl_base_url for _, node in walk(study) if isinstance(node, EmbeddedBuild)]
    return tuple(dict.fromkeys((*study.static_files, *games, *builds)))


# --- how a node is shown ----------------------------------------------------------------------------------------------


def _shown(node: Node, study: Study, path: NodePath, count: int) -> Node:
    match node:
        case RandomizeOrder() | Repeat():
            scenes = tuple(_shown(inner, study, (*path, index), count) for index, inner in enumerate(node.scenes))
            return msgspec.structs.replace(node, scenes=scenes)
        case GymGame():
            return _game(node)
        case EndPage():
            told = _told_address(node, study)
            return told if path == (count - 1,) else _static(told)
        case StartPage() if path != (0,):
            return _static(node)
        case _:
            return node


def _told_address(page: EndPage, study: Study) -> EndPage:
    """Say where the page would lead to, and stay."""
    url = page.redirect_url or study.endings.complete_url
    if not url:
        return msgspec.structs.replace(page, append_subject_id=False)
    told = f"In a session participants go on from here to <code>{html.escape(str(url))}</code>"
    subheader = f"{page.scene_subheader}<br>{told}" if page.scene_subheader else told
    return msgspec.structs.replace(page, redirect_url=None, append_subject_id=False, scene_subheader=subheader)


def _static(page: StaticPage) -> StaticPage:
    names = (name for name in StaticPage.__struct_fields__)
    return StaticPage(**{name: getattr(page, name) for name in names})


def _game(game: GymGame) -> GymGame:
    standard = MultiplayerSection()
    watched = {name: getattr(standard, name) for name in standard.__struct_fields__ if name.startswith("continuous_")}
    multiplayer = msgspec.structs.replace(
        game.multiplayer,
        **watched,
        matchmaker=None,
        max_rtt=None,
        focus_loss_timeout_ms=0,
        pause_on_partner_background=False,  # of several pages in one window only one is seen
    )
    matchmaking = msgspec.structs.replace(game.matchmaking, matchmaker=None, max_rtt=None, max_rtt_widening=0.0)
    waitroom = game.waitroom
    if url := waitroom.timeout_redirect_url:
        message = waitroom.timeout_message or _NO_PARTNER
        waitroom = msgspec.structs.replace(
            waitroom,
            timeout_redirect_url=None,
            timeout_message=f"{message} In a session the participant goes on from here to {url}",
        )
    return msgspec.structs.replace(game, multiplayer=multiplayer, matchmaking=matchmaking, waitroom=waitroom)


def _with_reachable_targets(study: Study) -> Study:
    """Let waitrooms whose next scene is not in the preview end as if none were named."""
    cut = {
        problem.path
        for problem in validate(study)
        if problem.field == "waitroom.timeout_scene_id" and problem.code in ("unknown_scene", "not_later")
    }
    if not cut:
        return study

    def fixed(node: Node, path: NodePath) -> Node:
        if isinstance(node, RandomizeOrder | Repeat):
            scenes = tuple(fixed(inner, (*path, index)) for index, inner in enumerate(node.scenes))
            return msgspec.structs.replace(node, scenes=scenes)
        if not isinstance(node, GymGame) or path not in cut:
            return node
        waitroom = node.waitroom
        message = (
            f"{waitroom.timeout_message or _NO_PARTNER} In a session the scene {waitroom.timeout_scene_id} follows."
        )
        return msgspec.structs.replace(
            node, waitroom=msgspec.structs.replace(waitroom, timeout_scene_id=None, timeout_message=message)
        )

    return msgspec.structs.replace(study, chain=tuple(fixed(node, (index,)) for index, node in enumerate(study.chain)))


def _instead(node: Node, problems: Sequence[Problem], *, is_last: bool, used: set[SceneId]) -> StaticPage:
    named = "This random order or repeat" if isinstance(node, RandomizeOrder | Repeat) else f"“{node.scene_id}”"
    scene_id = fresh_scene_id(used, "preview_problem")
    used.add(scene_id)
    listed = "".join(
        f"<li>{html.escape(f'{problem.field}: {problem.message}' if problem.field else problem.message)}</li>"
        for problem in problems
    )
    struct = EndPage if is_last else StaticPage
    return struct(
        scene_id=scene_id,
        scene_header=f"{html.escape(named)} cannot be shown yet",
        scene_body=f"<p>It has errors:</p><ul>{listed}</ul>",
    )

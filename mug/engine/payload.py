"""From the frozen study to what one participant's page is told: `PageContent` and `GameContent`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from mug.engine.state import MatchState, ParticipantState
from mug.play.config import ActionBinding, GameConfig
from mug.play.policies_kinds import policy_name
from mug.play.rollback.config import default_window
from mug.protocol.messages import BuildFile, GameContent, PageContent, WaitContent
from mug.study.assets import animations, background, first_objects, preloaded, served_roots
from mug.study.blinding import telling_words
from mug.study.group_orders import draws_for_group, order_scene_id
from mug.study.model import (
    CompletionCodePage,
    EndPage,
    Form,
    GymGame,
    RandomizeOrder,
    Repeat,
    StartPage,
    StaticPage,
    Study,
)
from mug.study.multiplayer import conditions_for, is_matched, runs_on_server
from mug.study.traversal import human_agents
from mug.study.treatments import apply, changed_scenes, every_version
from mug.study.waitrooms import WaitroomRules, hides_lobby_count

__all__ = [
    "FrozenStudy",
    "Scene",
    "authority_config",
    "body_text",
    "game_at",
    "game_config",
    "game_content",
    "match_settings",
    "matched_agents",
    "needs_runtime",
    "page_content",
    "planned_agents",
    "scene_at",
    "wait_content",
]

Scene = StaticPage | StartPage | EndPage | CompletionCodePage | Form | GymGame


@dataclass(frozen=True, kw_only=True)
class FrozenStudy:
    """A study as a session holds it: nothing of it changes while the session is open.

    Attributes:
        study: The study.
        content_hash: Its sha256.
        texts: Path as the study writes it -> the file's text, for every body and environment file.
        static_base: Where the study's static files are served; ends with "/".
        snapshot_levels: Scene id -> how states of its environment are saved (`mug.play.snapshots.LEVELS`), proved by
            the sync test before the session began; only games of several people are here. What holds for a scene as a
            treatment changes it stands under ``treatment:scene id``.
        builds: Address of a build's folder -> the files of it that pages fetch.
    """

    study: Study
    content_hash: str
    texts: Mapping[str, str] = field(default_factory=dict)
    static_base: str = "/"
    snapshot_levels: Mapping[str, str] = field(default_factory=dict)
    builds: Mapping[str, tuple[BuildFile, ...]] = field(default_factory=dict)
    _versions: dict[str, "FrozenStudy"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def under(self, treatment: str) -> "FrozenStudy":
        """Return the study as it is under a treatment; "" is none."""
        if not treatment:
            return self
        version = self._versions.get(treatment)
        if version is None:
            own = f"{treatment}:"
            under = {
                name.removeprefix(own): level for name, level in self.snapshot_levels.items() if name.startswith(own)
            }
            version = replace(
                self, study=apply(self.study, treatment), snapshot_levels={**self.snapshot_levels, **under}
            )
            self._versions[treatment] = version
        return version

    @cached_property
    def differing(self) -> frozenset[str]:
        """The ids of the scenes that differ by treatment."""
        return changed_scenes(self.study)

    @cached_property
    def telling(self) -> tuple[str, ...]:
        """The words that staff which is blind does not read; empty: nobody is blind in this study."""
        return telling_words(self.study) if self.study.treatments.blind else ()


def scene_at(study: Study, path: tuple[int, ...]) -> Scene:
    """Return the scene at `path`, indices into the chain and into the wrappers' scenes.

    For a random order that a group draws it is an empty page: there the participant sees the wait for the group.

    Raises:
        LookupError: When no scene is there.
    """
    nodes = study.chain
    node: object = None
    for index in path:
        node = nodes[index]
        nodes = node.scenes if isinstance(node, RandomizeOrder | Repeat) else ()
    if isinstance(node, RandomizeOrder) and draws_for_group(node):
        return StaticPage(scene_id=order_scene_id(path))
    if not isinstance(node, StaticPage | GymGame):
        raise LookupError(f"there is no scene at {path} of the chain")
    return node


def game_at(study: Study, path: tuple[int, ...]) -> GymGame:
    """Return the game at `path`.

    Raises:
        LookupError: When no game is there.
    """
    scene = scene_at(study, path)
    if not isinstance(scene, GymGame):
        raise LookupError(f"there is no game at {path} of the chain")
    return scene


def planned_agents(game: GymGame, participant_id: str) -> dict[str, str]:
    """Who acts for which agent when one person plays: agent id -> participant id or ``policy:<name>``."""
    return _with_policies(game, dict.fromkeys(human_agents(game), participant_id))


def matched_agents(game: GymGame, players: Sequence[str]) -> dict[str, str]:
    """Who acts for which agent when several people play: they get the agents in the order in which they came."""
    return _with_policies(game, dict(zip(human_agents(game), players, strict=True)))


def match_settings(frozen: FrozenStudy, game: GymGame, players: Sequence[ParticipantState] = ()) -> dict[str, Any]:
    """Return what holds on every peer of a match of several people, as its record says.

    Each participant has `mug_globals` of their own, but a step must find the same ones on every page: the players'
    are laid together, and where two have the same key, the earlier player's value holds.
    """
    shared: dict[str, Any] = {}
    for player in players:
        shared = {**player.mug_globals, **shared}
    everywhere = {
        "mode": game.multiplayer.mode,
        "players": list(human_agents(game)),
        "dropout_policy": game.multiplayer.dropout_policy,
        "mug_globals": shared,
    }
    if runs_on_server(game):
        return everywhere
    return {
        **everywhere,
        "input_delay": game.multiplayer.input_delay,
        "window": default_window(game.rendering.fps),
        "snapshot_level": frozen.snapshot_levels.get(game.scene_id),
        "network_conditions": {str(agent): dict(what) for agent, what in conditions_for(game).items()},
    }


def _with_policies(game: GymGame, agents: dict[str, str]) -> dict[str, str]:
    for agent, policy in game.policies.policy_mapping.items():
        if agent not in agents:
            agents[agent] = f"policy:{policy_name(policy)}"
    return agents


def needs_runtime(study: Study) -> bool:
    """Whether a scene of the study, under whichever treatment, needs Python in the browser."""
    return any(isinstance(node, GymGame) and not runs_on_server(node) for _, _, node in every_version(study))


def page_content(
    frozen: FrozenStudy, page: StaticPage, participant: ParticipantState, redirect_url: str | None = None
) -> PageContent:
    """Build one participant's view of a static page; `redirect_url` is the complete one of an end page."""
    role = "static"
    if isinstance(page, StartPage):
        role = "start"
    elif isinstance(page, EndPage):
        role = "completion_code" if isinstance(page, CompletionCodePage) else "end"
    return PageContent(
        role=role,
        scene_header=page.scene_header or "",
        scene_subheader=page.scene_subheader or "",
        body_html=body_text(frozen, page.scene_body, page.scene_body_filepath),
        completion_code=participant.completion_code if role == "completion_code" else None,
        redirect_url=redirect_url,
        redirect_after_s=frozen.study.endings.redirect_after_s if redirect_url else None,
    )


def game_content(
    frozen: FrozenStudy,
    game: GymGame,
    participant: ParticipantState,
    match: MatchState | None,
    *,
    resume: bool,
    waits: bool = False,
    in_game_html: str | None = None,
) -> GameContent:
    """Build one participant's view of a game scene.

    Args:
        frozen: The session's study.
        game: The scene.
        participant: Whose page it is.
        match: The play that this visit is in; None: partners are still to be found.
        resume: The page comes back into a match that it may have begun.
        waits: The participant has come into the scene's waitroom before.
        in_game_html: What `game_page_html_fn` made; None: the study's own text.
    """
    if in_game_html is None:
        content = game.content
        in_game_html = body_text(frozen, content.in_game_scene_body, content.in_game_scene_body_filepath)
    return GameContent(
        config=game_config(frozen, game, participant, match),
        scene_header=game.content.scene_header or "",
        body_html=body_text(frozen, game.content.scene_body, game.content.scene_body_filepath),
        in_game_html=in_game_html,
        background=background(frozen.study, game),
        rollback_smoothing_duration_ms=game.rendering.rollback_smoothing_duration or 0,
        asset_specs=preloaded(frozen.study, game),
        asset_roots=tuple(served_roots(frozen.study)),
        assets_dir=game.assets.assets_dir,
        animations=animations(game),
        first_objects=first_objects(game),
        assets_base_url=frozen.static_base,
        resume_match=resume and match is not None,
        hide_lobby_count=hides_lobby_count(game),
        waits=waits and match is None,
    )


def wait_content(rules: WaitroomRules) -> WaitContent:
    """Build the page of the wait for a group that draws the order of its games."""
    return WaitContent(needed=rules.needed, hide_lobby_count=rules.hidden)


def game_config(
    frozen: FrozenStudy, game: GymGame, participant: ParticipantState, match: MatchState | None
) -> GameConfig:
    """Build what one participant's worker needs to know of a game.

    Without a match (`match` None, a game of several people) it is good for loading and measuring only: it has no
    match, no seed, and nobody plays.
    """
    config = _game_config(frozen, game, participant.participant_id, participant.mug_globals)
    if match is not None:
        config = replace(config, match_id=match.match_id, match_seed=match.seed)
    if not is_matched(game):
        return config
    settings = match_settings(frozen, game) if match is None else match.settings
    own = match.agent_of(participant.participant_id) if match is not None else None
    rules = game.multiplayer
    config = replace(config, human_agents=() if own is None else (own,), mode=rules.mode)
    if runs_on_server(game):
        # Its page steps nothing: it needs neither the environment nor what holds for peers.
        return replace(config, players=tuple(settings["players"]), environment_code=None, policies={})
    return replace(
        config,
        players=tuple(settings["players"]),
        study_hash=frozen.content_hash,
        snapshot_level=settings["snapshot_level"],
        input_delay=settings["input_delay"],
        window=settings["window"],
        network_conditions=settings["network_conditions"],
        mug_globals=dict(settings["mug_globals"] if match is not None else participant.mug_globals),
        dropout_policy=settings["dropout_policy"],
        dropout_agent_policy=rules.dropout_agent_policy,
        pause_on_partner_background=rules.pause_on_partner_background,
        snapshot_interval=rules.snapshot_interval,
        **({} if match is None else _return_of(match, participant)),
        input_confirmation_timeout_ms=rules.input_confirmation_timeout_ms,
    )


def authority_config(frozen: FrozenStudy, game: GymGame, match: MatchState) -> GameConfig:
    """Build what a process of the server needs to know of a match that it steps."""
    settings, rules = match.settings, game.multiplayer
    return replace(
        _game_config(frozen, game, "", settings["mug_globals"]),
        match_id=match.match_id,
        match_seed=match.seed,
        human_agents=(),
        mode=rules.mode,
        players=tuple(settings["players"]),
        subjects={agent: str(who) for agent, who in match.players.items()},
        study_hash=frozen.content_hash,
        dropout_policy=settings["dropout_policy"],
        dropout_agent_policy=rules.dropout_agent_policy,
        pause_on_partner_background=rules.pause_on_partner_background,
        dropped=tuple(match.dropped),
        load_policy_fn=game.policies.load_policy_fn,
        policy_inference_fn=game.policies.policy_inference_fn,
    )


def _return_of(match: MatchState, participant: ParticipantState) -> dict[str, Any]:
    """What a page needs that comes back into a match: who else came back, who is out, which of its rows are here."""
    sent = {str(episode): first for (who, episode), first in match.sent.items() if who == participant.participant_id}
    return {"returns": dict(match.returns), "dropped": tuple(match.dropped), "sent": sent}


def _game_config(frozen: FrozenStudy, game: GymGame, subject_id: str, mug_globals: Mapping[str, Any]) -> GameConfig:
    runtime, rendering, gameplay = game.runtime, game.rendering, game.gameplay
    code = runtime.environment_initialization_code
    filename = f"{game.scene_id}.environment_initialization_code"
    if code is None and runtime.environment_initialization_code_filepath is not None:
        filename = runtime.environment_initialization_code_filepath
        code = frozen.texts[filename]
    humans = human_agents(game)
    bindings = sorted(gameplay.action_mapping, key=lambda binding: -len(binding.keys))
    return GameConfig(
        scene_id=game.scene_id,
        match_id="",
        match_seed=0,
        subject_id=subject_id,
        human_agents=humans,
        environment_seed=game.environment.seed,
        policies={agent: policy for agent, policy in game.policies.policy_mapping.items() if agent not in humans},
        frame_skip=game.policies.frame_skip,
        load_policy_fn=game.policies.load_policy_fn,
        policy_inference_fn=game.policies.policy_inference_fn,
        fps=rendering.fps,
        num_episodes=gameplay.num_episodes,
        max_steps=gameplay.max_steps,
        action_mapping=tuple(ActionBinding(keys=tuple(b.keys), action=b.action) for b in bindings),
        default_action=gameplay.default_action,
        action_population_method=gameplay.action_population_method,
        input_mode=gameplay.input_mode,
        reset_freeze_s=gameplay.reset_freeze_s,
        environment_code=code,
        environment_filename=filename,
        env_creator=game.environment.env_creator,
        env_config=dict(game.environment.env_config),
        on_game_step_code=runtime.on_game_step_code,
        env_to_state_fn=rendering.env_to_state_fn,
        hud_text_fn=rendering.hud_text_fn,
        hud_score_carry_over=rendering.hud_score_carry_over,
        location_representation=rendering.location_representation,
        game_width=rendering.game_width,
        game_height=rendering.game_height,
        mug_globals=dict(mug_globals),
        restart_pyodide=runtime.restart_pyodide,
    )


def body_text(frozen: FrozenStudy, text: str | None, path: str | None) -> str:
    """Return a text of the study that is given itself or by its file."""
    if text is not None:
        return text
    return frozen.texts[path] if path is not None else ""

"""What one browser needs to know to play one visit of a game scene, as plain data.

The server makes a `GameConfig` from the frozen study, the page hands it on, the worker gives it to
`mug.play` unchanged. It is a dataclass of plain values, because this package may import only the standard
library and numpy; `mug.protocol` embeds it in its messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["NO_ACTION", "ActionBinding", "GameConfig"]

NO_ACTION = None


@dataclass(frozen=True, kw_only=True)
class ActionBinding:
    """One row of the action mapping: keys held (or pressed) together, and the action they give.

    Attributes:
        keys: JavaScript ``KeyboardEvent.key`` values; more than one makes a chord.
        action: A JSON value that the agent's action space accepts (number, list, or dict of those).
    """

    keys: tuple[str, ...]
    action: Any


@dataclass(frozen=True, kw_only=True)
class GameConfig:
    """One visit of one gym scene, for one participant's browser. Times in ms unless named otherwise.

    Attributes:
        scene_id: The scene's label.
        match_id: Identity of this play; goes into every row.
        match_seed: 64-bit unsigned seed of this match; episode e is reset with H(match_seed, e).
        environment_seed: The study's ``seed``; None: derived from `match_seed`.
        subject_id: The participant.
        human_agents: Agent ids that this participant controls (one).
        policies: Agent id -> "random" or a policy reference; agents not named here or in
            `human_agents` act randomly only when the study says so.
        frame_skip: A policy decides every n-th frame.
        fps: Frames per second.
        num_episodes: Episodes to play in this visit.
        max_steps: Frames after which an episode is truncated.
        action_mapping: Key chords and their actions, longest chord first.
        default_action: The action when no key gives one. None: the action space's neutral one is
            not guessed; the study is refused by validation.
        action_population_method: "default_action" or "previous_submitted_action".
        input_mode: "pressed_keys" or "single_keystroke".
        reset_freeze_s: Seconds that the first picture of an episode stands still.
        environment_code: Python source that leaves a global ``env``; None when `env_creator` is used.
        environment_filename: Name shown in tracebacks (the study's own path, relative).
        env_creator: ``"module:function"`` or ``"file.py:function"``; called with `env_config`.
        env_config: Keyword arguments of `env_creator`.
        on_game_step_code: Python source run before every step, with ``env`` and ``mug_globals``.
        env_to_state_fn: Reference of a function env -> render packet dict or list of objects.
        hud_text_fn: Reference of a function game -> text.
        hud_score_carry_over: Keep the score from earlier episodes in the HUD.
        location_representation: "relative" or "pixels": how `env_to_state_fn` gives coordinates.
        game_width: Canvas width in CSS pixels. game_height: likewise.
        mug_globals: The participant's JSON dict.
        restart_pyodide: Boot a fresh interpreter for this scene.
        snapshot_level: How states are saved ("own", "pickle", "walker", "deepcopy"), or None: not chosen.
        players: In a game of several people: all agents that people control, in the match's order, equal on every
            peer; a player's number on the wire is the place here. Empty: one person.
        study_hash: Hash of the frozen study; peers that differ do not play together.
        input_delay: Frames between a key and its effect, or "auto".
        window: Frames that may be predicted before the game waits; None: from `fps` (200 ms of frames, 4 to 12).
        snapshot_interval: Largest distance of saved states, in frames.
        input_confirmation_timeout_ms: A stall this long is shown as "waiting for your partner".
        countdown_ms: Between the first agreement of the players and the first frame.
        network_conditions: Agent -> what is done to what this player sends (`mug.play.chaos.Conditions` as a dict).
        dropout_policy: "end", "default_action", "policy" or "void": when a player is lost for good.
        dropout_agent_policy: Who takes over with "policy".
        pause_on_partner_background: The game stands still for everybody while a player's page is hidden.
        returns: Agent -> how often its player's page has come back into the match, of those whose page has. With our
            own agent in it, this page comes back.
        dropped: Agents whose players were out of the match before this page came back.
        sent: Episode (as text) -> the first frame that this participant's records do not have yet.
        subjects: In a game that the server steps: agent -> participant, of all `players`.
        mode: "p2p": the game is stepped in the pages; "server_authoritative": by a process of the server.
        load_policy_fn: Reference of a function name -> policy, for policies that are only named.
        policy_inference_fn: Reference of a function (observation, policy) -> action, for those.
    """

    scene_id: str
    match_id: str
    match_seed: int
    subject_id: str
    human_agents: tuple[str, ...]
    environment_seed: int | None = None
    policies: dict[str, Any] = field(default_factory=dict)
    frame_skip: int = 4
    fps: int = 10
    num_episodes: int = 1
    max_steps: int = 10000
    action_mapping: tuple[ActionBinding, ...] = ()
    default_action: Any = None
    action_population_method: str = "default_action"
    input_mode: str = "pressed_keys"
    reset_freeze_s: float = 0.0
    environment_code: str | None = None
    environment_filename: str = "environment.py"
    env_creator: str | None = None
    env_config: dict[str, Any] = field(default_factory=dict)
    on_game_step_code: str | None = None
    env_to_state_fn: str | None = None
    hud_text_fn: str | None = None
    hud_score_carry_over: bool = False
    location_representation: str = "relative"
    game_width: int = 600
    game_height: int = 400
    mug_globals: dict[str, Any] = field(default_factory=dict)
    restart_pyodide: bool = False
    snapshot_level: str | None = None
    players: tuple[str, ...] = ()
    study_hash: str = ""
    input_delay: int | str = 0
    window: int | None = None
    snapshot_interval: int = 5
    input_confirmation_timeout_ms: int = 500
    countdown_ms: int = 3000
    network_conditions: dict[str, dict[str, Any]] = field(default_factory=dict)
    dropout_policy: str = "end"
    dropout_agent_policy: Any = None
    pause_on_partner_background: bool = False
    returns: dict[str, int] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    sent: dict[str, int] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    mode: str = "p2p"
    load_policy_fn: str | None = None
    policy_inference_fn: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "GameConfig":
        """Make a config of JSON data; fields that this version does not know are left aside.

        Raises:
            TypeError: When a field without a default is missing.
        """
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        known["human_agents"] = tuple(str(agent) for agent in known.get("human_agents", ()))
        known["players"] = tuple(str(agent) for agent in known.get("players") or ())
        known["dropped"] = tuple(str(agent) for agent in known.get("dropped") or ())
        known["policies"] = {str(agent): policy for agent, policy in (known.get("policies") or {}).items()}
        known["action_mapping"] = tuple(
            row if isinstance(row, ActionBinding) else ActionBinding(keys=tuple(row["keys"]), action=row["action"])
            for row in known.get("action_mapping") or ()
        )
        return cls(**known)

    def __post_init__(self) -> None:
        # A browser's numbers are exact only up to 2^53, so seeds arrive from the page as decimal texts.
        object.__setattr__(self, "match_seed", int(self.match_seed))
        if self.environment_seed is not None:
            object.__setattr__(self, "environment_seed", int(self.environment_seed))

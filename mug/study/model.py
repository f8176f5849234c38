"""What a study is: frozen structs, one field per name of the researchers' vocabulary.

A section's fields carry the names of the chain methods' parameters. ``extra`` keeps fields that this version does
not know. TOML has no null, so no field has both a default other than None and None as a legal value.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

import msgspec

from mug.ids import ExperimentId, NodeId, SceneId

FORMAT = 1


class Section(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every part of a study; `extra` holds what a newer version wrote."""

    extra: dict[str, Any] = {}


class Hosting(Section, frozen=True, kw_only=True):
    """Where the server listens."""

    host: str | None = None
    port: int = 8000
    max_ping: int = 100_000


class WebRtc(Section, frozen=True, kw_only=True):
    """How partners are joined."""

    turn_username: str | None = None
    turn_credential: str | None = None
    force_relay: bool = False
    ice_servers: tuple[dict[str, Any], ...] = ()


class EntryScreening(Section, frozen=True, kw_only=True):
    """Who may take part."""

    device_exclusion: str | None = None
    browser_requirements: tuple[str, ...] = ()
    browser_blocklist: tuple[str, ...] = ()
    max_ping: int | None = None
    min_ping_measurements: int = 5
    exclusion_messages: dict[str, str] = {}
    entry_callback: str | None = None


class EnvironmentSection(Section, frozen=True, kw_only=True):
    env_creator: str | None = None
    env_config: dict[str, Any] = {}
    seed: int | None = None


class RenderingSection(Section, frozen=True, kw_only=True):
    fps: int = 10
    env_to_state_fn: str | None = None
    hud_text_fn: str | None = None
    hud_score_carry_over: bool = False
    location_representation: str = "relative"
    game_width: int = 600
    game_height: int = 400
    background: str = "#FFFFFF"
    rollback_smoothing_duration: int = 100  # ms; 0: off


class AssetsSection(Section, frozen=True, kw_only=True):
    preload_specs: tuple[dict[str, Any], ...] = ()
    assets_dir: str = "./static/assets/"
    assets_to_preload: tuple[str, ...] = ()
    animation_configs: tuple[dict[str, Any], ...] = ()
    state_init: tuple[dict[str, Any], ...] = ()


class PoliciesSection(Section, frozen=True, kw_only=True):
    policy_mapping: dict[str, Any] = {}
    load_policy_fn: str | None = None
    policy_inference_fn: str | None = None
    frame_skip: int = 4


class KeyBinding(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[str, ...]
    action: Any


class GameplaySection(Section, frozen=True, kw_only=True):
    action_mapping: tuple[KeyBinding, ...] = ()
    human_id: str | None = None
    num_episodes: int = 1
    max_steps: int = 10_000
    default_action: Any = None
    action_population_method: str = "default_action"
    input_mode: str = "pressed_keys"
    callback: str | None = None
    reset_freeze_s: float = 0.0


class ContentSection(Section, frozen=True, kw_only=True):
    scene_header: str | None = None
    scene_body: str | None = None
    scene_body_filepath: str | None = None
    in_game_scene_body: str | None = None
    in_game_scene_body_filepath: str | None = None
    game_page_html_fn: str | None = None


class WaitroomSection(Section, frozen=True, kw_only=True):
    timeout: int = 120_000
    timeout_redirect_url: str | None = None
    timeout_scene_id: str | None = None
    timeout_message: str | None = None


class MatchmakingSection(Section, frozen=True, kw_only=True):
    hide_lobby_count: bool = False
    max_rtt: int | None = None
    matchmaker: str | None = None


class RuntimeSection(Section, frozen=True, kw_only=True):
    run_through_pyodide: bool = False
    environment_initialization_code: str | None = None
    environment_initialization_code_filepath: str | None = None
    on_game_step_code: str | None = None
    packages_to_install: tuple[str, ...] = ()
    restart_pyodide: bool = False
    files: tuple[str, ...] = ()


class MultiplayerSection(Section, frozen=True, kw_only=True):
    mode: str = "p2p"
    multiplayer: bool | None = None
    # ... all further parameters of `.multiplayer(...)` (API.md), same names and defaults


class _Node(Section, frozen=True, kw_only=True, tag_field="kind"):
    kind: ClassVar[str]
    scene_id: SceneId
    should_export_metadata: bool = False
    experiment_config: dict[str, Any] = {}
    on_connect: str | None = None
    on_client_callback: str | None = None


class StaticPage(_Node, frozen=True, kw_only=True, tag="static_page"):
    scene_header: str | None = None
    scene_subheader: str | None = None
    scene_body: str | None = None
    scene_body_filepath: str | None = None


class StartPage(StaticPage, frozen=True, kw_only=True, tag="start_page"): ...


class EndPage(StaticPage, frozen=True, kw_only=True, tag="end_page"):
    redirect_url: str | None = None
    append_subject_id: bool = False


class CompletionCodePage(EndPage, frozen=True, kw_only=True, tag="completion_code_page"): ...


class GymGame(_Node, frozen=True, kw_only=True, tag="gym_game"):
    environment: EnvironmentSection = EnvironmentSection()
    rendering: RenderingSection = RenderingSection()
    assets: AssetsSection = AssetsSection()
    policies: PoliciesSection = PoliciesSection()
    gameplay: GameplaySection = GameplaySection()
    content: ContentSection = ContentSection()
    waitroom: WaitroomSection = WaitroomSection()
    matchmaking: MatchmakingSection = MatchmakingSection()
    runtime: RuntimeSection = RuntimeSection()
    multiplayer: MultiplayerSection = MultiplayerSection()


class RandomizeOrder(Section, frozen=True, kw_only=True, tag_field="kind", tag="randomize_order"):
    scenes: "tuple[Node, ...]"
    keep_n: int | None = None
    per: str | None = None


class Repeat(Section, frozen=True, kw_only=True, tag_field="kind", tag="repeat"):
    scenes: "tuple[Node, ...]"
    n: int


Node: TypeAlias = StaticPage | StartPage | EndPage | CompletionCodePage | GymGame | RandomizeOrder | Repeat


class Study(Section, frozen=True, kw_only=True):
    """A whole experiment."""

    format: int = FORMAT
    id: ExperimentId
    title: str | None = None
    save_experiment_data: bool = True
    hosting: Hosting = Hosting()
    static_files: tuple[str, ...] = ()
    webrtc: WebRtc = WebRtc()
    screening: EntryScreening = EntryScreening()
    chain: tuple[Node, ...] = ()
    layout: dict[str, Any] = {}

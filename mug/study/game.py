"""The ten sections of a game scene, named as the ten chain methods; `multiplayer` has a module of its own."""

from typing import Annotated, Any

import msgspec

from mug.study.fields import about
from mug.study.settings import Section

__all__ = [
    "AssetsSection",
    "ContentSection",
    "EnvironmentSection",
    "GameplaySection",
    "KeyBinding",
    "MatchmakingSection",
    "PoliciesSection",
    "RenderingSection",
    "RuntimeSection",
    "WaitroomSection",
]


class EnvironmentSection(Section, frozen=True, kw_only=True):
    """The environment, when it is made by a function."""

    env_creator: Annotated[
        str | None,
        about(
            "Environment creator",
            'Function that returns the environment, as "module:function" or "file.py:function"; called with '
            "env_config as keyword arguments.",
            shape="callable",
        ),
    ] = None
    env_config: Annotated[
        dict[str, Any], about("Environment settings", "Keyword arguments of the environment creator.")
    ] = {}
    seed: Annotated[
        int | None,
        about(
            "Seed",
            "Given: every match of this scene has the same episodes (episode e is reset with a seed made of this one "
            "and e). Not given: each match has its own, made of the session's seed.",
            ge=0,
            le=2**63 - 1,
        ),
    ] = None


class RenderingSection(Section, frozen=True, kw_only=True):
    """How the game is drawn, and how fast it runs."""

    fps: Annotated[int, about("Frames per second", "One frame is one env.step.", unit="Hz", ge=1, le=240)] = 10
    env_to_state_fn: Annotated[
        str | None,
        about(
            "Draw function",
            "Function env → render packet or list of objects, for environments whose render() does not return one; "
            "runs in the browser.",
            shape="callable",
        ),
    ] = None
    hud_text_fn: Annotated[
        str | None,
        about("HUD text", "Function game → text shown above the game; runs in the browser.", shape="callable"),
    ] = None
    hud_score_carry_over: Annotated[
        bool, about("Carry the score over", "The HUD's score goes on from episode to episode.")
    ] = False
    location_representation: Annotated[
        str,
        about(
            "Coordinates",
            'How the draw function gives coordinates: "relative" (0 to 1) or "pixels".',
            choices=("relative", "pixels"),
        ),
    ] = "relative"
    game_width: Annotated[int, about("Width", "Width of the game's picture.", unit="px", ge=1, le=10_000)] = 600
    game_height: Annotated[int, about("Height", "Height of the game's picture.", unit="px", ge=1, le=10_000)] = 400
    background: Annotated[
        str,
        about(
            "Background",
            "Behind the game: a colour (CSS name, #rgb, #rrggbb, rgb(…), hsl(…)), or the path of a picture, as "
            "assets.preload_specs have it; the picture is scaled until it covers the game.",
            shape="background",
        ),
    ] = "#FFFFFF"
    rollback_smoothing_duration: Annotated[
        int,
        about(
            "Smoothing after a correction",
            "How long objects glide to their corrected place after a rollback; 0: off.",
            unit="ms",
            ge=0,
            le=10_000,
            advanced=True,
        ),
    ] = 100


class AssetsSection(Section, frozen=True, kw_only=True):
    """Pictures that the game draws, fetched before it starts."""

    preload_specs: Annotated[
        tuple[dict[str, Any], ...],
        about(
            "Pictures and atlases",
            "Specs as Surface.get_asset_specs() gives them: object_type, name, img_path, and json_path of an atlas. "
            "A path that begins with a folder of static_files is that file; any other is below assets_dir.",
        ),
    ] = ()
    assets_dir: Annotated[
        str,
        about(
            "Assets folder", "Folder that relative asset paths start from; it is served to participants.", shape="path"
        ),
    ] = "./static/assets/"
    assets_to_preload: Annotated[
        tuple[str, ...],
        about("Files to preload", "Paths of pictures in the assets folder; they are loaded before the game starts."),
    ] = ()
    animation_configs: Annotated[
        tuple[dict[str, Any], ...],
        about(
            "Animations",
            "Tables {name, image, frames, frame_rate, repeat}: a sprite of the image (an atlas or a registered "
            "picture) whose frame is the name shows the frames (names or numbers) one after the other, frame_rate a "
            "second, over and over unless repeat is false. Only the page shows this; the environment knows nothing of "
            "it.",
        ),
    ] = ()
    state_init: Annotated[
        tuple[dict[str, Any], ...],
        about(
            "First objects",
            "Wire objects (each with uuid and object_type) that are drawn before the first frame and stay, like "
            "persistent ones, until the environment removes or redraws their uuid. Coordinates as "
            "rendering.location_representation says.",
        ),
    ] = ()


class PoliciesSection(Section, frozen=True, kw_only=True):
    """Who acts for which agent."""

    policy_mapping: Annotated[
        dict[str, Any],
        about(
            "Who plays",
            'Agent id → "human", "random", the path of an ONNX model, a model\'s table, or a function or class as '
            '"file.py:Name". Two to four humans make the scene multiplayer; who comes first gets the first human agent '
            "of this table.",
            shape="policy",
        ),
    ] = {}
    load_policy_fn: Annotated[
        str | None,
        about(
            "Policy loader",
            "Function (name) → policy, for policies that are only named.",
            shape="callable",
        ),
    ] = None
    policy_inference_fn: Annotated[
        str | None,
        about(
            "Policy inference",
            "Function (observation, policy) → action.",
            shape="callable",
        ),
    ] = None
    frame_skip: Annotated[
        int,
        about(
            "Frame skip",
            "A policy decides every n-th frame; between them its agent acts by action_population_method.",
            unit="frames",
            ge=1,
            le=10_000,
        ),
    ] = 4


class KeyBinding(msgspec.Struct, frozen=True, kw_only=True):
    """Keys pressed together, and the action they give."""

    keys: Annotated[
        tuple[str, ...],
        about(
            "Keys", 'JavaScript KeyboardEvent.key values ("ArrowLeft", " ", "a"); several make a chord.', shape="key"
        ),
    ]
    action: Annotated[Any, about("Action", "Value that the agent's action space accepts.", shape="action")]


class GameplaySection(Section, frozen=True, kw_only=True):
    """Keys, actions, episodes."""

    action_mapping: Annotated[
        tuple[KeyBinding, ...], about("Keys", "Which keys give which action; longer chords win.")
    ] = ()
    human_id: Annotated[
        str | None, about("Human's agent", "Agent id of the participant, where policy_mapping does not say it.")
    ] = None
    num_episodes: Annotated[int, about("Episodes", "How many episodes are played.", ge=1, le=1_000_000)] = 1
    max_steps: Annotated[
        int, about("Longest episode", "An episode is truncated after this many frames.", unit="frames", ge=1)
    ] = 10_000
    default_action: Annotated[
        Any, about("Default action", "What an agent does when no key gives an action.", shape="action")
    ] = None
    action_population_method: Annotated[
        str,
        about(
            "Without a key",
            'What an agent does when no key gives an action: "default_action" or "previous_submitted_action".',
            choices=("default_action", "previous_submitted_action"),
        ),
    ] = "default_action"
    input_mode: Annotated[
        str,
        about(
            "Input mode",
            '"pressed_keys": the keys held now; "single_keystroke": one action per key press.',
            choices=("pressed_keys", "single_keystroke"),
        ),
    ] = "pressed_keys"
    callback: Annotated[
        str | None,
        about(
            "Callback",
            "A mug.server.callback.GameCallback, or a class or function that makes one; its hooks run on the server.",
            shape="callable",
        ),
    ] = None
    reset_freeze_s: Annotated[
        float,
        about("Freeze after reset", "How long the first picture of an episode stands still.", unit="s", ge=0, le=3600),
    ] = 0.0


class ContentSection(Section, frozen=True, kw_only=True):
    """Texts before and around the game."""

    scene_header: Annotated[str | None, about("Header", "Heading of the page before the game.", shape="html")] = None
    scene_body: Annotated[
        str | None, about("Body", "HTML of the page before the game; excludes scene_body_filepath.", shape="html")
    ] = None
    scene_body_filepath: Annotated[
        str | None, about("Body file", "HTML file with the body of the page before the game.", shape="path")
    ] = None
    in_game_scene_body: Annotated[
        str | None,
        about(
            "Text beside the game", "HTML shown during the game; excludes in_game_scene_body_filepath.", shape="html"
        ),
    ] = None
    in_game_scene_body_filepath: Annotated[
        str | None, about("Text file beside the game", "HTML file with the text shown during the game.", shape="path")
    ] = None
    game_page_html_fn: Annotated[
        str | None,
        about(
            "Page function",
            "Function (game, subject_id) → HTML of one player's page, called on the server.",
            shape="callable",
        ),
    ] = None


class WaitroomSection(Section, frozen=True, kw_only=True):
    """How long a participant waits for partners, and what then."""

    timeout: Annotated[
        int,
        about(
            "Longest wait",
            "After this time the participant goes on without a group; 0: waits without a limit.",
            unit="ms",
            ge=0,
        ),
    ] = 120_000
    timeout_redirect_url: Annotated[
        str | None,
        about("Redirect", "Address to go to after the timeout, where no next scene is given.", shape="url"),
    ] = None
    timeout_scene_id: Annotated[
        str | None,
        about(
            "Next scene",
            "Scene to go to after the timeout; those before it are left out. Not given: the participation ends.",
            shape="scene",
        ),
    ] = None
    timeout_message: Annotated[
        str | None, about("Message", "What the participant reads after the timeout.", shape="message")
    ] = None


class MatchmakingSection(Section, frozen=True, kw_only=True):
    """Who plays with whom."""

    hide_lobby_count: Annotated[
        bool,
        about("Hide the count", "Do not show how many people wait."),
    ] = False
    max_rtt: Annotated[
        int | None,
        about(
            "Largest round trip",
            "Partners with a larger round-trip time between them are not matched: before they play it is measured "
            "between their browsers.",
            unit="ms",
            ge=1,
        ),
    ] = None
    matchmaker: Annotated[
        str | None,
        about(
            "Matchmaker",
            "A mug.server.matchmaker.Matchmaker, or a class or function that makes one. Not given: first come, first "
            "served.",
            shape="callable",
        ),
    ] = None
    max_rtt_widening: Annotated[
        float,
        about(
            "Widening",
            "So much the largest round trip grows with each second that the longer waiting of two has waited.",
            unit="ms/s",
            ge=0,
            advanced=True,
        ),
    ] = 0.0
    roles: Annotated[
        str,
        about(
            "Roles",
            'Who plays which agent: "arrival": in the order in which they came; "keep": as in their last game '
            'together; "swap": another one than in their last game; "random": drawn by lot.',
            choices=("arrival", "keep", "swap", "random"),
        ),
    ] = "arrival"


class RuntimeSection(Section, frozen=True, kw_only=True):
    """The environment's code in the participant's browser."""

    run_through_pyodide: Annotated[
        bool, about("Run in the browser", "Giving code or a code file switches it on by itself.")
    ] = False
    environment_initialization_code: Annotated[
        str | None,
        about(
            "Environment code",
            "Python code that leaves a global env; excludes the code file and the environment creator.",
            shape="code",
        ),
    ] = None
    environment_initialization_code_filepath: Annotated[
        str | None, about("Environment code file", "Python file that leaves a global env.", shape="path")
    ] = None
    on_game_step_code: Annotated[
        str | None,
        about(
            "Code before each step", "Python code that runs before every step, with env and mug_globals.", shape="code"
        ),
    ] = None
    packages_to_install: Annotated[
        tuple[str, ...], about("Packages", 'What the environment needs, as pip requirements ("gymnasium>=1.0").')
    ] = ()
    restart_pyodide: Annotated[
        bool, about("Fresh interpreter", "Start Python anew for this scene, with nothing left of earlier ones.")
    ] = False
    files: Annotated[
        tuple[str, ...],
        about("More files", "Glob patterns of further files of the study folder that the environment reads."),
    ] = ()

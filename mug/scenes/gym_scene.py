"""A game: a Gymnasium or PettingZoo environment that participants act in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeAlias

from mug.configurations.configuration_constants import Given, ModelConfig, NotProvided
from mug.scenes.scene import Scene
from mug.scenes.static_scene import Html, joined, refuse_both
from mug.study.model import GymGame

__all__ = ["GymScene"]

Function: TypeAlias = Callable[..., Any] | str | None
Policy: TypeAlias = str | ModelConfig | Callable[..., Any]


class GymScene(Scene):
    """A game scene. Its ten methods set what they are given and leave the rest as it was."""

    _struct = GymGame

    def environment(
        self,
        env_creator: Given[Function] = NotProvided,
        env_config: Given[Mapping[str, Any] | None] = NotProvided,
        seed: Given[int | None] = NotProvided,
    ) -> Self:
        """Say what is played, when a function makes it.

        Args:
            env_creator: Function that returns the environment, or ``"module:function"``.
            env_config: Its keyword arguments.
            seed: Every match then has the same episodes; without it each match has its own.
        """
        return self._give_section("environment", env_creator=env_creator, env_config=env_config, seed=seed)

    def rendering(
        self,
        fps: Given[int] = NotProvided,
        env_to_state_fn: Given[Function] = NotProvided,
        hud_text_fn: Given[Function] = NotProvided,
        hud_score_carry_over: Given[bool] = NotProvided,
        location_representation: Given[str] = NotProvided,
        game_width: Given[int] = NotProvided,
        game_height: Given[int] = NotProvided,
        background: Given[str] = NotProvided,
        rollback_smoothing_duration: Given[int | None] = NotProvided,
    ) -> Self:
        """Say how the game is drawn, and how fast it runs.

        Args:
            fps: Frames per second; one frame is one ``env.step``.
            env_to_state_fn: Function env → render packet or list of objects, for environments that do not draw.
            hud_text_fn: Function game → text shown above the game.
            hud_score_carry_over: The HUD's score goes on from episode to episode.
            location_representation: "relative" or "pixels": how `env_to_state_fn` gives coordinates.
            game_width: Width in pixels.
            game_height: Height in pixels.
            background: Colour behind the game.
            rollback_smoothing_duration: ms that objects glide to their corrected place; None: off.
        """
        return self._give_section(
            "rendering",
            fps=fps,
            env_to_state_fn=env_to_state_fn,
            hud_text_fn=hud_text_fn,
            hud_score_carry_over=hud_score_carry_over,
            location_representation=location_representation,
            game_width=game_width,
            game_height=game_height,
            background=background,
            rollback_smoothing_duration=0 if rollback_smoothing_duration is None else rollback_smoothing_duration,
        )

    def assets(
        self,
        preload_specs: Given[Sequence[Mapping[str, Any]] | None] = NotProvided,
        assets_dir: Given[str] = NotProvided,
        assets_to_preload: Given[Sequence[str]] = NotProvided,
        animation_configs: Given[Sequence[Mapping[str, Any]]] = NotProvided,
        state_init: Given[Sequence[Mapping[str, Any]]] = NotProvided,
    ) -> Self:
        """Say which pictures the game needs.

        Args:
            preload_specs: What ``Surface.get_asset_specs()`` returns.
            assets_dir: Folder that relative asset paths start from.
            assets_to_preload: Paths of pictures in it.
            animation_configs: Animations over an atlas.
            state_init: Objects that are drawn before the first frame.
        """
        return self._give_section(
            "assets",
            preload_specs=preload_specs,
            assets_dir=assets_dir,
            assets_to_preload=assets_to_preload,
            animation_configs=animation_configs,
            state_init=state_init,
        )

    def policies(
        self,
        policy_mapping: Given[Mapping[Any, Policy]] = NotProvided,
        load_policy_fn: Given[Function] = NotProvided,
        policy_inference_fn: Given[Function] = NotProvided,
        frame_skip: Given[int] = NotProvided,
    ) -> Self:
        """Say who acts for which agent.

        Args:
            policy_mapping: Agent id → ``PolicyTypes.Human``, ``PolicyTypes.Random``, or a policy. Two or more humans
                make the scene multiplayer.
            load_policy_fn: Function that loads a policy by its name.
            policy_inference_fn: Function (observation, policy) → action.
            frame_skip: A policy decides every n-th frame.
        """
        return self._give_section(
            "policies",
            policy_mapping=policy_mapping,
            load_policy_fn=load_policy_fn,
            policy_inference_fn=policy_inference_fn,
            frame_skip=frame_skip,
        )

    def gameplay(
        self,
        action_mapping: Given[Mapping[str | tuple[str, ...], Any]] = NotProvided,
        human_id: Given[str | int | None] = NotProvided,
        num_episodes: Given[int] = NotProvided,
        max_steps: Given[int] = NotProvided,
        default_action: Given[Any] = NotProvided,
        action_population_method: Given[str] = NotProvided,
        input_mode: Given[str] = NotProvided,
        callback: Given[Any] = NotProvided,
        reset_freeze_s: Given[float] = NotProvided,
    ) -> Self:
        """Say which keys give which actions, and how many episodes are played.

        Args:
            action_mapping: A JavaScript ``KeyboardEvent.key``, or a tuple of keys for a chord → action.
            human_id: Agent id of the participant, where `policy_mapping` does not say it.
            num_episodes: How many episodes.
            max_steps: An episode is truncated after this many frames.
            default_action: What an agent does when no key gives an action.
            action_population_method: ``ActionSettings.DefaultAction`` or ``ActionSettings.PreviousSubmittedAction``.
            input_mode: ``InputModes.PressedKeys`` or ``InputModes.SingleKeystroke``.
            callback: A ``mug.server.callback.GameCallback``; its hooks run on the server.
            reset_freeze_s: Seconds that the first picture of an episode stands still.
        """
        return self._give_section(
            "gameplay",
            action_mapping=action_mapping,
            human_id=str(human_id) if isinstance(human_id, int) and not isinstance(human_id, bool) else human_id,
            num_episodes=num_episodes,
            max_steps=max_steps,
            default_action=default_action,
            action_population_method=action_population_method,
            input_mode=input_mode,
            callback=callback,
            reset_freeze_s=reset_freeze_s,
        )

    def content(
        self,
        scene_header: Given[Html] = NotProvided,
        scene_body: Given[Html] = NotProvided,
        scene_body_filepath: Given[str | None] = NotProvided,
        in_game_scene_body: Given[Html] = NotProvided,
        in_game_scene_body_filepath: Given[str | None] = NotProvided,
        game_page_html_fn: Given[Function] = NotProvided,
    ) -> Self:
        """Say what is read before and beside the game.

        Args:
            scene_header: Heading of the page before the game.
            scene_body: Its text, as HTML; a list or tuple of texts is joined.
            scene_body_filepath: An HTML file with its text; excludes `scene_body`.
            in_game_scene_body: HTML shown during the game.
            in_game_scene_body_filepath: An HTML file with it; excludes `in_game_scene_body`.
            game_page_html_fn: Function (game, subject_id) → HTML of one player's page.

        Raises:
            ValueError: When both a text and its file are given.
        """
        self._give_section(
            "content",
            scene_header=joined(scene_header),
            scene_body=joined(scene_body),
            scene_body_filepath=scene_body_filepath,
            in_game_scene_body=joined(in_game_scene_body),
            in_game_scene_body_filepath=in_game_scene_body_filepath,
            game_page_html_fn=game_page_html_fn,
        )
        values = self._sections["content"]
        refuse_both("content", values, "scene_body", "scene_body_filepath")
        refuse_both("content", values, "in_game_scene_body", "in_game_scene_body_filepath")
        return self

    def waitroom(
        self,
        timeout: Given[int] = NotProvided,
        timeout_redirect_url: Given[str | None] = NotProvided,
        timeout_scene_id: Given[str | None] = NotProvided,
        timeout_message: Given[str | None] = NotProvided,
    ) -> Self:
        """Say how long a participant waits for partners, and what then.

        Args:
            timeout: Longest wait in ms.
            timeout_redirect_url: Address to go to after it.
            timeout_scene_id: Scene to go to after it.
            timeout_message: What the participant reads.
        """
        return self._give_section(
            "waitroom",
            timeout=timeout,
            timeout_redirect_url=timeout_redirect_url,
            timeout_scene_id=timeout_scene_id,
            timeout_message=timeout_message,
        )

    def matchmaking(
        self,
        hide_lobby_count: Given[bool] = NotProvided,
        max_rtt: Given[int | None] = NotProvided,
        matchmaker: Given[Any] = NotProvided,
        max_rtt_widening: Given[float] = NotProvided,
        roles: Given[str] = NotProvided,
    ) -> Self:
        """Say who plays with whom.

        Args:
            hide_lobby_count: Do not show how many people wait.
            max_rtt: Largest round-trip time between partners in ms.
            matchmaker: A ``mug.server.matchmaker.Matchmaker``, or a class or function that makes one.
            max_rtt_widening: So many ms the largest round-trip time grows with each second of waiting.
            roles: Who plays which agent: "arrival", "keep", "swap" or "random".
        """
        self._give_section("matchmaking", max_rtt_widening=max_rtt_widening, roles=roles)
        return self._give_shared(
            "matchmaking", "multiplayer", hide_lobby_count=hide_lobby_count, max_rtt=max_rtt, matchmaker=matchmaker
        )

    def runtime(
        self,
        run_through_pyodide: Given[bool] = NotProvided,
        environment_initialization_code: Given[str | None] = NotProvided,
        environment_initialization_code_filepath: Given[str | None] = NotProvided,
        on_game_step_code: Given[str | None] = NotProvided,
        packages_to_install: Given[Sequence[str] | None] = NotProvided,
        restart_pyodide: Given[bool] = NotProvided,
        files: Given[Sequence[str]] = NotProvided,
    ) -> Self:
        """Say what runs in the participant's browser.

        Args:
            run_through_pyodide: Giving code or a file with it switches it on by itself.
            environment_initialization_code: Python code that leaves a global ``env``.
            environment_initialization_code_filepath: A file with that code; excludes it.
            on_game_step_code: Python code that runs before every step.
            packages_to_install: What the environment needs, as pip requirements.
            restart_pyodide: Start Python anew for this scene.
            files: Glob patterns of further files that the environment reads.

        Raises:
            ValueError: When both code and a file are given.
        """
        if environment_initialization_code not in (
            NotProvided,
            None,
        ) or environment_initialization_code_filepath not in (
            NotProvided,
            None,
        ):
            run_through_pyodide = True
        self._give_section(
            "runtime",
            run_through_pyodide=run_through_pyodide,
            environment_initialization_code=environment_initialization_code,
            environment_initialization_code_filepath=environment_initialization_code_filepath,
            on_game_step_code=on_game_step_code,
            packages_to_install=packages_to_install,
            restart_pyodide=restart_pyodide,
            files=files,
        )
        refuse_both(
            "runtime",
            self._sections["runtime"],
            "environment_initialization_code",
            "environment_initialization_code_filepath",
        )
        return self

    def multiplayer(
        self,
        mode: Given[str] = NotProvided,
        multiplayer: Given[bool | None] = NotProvided,
        input_delay: Given[int | str] = NotProvided,
        snapshot_interval: Given[int] = NotProvided,
        input_confirmation_timeout_ms: Given[int] = NotProvided,
        hide_lobby_count: Given[bool] = NotProvided,
        max_rtt: Given[int | None] = NotProvided,
        matchmaker: Given[Any] = NotProvided,
        wait_for_known_group: Given[bool] = NotProvided,
        group_wait_timeout: Given[int] = NotProvided,
        continuous_monitoring_enabled: Given[bool] = NotProvided,
        continuous_max_ping: Given[int | None] = NotProvided,
        continuous_ping_violation_window: Given[int] = NotProvided,
        continuous_ping_required_violations: Given[int] = NotProvided,
        continuous_tab_warning_ms: Given[int] = NotProvided,
        continuous_tab_exclude_ms: Given[int] = NotProvided,
        continuous_exclusion_messages: Given[Mapping[str, str] | None] = NotProvided,
        continuous_callback: Given[Function] = NotProvided,
        continuous_callback_interval_frames: Given[int] = NotProvided,
        reconnection_timeout_ms: Given[int] = NotProvided,
        partner_disconnect_message: Given[str | None] = NotProvided,
        partner_disconnect_show_completion_code: Given[bool] = NotProvided,
        focus_loss_timeout_ms: Given[int | None] = NotProvided,
        focus_loss_message: Given[str | None] = NotProvided,
        pause_on_partner_background: Given[bool] = NotProvided,
        network_conditions: Given[Mapping[str, Any] | None] = NotProvided,
        dropout_policy: Given[str] = NotProvided,
        dropout_agent_policy: Given[Any] = NotProvided,
        rejoin_timeout_ms: Given[int] = NotProvided,
    ) -> Self:
        """Say how partners are joined, watched and missed; each setting is described in the study reference.

        Two to four human agents of ``policies(policy_mapping=…)`` make the game one of several people; in their order
        people get their agents as they come. `network_conditions` is what is done to what the players send, as a
        treatment: ``{"delay_ms": 75, "jitter_ms": 50, "loss": 0.05, "seed": 7}``, or one such dict for each agent id.

        Any ``continuous_*`` value switches the monitoring on. `hide_lobby_count`, `max_rtt` and `matchmaker` are those
        of `matchmaking`: the last call wins.

        Raises:
            ValueError: When more violations are required than the window holds, or for conditions out of their range.
        """
        watched = {
            "continuous_max_ping": continuous_max_ping,
            "continuous_ping_violation_window": continuous_ping_violation_window,
            "continuous_ping_required_violations": continuous_ping_required_violations,
            "continuous_tab_warning_ms": continuous_tab_warning_ms,
            "continuous_tab_exclude_ms": continuous_tab_exclude_ms,
            "continuous_exclusion_messages": continuous_exclusion_messages,
            "continuous_callback": continuous_callback,
            "continuous_callback_interval_frames": continuous_callback_interval_frames,
        }
        if continuous_monitoring_enabled is NotProvided and any(v not in (NotProvided, None) for v in watched.values()):
            continuous_monitoring_enabled = True
        self._refuse_unreachable_violations(continuous_ping_violation_window, continuous_ping_required_violations)
        self._give_section(
            "multiplayer",
            mode=mode,
            multiplayer=multiplayer,
            input_delay=input_delay,
            snapshot_interval=snapshot_interval,
            input_confirmation_timeout_ms=input_confirmation_timeout_ms,
            wait_for_known_group=wait_for_known_group,
            group_wait_timeout=group_wait_timeout,
            continuous_monitoring_enabled=continuous_monitoring_enabled,
            **watched,
            reconnection_timeout_ms=reconnection_timeout_ms,
            partner_disconnect_message=partner_disconnect_message,
            partner_disconnect_show_completion_code=partner_disconnect_show_completion_code,
            focus_loss_timeout_ms=0 if focus_loss_timeout_ms is None else focus_loss_timeout_ms,
            focus_loss_message=focus_loss_message,
            pause_on_partner_background=pause_on_partner_background,
            network_conditions=network_conditions,
            dropout_policy=dropout_policy,
            dropout_agent_policy=dropout_agent_policy,
            rejoin_timeout_ms=rejoin_timeout_ms,
        )
        return self._give_shared(
            "multiplayer", "matchmaking", hide_lobby_count=hide_lobby_count, max_rtt=max_rtt, matchmaker=matchmaker
        )

    def _give_shared(self, section: str, other: str, **given: Any) -> Self:
        """Set settings that two methods share: the last call wins, so the other's are as if they were not given."""
        for name, value in given.items():
            if value is not NotProvided:
                self._sections.get(other, {}).pop(name, None)
        return self._give_section(section, **given)

    def _refuse_unreachable_violations(self, window: Given[int], required: Given[int]) -> None:
        given = self._sections.get("multiplayer", {})
        wide = given.get("continuous_ping_violation_window", 5) if window is NotProvided else window
        needed = given.get("continuous_ping_required_violations", 3) if required is NotProvided else required
        if isinstance(wide, int) and isinstance(needed, int) and needed > wide:
            raise ValueError(
                f"multiplayer(continuous_ping_required_violations=…) is {needed}; it must be at most the window, "
                f"continuous_ping_violation_window={wide}"
            )

"""The multiplayer section of a game scene: how partners are joined, watched, and missed."""

from typing import Annotated, Any

from mug.study.fields import about
from mug.study.settings import Section

__all__ = ["MultiplayerSection"]


class MultiplayerSection(Section, frozen=True, kw_only=True):
    """Playing together. A scene is multiplayer when two or more agents are human (at most four)."""

    mode: Annotated[
        str,
        about(
            "Where the environment runs",
            '"p2p": in the participants\' browsers, kept equal by rollback; "server_authoritative": on the server, in '
            "a process for each match, also with one person: the pages send keys and show what comes back. There the "
            "packages are those of the server's Python.",
            choices=("p2p", "server_authoritative"),
        ),
    ] = "p2p"
    multiplayer: Annotated[
        bool | None,
        about("Multiplayer", "Not given: decided by the number of human agents, which is 2 to 4."),
    ] = None
    input_delay: Annotated[
        int | str,
        about(
            "Input delay",
            'Frames between a key press and its effect, equal for all partners; "auto": from the measured '
            "round-trip time.",
            unit="frames",
            ge=0,
            le=60,
            choices=("auto",),
        ),
    ] = 0
    snapshot_interval: Annotated[
        int,
        about(
            "Snapshot interval",
            "Largest distance between saved states.",
            unit="frames",
            ge=1,
            le=1000,
            advanced=True,
        ),
    ] = 5
    input_confirmation_timeout_ms: Annotated[
        int,
        about(
            "Waiting notice",
            'A stall this long shows "waiting for your partner"; it forces nothing.',
            unit="ms",
            ge=0,
        ),
    ] = 500
    hide_lobby_count: Annotated[
        bool,
        about(
            "Hide the count",
            "As in matchmaking; of the two the later call of the chain wins.",
        ),
    ] = False
    max_rtt: Annotated[
        int | None,
        about(
            "Largest round trip",
            "As in matchmaking; of the two the later call of the chain wins.",
            unit="ms",
            ge=1,
        ),
    ] = None
    matchmaker: Annotated[
        str | None,
        about(
            "Matchmaker",
            "As in matchmaking; of the two the later call of the chain wins.",
            shape="callable",
        ),
    ] = None
    wait_for_known_group: Annotated[
        bool,
        about(
            "Wait for the same partners",
            "Participants who were a group before are matched again.",
        ),
    ] = False
    group_wait_timeout: Annotated[
        int,
        about(
            "Longest wait for the group",
            "How long the members of a known group wait for each other.",
            unit="ms",
            ge=0,
        ),
    ] = 60_000
    continuous_monitoring_enabled: Annotated[
        bool,
        about(
            "Monitoring",
            "Watch ping, focus and tab while the game is played, also by one person; any continuous_* value switches "
            "it on.",
        ),
    ] = False
    continuous_max_ping: Annotated[
        int | None,
        about(
            "Largest ping", "A measurement above it is a violation. Ping is measured once a second.", unit="ms", ge=1
        ),
    ] = None
    continuous_ping_violation_window: Annotated[
        int,
        about(
            "Violation window",
            "How many of the last measurements are looked at.",
            ge=1,
            le=1000,
        ),
    ] = 5
    continuous_ping_required_violations: Annotated[
        int,
        about(
            "Required violations",
            "How many of them must be violations; not more than the window.",
            ge=1,
            le=1000,
        ),
    ] = 3
    continuous_tab_warning_ms: Annotated[
        int,
        about(
            "Hidden tab: warning",
            "A tab hidden this long brings a warning.",
            unit="ms",
            ge=0,
        ),
    ] = 3000
    continuous_tab_exclude_ms: Annotated[
        int,
        about(
            "Hidden tab: exclusion",
            "A tab hidden this long excludes the participant.",
            unit="ms",
            ge=0,
        ),
    ] = 10_000
    continuous_exclusion_messages: Annotated[
        dict[str, str],
        about(
            "Messages",
            "What a participant reads, by reason: ping, tab, callback when excluded; ping_warning, tab_warning, "
            "focus_warning, callback_warning when warned. focus_loss_message goes before a message for focus.",
            suggested=(
                "ping",
                "tab",
                "callback",
                "ping_warning",
                "tab_warning",
                "focus_warning",
                "callback_warning",
            ),
        ),
    ] = {}
    continuous_callback: Annotated[
        str | None,
        about(
            "Monitoring callback",
            "Called on the server with ping, is_tab_hidden, tab_hidden_duration_ms, frame_number, episode_number, "
            "subject_id, scene_id; answers {exclude, warn, message}.",
            shape="callable",
        ),
    ] = None
    continuous_callback_interval_frames: Annotated[
        int,
        about(
            "Callback interval",
            "How often the monitoring callback is called.",
            unit="frames",
            ge=1,
        ),
    ] = 30
    reconnection_timeout_ms: Annotated[
        int,
        about(
            "Reconnection",
            "How long a partner may be gone before it counts as a dropout.",
            unit="ms",
            ge=0,
        ),
    ] = 5000
    partner_disconnect_message: Annotated[
        str | None,
        about(
            "Partner left: message",
            "What the others read when a partner does not come back.",
            shape="message",
        ),
    ] = None
    partner_disconnect_show_completion_code: Annotated[
        bool,
        about(
            "Partner left: code",
            'With dropout_policy "end" the others\' participation ends with the game, with a completion code; off: '
            "they go on with the next scene.",
        ),
    ] = True
    focus_loss_timeout_ms: Annotated[
        int,
        about(
            "Focus lost",
            "A participant whose page is out of focus or hidden this long leaves the match, and the study; 0: off. In "
            "a game of one person only with monitoring.",
            unit="ms",
            ge=0,
        ),
    ] = 30_000
    focus_loss_message: Annotated[
        str | None,
        about("Focus lost: message", "What that participant reads then.", shape="message"),
    ] = None
    pause_on_partner_background: Annotated[
        bool,
        about(
            "Pause for hidden partners",
            "The game pauses while a partner's page is hidden.",
        ),
    ] = False
    network_conditions: Annotated[
        dict[str, Any],
        about(
            "Network conditions",
            "What is done on purpose, as a treatment, to what every player sends: {delay_ms, jitter_ms, loss, …}; or "
            "for each human agent a table of its own, by agent id. Times in ms, shares from 0 to 1: delay_ms, "
            "jitter_ms, loss, reorder, reorder_ms, duplicate, burst, burst_length, seed. Recorded in matches and "
            "frames.",
        ),
    ] = {}
    dropout_policy: Annotated[
        str,
        about(
            "After a dropout",
            "What happens to the match: it ends, the agent goes on with its default action or a policy, or the match "
            "is void.",
            choices=("end", "default_action", "policy", "void"),
        ),
    ] = "end"
    dropout_agent_policy: Annotated[
        str | dict[str, Any] | None,
        about(
            "Dropout's policy",
            'The policy that takes over with dropout_policy "policy".',
            shape="policy",
        ),
    ] = None
    rejoin_timeout_ms: Annotated[
        int,
        about(
            "Coming back",
            "How long a returning page may take to rebuild the game.",
            unit="ms",
            ge=0,
        ),
    ] = 20_000

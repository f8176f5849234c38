"""The tables of an export and what every column of them means.

Columns with ``<...>`` in their name stand for a family: one column for each agent, key or index that occurs.
"""

from dataclasses import dataclass
from typing import Final

__all__ = ["TABLES", "ColumnSpec", "TableSpec"]


@dataclass(frozen=True)
class ColumnSpec:
    """One column, or one family of columns.

    Attributes:
        name: As in the file's first line.
        type: Frictionless type: string, integer, number, boolean, datetime; "any" for a family whose members get the
            type of their values.
        unit: Unit of a number; empty where there is none.
        levels: All values there can be, where they are fixed.
        minimum: The smallest value there can be, where it is known. maximum: the largest.
    """

    name: str
    type: str
    description: str
    unit: str = ""
    levels: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class TableSpec:
    """One table: one row for each of what `description` says."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[ColumnSpec, ...]


_SESSION: Final = ColumnSpec("session_id", "string", "The session.")
_PARTICIPANT: Final = ColumnSpec("participant_id", "string", "The participant (subject id).")
_VISIT: Final = ColumnSpec("visit_id", "string", "The visit: one participant's passage through one scene of the plan.")
_SCENE: Final = ColumnSpec("scene_id", "string", "The scene, as the study names it.")
_MATCH: Final = ColumnSpec("match_id", "string", "The match: one group's play of one game scene.")
_EPISODE: Final = ColumnSpec("episode", "integer", "Number of the episode in its match, from 0.", minimum=0)
_AT_PAGE: Final = ColumnSpec(
    "at", "datetime", "When, in UTC, by the page's estimate of the server's clock, true to half a round trip."
)
_AT_MS: Final = ColumnSpec("at_ms", "number", "When, by the page's own steady clock, since the page was opened.", "ms")
_AGENT: Final = ColumnSpec("agent", "string", "The agent that the participant played.")
_DATA: Final = ColumnSpec("data", "string", "Everything else that belongs to the row, as a JSON object.")

_TREATMENT: Final = ColumnSpec("treatment", "string", "The treatment, as the study names it; NA: none.")

_NODE_PATH: Final = ColumnSpec(
    "node_path", "string", "Place in the study's chain: indices from the outermost, with dots."
)
_REPETITION: Final = ColumnSpec("repetition", "string", "Round of each RepeatScene around it, from 0, with dots.")
_QUESTION_ID: Final = ColumnSpec("question_id", "string", "The question's name, unique within its scene.")
_QUESTION: Final = ColumnSpec("question", "string", "What was asked, as the study says it; may hold HTML.")
_FRAME: Final = ColumnSpec("frame", "integer", "Number of the frame in its episode, from 0.", minimum=0)

_ROW: Final = (
    ColumnSpec(
        "status.<agent>",
        "string",
        "Where the action came from: input (a key), default (no key), hidden (page not visible, default "
        "action), policy, late (a policy on the server was not ready in time: the default action, or the one before), "
        "dropped (the player is lost for good, default action), withdrawn (the player's data was taken out on "
        "request).",
        levels=("input", "default", "hidden", "policy", "late", "dropped", "withdrawn"),
    ),
    ColumnSpec("actions.<agent>…", "any", "The action given to step()."),
    ColumnSpec("rewards.<agent>", "any", "The reward that the step gave."),
    ColumnSpec("terminated.<agent>", "any", "Whether the step ended the episode by the rules of the game."),
    ColumnSpec("truncated.<agent>", "any", "Whether the step ended it for another reason, as max_steps."),
    ColumnSpec("observations.<agent>…", "any", "What the agent observed when it acted."),
    ColumnSpec("observations.<agent>.array", "string", "Where a large observation lies: file:key."),
    ColumnSpec("observations.<agent>.sha256", "string", "SHA-256 of that array's bytes."),
    ColumnSpec("infos.<agent>.<key>", "any", "What the step told besides."),
    ColumnSpec("state_hash", "string", "Hash of the environment's state after the step."),
)

_CONDITIONS: Final = (
    ColumnSpec(
        "delay_ms.<agent>", "number", "Added on purpose to what this agent's player sends (network_conditions).", "ms"
    ),
    ColumnSpec("jitter_ms.<agent>", "number", "By how much that delay varies, up and down.", "ms"),
    ColumnSpec(
        "loss.<agent>",
        "number",
        "Share of this player's packets that was lost on purpose, 0 to 1.",
        minimum=0,
        maximum=1,
    ),
    ColumnSpec(
        "reorder.<agent>",
        "number",
        "Share of this player's packets that was held back on purpose, 0 to 1.",
        minimum=0,
        maximum=1,
    ),
    ColumnSpec("reorder_ms.<agent>", "number", "By up to how much they were held back.", "ms"),
    ColumnSpec(
        "duplicate.<agent>",
        "number",
        "Share of this player's packets that was sent twice on purpose, 0 to 1.",
        minimum=0,
        maximum=1,
    ),
    ColumnSpec("burst.<agent>", "number", "Share of this player's packets with which a burst of losses began, 0 to 1."),
    ColumnSpec("burst_length.<agent>", "number", "Packets that such a burst swallowed."),
)
"""Only where a study sets network conditions."""

TABLES: Final[dict[str, TableSpec]] = {
    table.name: table
    for table in (
        TableSpec(
            "participants",
            "One row for each participant who joined the session.",
            ("session_id", "participant_id"),
            (
                _SESSION,
                _PARTICIPANT,
                ColumnSpec("joined_at", "datetime", "When the participant joined, in UTC, by the server's clock."),
                ColumnSpec("finished_at", "datetime", "When the participation was over; NA when it was not."),
                ColumnSpec(
                    "outcome",
                    "string",
                    "How it ended: complete, screened_out (turned away at entry), excluded, no_partner, partner_left "
                    "or technical; NA when it did not.",
                    levels=("complete", "screened_out", "excluded", "no_partner", "partner_left", "technical"),
                ),
                ColumnSpec(
                    "outcome_reason",
                    "string",
                    "Why: mobile, desktop, browser, ping, webassembly, webgl, viewport, callback, tab, focus, "
                    "partner_left, page_failed, …",
                ),
                ColumnSpec("outcome_message", "string", "What the participant was told then."),
                ColumnSpec(
                    "seed", "string", "The participant's seed: 64 bits, as decimal text so that no bit is lost."
                ),
                ColumnSpec("plan", "string", "The scenes of the participant's plan in order, as a JSON list."),
                ColumnSpec("visits_planned", "integer", "Number of visits in the plan.", minimum=0),
                ColumnSpec("visits_started", "integer", "Number of visits that were started.", minimum=0),
                ColumnSpec("visits_finished", "integer", "Number of visits that were finished.", minimum=0),
                ColumnSpec(
                    "frames", "integer", "Stored frames of the matches in which the participant played.", minimum=0
                ),
                ColumnSpec("connections", "integer", "How often the participant's page connected.", minimum=0),
                ColumnSpec("errors", "integer", "Errors that the participant's page reported.", minimum=0),
                ColumnSpec("seat", "string", "The desk at which the participant sat; NA: none was told."),
                _TREATMENT,
                ColumnSpec(
                    "treatment_assigned_at", "datetime", "When the participant got it, in UTC, by the server's clock."
                ),
                ColumnSpec(
                    "treatment_exposed_at",
                    "datetime",
                    "When the participant met, for the first time, a scene that differs by treatment; NA: never.",
                ),
                ColumnSpec(
                    "treatment_released",
                    "string",
                    "Why the participant does not count for it any more: an outcome, or gone (away for too long); NA: "
                    "the participant counts.",
                ),
                ColumnSpec(
                    "condition.<name>", "string", "A condition of the session, as it was given when it was made."
                ),
                ColumnSpec(
                    "withdrawn",
                    "string",
                    "The participant's data was taken out on request: removed or anonymised; NA: it was not.",
                    levels=("removed", "anonymised"),
                ),
                ColumnSpec(
                    "paused_s",
                    "number",
                    "How long the participant was paused by the experimenter, alone or with all.",
                    "s",
                    minimum=0,
                ),
                ColumnSpec(
                    "messages", "integer", "Messages that the experimenter wrote to the participant.", minimum=0
                ),
                ColumnSpec("hands", "integer", "How often the participant raised a hand.", minimum=0),
                ColumnSpec(
                    "ended_by",
                    "string",
                    "What the experimenter did to end the participation: exclude or end; NA: it ended otherwise.",
                    levels=("exclude", "end"),
                ),
                ColumnSpec("environment.<key>", "any", "What the page said of its browser."),
                ColumnSpec(
                    "params.<key>",
                    "string",
                    "A free parameter of the address with which the participant came; a recruiter's ids are in the key "
                    "file.",
                ),
                ColumnSpec("globals.<key>", "any", "The last value of this key of the participant's mug_globals."),
            ),
        ),
        TableSpec(
            "visits",
            "One row for each visit that was started.",
            ("session_id", "visit_id"),
            (
                _SESSION,
                _PARTICIPANT,
                _VISIT,
                _SCENE,
                ColumnSpec("kind", "string", "Kind of the scene."),
                ColumnSpec("visit_index", "integer", "Place in the participant's plan, from 0.", minimum=0),
                _NODE_PATH,
                _REPETITION,
                ColumnSpec("started_at", "datetime", "When it was shown first, in UTC, by the server's clock."),
                ColumnSpec("finished_at", "datetime", "When it was done and all its data stored; NA when it was not."),
                ColumnSpec(
                    "outcome",
                    "string",
                    "completed, failed, partner_left (a partner was lost), void, waitroom_timeout (nobody came to play "
                    "with), skipped, excluded; advanced, sent_back or ended (by the experimenter); NA when it was not "
                    "finished.",
                ),
                ColumnSpec(
                    "repeats",
                    "string",
                    "The visit after which the experimenter sent the participant here again; or NA.",
                ),
                ColumnSpec("match_id", "string", "The visit's match, the last one where it had to start again."),
                ColumnSpec("agent_id", "string", "The agent that the participant was in that match: the role."),
                ColumnSpec(
                    "waited_s", "number", "How long partners were waited for; NA where none were.", "s", minimum=0
                ),
                ColumnSpec("group_id", "string", "The people who played together, or drew the order of these scenes."),
                ColumnSpec("partners", "string", "The others of that group, in their agents' order, as a JSON list."),
                ColumnSpec("match_outcome", "string", "How that match ended, as in matches; NA when it did not."),
            ),
        ),
        TableSpec(
            "matches",
            "One row for each match: one group's play of one game scene.",
            ("session_id", "match_id"),
            (
                _SESSION,
                _SCENE,
                _MATCH,
                ColumnSpec("visit_id", "string", "The visit for which the match was formed: the first player's."),
                ColumnSpec("formed_at", "datetime", "When it was formed, in UTC, by the server's clock."),
                ColumnSpec("ended_at", "datetime", "When it ended; NA when it did not."),
                ColumnSpec(
                    "outcome",
                    "string",
                    "completed, failed, restarted, abandoned, partner_left, void, refused; sent_back or repaired (by "
                    "the experimenter); NA when it did not end.",
                    levels=("completed", "failed", "restarted", "abandoned", "partner_left", "void", "refused"),
                ),
                ColumnSpec("reason", "string", "Why it ended as it did, in words; or NA."),
                ColumnSpec("seed", "string", "The match's seed: 64 bits, as decimal text so that no bit is lost."),
                ColumnSpec("treatment", "string", "The treatment of those who played; NA: they had none."),
                ColumnSpec("episodes", "integer", "Episodes of which frames are stored.", minimum=0),
                ColumnSpec("frames", "integer", "Stored frames of all its episodes, each counted once.", minimum=0),
                ColumnSpec("players", "integer", "How many people played.", minimum=0),
                ColumnSpec(
                    "mode",
                    "string",
                    "Where its environment was stepped: p2p (in the players' browsers), server_authoritative (on the "
                    "server).",
                    levels=("p2p", "server_authoritative"),
                ),
                ColumnSpec("recorders", "integer", "How many players' pages recorded frames of it.", minimum=0),
                ColumnSpec("group_id", "string", "Who played together: one id for the same people, however often."),
                ColumnSpec(
                    "released_by",
                    "string",
                    "Who let the group go: automatic or experimenter.",
                    levels=("automatic", "experimenter"),
                ),
                ColumnSpec(
                    "input_delay", "integer", "Frames between a key and its effect, as the players agreed.", minimum=0
                ),
                ColumnSpec(
                    "window", "integer", "Most frames that were played on a guess of a partner's input.", minimum=0
                ),
                ColumnSpec("snapshot_level", "string", "How states were saved: own, pickle, walker or deepcopy."),
                ColumnSpec("transport", "string", "How players' pages reached each other: p2p, relay, or both."),
                ColumnSpec(
                    "compared", "integer", "State hashes that the players compared while they played.", minimum=0
                ),
                ColumnSpec(
                    "desyncs",
                    "integer",
                    "Compared state hashes that differed: the players saw other worlds.",
                    minimum=0,
                ),
                ColumnSpec("dropped", "string", "Agents whose players were lost for good, with spaces between; or NA."),
                ColumnSpec("dropped_details", "string", "When, why and by which policy, as a JSON list; or NA."),
                ColumnSpec("flags", "string", "What an analyst must know about it: words with spaces between; or NA."),
                ColumnSpec("flag_details", "string", "The flags in full, as a JSON list; or NA."),
                ColumnSpec("agents.<agent>", "string", "Who acted as this agent: a participant, or policy:<name>."),
                ColumnSpec(
                    "visits.<agent>", "string", "In a game of several people: the visit of this agent's player."
                ),
                *_CONDITIONS,
                ColumnSpec("condition_seed.<agent>", "integer", "Seed of the network conditions of this agent."),
            ),
        ),
        TableSpec(
            "policies",
            "One row for each match and each agent for which a policy acted.",
            ("session_id", "match_id", "agent"),
            (
                _SESSION,
                _SCENE,
                _MATCH,
                ColumnSpec("agent", "string", "The agent."),
                ColumnSpec("name", "string", "The policy's name: of a file its stem, of code its function or class."),
                ColumnSpec(
                    "framework",
                    "string",
                    "What it is: random, python (the study's own code) or onnx (a model).",
                    levels=("random", "python", "onnx"),
                ),
                ColumnSpec("file", "string", "Its file in the study; NA: it has none, or is a package's."),
                ColumnSpec("sha256", "string", "SHA-256 of that file when the session was opened."),
                ColumnSpec("size", "integer", "The file's length.", "byte", minimum=0),
                ColumnSpec("inputs", "string", "What a model takes: name, type and shape of each input, or NA."),
                ColumnSpec("outputs", "string", "What a model gives, likewise."),
                ColumnSpec("recurrent", "boolean", "Whether a model has a state that goes from frame to frame."),
                ColumnSpec(
                    "sampling",
                    "string",
                    "How an action is chosen: random, sample (by the logits' chances), argmax, the policy's own; of a "
                    "model also by which function it is run.",
                ),
                ColumnSpec("frame_skip", "integer", "It decided every n-th frame.", minimum=1),
                ColumnSpec("chance", "string", "From what its chance comes, in words."),
                ColumnSpec("treatment", "string", "The treatment that it belongs to; NA: to all."),
                ColumnSpec(
                    "decisions",
                    "integer",
                    "Decisions that were made, those that a rollback made again included. This and the times are of "
                    "the page where they are largest; NA: no page said it.",
                    minimum=0,
                ),
                ColumnSpec("median_ms", "number", "Half of the decisions took no longer.", "ms", minimum=0),
                ColumnSpec("p99_ms", "number", "99 of 100 decisions took no longer.", "ms", minimum=0),
                ColumnSpec(
                    "late",
                    "integer",
                    "Decisions that took longer than a frame, or that the server did not wait for.",
                    minimum=0,
                ),
                ColumnSpec(
                    "measured_by", "string", "Who measured: page or server; NA: nobody.", levels=("page", "server")
                ),
                ColumnSpec("pages", "integer", "How many pages measured.", minimum=0),
            ),
        ),
        TableSpec(
            "episodes",
            "One row for each episode that was started.",
            ("session_id", "match_id", "episode"),
            (
                _SESSION,
                _SCENE,
                _MATCH,
                _EPISODE,
                ColumnSpec("seed", "string", "The seed given to reset(), as decimal text so that no bit is lost."),
                ColumnSpec(
                    "started_at", "datetime", "When it began, in UTC, by the page's estimate of the server's time."
                ),
                ColumnSpec("ended_at", "datetime", "When it ended; NA when the player left before."),
                ColumnSpec("frames", "integer", "Stored frames (calls of step).", minimum=0),
                ColumnSpec(
                    "end",
                    "string",
                    "terminated, truncated or max_steps; cut short with its match: partner_left, void or desync; NA "
                    "when the player left before.",
                    levels=("terminated", "truncated", "max_steps", "partner_left", "void", "desync"),
                ),
                ColumnSpec("complete", "boolean", "Whether the game came to its end and every frame of it is stored."),
                ColumnSpec("chain_hash", "string", "Hash of all rows of the episode, one chained to the next."),
                ColumnSpec(
                    "agreement",
                    "string",
                    "single: one browser recorded it; agreed: several, all alike in what each of them has; differs: "
                    "not all alike (frames_disagreeing has the others' rows); server: the server stepped and recorded "
                    "it.",
                    levels=("single", "agreed", "differs", "server"),
                ),
                ColumnSpec("recorders", "integer", "How many players' pages recorded frames of it.", minimum=0),
                ColumnSpec(
                    "disagrees_from", "integer", "First frame in which the records differ; NA when they do not."
                ),
                ColumnSpec(
                    "compared", "integer", "State hashes that the players compared while they played.", minimum=0
                ),
                ColumnSpec("desyncs", "integer", "Those of them that differed.", minimum=0),
                ColumnSpec("reset_observations.<agent>…", "any", "What reset() let this agent observe."),
                ColumnSpec("reset_infos.<agent>.<key>", "any", "What reset() told of this agent."),
                ColumnSpec("final_observations.<agent>…", "any", "What this agent observed after the last step."),
            ),
        ),
        TableSpec(
            "build_episodes",
            "One row for each episode of an embedded build (Unity, HTML). Only where there are any.",
            ("session_id", "visit_id", "episode"),
            (
                _SESSION,
                _PARTICIPANT,
                _VISIT,
                _SCENE,
                ColumnSpec("episode", "integer", "Number of the episode in its visit, from 0.", minimum=0),
                ColumnSpec(
                    "attempts",
                    "integer",
                    "How often it was begun: a page that is loaded again begins its episode anew.",
                    minimum=0,
                ),
                ColumnSpec("started_at", "datetime", "When it was begun last, in UTC, by the page's estimate."),
                ColumnSpec("ended_at", "datetime", "When it was over, likewise; NA: it was not ended."),
                ColumnSpec("duration_s", "number", "From its last start to its end.", "s", minimum=0),
                ColumnSpec(
                    "score",
                    "number",
                    "What it is worth: as the study's score function says, else as the build reports; NA: not known.",
                ),
                ColumnSpec("reported_score", "number", "The score that the build reported."),
                ColumnSpec("start_data", "string", "What the build told at the start, as a JSON object."),
                ColumnSpec("data", "string", "What the build told at the end, as a JSON object."),
            ),
        ),
        TableSpec(
            "forms",
            "One row for each answer to a question, each time it was handed in; questions left open have a row too.",
            (),
            (
                _SESSION,
                _PARTICIPANT,
                _VISIT,
                _SCENE,
                _REPETITION,
                _AT_PAGE,
                _AT_MS,
                ColumnSpec(
                    "submission",
                    "integer",
                    "Counts from 1 how often the form was handed in: the highest holds; NA on a page that is no form.",
                ),
                _QUESTION_ID,
                _QUESTION,
                ColumnSpec(
                    "answer",
                    "string",
                    "The answer exactly as given: a text, a choice, a scale's point from 1; several choices as a JSON "
                    "list; NA when there is none.",
                ),
                ColumnSpec(
                    "problem",
                    "string",
                    "What is wrong with the answer: the question does not take it, or it came after the form was "
                    "finished. NA: nothing; an untampered page sends no other.",
                ),
                _DATA,
            ),
        ),
        TableSpec(
            "questions",
            "One row for each question of each form of the study.",
            ("session_id", "node_path", "question_id"),
            (
                _SESSION,
                _SCENE,
                _NODE_PATH,
                _QUESTION_ID,
                _QUESTION,
                ColumnSpec(
                    "kind",
                    "string",
                    "text: a text; choice: one of the levels; choices: any of them; scale: a point from 1 to points.",
                    levels=("text", "choice", "choices", "scale"),
                ),
                ColumnSpec("required", "boolean", "Whether the question had to be answered."),
                ColumnSpec(
                    "levels",
                    "string",
                    "The choices as a JSON list; of a scale its labels, spread evenly from the first point to the "
                    "last; NA: none.",
                ),
                ColumnSpec("points", "integer", "How many points the scale has; NA: no scale.", minimum=0),
            ),
        ),
        TableSpec(
            "frames",
            "One row for each frame, that is, for each call of step(). Row f holds the observation that an agent had "
            "when it acted, its action, and what step f returned.",
            ("session_id", "match_id", "episode", "frame"),
            (
                _SESSION,
                _SCENE,
                _MATCH,
                _EPISODE,
                _FRAME,
                *_ROW,
                *_CONDITIONS,
            ),
        ),
        TableSpec(
            "frames_disagreeing",
            "One row for each frame in which a player's record is not the one in frames, and for all of that player's "
            "frames after it in the episode. Only where there are any.",
            ("session_id", "match_id", "episode", "participant_id", "frame"),
            (_SESSION, _SCENE, _MATCH, _EPISODE, _FRAME, _PARTICIPANT, *_ROW, *_CONDITIONS),
        ),
        TableSpec(
            "events",
            "One row for each event on a participant's page, and each connection, loss, wait, measured pair and error.",
            (),
            (
                _SESSION,
                _PARTICIPANT,
                _VISIT,
                _SCENE,
                ColumnSpec(
                    "source",
                    "string",
                    "page: told by the participant's page; server: seen by the server.",
                    levels=("page", "server"),
                ),
                ColumnSpec(
                    "name",
                    "string",
                    "What happened, as focus, blur, visible, hidden, page_shown, continue; seen by the server: "
                    "connected, disconnected, let_in, screening_passed, wait_started, pair_probed, group_formed, "
                    "warned, player_dropped, player_returned, error, participation_ended.",
                ),
                ColumnSpec(
                    "at", "datetime", "When, in UTC, by the server's clock; for rows of the page by its estimate of it."
                ),
                _AT_MS,
                ColumnSpec("match_id", "string", "The match, where the event belongs to one."),
                ColumnSpec("episode", "integer", "The episode, where the event belongs to one.", minimum=0),
                ColumnSpec("frame", "integer", "The frame, where the event belongs to one.", minimum=0),
                _DATA,
            ),
        ),
        TableSpec(
            "telemetry",
            "One row for each participant and second.",
            (),
            (
                _SESSION,
                _PARTICIPANT,
                _VISIT,
                _SCENE,
                _AT_PAGE,
                _AT_MS,
                ColumnSpec("rtt_ms", "number", "Round trip to the server (ping).", "ms"),
                ColumnSpec("jitter_ms", "number", "How much the round trip varies.", "ms"),
                ColumnSpec("lost", "integer", "Pings without an answer among the last ten.", minimum=0),
                ColumnSpec("focused", "boolean", "Whether the page's window had the keyboard."),
                ColumnSpec("visible", "boolean", "Whether the page could be seen."),
                ColumnSpec("fullscreen", "boolean", "Whether the page filled the screen."),
                ColumnSpec("frame_rate_hz", "number", "Pictures a second.", "Hz", minimum=0),
                ColumnSpec("frame_time_p50_ms", "number", "Median time between pictures.", "ms", minimum=0),
                ColumnSpec("frame_time_p95_ms", "number", "95th percentile of it.", "ms", minimum=0),
                ColumnSpec(
                    "tick_p50_ms", "number", "Median time of a step and its picture in Python.", "ms", minimum=0
                ),
                ColumnSpec("tick_p95_ms", "number", "95th percentile of it.", "ms", minimum=0),
                ColumnSpec(
                    "clock_offset_ms",
                    "number",
                    "The clock of the participant's computer minus the server's; times in the tables are corrected.",
                    "ms",
                ),
                ColumnSpec("<other>", "any", "Anything else that the page measured, under its own name."),
            ),
        ),
        TableSpec(
            "network",
            "One row for each second and partner of a player in a game of several people. Join it with frames by "
            "match, episode and frame.",
            (),
            (
                _SESSION,
                _PARTICIPANT,
                _VISIT,
                _SCENE,
                _AT_PAGE,
                _AT_MS,
                _MATCH,
                _AGENT,
                ColumnSpec("partner", "string", "The agent at the other end."),
                _EPISODE,
                ColumnSpec("frame", "integer", "The newest frame that the player had seen.", minimum=0),
                ColumnSpec("path", "string", "p2p (from page to page), relay (by the server), or empty: none."),
                ColumnSpec("pair", "string", "Kinds of the two ends of a direct path, as the browser names them."),
                ColumnSpec("rtt_ms", "number", "Round trip to the partner.", "ms"),
                ColumnSpec("jitter_ms", "number", "How much the round trip varies.", "ms"),
                ColumnSpec(
                    "loss", "number", "Share of the partner's packets that did not come, 0 to 1.", minimum=0, maximum=1
                ),
                ColumnSpec(
                    "rollbacks", "integer", "How often frames were played again with a partner's true input.", minimum=0
                ),
                ColumnSpec("resimulated", "integer", "Frames that were played again.", minimum=0),
                ColumnSpec(
                    "depth_mean", "number", "Frames that a rollback went back, on average.", "frames", minimum=0
                ),
                ColumnSpec("depth_max", "integer", "Most frames that a rollback went back.", "frames", minimum=0),
                ColumnSpec("stalled_ms", "number", "How long the game waited for a partner's input.", "ms", minimum=0),
                ColumnSpec(
                    "predicted_shown", "integer", "Frames that were shown with a guess of a partner's input.", minimum=0
                ),
                ColumnSpec("confirm_lag_mean", "number", "Frames from the newest to the last confirmed one.", "frames"),
                ColumnSpec("frame_time_ms_mean", "number", "Mean time between frames.", "ms"),
                ColumnSpec("frame_time_ms_max", "number", "Longest time between frames.", "ms"),
                ColumnSpec("tick_ms_p50", "number", "Median time that a frame took in Python.", "ms"),
                ColumnSpec("tick_ms_max", "number", "Longest time that a frame took in Python.", "ms"),
                ColumnSpec("bytes_sent", "integer", "Bytes sent to the partner.", "bytes", minimum=0),
                ColumnSpec("bytes_received", "integer", "Bytes received from the partner.", "bytes", minimum=0),
                ColumnSpec("<other>", "any", "Anything else that the page measured, under its own name."),
            ),
        ),
        TableSpec(
            "ticks",
            "One row for each tick of a player's game of several people, that is, for each frame time on that player's "
            "computer. Only on request.",
            (),
            (
                _SESSION,
                _PARTICIPANT,
                _VISIT,
                _SCENE,
                _MATCH,
                _AGENT,
                _EPISODE,
                ColumnSpec(
                    "frame", "integer", "The frame that was played, or waited for: after a stall it comes once more."
                ),
                ColumnSpec("predicted", "boolean", "Whether it was shown with a guess of a partner's input."),
                ColumnSpec("depth", "integer", "Frames before it that were played again.", "frames", minimum=0),
                ColumnSpec("stalled", "boolean", "Whether the game waited for a partner instead of playing it."),
                ColumnSpec("tick_ms", "number", "How long it took in Python.", "ms", minimum=0),
                ColumnSpec("interval_ms", "number", "Time since the tick before.", "ms"),
            ),
        ),
        TableSpec(
            "console",
            "One row for each thing that the experimenter or the server did to the session, and for each participant "
            "to whom it was done; raised hands and notes too.",
            (),
            (
                _SESSION,
                ColumnSpec("at", "datetime", "When, in UTC, by the server's clock."),
                ColumnSpec(
                    "action",
                    "string",
                    "What was done: session_opened, server_started, stage_set, release_set, release_groups, let_in, "
                    "message, pause, resume, advance, to_waitroom, repair, exclude, end, hand_raised, hand_lowered, "
                    "note, make_view, end_views, withdrawn, session_ended, …",
                ),
                ColumnSpec("participant_id", "string", "To whom, or who; NA: it concerns the session."),
                ColumnSpec("reason", "string", "The reason that was given."),
                ColumnSpec("action_id", "string", "One id for the rows of one action; of a hand or note its own."),
                ColumnSpec("text", "string", "What the participant was told, asked for, or what the note says."),
                ColumnSpec("outcome", "string", "With which outcome the participation was ended."),
                ColumnSpec(
                    "state",
                    "string",
                    "How far it came: recorded, shown (on the page), read (by the participant), or skipped (nothing "
                    "was done); of a hand raised, answered or lowered.",
                    levels=("recorded", "shown", "read", "skipped", "raised", "answered", "lowered"),
                ),
                ColumnSpec("shown_at", "datetime", "When the page had shown or done it, by the server's clock."),
                ColumnSpec("read_at", "datetime", "When the participant had read it, by the server's clock."),
                ColumnSpec("affected", "string", "Who else was affected and how, as a JSON object; or NA."),
                ColumnSpec("detail", "string", "Everything else, as a JSON object."),
            ),
        ),
        TableSpec(
            "allocation",
            "One row for each draw of a treatment, and for each place in one that was joined, given up or taken again; "
            "only of a study with treatments.",
            ("session_id", "order"),
            (
                _SESSION,
                ColumnSpec("order", "integer", "Number of the row in the session, from 0.", minimum=0),
                ColumnSpec("at", "datetime", "When, in UTC, by the server's clock."),
                ColumnSpec(
                    "event",
                    "string",
                    "drawn; joined (somebody without one came into a group that had it); released (somebody dropped "
                    "out: the place is given again); returned (somebody who was gone came back to it).",
                    levels=("drawn", "joined", "released", "returned", "given"),
                ),
                _TREATMENT,
                ColumnSpec("participants", "string", "Whom it concerns, as a JSON list."),
                ColumnSpec("group_id", "string", "The group that drew it; NA: a participant did."),
                ColumnSpec(
                    "draw",
                    "integer",
                    "How many were drawn before in the session. With the counts, the weights of the study and the "
                    "session's seed the draw can be done again (`mug.study.allocation.draw_arm`; `mug verify` does).",
                    minimum=0,
                ),
                ColumnSpec(
                    "counts",
                    "string",
                    "How many places of each treatment were completed or running just before, with those that earlier "
                    "sessions of the same study completed, as a JSON object.",
                ),
                ColumnSpec("reason", "string", "Why a place was given up: an outcome, or gone (away for too long)."),
            ),
        ),
        TableSpec(
            "seats",
            "One row for each desk that was checked when a participant began there, and for each pair of desks between "
            "which the connection was measured.",
            (),
            (
                _SESSION,
                ColumnSpec("at", "datetime", "When, in UTC, by the server's clock."),
                ColumnSpec("check", "string", "desk: one desk; pair: the way between two.", levels=("desk", "pair")),
                ColumnSpec("seat", "string", "The desk."),
                ColumnSpec("other_seat", "string", "The other desk of a pair."),
                ColumnSpec("participant_id", "string", "Who began there; NA at a pair."),
                ColumnSpec(
                    "rtt_ms", "number", "Round trip to the server, or between the two; NA: none found.", "ms", minimum=0
                ),
                ColumnSpec("path", "string", "Kind of path between the two: p2p, relay, or NA: none."),
                ColumnSpec("clock_offset_ms", "number", "By how much the desk's clock is ahead of the server's.", "ms"),
                ColumnSpec("frame_rate_hz", "number", "Pictures a second at the desk.", "Hz", minimum=0),
                ColumnSpec(
                    "problems", "string", "What was wrong at the desk, in words, as a JSON object; NA: nothing."
                ),
            ),
        ),
    )
}

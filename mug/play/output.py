"""What one call of a session gives to its page: pictures to show, rows to keep, events to record, packets to send."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mug.play.encoding import encode
from mug.play.picture import Picture
from mug.play.recorder import RecordedChunk
from mug.play.replay import Tail
from mug.play.transports import Outgoing
from mug.play.values import json_value
from mug.play.world import World

__all__ = ["Event", "Output", "View", "begun_episode", "finished_episode", "json_text", "told", "world_view"]

MAX_TOLD_CHARS: Final = 40_000
"""The longest observation of one agent that an event holds whole: events travel as lines of text, in small chunks."""


@dataclass(frozen=True)
class View:
    """What the participant sees now.

    Attributes:
        frame: Steps made in the episode so far: 0 is the picture after the reset.
        score: The person's sum of rewards.
        corrected: A rollback changed what had been shown.
        agent: Whose view it is, in a game that the server steps for several pages; "": this page's.
    """

    episode: int
    frame: int
    picture: Picture
    hud: str | None
    score: float
    corrected: bool = False
    agent: str = ""


@dataclass(frozen=True)
class Event:
    """Something to record in the event stream, or to tell the page; `data` is JSON-ready."""

    name: str
    data: dict[str, Any]


@dataclass
class Output:
    """What came of one call, in the order in which it is to be handed over: events, chunks, views.

    Attributes:
        tail: The rows after the last cut, when they changed; made and read by this package only.
        mug_globals: The participant's dict, when study code changed it.
        wait_s: The next tick comes this much later than usual (`reset_freeze_s`).
        step_s: How long the step took. render_s: The same for the picture.
        finished: The last episode is over, or the match is for another reason, and everything was handed over.
        packets: For the partners.
        live: How the match stands, about ten times a second and at every change of stage.
        peers: What happened between the players.
        rows: Rows of the telemetry stream's other tables; each has ``table``.
        speed: The next frame takes this factor of its usual time.
        stage: connecting, countdown, playing, stalled, paused, between, over; "" with one person.
        outcome: With `finished`: "completed", "partner_left", "void", "refused".
        reason: Why, in words.
        policy_figures: What the policies' decisions took (`DecisionFigures` as dicts): with `finished`, and when rows
            are flushed.
    """

    views: list[View] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    chunks: list[RecordedChunk] = field(default_factory=list)
    tail: Tail | None = None
    mug_globals: dict[str, Any] | None = None
    wait_s: float = 0.0
    step_s: float = 0.0
    render_s: float = 0.0
    finished: bool = False
    packets: list[Outgoing] = field(default_factory=list)
    live: dict[str, Any] | None = None
    peers: list[Event] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    speed: float = 1.0
    stage: str = ""
    outcome: str | None = None
    reason: str = ""
    policy_figures: list[dict[str, Any]] = field(default_factory=list)


def world_view(world: World, picture: Picture, *, corrected: bool = False) -> View:
    """Return what the participant sees of the world as it stands."""
    return View(world.episode, world.next_frame, picture, world.hud_text(), world.score(), corrected)


def begun_episode(world: World, match_id: str, seed: int) -> dict[str, Any]:
    """Return what the event ``episode_started`` tells of a world that was reset with `seed` and drawn once."""
    return {
        "match_id": match_id,
        "episode": world.episode,
        "seed": seed,
        "reset_observations": told(world.observations),
        "reset_infos": told(world.infos),
        "agents": list(world.agents),
        "state_hash": world.world_hash.digest(),
        "state_hash_reason": world.world_hash.reason,
        "state_hash_left_out": list(world.world_hash.left_out),
    }


def finished_episode(world: World, match_id: str, chain_hash: str) -> dict[str, Any]:
    """Return what the event ``episode_ended`` tells of a world after its last step."""
    return {
        "match_id": match_id,
        "episode": world.episode,
        "frames": world.next_frame,
        "end": world.ended,
        "final_observations": told(world.observations),
        "chain_hash": chain_hash,
        "rewards": json_value(world.rewards),
        "infos_left_out": sorted(world.left_out_infos),
        "state_hash_reason": world.world_hash.reason,
    }


def json_text(value: Any) -> str:
    """Return `value` as one JSON text, keys in their own order."""
    return json.dumps(json_value(value), sort_keys=False)


def told(by_agent: Mapping[str, Any]) -> dict[str, Any]:
    """What goes into an event, per agent; of a value too long for a row of text, its digest and length in bytes."""
    told: dict[str, Any] = {}
    for agent, value in by_agent.items():
        told[agent] = json_value(value)
        if len(json.dumps(told[agent])) > MAX_TOLD_CHARS:
            whole = encode(value)
            told[agent] = {"sha256": hashlib.sha256(whole).hexdigest(), "bytes": len(whole)}
    return told
